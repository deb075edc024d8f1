-- Which records are of one person? And the numbers that lead to a merged patient find their way back.

CREATE TABLE patient_identity (
    patient_id uuid PRIMARY KEY,
    merged_into uuid,
    position bigint NOT NULL
);
CREATE INDEX patient_identity_merged_into ON patient_identity (merged_into);
COMMENT ON COLUMN patient_identity.merged_into IS 'The survivor; null where it was unmerged.';

CREATE FUNCTION same_person(patient uuid) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 2 AS $$
    WITH RECURSIVE same (patient_id) AS (
        SELECT patient
        UNION
        SELECT CASE same.patient_id WHEN each.patient_id THEN each.merged_into ELSE each.patient_id END
          FROM same JOIN patient_identity AS each ON same.patient_id IN (each.patient_id, each.merged_into)
         WHERE each.merged_into IS NOT NULL
    )
    SELECT patient_id FROM same
$$;
COMMENT ON FUNCTION same_person IS 'The patient, and every record merged with it, over any number of steps.';

ALTER TABLE routing ADD COLUMN earlier_patients uuid[], ADD COLUMN earlier_journeys uuid[];
COMMENT ON COLUMN routing.earlier_patients IS 'Merged away one after the other; an unmerge goes back to one of them.';
CREATE INDEX routing_earlier_patients ON routing USING gin (earlier_patients) WHERE earlier_patients IS NOT NULL;
