-- The ledger: what proves that the log and the trail are what they were.

-- The place of each record of the trail in its tree, given moments after it was written.
CREATE TABLE access_log (
    position bigint PRIMARY KEY CHECK (position > 0),
    access_id uuid NOT NULL UNIQUE,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32)
);

-- The row as JSON in its canonical form (RFC 8785), as for an event; what it tells in detail is a text in it.
CREATE FUNCTION access_leaf(access_event) RETURNS bytea LANGUAGE sql STABLE
    RETURN sha256('\x00'::bytea || convert_to(
        '{"access_id":"' || $1.access_id
        || '","at":' || instant($1.at)
        || ',"basis":' || coalesce(to_json($1.basis)::text, 'null')
        || ',"caller":' || coalesce(to_json($1.caller)::text, 'null')
        || ',"correlation_id":' || coalesce(to_json($1.correlation_id)::text, 'null')
        || ',"detail":' || to_json($1.detail::text)
        || ',"journeys":' || to_json($1.journeys)
        || ',"kind":' || to_json($1.kind)
        || ',"method":' || coalesce(to_json($1.method)::text, 'null')
        || ',"name":' || coalesce(to_json($1.name)::text, 'null')
        || ',"outcome":' || to_json($1.outcome)
        || ',"patients":' || to_json($1.patients)
        || ',"peer":' || coalesce(to_json($1.peer)::text, 'null')
        || ',"purpose":' || coalesce(to_json($1.purpose)::text, 'null')
        || ',"request_id":' || coalesce(to_json($1.request_id)::text, 'null')
        || ',"role":' || coalesce(to_json($1.role)::text, 'null')
        || ',"route":' || coalesce(to_json($1.route)::text, 'null')
        || ',"team":' || coalesce(to_json($1.team)::text, 'null') || '}', 'UTF8'));

CREATE TABLE ledger_key (
    number integer PRIMARY KEY CHECK (number > 0),
    verifier text NOT NULL UNIQUE,
    introduction text NOT NULL,
    introduced_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ledger_key IS 'The public halves of the keys that signed checkpoints, the last one in use.';
COMMENT ON COLUMN ledger_key.introduction IS 'A note that names the key, signed by it and by the one before.';

CREATE TABLE ledger_checkpoint (
    number bigint PRIMARY KEY CHECK (number > 0),
    size bigint NOT NULL,
    edge bytea[] NOT NULL,
    access_size bigint NOT NULL,
    access_edge bytea[] NOT NULL,
    journeys bytea NOT NULL,
    epoch integer NOT NULL,
    note text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX ledger_checkpoint_size ON ledger_checkpoint (size, number);
CREATE INDEX ledger_checkpoint_access_size ON ledger_checkpoint (access_size, number);
COMMENT ON TABLE ledger_checkpoint IS 'How far the ledger reached, and its roots, signed (C2SP tlog-checkpoint).';
COMMENT ON COLUMN ledger_checkpoint.edge IS 'A hash for each bit of the size, the largest part first: the tree grows from there.';
COMMENT ON COLUMN ledger_checkpoint.journeys IS 'The root of the map of journeys.';

-- Every eighth level of the trees is kept; what lies between is made from 256 hashes when it is asked for.
CREATE TABLE ledger_node (
    tree text NOT NULL,
    level smallint NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tree, level, number)
);

-- How many events each journey has, and the chain of their leaves, as of the last checkpoint.
CREATE TABLE ledger_journey (
    bucket integer NOT NULL,
    key bytea NOT NULL,
    journey_id uuid NOT NULL UNIQUE,
    events bigint NOT NULL,
    chain bytea NOT NULL,
    PRIMARY KEY (bucket, key)
);
COMMENT ON COLUMN ledger_journey.key IS 'SHA-256 of the journey''s id: its place in the map.';
COMMENT ON COLUMN ledger_journey.bucket IS 'The first sixteen bits of the key.';

CREATE TABLE ledger_bucket (
    depth smallint NOT NULL CHECK (depth IN (8, 16)),
    number integer NOT NULL,
    hash bytea NOT NULL,
    journeys bigint NOT NULL,
    PRIMARY KEY (depth, number)
);
COMMENT ON TABLE ledger_bucket IS 'Nodes of the map of journeys as of the last checkpoint, but for empty ones.';

CREATE TRIGGER access_log_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_key_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoint_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_node_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_node
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
