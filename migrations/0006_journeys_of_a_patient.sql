-- no-transaction
-- Every journey of a patient, as it is recorded: a merge does not wait for the read models.
SET statement_timeout = '10min';
DROP INDEX CONCURRENTLY IF EXISTS event_opened_for;
CREATE INDEX CONCURRENTLY event_opened_for ON event ((data->>'patient_id')) WHERE type = 'journey.opened';
