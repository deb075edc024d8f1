-- Messages of other systems as they came, and which journey their numbers lead to.

CREATE TABLE inbox (
    key bytea PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('applied', 'parked', 'rejected', 'dismissed')),
    code text,
    reason text,
    places text[] NOT NULL DEFAULT '{}',
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
    corrected_by bigint,
    CHECK ((status = 'applied') = (code IS NULL))
);
COMMENT ON TABLE inbox IS 'Every message read, whole, with what became of it.';
COMMENT ON COLUMN inbox.raw IS 'Sealed, by the key of its journey or the master key; empty once its patient is erased.';
COMMENT ON COLUMN inbox.sealed_for IS 'The journey whose key it is sealed by; null for the master key.';
COMMENT ON COLUMN inbox.key IS 'SHA-256 of the message but for its line ends and the time it was sent.';
COMMENT ON COLUMN inbox.places IS 'Where in the message that is wrong which the reason tells of.';
COMMENT ON COLUMN inbox.corrected_by IS 'The attempt whose text is taken instead of it; the message stays as it came.';
COMMENT ON COLUMN inbox.waits IS 'Another message of its journey may release it, or complete what was applied.';
CREATE INDEX inbox_control_id ON inbox (sender, control_id);
CREATE INDEX inbox_parked ON inbox (occurred_at, received_at) WHERE status = 'parked';
CREATE INDEX inbox_waits ON inbox (journey_id) WHERE waits;
CREATE INDEX inbox_set_aside ON inbox (received_at, key) WHERE status <> 'applied';
CREATE INDEX inbox_corrected ON inbox (received_at, key) WHERE corrected_by IS NOT NULL;

CREATE TABLE inbox_attempt (
    attempt bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL,
    what text NOT NULL CHECK (what IN ('came', 'released', 'replayed', 'corrected', 'dismissed')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    times integer NOT NULL DEFAULT 1,
    caller text,
    name text,
    asked bytea,
    status text NOT NULL,
    code text,
    reason text,
    places text[] NOT NULL,
    waits boolean NOT NULL,
    events integer NOT NULL,
    said bytea NOT NULL,
    sealed_for uuid
);
COMMENT ON TABLE inbox_attempt IS 'What was done with a message that could not be applied at once, and what came of it.';
COMMENT ON COLUMN inbox_attempt.times IS 'How often it was done in a row, by the same, with the same end; `at` is the last time.';
COMMENT ON COLUMN inbox_attempt.asked IS 'The digest of the request with an Idempotency-Key that it was done for.';
COMMENT ON COLUMN inbox_attempt.said IS 'The corrected text and why, sealed as the message is, and emptied with it.';
CREATE INDEX inbox_attempt_key ON inbox_attempt (key, attempt);
CREATE INDEX inbox_attempt_asked ON inbox_attempt (asked) WHERE asked IS NOT NULL;

CREATE TABLE inbox_answer (
    caller text NOT NULL,
    idempotency_key text NOT NULL,
    asked_sha256 bytea NOT NULL,
    keys bytea[] NOT NULL,
    following text,
    answer json,
    answered_at timestamptz,
    PRIMARY KEY (caller, idempotency_key)
);
COMMENT ON TABLE inbox_answer IS 'What was answered to who saw to messages: who asks once more is told the same.';
COMMENT ON COLUMN inbox_answer.answer IS 'Null until all that is asked for is done.';

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
