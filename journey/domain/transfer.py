"""Transfer: a patient's journey passes to another facility, once that facility says yes.

    initiated -> accepted -> completed
    initiated -> declined | withdrawn            accepted -> withdrawn

    The sender stays accountable until the receiver accepts; the acceptance names who is accountable from
    then on. One transfer at a time; it is no discharge, and says nothing of where the patient lies.

FHIR: Task + EpisodeOfCare.managingOrganization.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, assert_never, cast
from uuid import UUID

from pydantic import AwareDatetime, Field

from journey.domain.event import Blocker, Command, Event, Fact, Moment, Refused
from journey.domain.personal import Personal
from journey.domain.room import Loop, Milestone, Passed, Step, Things, Transitions, follow, milestone, step

# --- Events


class JourneyTransferInitiated(Event, stored_as="transfer.initiated"):
    """Another facility is asked to take the patient over."""

    transfer_id: UUID
    to_facility: str
    to_team: str
    reason: Personal | None = None
    due: AwareDatetime | None = None


class JourneyTransferAccepted(Event, stored_as="transfer.accepted"):
    """The other facility is accountable from now on: this team, or this person of it."""

    transfer_id: UUID
    team: str
    person: str | None = None


class JourneyTransferDeclined(Event, stored_as="transfer.declined"):
    """The other facility does not take the patient; the sender stays accountable."""

    transfer_id: UUID
    reason: Personal


class JourneyTransferWithdrawn(Event, stored_as="transfer.withdrawn"):
    """The sender no longer asks, or the accepted transfer does not take place."""

    transfer_id: UUID
    reason: Personal


class JourneyTransferCompleted(Event, stored_as="transfer.completed"):
    """The patient and the papers are there."""

    transfer_id: UUID


TransferEvent = (
    JourneyTransferInitiated
    | JourneyTransferAccepted
    | JourneyTransferDeclined
    | JourneyTransferWithdrawn
    | JourneyTransferCompleted
)

# --- Commands


class InitiateTransfer(Command):
    """Ask another facility to take the patient over."""

    transfer_id: UUID
    to_facility: str = Field(min_length=1)
    to_team: str = Field(min_length=1, description="The team there that is asked.")
    reason: str | None = None
    due: Moment | None = Field(default=None, description="Until when an answer is needed.")


class AcceptTransfer(Command):
    """Take the patient over."""

    transfer_id: UUID
    team: str = Field(min_length=1, description="Who is accountable from now on.")
    person: str | None = None


class DeclineTransfer(Command):
    """Do not take the patient over, and say why."""

    transfer_id: UUID
    reason: str = Field(min_length=1)


class WithdrawTransfer(Command):
    """Call it off; once it is accepted, assign-owner says who is accountable instead."""

    transfer_id: UUID
    reason: str = Field(min_length=1)


class CompleteTransfer(Command):
    """Record that the patient and the papers are there."""

    transfer_id: UUID


TransferCommand = InitiateTransfer | AcceptTransfer | DeclineTransfer | WithdrawTransfer | CompleteTransfer

# --- State


class TransferStatus(StrEnum):
    """Where the transfer is (FHIR Task.status: requested, accepted, rejected, cancelled, completed)."""

    INITIATED = "initiated"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


S = TransferStatus
TRANSITIONS: Transitions = {
    JourneyTransferInitiated: (frozenset({None, S.INITIATED}), S.INITIATED),
    JourneyTransferAccepted: (frozenset({S.INITIATED}), S.ACCEPTED),
    JourneyTransferDeclined: (frozenset({S.INITIATED}), S.DECLINED),
    JourneyTransferWithdrawn: (frozenset({S.INITIATED, S.ACCEPTED}), S.WITHDRAWN),
    JourneyTransferCompleted: (frozenset({S.ACCEPTED}), S.COMPLETED),
}
PASSED: Passed = {
    JourneyTransferAccepted: frozenset({S.COMPLETED}),
    JourneyTransferDeclined: frozenset({S.ACCEPTED, S.COMPLETED}),
}
NEXT = {S.INITIATED: "accept-transfer", S.ACCEPTED: "complete-transfer"}


class Transfer(NamedTuple):
    """One transfer. `since` is the event that gave it its status."""

    transfer_id: UUID
    status: TransferStatus
    since: Fact
    to_facility: str | None = None
    to_team: str | None = None
    reason: str | None = None
    due: datetime | None = None
    initiated: Fact | None = None
    accepted: Fact | None = None
    accountable: tuple[str, str | None] | None = None
    completed: Fact | None = None

    @property
    def is_open(self) -> bool:
        return self.status in NEXT


@dataclass(frozen=True, slots=True)
class Transfers(Things[Transfer]):
    """Every transfer of the journey."""

    def unfinished(self) -> Iterator[Transfer]:
        return (each for each in self if each.is_open)

    def left_open(self) -> Iterator[Blocker]:
        for each in self.unfinished():
            what = f"a transfer to another facility is {each.status}"
            yield Blocker(code="open-transfer", what=what, subject_id=each.transfer_id)

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("transfer-initiated", each.initiated, each.transfer_id)
            yield from milestone("transfer-accepted", each.accepted, each.transfer_id)
            yield from milestone("transfer-completed", each.completed, each.transfer_id)

    def steps(self) -> Iterator[Step]:
        for each in self.unfinished():
            due = each.due if each.status is S.INITIATED else None
            next_one = step(NEXT[each.status], each.since, due, each.transfer_id)
            yield next_one.model_copy(update={"owner": each.to_team})

    def blockers(self) -> Iterator[Blocker]:
        return self.left_open()

    def loops(self) -> Iterator[Loop]:
        for each in self.unfinished():
            yield Loop(
                id=each.transfer_id,
                status=each.status,
                since=each.since.at,
                event_id=each.since.event_id,
                what=each.to_facility,
                who=each.to_team,
                due=each.due if each.status is S.INITIATED else None,
            )


class AnotherTransferOpen(Refused):
    """One facility is asked at a time."""


# --- evolve


def evolve(transfers: Transfers, event: TransferEvent, fact: Fact) -> Transfers:
    """The transfers after this event. One first heard of in the middle is there all the same."""
    known = transfers.get(event.transfer_id) or Transfer(event.transfer_id, S.INITIATED, fact)
    _, target = TRANSITIONS[type(event)]
    after = _said(known, event, fact)
    if target not in {known.status, S.INITIATED} and known.status not in PASSED.get(type(event), ()):
        after = after._replace(status=TransferStatus(target or known.status), since=fact)
    return transfers.having(event.transfer_id, after)


def _said(known: Transfer, event: TransferEvent, fact: Fact) -> Transfer:
    match event:
        case JourneyTransferInitiated():
            return known._replace(
                to_facility=event.to_facility,
                to_team=event.to_team,
                reason=event.reason,
                due=event.due,
                initiated=known.initiated or fact,
            )
        case JourneyTransferAccepted():
            return known._replace(accepted=known.accepted or fact, accountable=(event.team, event.person))
        case JourneyTransferDeclined() | JourneyTransferWithdrawn():
            return known._replace(reason=event.reason)
        case JourneyTransferCompleted():
            return known._replace(completed=known.completed or fact)
        case _:
            assert_never(event)


# --- decide

CARRIES_OUT: dict[type[Command], type[Event]] = {
    InitiateTransfer: JourneyTransferInitiated,
    AcceptTransfer: JourneyTransferAccepted,
    DeclineTransfer: JourneyTransferDeclined,
    WithdrawTransfer: JourneyTransferWithdrawn,
    CompleteTransfer: JourneyTransferCompleted,
}


def decide(transfers: Transfers, command: TransferCommand) -> Iterator[TransferEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    event = cast(TransferEvent, CARRIES_OUT[type(command)](**command.facts()))

    def after(event: TransferEvent, fact: Fact) -> Transfer | None:
        return evolve(transfers, event, fact).get(event.transfer_id)

    known = transfers.get(command.transfer_id)
    for each in follow(TRANSITIONS, known, after, event, command, passed=PASSED):
        if isinstance(command, InitiateTransfer) and not command.reported:
            _refuse_a_second(transfers, command)
        yield each


def _refuse_a_second(transfers: Transfers, command: InitiateTransfer) -> None:
    others = [each for each in transfers.unfinished() if each.transfer_id != command.transfer_id]
    if others:
        blockers = tuple(
            Blocker(code="open-transfer", what=f"a transfer is {each.status}", subject_id=each.transfer_id)
            for each in others
        )
        raise AnotherTransferOpen(
            "Another transfer is open; complete-transfer or withdraw-transfer comes first.", blockers=blockers
        )
