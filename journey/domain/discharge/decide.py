"""What happens to a discharge if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import assert_never

from journey.domain.codes import CHECKLIST_NOT_OWED, UB04_DISPOSITION, Disposition
from journey.domain.discharge import commands as ask
from journey.domain.discharge import events as happened
from journey.domain.discharge.state import Discharge, Discharges
from journey.domain.event import Blocker, Coded, Command, Refused

DISPOSITION_SYSTEM = "http://terminology.hl7.org/CodeSystem/discharge-disposition"


class NoStayToLeave(Refused):
    """Only who is in a visit can be discharged from it."""


class NoDisposition(Refused):
    """A discharge says where the patient goes."""


class DischargeBlocked(Refused):
    """Something must be done first, or overridden with a reason."""


class NotOnChecklist(Refused):
    """Only what is owed can be waived."""


class NotDeparted(Refused):
    """The patient is still here."""


class UnknownBarrier(Refused):
    """No barrier was raised under this id."""


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
        case ask.MarkMedicallyReady():
            if now.ready is None:
                _refuse_unless_here(command, here=here)
                yield happened.MedicallyReady(**command.facts())
        case ask.RaiseDischargeBarrier():
            if command.barrier_id not in now.barriers and command.barrier_id not in now.cleared:
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


def _depart(
    now: Discharge, command: ask.DischargePatient, *, here: bool, left_open: tuple[Blocker, ...]
) -> Iterator[happened.DischargeEvent]:
    departed = now.departed
    if departed is not None and (not command.reported or departed.at == command.occurred_at):
        return
    _refuse_unless_here(command, here=here)
    if command.disposition is None and not command.reported:
        raise NoDisposition("Say where the patient goes: disposition is a FHIR discharge-disposition word.")
    if left_open:
        _refuse_unless_excused(command, left_open)
    yield happened.PatientDischarged(
        visit_id=command.visit_id,
        disposition=_coded(command.disposition),
        override_reason=command.override_reason,
        left_open=left_open,
    )


def _refuse_unless_excused(command: ask.DischargePatient, left_open: tuple[Blocker, ...]) -> None:
    excused = (
        command.reported or command.override_reason or meaning(command.disposition) in CHECKLIST_NOT_OWED
    )
    if not excused:
        raise DischargeBlocked(
            "What is listed is not done; do it, waive it, or give an override_reason.", blockers=left_open
        )


def _coded(disposition: Coded | Disposition | None) -> Coded | None:
    if isinstance(disposition, Disposition):
        return Coded(system=DISPOSITION_SYSTEM, code=disposition)
    return disposition


def meaning(disposition: Coded | Disposition | None) -> Disposition | None:
    """The FHIR word for a disposition, as far as its code system is known."""
    if isinstance(disposition, Disposition) or disposition is None:
        return disposition
    if disposition.system == DISPOSITION_SYSTEM:
        return Disposition(disposition.code) if disposition.code in set(Disposition) else None
    return UB04_DISPOSITION.get(disposition.code.zfill(2))
