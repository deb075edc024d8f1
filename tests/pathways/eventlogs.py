"""Real and simulated event logs as journeys: each activity told as the command that it stands for."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid5
from xml.etree.ElementTree import Element, iterparse

import pytest

from journey.domain.codes import EncounterClass
from journey.domain.correction import History
from journey.domain.decision import decide
from journey.domain.discharge import DischargePatient
from journey.domain.enrolment import AssignPathway
from journey.domain.episode import OpenJourney
from journey.domain.event import Coded, Command, Recorded
from journey.domain.journey import Journey, journey_at
from journey.domain.pathway import Pathways
from journey.domain.place import Location
from journey.domain.result import ReceiveResult
from journey.domain.treatment import CommunicateDiagnosis, DiagnosisOutcome, RecordAssessment, RecordTreatment
from journey.domain.visit import AdmitPatient, MovePatient, RecordArrival, StartVisit

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "eventlogs"
ALL = UUID(int=77)
CONTEXT = (
    '{"actor":{"id":"a-log","kind":"system","team":"a-hospital"},"purpose":"TREAT",'
    '"source":{"system":"a-log","channel":"file"}}'
)

needs_logs = pytest.mark.skipif(
    not LOGS.is_dir(), reason="no event logs beside the project: ../shared/data/eventlogs"
)


class Row(NamedTuple):
    """One line of a log."""

    case: str
    activity: str
    at: datetime


Case = list[Row]
"""The rows of one case, in time order; what happened at once stands as in the file."""


def sepsis() -> dict[str, Case]:
    """Mannhardt 2016, doi:10.4121/uuid:915d2bfb-7e84-49ad-a286-dc35f063a460."""
    with gzip.open(LOGS / "sepsis_750_cases.csv.gz", "rt", encoding="utf-8") as file:
        read = csv.DictReader(file, delimiter=";")
        return by_case(
            Row(row["Case ID"], row["Activity"], _time(row["Complete Timestamp"].replace("/", "-")))
            for row in read
        )


def hospital(cases: int) -> dict[str, Case]:
    """The first cases of Pohl, Berti, Qafari and van der Aalst 2023, arXiv:2306.11453."""

    def rows() -> Iterator[Row]:
        with gzip.open(LOGS / "simulated_hospital_10k.xes.gz") as file:
            nodes = iterparse(file)  # noqa: S314 - a published log, kept beside the project
            traces = (node for _, node in nodes if node.tag.endswith("}trace"))
            for trace, _ in zip(traces, range(cases), strict=False):
                name = _value(trace, "concept:name")
                for event in (each for each in trace if each.tag.endswith("}event")):
                    yield Row(name, _value(event, "activity"), _time(_value(event, "time")))
                trace.clear()

    return by_case(rows())


def _value(node: Element, key: str) -> str:
    return next(each.attrib["value"] for each in node if each.attrib.get("key") == key)


def by_case(rows: Iterable[Row]) -> dict[str, Case]:
    cases: dict[str, Case] = defaultdict(list)
    for row in rows:
        cases[row.case].append(row)
    return {name: sorted(case, key=lambda row: row.at) for name, case in cases.items()}


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


# --- Activities as commands

TRIAGE = {"ER Triage": "triage", "ER Sepsis Triage": "sepsis-triage"}
LOINC = {"CRP": "1988-5", "Leucocytes": "6690-2", "LacticAcid": "2524-7"}
WARDS = {"Admission NC": "WARD", "Admission IC": "ICU"}
ATC = {"IV Liquid": "B05BB", "IV Antibiotics": "J01"}


def sepsis_command(row: Row, number: int, visit_id: UUID, *, admitted: bool) -> Command:
    """What the activity says, as another system's report."""
    own, name = uuid5(visit_id, str(number)), row.activity
    told = {"occurred_at": row.at, "reported": True}
    if name == "ER Registration":
        return RecordArrival(visit_id=visit_id, encounter_class=EncounterClass.EMERGENCY, **told)
    if name == "Return ER":
        back = uuid5(visit_id, "back")
        return StartVisit(visit_id=back, encounter_class=EncounterClass.EMERGENCY, **told)
    if place := WARDS.get(name):
        kind = MovePatient if admitted else AdmitPatient
        return kind(visit_id=visit_id, location=Location(point_of_care=place), **told)
    return _given_or_found(name, own, told) or DischargePatient(visit_id=visit_id, **told)


def _given_or_found(name: str, own: UUID, told: dict[str, Any]) -> Command | None:
    if name in TRIAGE:
        return RecordAssessment(assessment_id=own, kind=Coded(system="journey", code=TRIAGE[name]), **told)
    if name in LOINC:
        return ReceiveResult(result_id=own, code=Coded(system="http://loinc.org", code=LOINC[name]), **told)
    if name in ATC:
        code = Coded(system="http://www.whocc.no/atc", code=ATC[name])
        return RecordTreatment(treatment_id=own, code=code, **told)
    return None


def sepsis_journey(case: Case, pathways: Pathways) -> Journey:
    visit_id = uuid5(ALL, case[0].case)
    commands: list[Command] = []
    admitted = False
    for number, row in enumerate(case):
        commands.append(sepsis_command(row, number, visit_id, admitted=admitted))
        admitted = admitted or row.activity in WARDS
    return told(case[0], commands, "inpatient-sepsis", pathways)


def hospital_command(row: Row, number: int, visit_id: UUID) -> Command:
    """What the activity says, as another system's report."""
    own, name = uuid5(visit_id, str(number)), row.activity
    told: dict[str, Any] = {"occurred_at": row.at, "reported": True}
    if name.startswith("Register"):
        return RecordArrival(visit_id=visit_id, **told)
    if name.startswith("Treatment "):
        finding = Coded(system="journey", code=name.removeprefix("Treatment "))
        kind = Coded(system="journey", code="treatment-outcome")
        return RecordAssessment(assessment_id=own, kind=kind, finding=finding, **told)
    if name.endswith("xamination"):
        return RecordAssessment(assessment_id=own, kind=Coded(system="journey", code="examination"), **told)
    if name == "Diagnosis":
        return CommunicateDiagnosis(outcome=DiagnosisOutcome.CONFIRMED, **told)
    if name == "Treatment":
        return RecordTreatment(treatment_id=own, code=Coded(system="journey", code="treatment"), **told)
    return DischargePatient(visit_id=visit_id, **told)


def hospital_journey(case: Case, pathways: Pathways) -> Journey:
    visit_id = uuid5(ALL, f"hospital {case[0].case}")
    commands = [hospital_command(row, number, visit_id) for number, row in enumerate(case)]
    return told(case[0], commands, "a-hospital", pathways)


def told(first: Row, commands: Iterable[Command], pathway: str, pathways: Pathways) -> Journey:
    """The journey after all of it, each command decided on top of the ones before."""
    journey_id = uuid5(ALL, f"journey {pathway} {first.case}")
    opening = [
        OpenJourney(patient_id=uuid5(ALL, f"patient {pathway} {first.case}"), occurred_at=first.at),
        AssignPathway(pathway=pathway, occurred_at=first.at),
    ]
    history = History()
    for command in (*opening, *commands):
        assert command.occurred_at is not None
        for event in decide(history, command, pathways):
            version = history.version + 1
            one = Recorded(
                journey_id=journey_id,
                version=version,
                event_id=uuid5(journey_id, str(version)),
                event=event,
                occurred_at=command.occurred_at,
                occurred_precision=command.occurred_precision,
                recorded_at=command.occurred_at + timedelta(microseconds=version),
                context_json=CONTEXT,
            )
            history = History((*history.recorded, one))
    journey = journey_at(history)
    assert journey is not None
    return journey


# --- Rows with a start and an end


class Handled(NamedTuple):
    """One handling of a patient: when it was begun, and when it was done."""

    case: str
    activity: str
    began: datetime
    done: datetime


def artificial() -> dict[str, list[Handled]]:
    """The patients of bupaR's eventdataR (Janssenswillen, CC0), in the order in which each was handled."""
    begun: dict[str, datetime] = {}
    cases: dict[str, list[Handled]] = defaultdict(list)
    with gzip.open(LOGS / "artificial_patients.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    begun = {row["handling_id"]: _time(row["time"]) for row in rows if row["registration_type"] == "start"}
    for row in rows:
        if row["registration_type"] == "complete":
            began = begun[row["handling_id"]]
            one = Handled(row["patient"], row["handling"], began, _time(row["time"]))
            cases[one.case].append(one)
    return {name: sorted(case, key=lambda each: (each.began, each.done)) for name, case in cases.items()}


def named(activity: str) -> str:
    """As a word in a definition: Triage and Assessment is triage-and-assessment."""
    return activity.lower().replace(" ", "-")


def artificial_journey(case: list[Handled], pathways: Pathways) -> Journey:
    """Each handling as two assessments: one of the kind x-ray-began, one of x-ray-done."""
    both = [
        Row(each.case, f"{named(each.activity)}-{word}", at)
        for each in case
        for word, at in (("began", each.began), ("done", each.done))
    ]
    rows = sorted(both, key=lambda row: row.at)
    commands = [
        RecordAssessment(
            assessment_id=uuid5(ALL, f"{row.case} {row.activity} {number}"),
            kind=Coded(system="journey", code=row.activity),
            occurred_at=row.at,
            reported=True,
        )
        for number, row in enumerate(rows)
    ]
    return told(rows[0], commands, "artificial-patients", pathways)
