"""Encounter: a visit from the arrival on, and the stay that it became (US Core Encounter).

What lies before the arrival is its Appointment; a visit that nobody came to has no Encounter.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeVar

from journey.domain.codes import DISPOSITION_SYSTEM, EncounterClass, VisitStatus
from journey.domain.discharge import Discharge
from journey.domain.discharge.disposition import meaning
from journey.domain.event import Recorded
from journey.domain.visit import Visit
from journey.fhir.chart import Chart
from journey.fhir.course import Course, changes, since_arrival, was_ahead
from journey.fhir.data import (
    UNKNOWN,
    Json,
    coding,
    concept,
    filled,
    identifier,
    known,
    named,
    reference,
    span,
)
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import person, team

T = TypeVar("T")

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CLASS_DISPLAY = {
    EncounterClass.AMBULATORY: "ambulatory",
    EncounterClass.EMERGENCY: "emergency",
    EncounterClass.INPATIENT: "inpatient encounter",
    EncounterClass.OBSERVATION: "observation encounter",
    EncounterClass.PREADMISSION: "pre-admission",
    EncounterClass.HOME: "home health",
    EncounterClass.VIRTUAL: "virtual",
    EncounterClass.FIELD: "field",
}
S = VisitStatus
STATUS = {
    S.PROPOSED: "planned",
    S.WAITLIST: "planned",
    S.BOOKED: "planned",
    S.ARRIVED: "arrived",
    S.CHECKED_IN: "arrived",
    S.IN_PROGRESS: "in-progress",
    S.ON_LEAVE: "onleave",
    S.FINISHED: "finished",
    S.CANCELLED: "cancelled",
    S.NO_SHOW: "cancelled",
    S.LEFT_UNSEEN: "cancelled",
    S.ENTERED_IN_ERROR: "entered-in-error",
}
"""The visit's status in the value set encounter-status. Those before the arrival are of a visit that lies
ahead again, or did not take place after all, though it was told that the patient had come.
"""
ENDED = frozenset({S.FINISHED, S.LEFT_UNSEEN})


def encounters(chart: Chart) -> Iterator[Json]:
    """One for each visit that the patient came to."""
    for visit in chart.journey.visits:
        passed = chart.courses[visit.visit_id]
        if here := since_arrival(passed):
            yield _encounter(chart, visit, here, is_appointment=was_ahead(passed))


def _encounter(chart: Chart, visit: Visit, here: Course, *, is_appointment: bool) -> Json:
    statuses = changes(here, lambda each: STATUS[each.status])
    classes = changes(here, _class_of)
    ended = statuses[-1][1] if visit.status in ENDED else None
    code = _class_of(visit)
    return filled(
        {
            "id": str(visit.visit_id),
            "identifier": [identifier(visit.visit_id)],
            "status": STATUS[visit.status],
            "statusHistory": [
                {"status": status, "period": within or UNKNOWN}
                for status, within in _stretches(statuses)[:-1]
            ],
            "class": _class(code),
            "classHistory": [
                {"class": _class(each), "period": within or UNKNOWN}
                for each, within in _stretches(classes)[:-1]
            ],
            "type": [concept(visit.coded or visit.service) or known(ACT_CODE, code, CLASS_DISPLAY[code])],
            "subject": reference("Patient", chart.patient_id),
            "episodeOfCare": [reference("EpisodeOfCare", chart.journey_id)],
            "basedOn": [reference("ServiceRequest", visit.referral_id)] if visit.referral_id else None,
            "participant": [{"individual": person(each)} for each in visit.participants],
            "appointment": [reference("Appointment", visit.visit_id)] if is_appointment else None,
            "period": span(here[0].by, ended),
            "hospitalization": _hospitalization(chart.journey.discharges.of(visit.visit_id)),
            "location": _locations(here, ended),
            "serviceProvider": team(visit.location.facility) if visit.location else None,
        }
    )


def _class_of(visit: Visit) -> EncounterClass:
    """Of what nothing else is said, the patient comes and goes."""
    return visit.encounter_class or EncounterClass.AMBULATORY


def _class(code: EncounterClass) -> Json:
    return {"system": ACT_CODE, "code": code, "display": CLASS_DISPLAY[code]}


def _hospitalization(discharge: Discharge) -> Json | None:
    """The word of FHIR's own code system first, where one fits, then as it was said."""
    if discharge.departed is None or discharge.disposition is None:
        return None
    fhir = meaning(discharge.disposition)
    codings = [{"system": DISPOSITION_SYSTEM, "code": fhir}] if fhir else []
    said = coding(discharge.disposition)
    is_the_same = any(each.items() <= said.items() for each in codings)
    return {"dischargeDisposition": {"coding": [said] if is_the_same else [*codings, said]}}


def _locations(here: Course, ended: Recorded | None) -> list[Json]:
    """Where the patient was, from when until when. Who came is where they were to come, unless it is said."""
    stays = changes(here, lambda each: str(each.location or ""))
    now = len(stays) if here[-1].visit.is_here else None
    return [
        filled(
            {
                "location": named("Location", place),
                "status": "active" if number == now else "completed",
                "period": within,
            }
        )
        for number, (place, within) in enumerate(_stretches(stays, ended), start=1)
        if place
    ]


def _stretches(
    begun: Sequence[tuple[T, Recorded]], ended: Recorded | None = None
) -> list[tuple[T, Json | None]]:
    """What was so, and from when until the next was; the last one until the end, where there is one."""
    ends = [at for _, at in begun[1:]]
    return [
        (what, span(at, end)) for (what, at), end in zip_longest(begun, [*ends, *([ended] if ended else [])])
    ]


ENCOUNTER = Kind(
    type="Encounter",
    about="A visit from the arrival on; the stay that it became, with where and as what the patient was.",
    made=encounters,
    rooms=frozenset({"visits", "discharges"}),
    also=frozenset({"merges"}),
    parameters={
        "patient": By.PATIENT,
        "subject": By.PATIENT,
        "status": By.STATUS,
        "date": By.DATE,
        "identifier": By.IDENTIFIER,
    },
    dated="period",
    includes={
        "patient": Include("subject", ("Patient",)),
        "subject": Include("subject", ("Patient",)),
        "episode-of-care": Include("episodeOfCare", ("EpisodeOfCare",)),
        "appointment": Include("appointment", ("Appointment",)),
        "based-on": Include("basedOn", ("ServiceRequest",)),
    },
    profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter",
)
