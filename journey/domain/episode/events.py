"""What happened to the journey as a whole."""

from enum import StrEnum
from uuid import UUID

from journey.domain.codes import JourneyStatus
from journey.domain.event import Blocker, Coded, Event
from journey.domain.personal import Personal


class Relation(StrEnum):
    """What one journey is to another."""

    READMISSION_OF = "readmission-of"
    SPLIT_FROM = "split-from"
    CONTINUES = "continues"
    DUPLICATE_OF = "duplicate-of"


class JourneyOpened(Event, stored_as="journey.opened"):
    """A patient's journey begins to be followed. Always the first event of its stream."""

    patient_id: UUID
    status: JourneyStatus = JourneyStatus.ACTIVE
    concern: Coded | None = None
    continues: UUID | None = None


class JourneyWaitlisted(Event, stored_as="journey.waitlisted"):
    """The patient waits for a place."""


class JourneyActivated(Event, stored_as="journey.activated"):
    """Care has begun."""


class JourneyPutOnHold(Event, stored_as="journey.put_on_hold"):
    """Care rests."""

    reason: Personal


class JourneyResumed(Event, stored_as="journey.resumed"):
    """Care goes on."""


class JourneyClosed(Event, stored_as="journey.closed"):
    """Care is over. `left_open` is what an override left undone."""

    outcome: Coded | None = None
    override_reason: Personal | None = None
    left_open: tuple[Blocker, ...] = ()


class JourneyCancelled(Event, stored_as="journey.cancelled"):
    """It will not be gone. `left_open` is what was under way."""

    reason: Personal
    left_open: tuple[Blocker, ...] = ()


class JourneyReopened(Event, stored_as="journey.reopened"):
    """The same problem is back, or it was closed too early."""

    reason: Personal
    authorised_by: str


class JourneyEnteredInError(Event, stored_as="journey.entered_in_error"):
    """It should never have been there: hidden from worklists, kept for the audit."""

    reason: Personal


class OwnerAssigned(Event, stored_as="journey.owner_assigned"):
    """Exactly one team, or person of a team, is accountable from now on."""

    team: str
    person: str | None = None


class OwnerUnassigned(Event, stored_as="journey.owner_unassigned"):
    """Nobody is accountable any more."""

    reason: Personal


class JourneyLinked(Event, stored_as="journey.linked"):
    """It has to do with another journey. Of a readmission: how many days after the discharge it is,
    whose day is day 0, and whether it was planned.
    """

    relation: Relation
    other_journey_id: UUID
    days: int | None = None
    planned: bool | None = None


EpisodeEvent = (
    JourneyOpened
    | JourneyWaitlisted
    | JourneyActivated
    | JourneyPutOnHold
    | JourneyResumed
    | JourneyClosed
    | JourneyCancelled
    | JourneyReopened
    | JourneyEnteredInError
    | OwnerAssigned
    | OwnerUnassigned
    | JourneyLinked
)
