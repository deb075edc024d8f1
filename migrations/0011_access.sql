-- Who may do what on whose journeys, and what is recorded of it.

ALTER TABLE api_key
    ADD COLUMN teams text[],
    ADD COLUMN labels text[] NOT NULL DEFAULT '{}',
    ADD COLUMN scopes text[];
COMMENT ON COLUMN api_key.team IS 'The team its holder works in; stands on the events that came with the key.';
COMMENT ON COLUMN api_key.teams IS 'Whose journeys are theirs, in small letters; null: every team''s.';
COMMENT ON COLUMN api_key.labels IS 'Security labels whose events its holder may see, for a purpose that allows it.';
COMMENT ON COLUMN api_key.scopes IS 'What the key is narrowed down to (SMART App Launch 2.2); null: all that the role may.';

-- Whose journeys are these? Asked of every request that names one.
ALTER TABLE patient_status ADD COLUMN teams text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN patient_status.teams IS 'Who works on it, in small letters: accountable, or asked to hand over, take over or do something.';
ALTER TABLE patient_status ADD COLUMN labels text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN patient_status.labels IS 'The security labels that its events bear; of the whole journey, in either of its rows.';
ALTER TABLE patient_status ADD COLUMN calm_until timestamptz;
COMMENT ON COLUMN patient_status.calm_until IS 'Until then the clock moves nothing in the standing: it is answered as it is stored.';
CREATE INDEX patient_status_teams ON patient_status USING gin (teams);
CREATE INDEX patient_status_counted ON patient_status (team, status) WHERE audience <> 'uncleared' AND team IS NOT NULL;
CREATE INDEX patient_status_labelled ON patient_status (journey_id) WHERE labels <> '{}';

-- Everything that is not an event of a journey but has to be accounted for: who saw what, was refused, got in
-- without being of the team, or changed who may do what.
CREATE TABLE access_event (
    access_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL,
    outcome text NOT NULL,
    caller text,
    name text,
    role text,
    team text,
    purpose text,
    method text,
    route text,
    journeys uuid[] NOT NULL DEFAULT '{}',
    patients uuid[] NOT NULL DEFAULT '{}',
    basis text,
    detail json NOT NULL DEFAULT '{}',
    peer text,
    request_id text,
    correlation_id uuid
);
CREATE INDEX access_event_at ON access_event (at, access_id);
CREATE INDEX access_event_patients ON access_event USING gin (patients);
CREATE INDEX access_event_journeys ON access_event USING gin (journeys);
COMMENT ON TABLE access_event IS 'Who saw, was refused or changed what access there is (ASTM E2147-18 section 7.1).';
COMMENT ON COLUMN access_event.basis IS 'Why they could: their team, every team, nobody''s journey, or the break-glass that was open.';
CREATE TRIGGER access_event_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON access_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE access_pending (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accesses uuid[] NOT NULL
);
COMMENT ON TABLE access_pending IS 'Records without a place in the ledger yet, one row a batch; nearly always empty.';

-- Another team's patient, opened in an emergency, for a reason and for a time.
CREATE TABLE break_glass (
    break_glass_id uuid PRIMARY KEY,
    caller text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    team text,
    patient_id uuid,
    reason_code text NOT NULL,
    reason_text text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX break_glass_caller ON break_glass (caller, ends_at);
CREATE INDEX break_glass_began_at ON break_glass (began_at, break_glass_id);
COMMENT ON COLUMN break_glass.patient_id IS 'Null where nobody was found: who asks is not told so.';
