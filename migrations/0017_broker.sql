-- Brokers: up to where the log stands in a stream of somebody else's, and who puts it there.

CREATE TABLE broker (
    name text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    event text NOT NULL DEFAULT '000000000000',
    epoch text NOT NULL DEFAULT '000000000000',
    stored bigint NOT NULL DEFAULT 0,
    disclosed bigint NOT NULL DEFAULT 0,
    last_error text,
    lease bigint NOT NULL DEFAULT 0,
    worker uuid,
    leased_until timestamptz
);
COMMENT ON TABLE broker IS 'Up to where the log was looked through for a broker, and what is wanted of it was acknowledged.';
COMMENT ON COLUMN broker.event IS 'With `position` and `epoch`, the place as every cursor says it.';
COMMENT ON COLUMN broker.stored IS 'The last position that was acknowledged: the stream ends with it, or with one that we do not know of yet.';
COMMENT ON COLUMN broker.disclosed IS 'Up to here it stands in the accounting of disclosures: since before it was sent.';
COMMENT ON COLUMN broker.lease IS 'Counts the leases: who holds an older one can move nothing any more.';
