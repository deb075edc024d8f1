-- API keys. The secret itself is nowhere: what is stored cannot be turned back into it.

CREATE TABLE api_key (
    id text PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL,
    team text,
    secret_sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL;
COMMENT ON TABLE api_key IS 'Who may ask. A key is never deleted: its name stands on the events that came with it.';
COMMENT ON COLUMN api_key.last_used_at IS 'To the hour.';
