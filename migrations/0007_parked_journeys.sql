-- Journeys that a read model could not take up: each waits alone, and the others go on.

CREATE TABLE parked_journey (
    model text NOT NULL,
    journey_id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model, journey_id)
);
COMMENT ON TABLE parked_journey IS 'From this version on, the model has nothing of the journey; the log keeps it.';
