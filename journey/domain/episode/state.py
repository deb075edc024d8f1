"""What is true of the journey as a whole: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import JourneyStatus
from journey.domain.episode import events as happened
from journey.domain.episode.events import Relation
from journey.domain.event import Coded, Fact
from journey.domain.readmission import READMISSION, WINDOW
from journey.domain.room import Milestone, Transitions, milestone

S = JourneyStatus
OVER = frozenset({S.FINISHED, S.CANCELLED, S.ENTERED_IN_ERROR})
TRANSITIONS: Transitions = {
    happened.JourneyWaitlisted: (frozenset({S.PLANNED}), S.WAITLIST),
    happened.JourneyActivated: (frozenset({S.PLANNED, S.WAITLIST}), S.ACTIVE),
    happened.JourneyPutOnHold: (frozenset({S.ACTIVE}), S.ONHOLD),
    happened.JourneyResumed: (frozenset({S.ONHOLD}), S.ACTIVE),
    happened.JourneyClosed: (frozenset({S.ACTIVE, S.ONHOLD}), S.FINISHED),
    happened.JourneyCancelled: (frozenset({S.PLANNED, S.WAITLIST, S.ACTIVE, S.ONHOLD}), S.CANCELLED),
    happened.JourneyReopened: (frozenset({S.FINISHED}), S.ACTIVE),
    happened.JourneyEnteredInError: (frozenset(set(S) - {S.ENTERED_IN_ERROR}), S.ENTERED_IN_ERROR),
}


class Owner(NamedTuple):
    """Who is accountable, and since which event."""

    team: str
    person: str | None
    since: Fact


class Link(NamedTuple):
    """What another journey is to this one."""

    days: int | None
    planned: bool | None
    since: Fact


class Episode(NamedTuple):
    """The journey's own state. `said` is the last event about its status, with its reasons."""

    status: JourneyStatus = JourneyStatus.PLANNED
    since: Fact | None = None
    said: happened.EpisodeEvent | None = None
    opened: Fact | None = None
    concern: Coded | None = None
    owner: Owner | None = None
    links: Mapping[tuple[Relation, UUID], Link] = MappingProxyType({})

    def reached(self) -> Iterator[Milestone]:
        yield from milestone("journey-opened", self.opened)
        for (relation, other), link in self.links.items():
            unplanned = relation is Relation.READMISSION_OF and not link.planned
            if unplanned and link.days is not None and link.days <= WINDOW.days:
                yield from milestone(READMISSION, link.since, other)

    @property
    def is_over(self) -> bool:
        return self.status in OVER
