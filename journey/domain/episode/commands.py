"""What may be asked for the journey as a whole."""

from typing import Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from journey.domain.amount import CENTURY
from journey.domain.codes import JourneyStatus
from journey.domain.episode.events import Relation
from journey.domain.event import Coded, Command
from journey.domain.identity import Demographics, Identifier


class OpenJourney(Command):
    """Begin to follow a patient."""

    patient_id: UUID
    status: Literal[JourneyStatus.PLANNED, JourneyStatus.WAITLIST, JourneyStatus.ACTIVE] = (
        JourneyStatus.ACTIVE
    )
    concern: Coded | None = Field(default=None, description="What the journey is about.")
    continues: UUID | None = Field(default=None, description="The journey that this one goes on from.")
    identifiers: tuple[Identifier, ...] = ()
    patient: Demographics = Demographics()
    team: str | None = Field(default=None, description="Who is accountable.")
    person: str | None = None


class WaitlistJourney(Command):
    """Let the patient wait for a place."""


class ActivateJourney(Command):
    """Care begins."""


class PutOnHold(Command):
    """Let care rest."""

    reason: str = Field(min_length=1)


class ResumeJourney(Command):
    """Let care go on."""


class CloseJourney(Command):
    """Care is over."""

    outcome: Coded | None = None
    override_reason: str | None = Field(
        default=None, min_length=1, description="Why it is closed although something is open."
    )


class CancelJourney(Command):
    """It will not be gone."""

    reason: str = Field(min_length=1)


class ReopenJourney(Command):
    """Open a closed journey again."""

    reason: str = Field(min_length=1)
    authorised_by: str = Field(min_length=1)


class RemoveJourney(Command):
    """Mark as entered in error."""

    reason: str = Field(min_length=1)


class AssignOwner(Command):
    """Make a team, or a person of a team, accountable."""

    team: str = Field(min_length=1)
    person: str | None = None


class UnassignOwner(Command):
    """Nobody is accountable any more, and care has not begun."""

    reason: str = Field(min_length=1)


class LinkJourney(Command):
    """Record what this journey is to another one."""

    relation: Relation
    other_journey_id: UUID
    days: StrictInt | None = Field(
        default=None,
        ge=0,
        le=CENTURY,
        description="Of a readmission: days since the discharge, whose day is day 0.",
    )
    planned: StrictBool | None = Field(default=None, description="Of a readmission: it was planned.")


EpisodeCommand = (
    WaitlistJourney
    | ActivateJourney
    | PutOnHold
    | ResumeJourney
    | CloseJourney
    | CancelJourney
    | ReopenJourney
    | RemoveJourney
    | AssignOwner
    | UnassignOwner
    | LinkJourney
)
