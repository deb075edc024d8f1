"""Encounter: a visit from the arrival on, and the stay that it became (US Core Encounter).

What lies before the arrival is its Appointment; a visit that nobody came to has no Encounter.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from journey.domain.codes import DISPOSITION_SYSTEM, EncounterClass, VisitStatus
from journey.domain.discharge.disposition import meaning
from journey.domain.event import Coded, Recorded
from journey.domain.visit import Visit
from journey.domain.visit.state import TRANSITIONS
from journey.fhir.chart import Chart
from journey.fhir.data import Json, coding, concept, filled, happened, known, named, period, reference
from journey.fhir.kind import By, Kind

T = TypeVar("T")

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ENCOUNTER_TYPE = "http://terminology.hl7.org/CodeSystem/encounter-type"
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
    S.ARRIVED: "arrived",
    S.CHECKED_IN: "arrived",
    S.IN_PROGRESS: "in-progress",
    S.ON_LEAVE: "onleave",
    S.FINISHED: "finished",
    S.LEFT_UNSEEN: "cancelled",
    S.ENTERED_IN_ERROR: "entered-in-error",
}
"""The visit's status in the value set encounter-status; the others are an Appointment's."""


def encounters(chart: Chart) -> Iterator[Json]:
    """One for each visit that the patient came to."""
    for visit in chart.journey.visits:
        passed = list(_passed(chart.of(visit.visit_id)))
        if visit.status in STATUS and (passed or visit.status is not S.ENTERED_IN_ERROR):
            yield _encounter(chart, visit, passed)


def _encounter(chart: Chart, visit: Visit, passed: list[tuple[str, Recorded]]) -> Json:
    begun = passed[0][1].occurred_at if passed else None
    discharge = chart.journey.discharges.of(visit.visit_id)
    service = visit.coded or visit.service
    return filled(
        {
            "id": str(visit.visit_id),
            "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{visit.visit_id}"}],
            "status": STATUS[visit.status],
            "statusHistory": _status_history(passed),
            "class": _class(visit.encounter_class or EncounterClass.AMBULATORY),
            "classHistory": _class_history(chart.of(visit.visit_id)),
            "type": [concept(service) or known(ACT_CODE, visit.encounter_class or "AMB")],
            "subject": reference("Patient", chart.patient_id),
            "episodeOfCare": [reference("EpisodeOfCare", chart.journey_id)],
            "basedOn": [reference("ServiceRequest", visit.referral_id)] if visit.referral_id else None,
            "participant": [{"individual": named("Practitioner", each)} for each in visit.participants],
            "appointment": [reference("Appointment", visit.visit_id)] if visit.start else None,
            "period": period(begun, visit.ended),
            "reasonCode": [concept(visit.reason)] if visit.reason else None,
            "hospitalization": _hospitalization(discharge.disposition),
            "location": _locations(chart.of(visit.visit_id)),
        }
    )


def _passed(events: tuple[Recorded, ...]) -> Iterator[tuple[str, Recorded]]:
    """The statuses that an Encounter has come through, each with the event that began it."""
    last = None
    for each in events:
        _, led_to = TRANSITIONS.get(type(each.event), (None, None))
        status = STATUS.get(VisitStatus(led_to)) if led_to is not None else None
        if status is not None and status != last:
            yield status, each
            last = status


def _status_history(passed: list[tuple[str, Recorded]]) -> list[Json]:
    """Those before the present one."""
    told = _stretches(passed)
    return [{"status": status, "period": within} for status, within in told if "end" in within]


def _class(code: EncounterClass) -> Json:
    return {"system": ACT_CODE, "code": code, "display": CLASS_DISPLAY[code]}


def _class_history(events: tuple[Recorded, ...]) -> list[Json]:
    """Every class there was, where there was more than one."""
    told: list[tuple[EncounterClass, Recorded]] = []
    for each in events:
        code = getattr(each.event, "encounter_class", None)
        if code is not None and (not told or told[-1][0] != code):
            told.append((code, each))
    if len(told) == 1:
        return []
    return [{"class": _class(code), "period": within} for code, within in _stretches(told)]


def _hospitalization(disposition: Coded | None) -> Json | None:
    """The word of FHIR's own code system first, where one fits, then as it was said."""
    if disposition is None:
        return None
    fhir = meaning(disposition)
    codings = [{"system": DISPOSITION_SYSTEM, "code": fhir}] if fhir else []
    said = coding(disposition)
    told = codings if said in codings else [*codings, said]
    return {"dischargeDisposition": {"coding": told}}


def _locations(events: tuple[Recorded, ...]) -> list[Json]:
    """Where the patient was, from when until when."""
    stays = [(place, each) for each in events if (place := getattr(each.event, "location", None)) is not None]
    return [
        filled(
            {
                "location": named("Location", str(place)),
                "status": "completed" if "end" in within else None,
                "period": within,
            }
        )
        for place, within in _stretches(stays)
    ]


def _stretches(begun: Sequence[tuple[T, Recorded]]) -> Iterator[tuple[T, Json]]:
    """What was so from when until the next was."""
    for (what, at), (_, ended) in pairwise(begun):
        yield what, filled({"start": happened(at), "end": happened(ended)})
    for what, at in begun[-1:]:
        yield what, filled({"start": happened(at)})


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
    includes={"patient": "subject", "episode-of-care": "episodeOfCare", "appointment": "appointment"},
    profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter",
)
