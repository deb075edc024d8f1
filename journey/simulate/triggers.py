"""Which HL7 v2 trigger a command sets off, and what the message has to know of its visit by then."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from journey.domain.codes import STAYS, EncounterClass, VisitStatus
from journey.domain.correction import CancelAdmission, CancelDischarge, CancelMove
from journey.domain.discharge.commands import (
    ChangeExpectedDischarge,
    DischargePatient,
    PlanDischarge,
    RecordElopement,
)
from journey.domain.discharge.disposition import ub04
from journey.domain.event import Command
from journey.domain.place import Location
from journey.domain.visit.commands import (
    AdmitPatient,
    BookVisit,
    CancelVisit,
    ChangeClass,
    ChangeVisit,
    CompleteVisit,
    EndLeave,
    JoinTelehealth,
    MovePatient,
    RecordArrival,
    RecordLeftUnseen,
    RecordNoShow,
    RemoveVisit,
    RescheduleVisit,
    StartLeave,
    StartVisit,
)
from journey.domain.visit.events import Appointment, Attendee
from journey.simulate.segments import VisitSeen

HOME, DISCONTINUED = "01", "07"
"""UB-04 words for who has been seen, and for who went without."""


def _agreed(visit: VisitSeen, agreed: Appointment) -> None:
    visit.start, visit.end = agreed.start or visit.start, agreed.end or visit.end
    visit.service = agreed.service or visit.service
    visit.kind = agreed.encounter_class or visit.kind
    visit.place = agreed.location or visit.place
    visit.seen_by = agreed.participants[0] if agreed.participants else visit.seen_by


def _here(visit: VisitSeen, kind: EncounterClass | None, place: Location | None, at: datetime | None) -> None:
    visit.undone = (visit.kind, visit.place, visit.admitted)
    visit.kind, visit.place = kind or visit.kind, place or visit.place
    visit.admitted, visit.status = at, VisitStatus.IN_PROGRESS


def _gone(visit: VisitSeen, at: datetime | None, disposition: str) -> str:
    visit.left, visit.disposition, visit.status = at, disposition, VisitStatus.FINISHED
    return "A03"


def booked(visit: VisitSeen, command: BookVisit) -> str:
    _agreed(visit, command.appointment)
    return "A05" if visit.kind in STAYS else "S12"


def moved_ahead(visit: VisitSeen, command: RescheduleVisit) -> str:
    visit.start, visit.end = command.start, command.end
    return "A05" if visit.kind in STAYS else "S13"


def changed(visit: VisitSeen, command: ChangeVisit) -> str:
    _agreed(visit, command.appointment)
    return "S14"


def called_off(visit: VisitSeen, _command: CancelVisit) -> str:
    return "A38" if visit.kind in STAYS else "S15"


def removed(_visit: VisitSeen, _command: RemoveVisit) -> str:
    return "S17"


def missed(_visit: VisitSeen, _command: RecordNoShow) -> str:
    return "S26"


def arrived(visit: VisitSeen, command: RecordArrival) -> str:
    _here(visit, command.encounter_class, command.location, command.occurred_at)
    return "A04"


def started(visit: VisitSeen, command: StartVisit) -> str | None:
    """A visit by video is registered by its start; in the emergency department the bay becomes known."""
    if visit.kind is EncounterClass.VIRTUAL:
        _here(visit, command.encounter_class, command.location, command.occurred_at)
        return "A04"
    if command.location is None:
        return None
    visit.place = command.location
    return "A08"


def joined(visit: VisitSeen, command: JoinTelehealth) -> str | None:
    """Whoever sees the patient comes last, and that is the start."""
    if command.who is not Attendee.CLINICIAN or visit.is_here:
        return None
    _here(visit, None, None, command.occurred_at)
    return "A04"


def admitted(visit: VisitSeen, command: AdmitPatient) -> str:
    _here(visit, command.encounter_class, command.location, command.occurred_at)
    return "A01"


def not_admitted(visit: VisitSeen, _command: CancelAdmission) -> str:
    visit.kind, visit.place, visit.admitted = visit.undone
    if visit.admitted is None:
        visit.status = VisitStatus.BOOKED
    return "A11"


def moved(visit: VisitSeen, command: MovePatient) -> str:
    visit.place_before, visit.place = command.moved_from or visit.place, command.location
    return "A02"


def not_moved(visit: VisitSeen, _command: CancelMove) -> str:
    visit.place, visit.place_before = visit.place_before, None
    return "A12"


def reclassified(visit: VisitSeen, command: ChangeClass) -> str:
    visit.kind = command.encounter_class
    return "A06" if command.encounter_class is EncounterClass.INPATIENT else "A07"


def on_leave(_visit: VisitSeen, _command: StartLeave) -> str:
    return "A21"


def back_from_leave(_visit: VisitSeen, _command: EndLeave) -> str:
    return "A22"


def seen(visit: VisitSeen, command: CompleteVisit) -> str:
    return _gone(visit, command.occurred_at, HOME)


def left_unseen(visit: VisitSeen, command: RecordLeftUnseen) -> str:
    return _gone(visit, command.occurred_at, DISCONTINUED)


def expected(visit: VisitSeen, command: PlanDischarge | ChangeExpectedDischarge) -> str:
    visit.expected_out = command.expected_at
    return "A16"


def discharged(visit: VisitSeen, command: DischargePatient) -> str:
    return _gone(visit, command.occurred_at, ub04(command.disposition) or "")


def eloped(visit: VisitSeen, command: RecordElopement) -> str:
    return _gone(visit, command.occurred_at, DISCONTINUED)


def not_discharged(visit: VisitSeen, _command: CancelDischarge) -> str:
    visit.left, visit.disposition, visit.status = None, "", VisitStatus.IN_PROGRESS
    return "A13"


TELLS: dict[type[Command], Callable[[VisitSeen, Any], str | None]] = {
    BookVisit: booked,
    RescheduleVisit: moved_ahead,
    ChangeVisit: changed,
    CancelVisit: called_off,
    RemoveVisit: removed,
    RecordNoShow: missed,
    RecordArrival: arrived,
    StartVisit: started,
    JoinTelehealth: joined,
    AdmitPatient: admitted,
    CancelAdmission: not_admitted,
    MovePatient: moved,
    CancelMove: not_moved,
    ChangeClass: reclassified,
    StartLeave: on_leave,
    EndLeave: back_from_leave,
    CompleteVisit: seen,
    RecordLeftUnseen: left_unseen,
    PlanDischarge: expected,
    ChangeExpectedDischarge: expected,
    DischargePatient: discharged,
    RecordElopement: eloped,
    CancelDischarge: not_discharged,
}
"""The commands about a visit that have a message. The function updates the visit, and names the trigger."""
