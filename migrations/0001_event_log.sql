-- The log of what happened. Rows are added, never changed: the database itself refuses anything else.

CREATE TABLE event (
    journey_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    occurred_at timestamptz NOT NULL
        CHECK (occurred_at >= '0001-01-01 00:00:00+00' AND occurred_at < '10000-01-01 00:00:00+00'),
    occurred_precision text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    context json NOT NULL,
    data json NOT NULL,
    PRIMARY KEY (journey_id, version)
);
COMMENT ON TABLE event IS 'Every event of every journey; versions of a journey are 1, 2, 3 … without a gap.';
COMMENT ON COLUMN event.context IS 'Actor, purpose, source, correlation, causation, labels.';

-- Appends wait here, one row each, until the sequencer gives their events positions in the log.
CREATE TABLE pending (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    journey_id uuid NOT NULL,
    first_version bigint NOT NULL,
    last_version bigint NOT NULL CHECK (last_version >= first_version)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE pending IS 'Committed appends without positions yet; nearly always empty.';

-- The order in which everybody reads: 1, 2, 3 … without a gap, given after commit.
CREATE TABLE log (
    position bigint PRIMARY KEY CHECK (position > 0),
    journey_id uuid NOT NULL,
    version bigint NOT NULL,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32),
    UNIQUE (journey_id, version)
);
COMMENT ON TABLE log IS 'The dense total order of events; never inverts a journey.';
COMMENT ON COLUMN log.leaf IS 'What the event is in the ledger''s tree (RFC 9162 section 2.1.1).';

CREATE FUNCTION instant(at timestamptz) RETURNS text LANGUAGE sql STABLE
    RETURN '"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || 'Z"';

-- SHA-256(00 || the row as JSON in its canonical form, RFC 8785); data and context are texts in it, so that their
-- bytes count as they are stored. Read once, here: no setting and no other function of a name makes it another later.
CREATE FUNCTION event_leaf(event) RETURNS bytea LANGUAGE sql STABLE
    RETURN sha256('\x00'::bytea || convert_to(
        '{"context":' || to_json($1.context::text)
        || ',"data":' || to_json($1.data::text)
        || ',"event_id":"' || $1.event_id
        || '","journey_id":"' || $1.journey_id
        || '","occurred_at":' || instant($1.occurred_at)
        || ',"occurred_precision":' || to_json($1.occurred_precision)
        || ',"recorded_at":' || instant($1.recorded_at)
        || ',"schema_version":' || $1.schema_version
        || ',"type":' || to_json($1.type)
        || ',"version":' || $1.version || '}', 'UTF8'));

-- The same key and body answer the same for the life of the journey.
CREATE TABLE idempotency (
    journey_id uuid NOT NULL,
    key text NOT NULL,
    body_sha256 bytea NOT NULL,
    first_version bigint NOT NULL,
    last_version bigint NOT NULL,
    PRIMARY KEY (journey_id, key)
);
COMMENT ON TABLE idempotency IS 'Which events a key led to; first_version = last_version + 1 where there were none.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what is recorded stays; record a correction instead', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END;
$$;

CREATE TRIGGER event_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pending_is_emptied_by_the_sequencer_alone BEFORE UPDATE OR TRUNCATE ON pending
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER idempotency_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON idempotency
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
