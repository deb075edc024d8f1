"""What happens to a discharge if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import assert_never, cast

from journey.domain.codes import CHECKLIST_NOT_OWED, Disposition
from journey.domain.discharge import aftercare
from journey.domain.discharge import commands as ask
from journey.domain.discharge import events as happened
from journey.domain.discharge.aftercare import NotDeparted
from journey.domain.discharge.disposition import coded, meaning, refuse_unknown
from journey.domain.discharge.evolve import after
from journey.domain.discharge.state import Discharge, Discharges
from journey.domain.event import Blocker, Coded, Command, Event, Refused
from journey.domain.room import SOME_TIME


class NoStayToLeave(Refused):
    """Only who is in a visit can be discharged from it."""


class NoDisposition(Refused):
    """A discharge says where the patient goes."""


class DischargeBlocked(Refused):
    """Something must be done first, or overridden with a reason."""


class NotOnChecklist(Refused):
    """Only what is owed can be waived."""


class UnknownBarrier(Refused):
    """No barrier was raised under this id."""


SAYS: dict[type[Command], type[Event]] = {
    ask.MarkMedicallyReady: happened.MedicallyReady,
    ask.WithdrawMedicalReadiness: happened.MedicalReadinessWithdrawn,
    ask.OrderDischarge: happened.DischargeOrdered,
}


def decide(
    discharges: Discharges,
    command: ask.DischargeCommand,
    *,
    here: bool,
    held_by: tuple[Blocker, ...],
) -> Iterator[happened.DischargeEvent]:
    """What happens if we do this now. `here`: the patient is in the visit that the command names; `held_by`:
    what keeps them from leaving it, in every room.
    """
    now = discharges.of(command.visit_id)
    if isinstance(command, aftercare.AftercareCommand):
        if isinstance(command, ask.BookFollowUp | ask.ReconcileMedications):
            _refuse_unless_known(now, command, here=here)
        yield from aftercare.look_after(now, command)
        return
    match command:
        case ask.PlanDischarge():
            asked = (command.expected_at, command.checklist)
            if now.planned is None or (now.expected_at, now.checklist) != asked:
                _refuse_unless_here(command, here=here)
                yield happened.DischargePlanned(**command.facts())
        case ask.ChangeExpectedDischarge():
            if now.expected_at != command.expected_at:
                _refuse_unless_here(command, here=here)
                yield happened.ExpectedDischargeChanged(**command.facts())
        case ask.MarkMedicallyReady() | ask.WithdrawMedicalReadiness() | ask.OrderDischarge():
            yield from _say(now, command, here=here)
        case ask.RaiseDischargeBarrier():
            known = now.barriers.get(command.barrier_id, (None,))[0]
            if known != command.barrier and command.barrier_id not in now.cleared:
                _refuse_unless_here(command, here=here)
                yield happened.DischargeBarrierRaised(**command.facts())
        case ask.ClearDischargeBarrier():
            yield from _clear(now, command)
        case ask.CompleteChecklistItem():
            if command.item not in now.settled:
                _refuse_unless_known(now, command, here=here)
                yield happened.ChecklistItemCompleted(**command.facts())
        case ask.WaiveChecklistItem():
            if command.item not in now.settled:
                _refuse_unless_listed(now, command)
                yield happened.ChecklistItemWaived(**command.facts())
        case ask.DischargePatient():
            yield from _depart(now, command, here=here, left_open=held_by)
        case ask.RecordElopement():
            yield from _elope(now, command, here=here, left_open=held_by)
        case ask.SetDisposition():
            yield from _intend(now, command, here=here)
        case ask.SendDischargeSummary():
            if command.recipient not in now.recipients:
                _refuse_unless_known(now, command, here=here)
                yield happened.DischargeSummarySent(**command.facts())
        case ask.CloseDischarge():
            if now.closed is None:
                _refuse_unless_departed(now, command)
                yield happened.DischargeClosed(**command.facts())
        case _:
            assert_never(command)


def _say(
    now: Discharge,
    command: ask.MarkMedicallyReady | ask.WithdrawMedicalReadiness | ask.OrderDischarge,
    *,
    here: bool,
) -> Iterator[happened.DischargeEvent]:
    """What a clinician says of the patient in the bed, where it is not so already."""
    event = cast(happened.DischargeEvent, SAYS[type(command)](**command.facts()))
    if after(now, event, SOME_TIME) != now:
        _refuse_unless_here(command, here=here)
        yield event


def _refuse_unless_here(command: Command, *, here: bool) -> None:
    if not here and not command.reported:
        raise NoStayToLeave("The patient is not in this visit; admit-patient or start-visit comes first.")


def _refuse_unless_known(now: Discharge, command: Command, *, here: bool) -> None:
    """What is written about a stay may come after it."""
    _refuse_unless_here(command, here=here or now.departed is not None)


def _refuse_unless_listed(now: Discharge, command: ask.WaiveChecklistItem) -> None:
    if command.item not in now.checklist and not command.reported:
        raise NotOnChecklist(f"{command.item} is not on the checklist; plan-discharge says what is.")


def _refuse_unless_departed(now: Discharge, command: Command) -> None:
    if now.departed is None and not command.reported:
        raise NotDeparted("The patient has not left yet; discharge-patient comes first.")


def _clear(now: Discharge, command: ask.ClearDischargeBarrier) -> Iterator[happened.DischargeEvent]:
    if command.barrier_id in now.cleared:
        return
    if command.barrier_id not in now.barriers and not command.reported:
        raise UnknownBarrier("No barrier of this discharge has this id.")
    yield happened.DischargeBarrierCleared(**command.facts())


def _intend(now: Discharge, command: ask.SetDisposition, *, here: bool) -> Iterator[happened.DischargeEvent]:
    to = coded(command.disposition)
    if now.intended != to:
        _refuse_unless_here(command, here=here)
        _refuse_unknown(command, to)
        yield happened.DispositionSet(visit_id=command.visit_id, disposition=to)


def _depart(
    now: Discharge, command: ask.DischargePatient, *, here: bool, left_open: tuple[Blocker, ...]
) -> Iterator[happened.DischargeEvent]:
    departed = now.departed
    to = now.intended if command.disposition is None else coded(command.disposition)
    if departed is not None:
        same = command.disposition is None or to == now.disposition
        if departed.at == command.occurred_at if command.reported else same:
            return
        if not command.reported:
            raise NoStayToLeave("The patient has left already; correct-event says where to instead.")
    _refuse_unless_here(command, here=here)
    if to is None and not command.reported:
        raise NoDisposition("Say where the patient goes: disposition is a FHIR discharge-disposition word.")
    if to is not None:
        _refuse_unknown(command, to)
    if left_open and meaning(to) not in CHECKLIST_NOT_OWED:
        _refuse_unless_excused(command, left_open)
    yield happened.PatientDischarged(
        visit_id=command.visit_id,
        disposition=to,
        override_reason=command.override_reason,
        left_open=left_open,
    )


def _elope(
    now: Discharge, command: ask.RecordElopement, *, here: bool, left_open: tuple[Blocker, ...]
) -> Iterator[happened.DischargeEvent]:
    """Nobody asked: there is nothing to refuse, and all that was open is recorded."""
    if now.departed is not None and now.eloped:
        return
    _refuse_unless_here(command, here=here)
    yield happened.PatientDischarged(
        visit_id=command.visit_id,
        disposition=coded(Disposition.AGAINST_ADVICE),
        eloped=True,
        left_open=left_open,
    )


def _refuse_unknown(command: Command, disposition: Coded | Disposition) -> None:
    if not command.reported:
        refuse_unknown(disposition)


def _refuse_unless_excused(command: ask.DischargePatient, left_open: tuple[Blocker, ...]) -> None:
    if not (command.reported or command.override_reason):
        raise DischargeBlocked(
            "What is listed is not done; do it, waive it, or give an override_reason.", blockers=left_open
        )
