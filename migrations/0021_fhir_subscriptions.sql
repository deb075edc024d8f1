-- FHIR Subscriptions (topic-based, R4 backport): what each needs beyond what every webhook has.

CREATE TABLE fhir_subscription (
    id uuid PRIMARY KEY REFERENCES webhook ON DELETE CASCADE,
    topic text NOT NULL,
    criteria text,
    content text NOT NULL CHECK (content IN ('empty', 'id-only', 'full-resource')),
    base text NOT NULL,
    headers bytea NOT NULL,
    heartbeat integer CHECK (heartbeat > 0),
    ends timestamptz,
    contact json NOT NULL DEFAULT '[]',
    confirmed boolean NOT NULL DEFAULT false,
    started boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN fhir_subscription.criteria IS 'The filter as it was said: Encounter?patient=Patient/x.';
COMMENT ON COLUMN fhir_subscription.base IS 'The server as whoever subscribed knows it; references begin with it.';
COMMENT ON COLUMN fhir_subscription.headers IS 'The lines of channel.header, sealed: of no use without the master key.';
COMMENT ON COLUMN fhir_subscription.confirmed IS 'Whether the endpoint took the handshake; nothing of an event is sent before.';
COMMENT ON COLUMN fhir_subscription.started IS 'Whether it ever did: from then on events are counted, sent or not.';
