"""Timeline: what happened on this journey, in the order in which it happened, with what was corrected?
Asked by whoever takes over a patient, and by compliance.
"""

from collections.abc import Iterator

from journey.domain.correction import EventCorrected, EventReinstated, EventVoided
from journey.projections.model import Change, ReadModel, Write

INSERT = """
    INSERT INTO timeline
    SELECT * FROM json_populate_recordset(NULL::timeline, %(rows)s)
    """
STRIKE = """
    UPDATE timeline SET voided_by = struck.voided_by
      FROM json_to_recordset(%(rows)s) AS struck (journey_id uuid, event_id uuid, voided_by uuid)
     WHERE timeline.journey_id = struck.journey_id AND timeline.event_id = struck.event_id
    """
READ = """
    UPDATE timeline SET corrected_by = read.corrected_by
      FROM json_to_recordset(%(rows)s) AS read (journey_id uuid, event_id uuid, corrected_by uuid)
     WHERE timeline.journey_id = read.journey_id AND timeline.event_id = read.event_id
    """


class Timeline(ReadModel):
    """A row an event, as it was first recorded; a correction marks its target and stays visible itself."""

    name = "timeline"
    folds = False

    def project(self, change: Change) -> Iterator[Write]:
        """A row for each event, then what the corrections among them strike out, change or bring back."""
        struck: dict[str, str | None] = {}
        read: dict[str, str | None] = {}
        for each in change.recorded:
            actor = each.context.actor
            yield Write(
                INSERT,
                {
                    "journey_id": each.journey_id,
                    "version": each.version,
                    "position": each.position,
                    "event_id": each.event_id,
                    "type": each.event.stored_as,
                    "occurred_at": each.occurred_at,
                    "occurred_precision": each.occurred_precision,
                    "reaches": each.reaches,
                    "recorded_at": each.recorded_at,
                    "actor_id": actor.id,
                    "actor_kind": actor.kind,
                    "actor_role": actor.role,
                    "actor_team": actor.team,
                    "subject_id": getattr(each.event, "visit_id", None),
                    "data": each.event,
                },
            )
            match each.event:
                case EventVoided(voids=target):
                    struck[str(target)] = str(each.event_id)
                case EventReinstated(reinstates=target, because_of=because_of):
                    struck[str(target)] = None
                    if because_of is None:
                        read[str(target)] = None
                case EventCorrected(corrects=target):
                    read[str(target)] = str(each.event_id)
                case _:
                    pass
        for event_id, voided_by in struck.items():
            yield Write(
                STRIKE,
                {"journey_id": change.journey_id, "event_id": event_id, "voided_by": voided_by},
            )
        for event_id, corrected_by in read.items():
            yield Write(
                READ,
                {"journey_id": change.journey_id, "event_id": event_id, "corrected_by": corrected_by},
            )
