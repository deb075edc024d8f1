"""Conformance: which of the journeys on a pathway kept to it, and where the others left it.

Read from the log: each journey as it holds now, against the version of the pathway that it follows.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import JourneyStatus
from journey.domain.journey import fold
from journey.domain.pathway import Pathways
from journey.domain.pathway.conformance import Conformance, conformance
from journey.export.snapshot import Selection, Snapshot, snapshot


class Held(NamedTuple):
    """A journey that was held against its pathway."""

    journey_id: UUID
    version: str
    team: str | None
    found: Conformance


def held(
    conninfo: str, pathways: Pathways, pathway: str, team: str | None, told: Callable[[float], None]
) -> Iterator[Held]:
    """Each journey that has begun the pathway and follows it now; not those that were entered in error."""
    with snapshot(conninfo, Selection(pathway=pathway, team=team)) as taken:
        yield from _held(taken, pathways, pathway, told)


def _held(taken: Snapshot, pathways: Pathways, pathway: str, told: Callable[[float], None]) -> Iterator[Held]:
    for journey_id, events in taken.by_journey():
        journey = fold([each.recorded for each in events], journey_id)
        enrolment, episode = journey.enrolment, journey.episode
        told(taken.reached / (taken.end or 1))
        if enrolment.pathway != pathway or episode.status is JourneyStatus.ENTERED_IN_ERROR:
            continue
        plan = pathways.plan(pathway, enrolment.version)
        found = None if plan is None else conformance(plan, enrolment, journey.recorded)
        if found is not None:
            owner = episode.owner
            yield Held(journey_id, enrolment.version or "", owner and owner.team, found)
