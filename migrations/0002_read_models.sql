-- Read models: made from the log alone, and made anew from it at any time.

CREATE TABLE checkpoint (
    name text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    failing_since timestamptz
);
COMMENT ON TABLE checkpoint IS 'How far into the log each read model has come; moves in the transaction of its rows.';

-- Where does this patient stand?
CREATE TABLE patient_status (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    patient_id uuid NOT NULL,
    status text NOT NULL,
    pathway text,
    stage text NOT NULL,
    since timestamptz NOT NULL,
    team text,
    person text,
    family text,
    given text,
    birth_date text,
    identifiers text[] NOT NULL,
    next_due timestamptz,
    standing json NOT NULL,
    PRIMARY KEY (journey_id, audience)
);
COMMENT ON COLUMN patient_status.audience IS 'Who the row is for: a journey with labelled events has one for who is cleared for its labels and one for who is not.';
CREATE INDEX patient_status_patient ON patient_status (patient_id);
CREATE INDEX patient_status_identifiers ON patient_status USING gin (identifiers);
CREATE INDEX patient_status_name ON patient_status (lower(family) text_pattern_ops, lower(given) text_pattern_ops);
CREATE INDEX patient_status_stage ON patient_status (stage, journey_id);
CREATE INDEX patient_status_pathway ON patient_status (pathway, journey_id) WHERE pathway IS NOT NULL;
CREATE INDEX patient_status_team ON patient_status (team, journey_id);
CREATE INDEX patient_status_due ON patient_status (next_due) WHERE next_due IS NOT NULL;

-- What happened on this journey, in the order in which it happened?
CREATE TABLE timeline (
    journey_id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    occurred_precision text NOT NULL,
    reaches timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor_id text NOT NULL,
    actor_kind text NOT NULL,
    actor_role text,
    actor_team text,
    subject_id uuid,
    data json NOT NULL,
    voided_by uuid,
    corrected_by uuid,
    PRIMARY KEY (journey_id, version)
);
CREATE INDEX timeline_order ON timeline (journey_id, reaches, recorded_at, version);
