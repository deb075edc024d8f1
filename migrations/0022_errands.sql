-- Errands: long work that somebody asks for and does not wait for: a read model made anew, the log verified.

CREATE TABLE errand (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('rebuild', 'verification')),
    subject text NOT NULL,
    whole boolean NOT NULL DEFAULT true,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    began_at timestamptz,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    moved_at timestamptz,
    waits_for text,
    stopped_by text,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('done', 'failed', 'stopped', 'abandoned')),
    said text,
    result json,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX errand_under_way ON errand (kind, subject) WHERE ended_at IS NULL;
CREATE INDEX errand_of ON errand (kind, subject, id);
COMMENT ON TABLE errand IS 'Whoever carries one out holds its advisory lock: begun, not ended and not held, it was abandoned.';
COMMENT ON COLUMN errand.subject IS 'The read model; log, where the log is verified.';
COMMENT ON COLUMN errand.whole IS 'From the beginning, and not from where the last one ended.';
COMMENT ON COLUMN errand.moved_at IS 'When it last came further.';
COMMENT ON COLUMN errand.stopped_by IS 'Who wants it to stop; it does when it tells the next time.';
