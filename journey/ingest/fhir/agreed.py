"""What is agreed of a visit that lies ahead: booked, moved, changed, by what differs from what is known."""

from collections.abc import Iterator

from journey.domain.codes import VisitStatus
from journey.domain.event import Command
from journey.domain.visit import Appointment, BookVisit, ChangeVisit, RescheduleVisit, Visit, VisitBooked
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.telling import Telling

AHEAD_OF_A_BOOKING = frozenset(
    {
        VisitStatus.PROPOSED,
        VisitStatus.WAITLIST,
        VisitStatus.CANCELLED,
        VisitStatus.NO_SHOW,
        VisitStatus.ENTERED_IN_ERROR,
    }
)


def agreed(telling: Telling, appointment: Appointment, created: Moment | None = None) -> Iterator[Command]:
    """A booking where there is none; another time, or what else differs from what was agreed."""
    visit = telling.visit
    if visit is None:
        yield telling.asks(BookVisit, created, visit_id=telling.thing_id, appointment=appointment)
    elif visit.status in AHEAD_OF_A_BOOKING:
        at = None if telling.has_said(VisitBooked) else created
        yield telling.asks(BookVisit, at, visit_id=telling.thing_id, appointment=appointment)
    elif visit.status is VisitStatus.BOOKED:
        yield from _differs(telling, visit, appointment)
    elif visit.start is None and created is not None and not telling.has_said(VisitBooked):
        yield telling.asks(BookVisit, created, visit_id=telling.thing_id, appointment=appointment)


def _differs(telling: Telling, visit: Visit, appointment: Appointment) -> Iterator[Command]:
    start, end = appointment.start, appointment.end
    if start and (start, end or visit.end) != (visit.start, visit.end):
        yield telling.asks(RescheduleVisit, visit_id=telling.thing_id, start=start, end=end)
    known = {name: getattr(visit, name, None) for name in Appointment.model_fields} | {"service": visit.coded}
    other = {
        name: value
        for name, value in appointment
        if name not in {"start", "end"} and value not in (None, ()) and value != known[name]
    }
    if other:
        yield telling.asks(ChangeVisit, visit_id=telling.thing_id, appointment=Appointment(**other))
