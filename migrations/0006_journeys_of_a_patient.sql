-- no-transaction
-- Every journey of a patient, as it is recorded: a merge does not wait for the read models.
SET statement_timeout = '10min';
DROP INDEX CONCURRENTLY IF EXISTS event_opened_for;
CREATE INDEX CONCURRENTLY event_opened_for ON event ((data->>'patient_id')) WHERE type = 'journey.opened';

-- Every journey of which something may be withheld, as it is recorded.
DROP INDEX CONCURRENTLY IF EXISTS event_labelled;
CREATE INDEX CONCURRENTLY event_labelled ON event (journey_id)
 WHERE context::text LIKE '%"labels":["%' OR type = 'custody.processing_restricted';

-- Every journey that a team ever was accountable for, or that was ever corrected in that: who asks whose they were folds them.
DROP INDEX CONCURRENTLY IF EXISTS event_accountable;
CREATE INDEX CONCURRENTLY event_accountable ON event (left(data->>'team', 200), journey_id)
 WHERE type IN ('journey.owner_assigned', 'handoff.accepted', 'transfer.accepted');
DROP INDEX CONCURRENTLY IF EXISTS event_accountable_corrected;
CREATE INDEX CONCURRENTLY event_accountable_corrected ON event (journey_id)
 WHERE type = 'correction.corrected'
   AND data->>'of' IN ('journey.owner_assigned', 'handoff.accepted', 'transfer.accepted');
