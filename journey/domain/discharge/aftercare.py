"""What happens to a patient who has left hospital, if this is done now. Nothing when it is so already."""

from collections.abc import Iterator

from journey.domain.discharge import commands as ask
from journey.domain.discharge import events as happened
from journey.domain.discharge.evolve import Aftercare, after
from journey.domain.discharge.state import Discharge
from journey.domain.event import Command, Event, Refused
from journey.domain.room import SOME_TIME


class NotDeparted(Refused):
    """The patient is still here."""


class NothingOwed(Refused):
    """The patient has died: nobody follows up."""


class SummaryNotSent(Refused):
    """Only what was sent arrives."""


class UnknownFollowUp(Refused):
    """No follow-up was booked under this id."""


class TransitionUnfinished(Refused):
    """Something is still to be done for the patient at home."""


CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.AcknowledgeDischargeSummary: happened.DischargeSummaryAcknowledged,
    ask.BookFollowUp: happened.FollowUpBooked,
    ask.ReconcileMedications: happened.MedicationsReconciled,
    ask.RecordPostDischargeAttempt: happened.PostDischargeContactAttempted,
    ask.RecordPostDischargeContact: happened.PostDischargeContactMade,
    ask.CompleteFollowUp: happened.FollowUpVisitCompleted,
    ask.CloseTransition: happened.TransitionClosed,
}
AFTER_THE_STAY = (
    ask.RecordPostDischargeAttempt,
    ask.RecordPostDischargeContact,
    ask.CompleteFollowUp,
    ask.CloseTransition,
)
EXCUSES = frozenset(
    {
        happened.TransitionOutcome.DECLINED,
        happened.TransitionOutcome.READMITTED,
        happened.TransitionOutcome.DIED,
    }
)
"""What ends the time at home whatever is still to be done."""

AftercareCommand = (
    ask.AcknowledgeDischargeSummary
    | ask.BookFollowUp
    | ask.ReconcileMedications
    | ask.RecordPostDischargeAttempt
    | ask.RecordPostDischargeContact
    | ask.CompleteFollowUp
    | ask.CloseTransition
)


def look_after(now: Discharge, command: AftercareCommand) -> Iterator[Aftercare]:
    """What happens if we do this now."""
    event: Aftercare = CARRIES_OUT[type(command)](**command.facts())  # type: ignore[assignment]  # the table's values are these
    if after(now, event, SOME_TIME) == now:
        return
    if not command.reported:
        _refuse(now, command)
    yield event


def _refuse(now: Discharge, command: AftercareCommand) -> None:
    if isinstance(command, AFTER_THE_STAY) and now.departed is None:
        raise NotDeparted("The patient has not left yet; discharge-patient comes first.")
    match command:
        case ask.AcknowledgeDischargeSummary():
            if command.recipient not in now.recipients:
                raise SummaryNotSent("No summary was sent there; send-discharge-summary comes first.")
        case _ if now.has_died:
            raise NothingOwed("The patient has died; nothing is owed to them any more.")
        case ask.CompleteFollowUp() if command.follow_up_id not in now.follow_ups:
            raise UnknownFollowUp("No follow-up of this discharge has this id; book-follow-up comes first.")
        case ask.CloseTransition():
            _refuse_unfinished(now, command.outcome)
        case _:
            pass


def _refuse_unfinished(now: Discharge, outcome: happened.TransitionOutcome) -> None:
    """Who cannot be reached comes to no follow-up; but it takes attempts to say so."""
    if outcome in EXCUSES:
        return
    unreached = outcome is happened.TransitionOutcome.UNREACHED
    blockers = tuple(now.uncontacted() if unreached else now.unfinished())
    if blockers:
        raise TransitionUnfinished(
            "What is listed is not done; do it, or say in outcome why it will not be.", blockers=blockers
        )
