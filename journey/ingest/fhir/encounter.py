"""Encounter: a visit from the arrival on, as commands. A docstring is the row in the docs."""

from collections.abc import Iterator
from itertools import pairwise

from journey.domain.codes import STAYS, EncounterClass, VisitStatus
from journey.domain.discharge import DischargePatient
from journey.domain.event import Command
from journey.domain.place import Location
from journey.domain.visit import (
    AdmitPatient,
    Appointment,
    CancelVisit,
    ChangeClass,
    ChangeVisit,
    CheckIn,
    CompleteVisit,
    EndLeave,
    MovePatient,
    RecordArrival,
    RemoveVisit,
    StartLeave,
    StartVisit,
    VisitChanged,
)
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.agreed import agreed
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.resource import Element
from journey.ingest.fhir.telling import Telling, in_time

CLASSES = {
    **{str(each): each for each in EncounterClass},
    "ACUTE": EncounterClass.INPATIENT,
    "NONAC": EncounterClass.INPATIENT,
    "SS": EncounterClass.OBSERVATION,
    "inpatient": EncounterClass.INPATIENT,
    "outpatient": EncounterClass.AMBULATORY,
    "ambulatory": EncounterClass.AMBULATORY,
    "emergency": EncounterClass.EMERGENCY,
    "home": EncounterClass.HOME,
    "virtual": EncounterClass.VIRTUAL,
    "field": EncounterClass.FIELD,
}
"""v3 ActEncounterCode, whose short stay has a bed without an admission; and the words of DSTU2 and STU3."""

LEFT_FROM = STAYS | {EncounterClass.EMERGENCY}
"""Classes that end by a discharge; other visits are completed."""

HERE = frozenset({"arrived", "triaged", "in-progress", "onleave"})
CALLED_OFF = frozenset({VisitStatus.CANCELLED, VisitStatus.ENTERED_IN_ERROR})


def encounter(telling: Telling) -> Iterator[Command]:
    """The visit, from period.start on: it begins (a stay: with the admission), moves (location), changes
    (classHistory), is on leave (statusHistory) and ends at period.end, a stay or an emergency by a discharge.
    """
    match telling.resource.status:
        case "planned":
            yield from agreed(telling, _planned(telling)) if not telling.is_old else ()
        case "cancelled":
            yield from _called_off(telling, CancelVisit)
        case "entered-in-error":
            yield from _called_off(telling, RemoveVisit)
        case "arrived" | "triaged" | "in-progress" | "onleave" | "finished" | "unknown":
            yield from telling.news(in_time(_care(telling)))
        case "":
            raise telling.resource.missing("status", "it says how far the visit is")
        case _:
            raise telling.resource.wrong("status", "R4 has no such status")


def _called_off(telling: Telling, command: type[CancelVisit | RemoveVisit]) -> Iterator[Command]:
    visit = telling.visit
    if not telling.is_old and (visit is None or visit.status not in CALLED_OFF):
        yield telling.asks(command, visit_id=telling.thing_id)


def _planned(telling: Telling) -> Appointment:
    period = telling.resource.one("period")
    start, end = (period.moment("start"), period.moment("end")) if period else (None, None)
    return Appointment(
        start=start.at if start else None,
        end=end.at if end and (start is None or start.at <= end.at) else None,
        encounter_class=_class(telling.resource.one("class")),
        location=_place(telling, next(_places(telling), None)),
        **_details(telling),
    )


def _details(telling: Telling) -> dict[str, object]:
    resource = telling.resource
    staff = (each.one("individual") for each in resource.all("participant"))
    return {
        "service": resource.coded("serviceType") or resource.coded("type"),
        "participants": tuple(dict.fromkeys(filter(None, (_named(each) for each in staff if each)))),
        "referral_id": telling.linked.get("referral"),
    }


def _named(reference: Element) -> str:
    """Whom a reference means: the number, else the reference itself."""
    identifier = reference.one("identifier")
    return (identifier.short("value") if identifier else "") or reference.short("reference")


def _care(telling: Telling) -> Iterator[Command]:
    """All that the Encounter tells of care."""
    begin, end = _period(telling)
    classes = list(_classes(telling, begin))
    places = list(_places(telling))
    first_class, first_place = classes[0][0], _place(telling, places[0] if places else None)
    yield from _history(telling)
    if telling.resource.status in {"arrived", "triaged"}:
        begun: type[Command] = RecordArrival
    else:
        begun = AdmitPatient if first_class in STAYS else StartVisit
    yield telling.asks(
        begun, begin, visit_id=telling.thing_id, encounter_class=first_class, location=first_place
    )
    for (before, _), (now, since) in pairwise(classes):
        yield from _class_changed(telling, before, now, since)
    yield from _moves(telling, places, begin)
    details = Appointment(**_details(telling))
    if details != Appointment() and not _knows(telling, details):
        yield telling.asks(ChangeVisit, begin, visit_id=telling.thing_id, appointment=details)
    if end is not None:
        yield _ended(telling, classes[-1][0], end)


def _knows(telling: Telling, details: Appointment) -> bool:
    """Whether a booking has said so, or something else that is not this Encounter."""
    visit = telling.visit
    if visit is None or telling.has_said(VisitChanged):
        return False
    return (details.service, details.participants) == (visit.coded, visit.participants)


def _period(telling: Telling) -> tuple[Moment, Moment | None]:
    """When it began and ended: period, else the histories. Raises Unapplied."""
    resource = telling.resource
    period = resource.one("period")
    start = period.moment("start") if period else None
    end = period.moment("end") if period else None
    history = [
        each.one("period")
        for name in ("statusHistory", "classHistory", "location")
        for each in resource.all(name)
    ]
    starts = [moment for each in history if each and (moment := each.moment("start"))]
    begin = start or min(starts, key=lambda moment: moment.at, default=None) or end
    if begin is None:
        where = resource.at("period.start")
        raise Unapplied("no-time", f"{where} is empty: nothing says when the visit began.", where)
    if end and end.at < begin.at and end.precision is begin.precision:
        raise resource.wrong("period.end", "it is before period.start")
    if resource.status in HERE:
        return begin, None
    if resource.status == "finished" and end is None:
        end = resource.updated if resource.updated and resource.updated.at >= begin.at else begin
    return begin, end


def _classes(telling: Telling, begin: Moment) -> Iterator[tuple[EncounterClass | None, Moment]]:
    """The classes one after the other, each with when it began."""
    told = []
    for each in telling.resource.all("classHistory"):
        period = each.one("period")
        since = period.moment("start") if period else None
        if since and (found := _class(each.one("class"))):
            told.append((found, since))
    told.sort(key=lambda each: each[1].at)
    now = _class(telling.resource.one("class"))
    if not told:
        yield now, begin
        return
    yield told[0][0], begin
    yield from told[1:]


def _class(coding: Element | None) -> EncounterClass | None:
    code = coding.short("code") if coding else ""
    if coding and code and code not in CLASSES:
        raise coding.unknown("code", "it is none of v3 ActEncounterCode")
    return CLASSES.get(code)


def _class_changed(
    telling: Telling, before: EncounterClass | None, now: EncounterClass | None, since: Moment
) -> Iterator[Command]:
    if now is None or now is before:
        return
    command = AdmitPatient if now in STAYS and before not in STAYS else ChangeClass
    yield telling.asks(command, since, visit_id=telling.thing_id, encounter_class=now)


def _history(telling: Telling) -> Iterator[Command]:
    """Arrival, triage and leave, from statusHistory."""
    told = []
    for each in telling.resource.all("statusHistory"):
        period = each.one("period")
        if period and (since := period.moment("start")):
            told.append((each.short("status"), since, period.moment("end")))
    for status, since, until in sorted(told, key=lambda each: each[1].at):
        match status:
            case "arrived":
                yield telling.asks(RecordArrival, since, visit_id=telling.thing_id)
            case "triaged":
                yield telling.asks(CheckIn, since, visit_id=telling.thing_id)
            case "onleave":
                yield telling.asks(StartLeave, since, visit_id=telling.thing_id)
                if until is not None:
                    yield telling.asks(EndLeave, until, visit_id=telling.thing_id)
            case _:
                pass
    if telling.resource.status == "onleave" and not any(status == "onleave" for status, *_ in told):
        yield telling.asks(StartLeave, visit_id=telling.thing_id)


def _places(telling: Telling) -> Iterator[Element]:
    """Where the patient was, one after the other."""
    found = [
        each
        for each in telling.resource.all("location")
        if each.short("status") not in {"planned", "reserved"}
    ]
    since = {id(each): (period.moment("start") if (period := each.one("period")) else None) for each in found}
    yield from sorted(
        found, key=lambda each: moment.at.timestamp() if (moment := since[id(each)]) else float("-inf")
    )


def _place(telling: Telling, told: Element | None) -> Location | None:
    """By the names that the references carry: a Location itself is not mapped."""
    provider = telling.resource.one("serviceProvider")
    where = told.one("location") if told else None
    facility = provider.short("display") or provider.short("reference") if provider else ""
    point = (where.short("display") or where.short("reference")) if where else ""
    return Location(point_of_care=point or None, facility=facility or None) if point or facility else None


def _moves(telling: Telling, places: list[Element], begin: Moment) -> Iterator[Command]:
    for before, now in pairwise(places):
        period = now.one("period")
        since = period.moment("start") if period else None
        location = _place(telling, now)
        if since and since.at >= begin.at and location and location != _place(telling, before):
            yield telling.asks(MovePatient, since, visit_id=telling.thing_id, location=location)


def _ended(telling: Telling, last: EncounterClass | None, end: Moment) -> Command:
    if last not in LEFT_FROM:
        return telling.asks(CompleteVisit, end, visit_id=telling.thing_id)
    hospitalization = telling.resource.one("hospitalization")
    disposition = hospitalization.coded("dischargeDisposition") if hospitalization else None
    return telling.asks(DischargePatient, end, visit_id=telling.thing_id, disposition=disposition)
