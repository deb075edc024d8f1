"""What is true of the journey as a whole: only what a rule or the patient's standing reads."""

from typing import NamedTuple

from journey.domain.codes import JourneyStatus
from journey.domain.episode import events as happened
from journey.domain.event import Coded, Fact
from journey.domain.room import Transitions

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


class Episode(NamedTuple):
    """The journey's own state."""

    status: JourneyStatus = JourneyStatus.PLANNED
    since: Fact | None = None
    opened: Fact | None = None
    concern: Coded | None = None
    owner: Owner | None = None

    @property
    def is_over(self) -> bool:
        return self.status in OVER
