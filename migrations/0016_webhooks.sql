-- Webhooks: who wants to be sent which events, and what became of each delivery.

CREATE TABLE webhook (
    id uuid PRIMARY KEY,
    kind text NOT NULL DEFAULT 'cloudevents' CHECK (kind IN ('cloudevents', 'fhir')),
    owner text NOT NULL REFERENCES api_key,
    endpoint text NOT NULL,
    description text NOT NULL DEFAULT '',
    types text[],
    wanted json NOT NULL DEFAULT '{}',
    payload text NOT NULL CHECK (payload IN ('thin', 'full')),
    recipient text NOT NULL,
    recipient_address text,
    purpose text NOT NULL,
    basis text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'disabled')),
    reason text,
    secret bytea CHECK (secret IS NOT NULL OR kind <> 'cloudevents'),
    former_secret bytea,
    former_until timestamptz,
    position bigint NOT NULL CHECK (position >= 0),
    epoch bigint NOT NULL DEFAULT 0,
    next_number bigint NOT NULL DEFAULT 1 CHECK (next_number > 0),
    trips integer NOT NULL DEFAULT 0,
    shut_until timestamptz,
    down_since timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    lease bigint NOT NULL DEFAULT 0,
    worker uuid,
    leased_until timestamptz
);
COMMENT ON TABLE webhook IS 'Who wants to be sent which events. What may go is asked of the owner''s key at each sending.';
COMMENT ON COLUMN webhook.reason IS 'Why it is not active: paused, owner-revoked, unreachable (suspended), gone (disabled); of FHIR, which is not tried for days, also refused, not-taken (suspended).';
COMMENT ON COLUMN webhook.kind IS 'What it is told in. What FHIR needs besides stands in fhir_subscription.';
COMMENT ON COLUMN webhook.secret IS 'Sealed: of no use without the master key.';
COMMENT ON COLUMN webhook.former_secret IS 'The one before, sealed; messages are signed with both until `former_until`.';
COMMENT ON COLUMN webhook.position IS 'Up to here the log was looked through, and what is wanted of it has a number.';
COMMENT ON COLUMN webhook.epoch IS 'The epoch of the log (store_epoch) that it was worked on in last: another one has its receiver told.';
COMMENT ON COLUMN webhook.next_number IS 'Numbers are dense: who gets 5 and never 4 has lost something.';
COMMENT ON COLUMN webhook.trips IS 'Probes of the endpoint that failed on end, and the failure before them; 0: it is not down.';
COMMENT ON COLUMN webhook.lease IS 'Counts the leases: who holds an older one can write nothing any more.';

CREATE TABLE webhook_delivery (
    webhook uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
    number bigint NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    journey_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'pending', 'delivered', 'dead', 'skipped')),
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    disclosed boolean NOT NULL DEFAULT false,
    planned_at timestamptz NOT NULL DEFAULT now(),
    tried_at timestamptz,
    ended_at timestamptz,
    status smallint,
    error text,
    milliseconds integer,
    PRIMARY KEY (webhook, number)
) WITH (fillfactor = 80);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, due_at, number) WHERE state = 'pending';
CREATE INDEX webhook_delivery_open ON webhook_delivery (webhook, journey_id, number)
    WHERE state IN ('waiting', 'pending', 'dead');
CREATE INDEX webhook_delivery_ended ON webhook_delivery (ended_at) WHERE ended_at IS NOT NULL;
COMMENT ON TABLE webhook_delivery IS 'One event for one subscription: pending ones are the first of their journeys, the others wait behind them.';
COMMENT ON COLUMN webhook_delivery.number IS '0: tells of no event, and is no event''s number: a FHIR handshake, and the heartbeats after it.';
COMMENT ON COLUMN webhook_delivery.journey_id IS 'All zeros: it tells that the log was put back, and its event is the epoch.';
COMMENT ON COLUMN webhook_delivery.disclosed IS 'Whether it stands in the accounting of disclosures: since before it was sent.';

CREATE TABLE webhook_worker (
    worker uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE webhook_worker IS 'Who lives and shares the work; who was not seen for long is forgotten.';
