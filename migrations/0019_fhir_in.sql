-- FHIR resources that wait for others of their patient, in whatever order they come.

CREATE TABLE fhir_awaited (
    system text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    key bytea NOT NULL,
    PRIMARY KEY (system, kind, value, key)
);
COMMENT ON TABLE fhir_awaited IS 'Which parked resource of the inbox refers to what has not come yet.';
CREATE INDEX fhir_awaited_key ON fhir_awaited (key);

CREATE TABLE fhir_untold (
    patient_id uuid NOT NULL,
    key bytea NOT NULL,
    PRIMARY KEY (patient_id, key)
);
COMMENT ON TABLE fhir_untold IS 'Patients of the inbox of whom no journey is opened yet: the first one is told of them.';

COMMENT ON TABLE routing IS 'Which journey, and what of it (a visit, a referral …), a number of another system leads to.';
COMMENT ON COLUMN routing.visit_id IS 'The visit, or whatever else of the journey the kind names.';
