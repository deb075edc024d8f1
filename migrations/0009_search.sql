-- Search that is tolerant, and lists in the order of urgency. Made whole by a rebuild of patient_status.

ALTER TABLE patient_status ADD COLUMN search text NOT NULL DEFAULT '';
COMMENT ON COLUMN patient_status.search IS 'Names, numbers and birth date as they are searched for, a space around each.';

-- Where contrib is not at hand, or the user may not have it, names are found by how they begin.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX patient_status_search ON patient_status USING gin (search gin_trgm_ops);
    CREATE FUNCTION resembles(word text, said text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT word <<% said';
EXCEPTION WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported THEN
    CREATE FUNCTION resembles(word text, said text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT false';
END
$$;
COMMENT ON FUNCTION resembles IS 'Whether something that is said is the word but for a typing error; never, without pg_trgm.';

ALTER TABLE visit_list ADD COLUMN over boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN visit_list.over IS 'The journey is: what is asked for each day leaves it out.';

-- What is due comes first, the oldest of it first; what is never due comes last.
DROP INDEX worklist_due, worklist_team, worklist_owner;
CREATE INDEX worklist_urgency ON worklist (coalesce(due, 'infinity'), since, journey_id, item);
CREATE INDEX worklist_team ON worklist (team, coalesce(due, 'infinity'), since, journey_id, item);
CREATE INDEX worklist_owner ON worklist (owner, coalesce(due, 'infinity'), since, journey_id, item);
CREATE INDEX worklist_person ON worklist (person, coalesce(due, 'infinity'), since, journey_id, item)
 WHERE person IS NOT NULL;

DROP INDEX handoff_board_due, handoff_board_to;
CREATE INDEX handoff_board_urgency ON handoff_board (
    (CASE severity WHEN 'unstable' THEN 1 WHEN 'watcher' THEN 2 WHEN 'stable' THEN 3 ELSE 4 END),
    coalesce(due, 'infinity'), since, journey_id, handoff_id
);
CREATE INDEX handoff_board_to ON handoff_board (
    to_team, (CASE severity WHEN 'unstable' THEN 1 WHEN 'watcher' THEN 2 WHEN 'stable' THEN 3 ELSE 4 END),
    coalesce(due, 'infinity'), since, journey_id, handoff_id
);

DROP INDEX open_referral_since, open_referral_team;
CREATE INDEX open_referral_urgency ON open_referral (coalesce(due, 'infinity'), since, journey_id, referral_id);
CREATE INDEX open_referral_team ON open_referral (team, coalesce(due, 'infinity'), since, journey_id, referral_id);

DROP INDEX authorization_status_since, authorization_status_team;
CREATE INDEX authorization_status_urgency ON authorization_status (
    coalesce(due, 'infinity'), since, journey_id, authorization_id
);
CREATE INDEX authorization_status_team ON authorization_status (
    team, coalesce(due, 'infinity'), since, journey_id, authorization_id
);

DROP INDEX open_barrier_since, open_barrier_team;
CREATE INDEX open_barrier_urgency ON open_barrier (coalesce(due, 'infinity'), since, journey_id, barrier_id);
CREATE INDEX open_barrier_team ON open_barrier (team, coalesce(due, 'infinity'), since, journey_id, barrier_id);

DROP INDEX visit_list_status;
CREATE INDEX visit_list_going_on ON visit_list (sorted_at, journey_id, visit_id) WHERE NOT over;
CREATE INDEX visit_list_team_going_on ON visit_list (team, sorted_at, journey_id, visit_id) WHERE NOT over;
CREATE INDEX visit_list_status_going_on ON visit_list (status, sorted_at, journey_id, visit_id) WHERE NOT over;
