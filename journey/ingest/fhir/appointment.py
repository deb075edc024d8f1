"""Appointment: a visit up to the arrival, as commands. A docstring is the row in the docs."""

from collections.abc import Iterator
from datetime import timedelta

from journey.domain.codes import Initiator, VisitStatus
from journey.domain.event import Command
from journey.domain.place import Location
from journey.domain.visit import (
    Appointment,
    CancelVisit,
    CheckIn,
    CompleteVisit,
    PatientCheckedIn,
    RecordArrival,
    RecordNoShow,
    RemoveVisit,
    RequestVisit,
    StartVisit,
    WaitlistVisit,
)
from journey.domain.visit.state import AHEAD, HERE
from journey.ingest.fhir.agreed import agreed
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.resource import Element
from journey.ingest.fhir.telling import Telling

WHO_CANCELLED = {"pat": Initiator.PATIENT, "prov": Initiator.PROVIDER}
"""How the codes of appointment-cancellation-reason begin."""


def appointment(telling: Telling) -> Iterator[Command]:
    """The booking (created) with its time; what became of it by its status: called off, missed, arrived,
    checked in, fulfilled (begun at start and over at end). Another start is another time agreed.
    """
    if telling.is_old:
        return
    match telling.resource.status:
        case "proposed" | "pending" | "waitlist" as status:
            yield from _wished(telling, status)
        case "booked":
            yield from agreed(telling, _slot(telling), _created(telling))
        case "arrived" | "checked-in" | "fulfilled" | "noshow" | "cancelled" as status:
            if telling.visit is None:
                yield from agreed(telling, _slot(telling), _created(telling))
            yield from _became(telling, status)
        case "entered-in-error":
            yield from _removed(telling)
        case "":
            raise telling.resource.missing("status", "it says how far the appointment is")
        case _:
            raise telling.resource.wrong("status", "R4 has no such status")


def _wished(telling: Telling, status: str) -> Iterator[Command]:
    visit, id_ = telling.visit, telling.thing_id
    if visit is None:
        yield telling.asks(RequestVisit, _created(telling), visit_id=id_, appointment=_slot(telling))
    if status == "waitlist" and (visit is None or visit.status is VisitStatus.PROPOSED):
        yield telling.asks(WaitlistVisit, visit_id=id_)


def _removed(telling: Telling) -> Iterator[Command]:
    visit = telling.visit
    if visit is None or visit.status is not VisitStatus.ENTERED_IN_ERROR:
        reason = telling.resource.coded("cancelationReason")
        yield telling.asks(RemoveVisit, visit_id=telling.thing_id, reason=reason)


def _became(telling: Telling, status: str) -> Iterator[Command]:
    """What came after the booking, unless the visit is further along."""
    visit, id_ = telling.visit, telling.thing_id
    is_ahead = visit is None or visit.status in AHEAD | {VisitStatus.NO_SHOW, VisitStatus.CANCELLED}
    match status:
        case "cancelled" if visit is None or visit.status in AHEAD | {VisitStatus.NO_SHOW}:
            reason = telling.resource.coded("cancelationReason")
            initiator = WHO_CANCELLED.get(reason.code.partition("-")[0]) if reason else None
            yield telling.asks(CancelVisit, visit_id=id_, reason=reason, initiator=initiator)
        case "noshow" if visit is None or visit.status in AHEAD:
            yield telling.asks(RecordNoShow, telling.resource.moment("start"), visit_id=id_)
        case "arrived" if is_ahead:
            yield telling.asks(RecordArrival, visit_id=id_)
        case "checked-in":
            if is_ahead:
                yield telling.asks(RecordArrival, visit_id=id_)
            if (is_ahead or (visit and visit.status is VisitStatus.ARRIVED)) and not telling.has_said(
                PatientCheckedIn
            ):
                yield telling.asks(CheckIn, visit_id=id_)
        case "fulfilled" if is_ahead or (visit and visit.status in HERE):
            if is_ahead:
                yield telling.asks(StartVisit, telling.resource.moment("start"), visit_id=id_)
            yield telling.asks(CompleteVisit, _end(telling), visit_id=id_)
        case _:
            pass


def _created(telling: Telling) -> Moment | None:
    return telling.resource.moment("created") or telling.resource.updated


def _end(telling: Telling) -> Moment | None:
    """When it was over: end, else start and how long it was to last."""
    resource = telling.resource
    start, minutes = resource.moment("start"), resource.count("minutesDuration")
    lasted = Moment(start.at + timedelta(minutes=minutes), start.precision) if start and minutes else start
    return resource.moment("end") or lasted


def _slot(telling: Telling) -> Appointment:
    resource = telling.resource
    start, end = resource.moment("start"), _end(telling)
    if end and start and end.at < start.at:
        raise resource.wrong("end", "it is before start")
    actors = [each for part in resource.all("participant") if (each := part.one("actor"))]
    places = (each.short("display") or each.short("reference") for each in actors if _is(each, "Location"))
    place = next(places, None)
    staff = (each for each in actors if not _is(each, "Location") and not _is(each, "Patient"))
    return Appointment(
        start=start.at if start else None,
        end=end.at if start and end and end != start else None,
        service=resource.coded("serviceType")
        or resource.coded("specialty")
        or resource.coded("appointmentType"),
        location=Location(point_of_care=place) if place else None,
        participants=tuple(dict.fromkeys(filter(None, (_named(each) for each in staff)))),
        comment=resource.text("comment") or None,
        referral_id=telling.linked.get("referral"),
    )


def _named(reference: Element) -> str:
    identifier = reference.one("identifier")
    return (identifier.short("value") if identifier else "") or reference.short("reference")


def _is(reference: Element, type_: str) -> bool:
    return reference.short("type") == type_ or f"{type_}/" in reference.text("reference")
