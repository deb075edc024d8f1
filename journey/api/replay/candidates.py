"""Candidates: the journeys that may have been a team's, or a patient's, at some moment. Folding each decides.

Asked of the log itself, in the order of their ids: who was asked about a time that is over sees no read model
that goes on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from journey.conditions import Condition
from journey.domain.replay import Moment, same_person
from journey.store.log import parted
from journey.store.recorder import COLUMNS

FIRST = UUID(int=0)
"""Before every journey's id."""

EVERY: LiteralString = """
    SELECT journey_id FROM event
     WHERE version = 1 AND recorded_at <= %s AND journey_id > %s
     ORDER BY journey_id LIMIT %s
    """
OF_A_TEAM: LiteralString = """
    SELECT DISTINCT journey_id FROM (
        (SELECT DISTINCT journey_id FROM event
          WHERE type IN ('journey.owner_assigned', 'handoff.accepted', 'transfer.accepted')
            AND left(data->>'team', 200) = %s AND recorded_at <= %s AND journey_id > %s
          ORDER BY journey_id LIMIT %s)
        UNION ALL
        (SELECT DISTINCT journey_id FROM event
          WHERE type = 'correction.corrected'
            AND data->>'of' IN ('journey.owner_assigned', 'handoff.accepted', 'transfer.accepted')
            AND recorded_at <= %s AND journey_id > %s
          ORDER BY journey_id LIMIT %s)) AS ever
     ORDER BY journey_id LIMIT %s
    """
"""Where accountability was corrected, whoever it went to is folded to see."""

OF_A_PERSON: LiteralString = """
    WITH RECURSIVE same (patient_id) AS (
        SELECT %s::uuid
        UNION
        SELECT CASE same.patient_id::text WHEN told.data->>'survivor' THEN (told.data->>'retired')::uuid
                                          ELSE (told.data->>'survivor')::uuid END
          FROM same
               JOIN event AS opened
                 ON opened.type = 'journey.opened' AND opened.data->>'patient_id' = same.patient_id::text
               JOIN event AS told ON told.journey_id = opened.journey_id AND told.type = 'identity.merged'
    )
    SELECT opened.journey_id, same.patient_id
      FROM same
           JOIN event AS opened
             ON opened.type = 'journey.opened' AND opened.data->>'patient_id' = same.patient_id::text
     ORDER BY opened.journey_id
    """
"""With the journeys of everybody who was ever merged with the patient, taken apart again or not."""

MERGES = SQL("""
    SELECT NULL, {columns} FROM event
     WHERE journey_id = ANY(%s) AND type IN ('identity.merged', 'identity.unmerged')
     ORDER BY journey_id, version
    """).format(columns=COLUMNS)


class Whose(NamedTuple):
    """Whose journeys are asked for; everybody's, where nothing is named."""

    patient: UUID | None = None
    team: str | None = None


def page_of(whose: Whose, known: datetime, after: UUID, limit: int) -> Condition:
    """The statement that finds the next ones of a team, or of everybody, by what was recorded by then."""
    some = (known, after, limit)
    return (
        Condition(EVERY, some)
        if whose.team is None
        else Condition(OF_A_TEAM, (whose.team, *some, *some, limit))
    )


def of_one_person(
    patient: UUID, ever: Sequence[tuple[UUID, UUID]], merges: Iterable[tuple[Any, ...]], moment: Moment
) -> list[UUID]:
    """The journeys of all records that were one person's at the moment: of those that ever were, with their
    patients, by the merges that are recorded on them.
    """
    same = same_person(patient, (history for _, history in parted(merges)), moment)
    return [journey_id for journey_id, theirs in ever if theirs in same]
