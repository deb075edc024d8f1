"""Patient identity: which records are of one person?
Asked whenever journeys are searched for by patient or by number, and before a merge.
"""

from collections.abc import Iterator

from journey.domain.merge import PatientMerged, PatientUnmerged
from journey.projections.model import Change, ReadModel, Write

UPSERT = """
    INSERT INTO patient_identity
    SELECT DISTINCT ON (patient_id) *
      FROM json_populate_recordset(NULL::patient_identity, %(rows)s)
     ORDER BY patient_id, position DESC
    ON CONFLICT (patient_id) DO UPDATE
       SET merged_into = excluded.merged_into, position = excluded.position
     WHERE excluded.position > patient_identity.position
    """


class PatientIdentity(ReadModel):
    """A row for each patient who was ever merged into another. The latest word counts, and it may come first:
    the other journey of a merge may have been parked.
    """

    name = "patient_identity"
    folds = False

    def project(self, change: Change) -> Iterator[Write]:
        """Both journeys say the same of the retired patient."""
        for each in change.recorded:
            match each.event:
                case PatientMerged(retired=retired, survivor=survivor):
                    row = {"patient_id": retired, "merged_into": survivor, "position": each.position}
                    yield Write(UPSERT, row)
                case PatientUnmerged(retired=retired):
                    yield Write(UPSERT, {"patient_id": retired, "position": each.position})
                case _:
                    pass
