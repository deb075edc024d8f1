"""Person: which journeys of somebody, over all their records, are the caller's to see."""

from typing import NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from journey.api.access.admission import admit, of_their_teams
from journey.api.access.asking import Asking
from journey.api.access.looks import Looks
from journey.domain.labels import Labels

JOURNEYS = SQL("""
    SELECT DISTINCT ON (opened.journey_id) opened.journey_id, status.labels, {theirs},
           status.version >= (SELECT max(version) FROM event WHERE event.journey_id = opened.journey_id)
      FROM same_person(%s) AS same (patient_id)
           JOIN event AS opened ON type = 'journey.opened' AND data->>'patient_id' = same.patient_id::text
           LEFT JOIN patient_status AS status ON status.journey_id = opened.journey_id
     ORDER BY opened.journey_id
    """)


class Person(NamedTuple):
    """The journeys that are theirs; `whole`: these are all there are, and nothing of them is withheld."""

    journeys: tuple[UUID, ...]
    whole: bool


async def person(looks: Looks, asking: Asking, patient_id: UUID) -> Person:
    """By one statement, however many there are; but for journeys that the read model is behind with."""
    whose = of_their_teams(asking)
    statement = JOURNEYS.format(theirs=SQL(whose.sql))
    found: list[UUID] = []
    whole = True
    for journey_id, *known, current in await looks.reads.rows(statement, (*whose.parameters, patient_id)):
        borne, theirs = known if current else await _admitted(looks, asking, journey_id)
        whole = whole and theirs and (asking.cleared is None or asking.cleared.issuperset(borne))
        if theirs:
            found.append(journey_id)
    return Person(tuple(found), whole)


async def _admitted(looks: Looks, asking: Asking, journey_id: UUID) -> tuple[Labels, bool]:
    admission = await admit(looks, asking, journey_id)
    return admission.labels, admission.basis is not None
