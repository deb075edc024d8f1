-- FHIR: which resources there are of each journey, and by what they are found.
CREATE TABLE fhir_resource (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    status text,
    begins timestamptz,
    ends timestamptz,
    owner text,
    identifiers text[] NOT NULL,
    PRIMARY KEY (journey_id, audience, type, id)
);
COMMENT ON COLUMN fhir_resource.ends IS 'The first moment after it; missing where it goes on.';
CREATE INDEX fhir_resource_id ON fhir_resource (type, id);
CREATE INDEX fhir_resource_status ON fhir_resource (type, status, id);
CREATE INDEX fhir_resource_begins ON fhir_resource (type, begins);
CREATE INDEX fhir_resource_owner ON fhir_resource (type, lower(owner), id) WHERE owner IS NOT NULL;
CREATE INDEX fhir_resource_identifiers ON fhir_resource USING gin (identifiers);

ALTER TABLE patient_status ADD COLUMN recorded_at timestamptz NOT NULL;
COMMENT ON COLUMN patient_status.recorded_at IS 'When the last event that it reflects was recorded.';
CREATE INDEX patient_status_recorded_at ON patient_status (recorded_at);

-- What was struck out: of a resource that is in the index no more, the journey is found by what is told of it no more.
CREATE INDEX event_struck_out ON event ((data->>'voids'))
 WHERE type IN ('correction.voided', 'correction.reattributed');
