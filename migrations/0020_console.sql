-- The console: who is signed in at a browser. The secret that opens a session is in the browser alone.
CREATE TABLE console_session (
    digest bytea PRIMARY KEY,
    sealed bytea NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    renewed_at timestamptz,
    ends_at timestamptz NOT NULL
);
COMMENT ON COLUMN console_session.sealed IS 'The key or token of the API, under a key that only the browser''s secret gives.';
COMMENT ON COLUMN console_session.renewed_at IS 'When its token was last about to be renewed at the issuer.';
CREATE INDEX console_session_ends_at ON console_session (ends_at);

-- What somebody was typing when their session ended, until they are back.
CREATE TABLE console_kept (
    digest bytea PRIMARY KEY,
    sealed bytea NOT NULL,
    ends_at timestamptz NOT NULL
);
COMMENT ON COLUMN console_kept.sealed IS 'The text, under a key that only the browser''s secret gives.';
CREATE INDEX console_kept_ends_at ON console_kept (ends_at);
