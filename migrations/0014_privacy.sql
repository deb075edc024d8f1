-- What is personal in a journey's events is sealed with a key of the journey's own, and gone when that is.

CREATE TABLE data_key (
    journey_id uuid PRIMARY KEY,
    wrapped bytea NOT NULL,
    destroyed_at timestamptz,
    CHECK ((octet_length(wrapped) = 0) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE data_key IS 'The key of each journey, wrapped by the master key; empty once it is destroyed.';
COMMENT ON COLUMN data_key.wrapped IS 'The first 8 bytes of the SHA-256 of the master key, a nonce, AES-256-GCM.';

-- Wrapped anew or destroyed; never brought back, and never forgotten.
CREATE FUNCTION refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the data key is destroyed, and stays so' USING ERRCODE = 'insufficient_privilege';
END;
$$;
CREATE TRIGGER data_key_stays_destroyed BEFORE UPDATE ON data_key
    FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION refuse_revival();
CREATE TRIGGER data_key_is_kept BEFORE DELETE OR TRUNCATE ON data_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Erasures: what each is about, who asked and who decided, and what the sweep behind it found.
CREATE TABLE erasure (
    erasure_id uuid PRIMARY KEY,
    patient_id uuid NOT NULL,
    journeys uuid[] NOT NULL,
    basis text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    decided_by text,
    began_at timestamptz,
    sought bytea,
    finished_at timestamptz,
    report json,
    CHECK ((decided_by IS NULL) = (began_at IS NULL)),
    CHECK ((sought IS NOT NULL) = (began_at IS NOT NULL AND finished_at IS NULL))
);
CREATE INDEX erasure_patient ON erasure (patient_id);
COMMENT ON COLUMN erasure.sought IS 'What the sweep looks for, wrapped by the master key; gone when it has found nothing.';
COMMENT ON COLUMN erasure.report IS 'How much was looked through for how many values, and never which.';
