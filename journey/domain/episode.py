"""Episode: the journey's own life, from the plan to the close, and who is accountable for it.

    planned | waitlist -> active <-> on hold -> finished -> (reopened) active
    planned | waitlist | active | on hold -> cancelled;   any -> entered in error

FHIR: EpisodeOfCare, CareTeam.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, assert_never
from uuid import UUID

from pydantic import Field

from journey.domain.codes import JourneyStatus
from journey.domain.event import Blocker, Coded, Command, Event, Fact, Refused
from journey.domain.identity import Demographics, Identifier

# --- Events


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

    reason: str


class JourneyResumed(Event, stored_as="journey.resumed"):
    """Care goes on."""


class JourneyClosed(Event, stored_as="journey.closed"):
    """Care is over. `left_open` is what an override left undone."""

    outcome: Coded | None = None
    override_reason: str | None = None
    left_open: tuple[Blocker, ...] = ()


class JourneyCancelled(Event, stored_as="journey.cancelled"):
    """It will not be gone."""

    reason: str


class JourneyReopened(Event, stored_as="journey.reopened"):
    """The same problem is back, or it was closed too early."""

    reason: str
    authorised_by: str


class JourneyEnteredInError(Event, stored_as="journey.entered_in_error"):
    """It should never have been there: hidden from worklists, kept for the audit."""

    reason: str


class OwnerAssigned(Event, stored_as="journey.owner_assigned"):
    """Exactly one team, or person of a team, is accountable from now on."""

    team: str
    person: str | None = None


class OwnerUnassigned(Event, stored_as="journey.owner_unassigned"):
    """Nobody is accountable any more."""

    reason: str


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
)

# --- Commands


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
    """Nobody is accountable any more."""

    reason: str = Field(min_length=1)


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
)

# --- State

S = JourneyStatus
OVER = frozenset({S.FINISHED, S.CANCELLED, S.ENTERED_IN_ERROR})
TRANSITIONS: dict[type[Event], tuple[frozenset[JourneyStatus], JourneyStatus]] = {
    JourneyWaitlisted: (frozenset({S.PLANNED}), S.WAITLIST),
    JourneyActivated: (frozenset({S.PLANNED, S.WAITLIST}), S.ACTIVE),
    JourneyPutOnHold: (frozenset({S.ACTIVE}), S.ONHOLD),
    JourneyResumed: (frozenset({S.ONHOLD}), S.ACTIVE),
    JourneyClosed: (frozenset({S.ACTIVE, S.ONHOLD}), S.FINISHED),
    JourneyCancelled: (frozenset({S.PLANNED, S.WAITLIST, S.ACTIVE, S.ONHOLD}), S.CANCELLED),
    JourneyReopened: (frozenset({S.FINISHED}), S.ACTIVE),
    JourneyEnteredInError: (frozenset(set(S) - {S.ENTERED_IN_ERROR}), S.ENTERED_IN_ERROR),
}
"""For each event: the statuses it may follow, and the one it leads to."""

CARRIES_OUT: dict[type[Command], type[Event]] = {
    WaitlistJourney: JourneyWaitlisted,
    ActivateJourney: JourneyActivated,
    PutOnHold: JourneyPutOnHold,
    ResumeJourney: JourneyResumed,
    CloseJourney: JourneyClosed,
    CancelJourney: JourneyCancelled,
    ReopenJourney: JourneyReopened,
    RemoveJourney: JourneyEnteredInError,
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is accountable, and since which event."""

    team: str
    person: str | None
    since: Fact


@dataclass(frozen=True, slots=True)
class Episode:
    """The journey's own state."""

    status: JourneyStatus = JourneyStatus.PLANNED
    since: Fact | None = None
    opened: Fact | None = None
    concern: Coded | None = None
    owner: Owner | None = None

    @property
    def is_over(self) -> bool:
        return self.status in OVER


class NotPossibleInStatus(Refused):
    """The journey's status does not allow it."""


# --- evolve


def evolve(episode: Episode, event: EpisodeEvent, fact: Fact) -> Episode:
    """The journey's state after this event. Total: history is never refused."""
    match event:
        case JourneyOpened():
            return replace(episode, status=event.status, since=fact, opened=fact, concern=event.concern)
        case OwnerAssigned():
            return replace(episode, owner=Owner(event.team, event.person, fact))
        case OwnerUnassigned():
            return replace(episode, owner=None)
        case (
            JourneyWaitlisted()
            | JourneyActivated()
            | JourneyPutOnHold()
            | JourneyResumed()
            | JourneyClosed()
            | JourneyCancelled()
            | JourneyReopened()
            | JourneyEnteredInError()
        ):
            return replace(episode, status=TRANSITIONS[type(event)][1], since=fact)
        case _:
            assert_never(event)


# --- decide


def decide(
    episode: Episode, command: EpisodeCommand, *, left_open: tuple[Blocker, ...]
) -> Iterator[EpisodeEvent]:
    """What happens if we do this now; `left_open` is what a close would leave undone."""
    match command:
        case AssignOwner():
            owner = episode.owner
            if owner is None or (owner.team, owner.person) != (command.team, command.person):
                yield OwnerAssigned(**command.facts())
        case UnassignOwner():
            if episode.owner is not None:
                yield OwnerUnassigned(**command.facts())
        case CloseJourney():
            if _may_follow(episode, command):
                yield JourneyClosed(**command.facts(), left_open=left_open)
        case _:
            if _may_follow(episode, command):
                yield CARRIES_OUT[type(command)](**command.facts())  # type: ignore[misc]  # the table's values are this room's events


def _may_follow(episode: Episode, command: EpisodeCommand) -> bool:
    """False when it has already happened; refused when the status forbids it."""
    sources, target = TRANSITIONS[CARRIES_OUT[type(command)]]
    if episode.status is target:
        return False
    if episode.status not in sources and not command.reported:
        raise NotPossibleInStatus(
            f"The journey is {episode.status}; {command.name()} is possible when it is "
            f"{' or '.join(sorted(sources))}."
        )
    return True
