-- Messages of other systems as they came, and which journey their numbers lead to.

CREATE TABLE inbox (
    key bytea PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('applied', 'parked', 'rejected')),
    code text,
    reason text,
    channel text NOT NULL,
    sender text,
    control_id text,
    trigger text,
    occurred_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_at timestamptz,
    journey_id uuid,
    waits boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 1,
    seen integer NOT NULL DEFAULT 1,
    source text NOT NULL,
    number integer NOT NULL,
    raw bytea NOT NULL,
    sealed_for uuid,
    CHECK ((status = 'applied') = (code IS NULL))
);
COMMENT ON TABLE inbox IS 'Every message read, whole, with what became of it.';
COMMENT ON COLUMN inbox.raw IS 'Sealed, by the key of its journey or the master key; empty once its patient is erased.';
COMMENT ON COLUMN inbox.sealed_for IS 'The journey whose key it is sealed by; null for the master key.';
COMMENT ON COLUMN inbox.key IS 'SHA-256 of the message but for its line ends and the time it was sent.';
COMMENT ON COLUMN inbox.waits IS 'Another message of its journey may release it, or complete what was applied.';
CREATE INDEX inbox_control_id ON inbox (sender, control_id);
CREATE INDEX inbox_parked ON inbox (occurred_at, received_at) WHERE status = 'parked';
CREATE INDEX inbox_waits ON inbox (journey_id) WHERE waits;

CREATE TABLE routing (
    system text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    journey_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    visit_id uuid,
    continues uuid,
    PRIMARY KEY (system, kind, value),
    CHECK ((kind = 'patient') = (visit_id IS NULL))
);
COMMENT ON TABLE routing IS 'Which journey, and which visit of it, a number of another system leads to.';
CREATE INDEX routing_patient ON routing (patient_id);
