-- Who was given what about whom, and what whoever reviews the audit leaves in writing.

-- What went to another system or into a file: a row for each patient and send (45 CFR 164.528, 42 CFR 2.25).
CREATE TABLE disclosure (
    disclosure_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    channel text NOT NULL,
    recipient text NOT NULL,
    recipient_address text,
    purpose text NOT NULL,
    basis text NOT NULL,
    description text NOT NULL,
    reference text,
    patient_id uuid NOT NULL,
    journeys uuid[] NOT NULL DEFAULT '{}',
    positions bigint[] NOT NULL DEFAULT '{}',
    labels text[] NOT NULL DEFAULT '{}',
    consent_id uuid,
    notice text
);
CREATE INDEX disclosure_patient ON disclosure (patient_id, at, disclosure_id);
CREATE INDEX disclosure_at ON disclosure (at, disclosure_id);
COMMENT ON TABLE disclosure IS 'What left, to whom, what for, and what allowed it.';
COMMENT ON COLUMN disclosure.basis IS 'What allowed it: treatment, payment, operations, authorization, required-by-law …';
COMMENT ON COLUMN disclosure.reference IS 'The subscription, key or export that it went through.';
COMMENT ON COLUMN disclosure.positions IS 'The events, by their places in the log.';
COMMENT ON COLUMN disclosure.notice IS 'What has to go along with records of a Part 2 program (42 CFR 2.32).';
CREATE TRIGGER disclosure_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What it is in the ledger, as a record of access is: the row as JSON in its canonical form (RFC 8785).
CREATE FUNCTION disclosure_leaf(disclosure) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256('\x00'::bytea || convert_to(
        '{"at":' || instant($1.at)
        || ',"basis":' || to_json($1.basis)
        || ',"channel":' || to_json($1.channel)
        || ',"consent_id":' || coalesce(to_json($1.consent_id)::text, 'null')
        || ',"description":' || to_json($1.description)
        || ',"disclosure_id":"' || $1.disclosure_id
        || '","journeys":' || to_json($1.journeys)
        || ',"labels":' || to_json($1.labels)
        || ',"notice":' || coalesce(to_json($1.notice)::text, 'null')
        || ',"patient_id":"' || $1.patient_id
        || '","positions":' || to_json($1.positions)
        || ',"purpose":' || to_json($1.purpose)
        || ',"recipient":' || to_json($1.recipient)
        || ',"recipient_address":' || coalesce(to_json($1.recipient_address)::text, 'null')
        || ',"reference":' || coalesce(to_json($1.reference)::text, 'null') || '}', 'UTF8'))
$$;

-- An agency asked that the patient be not told of what it was given, for a time (45 CFR 164.528(a)(2)).
CREATE TABLE disclosure_suspension (
    suspension_id uuid PRIMARY KEY,
    patient_id uuid NOT NULL,
    recipient text NOT NULL,
    reason text NOT NULL,
    oral boolean NOT NULL,
    begins_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL CHECK (ends_at > begins_at),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX disclosure_suspension_patient ON disclosure_suspension (patient_id);
COMMENT ON COLUMN disclosure_suspension.recipient IS 'The agency, as it stands on its disclosures.';
CREATE TRIGGER disclosure_suspension_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosure_suspension
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Everything that was recorded, in the order of time, beside who saw it.
CREATE INDEX event_recorded_at ON event (recorded_at, event_id);

-- Somebody looked at the audit of a period and says what was found (45 CFR 164.308(a)(1)(ii)(D)).
CREATE TABLE audit_review (
    review_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    caller text,
    name text NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > begins_at),
    scope text NOT NULL,
    findings text NOT NULL,
    break_glasses uuid[] NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_review_at ON audit_review (at, review_id);
CREATE INDEX audit_review_break_glasses ON audit_review USING gin (break_glasses);
COMMENT ON COLUMN audit_review.break_glasses IS 'The break-glasses that were looked at, each by itself.';
CREATE TRIGGER audit_review_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_review
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is asked of the audit again and again, by a name.
CREATE TABLE audit_query (
    name text PRIMARY KEY,
    query json NOT NULL,
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now()
);
