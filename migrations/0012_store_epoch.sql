-- Which stretch of history the log is in. A restore, a copy or a promotion begins another, and whoever follows
-- the log is told up to where what they have seen is still true.

CREATE TABLE store_epoch (
    number integer PRIMARY KEY CHECK (number > 0),
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    began_after bigint NOT NULL CHECK (began_after >= 0),
    system_identifier bigint NOT NULL,
    database bigint NOT NULL,
    timeline integer NOT NULL,
    began_at timestamptz NOT NULL DEFAULT statement_timestamp()
);
COMMENT ON TABLE store_epoch IS 'Begun by the sequencer where the database is not the one that it was.';
COMMENT ON COLUMN store_epoch.began_after IS 'The last position in common with the epoch before.';
COMMENT ON COLUMN store_epoch.system_identifier IS 'Of the cluster: initdb makes it, base backups and replicas keep it.';
COMMENT ON COLUMN store_epoch.database IS 'The oid in that cluster: a copy and a restored dump have another.';
COMMENT ON COLUMN store_epoch.timeline IS 'Of the write-ahead log: a promotion and a recovery to a point in time begin another.';

CREATE TRIGGER store_epoch_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON store_epoch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
