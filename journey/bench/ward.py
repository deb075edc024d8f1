"""A log to measure on: journeys as they are in a hospital, ten events each, many of them going on at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, cast
from uuid import UUID, uuid5

import psycopg

from journey.domain.codes import EncounterClass
from journey.domain.discharge.events import PatientDischarged
from journey.domain.enrolment import PathwayAssigned
from journey.domain.episode import JourneyOpened, OwnerAssigned
from journey.domain.event import Actor, Coded, Context, Event, Precision, Recorded, Source
from journey.domain.handoff.events import HandoffKind, HandoffOffer, HandoffOffered, IllnessSeverity
from journey.domain.identity import (
    Demographics,
    DemographicsChanged,
    Identifier,
    IdentifierAssigned,
)
from journey.domain.place import Location
from journey.domain.result import ResultReceived, ResultReviewed
from journey.domain.treatment import AssessmentRecorded, TreatmentGiven
from journey.domain.visit import Appointment, PatientAdmitted, PatientArrived, PatientMoved, VisitBooked
from journey.store.mapper import stored

WARD = UUID("5a1f3b7e-26ad-4f0f-8b8b-0f6d5a0c1d11")
MORNING = datetime(2026, 1, 1, 8, tzinfo=UTC)
AT_ONCE = 500
"""Journeys that are going on at the same time, and so lie mixed in the log."""

CONTEXT = Context(
    actor=Actor(id="nurse-7", kind="human", role="nurse", team="ward-3"),
    source=Source(system="adt", channel="hl7v2", message_id="MSG00001"),
)
CONTEXT_JSON = CONTEXT.model_dump_json(exclude_none=True)
HOME = Coded(system="http://terminology.hl7.org/CodeSystem/discharge-disposition", code="home")


def journey(number: int, events: int = 10) -> list[Recorded]:
    """The events of one journey; beyond ten the patient is moved from bed to bed before leaving."""
    journey_id = uuid5(WARD, str(number))
    begun = MORNING + timedelta(minutes=number)
    return _recorded(journey_id, begun, _told(number, uuid5(journey_id, "visit"), begun, events), events)


def sepsis(number: int, events: int) -> list[Recorded]:
    """A journey on the pathway that ships for sepsis; beyond ten events, test upon test is reviewed."""
    journey_id = uuid5(WARD, f"sepsis {number}")
    begun = MORNING + timedelta(minutes=number)
    return _recorded(journey_id, begun, _septic(number, uuid5(journey_id, "visit"), events), events)


def handed_over(number: int) -> list[Recorded]:
    """A journey that one team hands to another, which has not answered yet; one in three is unstable."""
    journey_id = uuid5(WARD, f"handed over {number}")
    return _recorded(journey_id, MORNING + timedelta(minutes=number), _offered(number, journey_id), 4)


def _recorded(journey_id: UUID, begun: datetime, told: Iterator[Event], events: int) -> list[Recorded]:
    return [
        Recorded(
            journey_id,
            version,
            uuid5(journey_id, str(version)),
            event,
            begun + timedelta(hours=version),
            Precision.INSTANT,
            begun + timedelta(hours=version, seconds=1),
            CONTEXT_JSON,
        )
        for version, event in zip(range(1, events + 1), told, strict=False)
    ]


def _septic(number: int, visit_id: UUID, events: int) -> Iterator[Event]:
    yield JourneyOpened(patient_id=uuid5(WARD, f"patient {number}"))
    yield OwnerAssigned(team="emergency")
    yield PathwayAssigned(pathway="inpatient-sepsis", version="1.0.0")
    yield PatientArrived(visit_id=visit_id, encounter_class=EncounterClass.EMERGENCY)
    for kind in ("triage", "sepsis-triage"):
        found = uuid5(visit_id, kind)
        yield AssessmentRecorded(assessment_id=found, kind=Coded(system="journey", code=kind))
    antibiotics = Coded(system="http://www.whocc.no/atc", code="J01")
    yield TreatmentGiven(treatment_id=uuid5(visit_id, "antibiotics"), code=antibiotics)
    yield PatientAdmitted(visit_id=visit_id, location=Location(point_of_care="3", bed="12"))
    for test in range((events - 7) // 2):
        result_id = uuid5(visit_id, str(test))
        yield ResultReceived(result_id=result_id, code=Coded(system="http://loinc.org", code="6690-2"))
        yield ResultReviewed(result_id=result_id, reviewed_by="dr-1")


def _told(number: int, visit_id: UUID, begun: datetime, events: int) -> Iterator[Event]:
    yield JourneyOpened(patient_id=uuid5(WARD, f"patient {number}"))
    yield IdentifierAssigned(identifier=Identifier(system="mrn", value=f"{number:08}"))
    yield DemographicsChanged(
        demographics=Demographics(family=f"Family{number}", given=("Anna", "Maria"), birth_date="1970-01-01")
    )
    yield OwnerAssigned(team=f"team-{number % 20}")
    service = Coded(system="local", code="ORTHO", display="Orthopaedics")
    start = begun + timedelta(hours=6)
    yield VisitBooked(
        visit_id=visit_id,
        appointment=Appointment(start=start, end=start + timedelta(hours=1), service=service),
    )
    yield PatientArrived(visit_id=visit_id)
    yield PatientAdmitted(
        visit_id=visit_id,
        encounter_class=EncounterClass.INPATIENT,
        location=Location(point_of_care="3", bed="12"),
    )
    for bed in range(events - 9):
        yield PatientMoved(visit_id=visit_id, location=Location(point_of_care="3", bed=str(bed)))
    yield OwnerAssigned(team=f"team-{number % 20}", person="dr-1")
    yield PatientDischarged(visit_id=visit_id, disposition=HOME)


def _offered(number: int, journey_id: UUID) -> Iterator[Event]:
    yield JourneyOpened(patient_id=uuid5(WARD, f"patient {number}"))
    yield DemographicsChanged(
        demographics=Demographics(family=f"Family{number}", given=("Anna",), birth_date="1970-01-01")
    )
    yield OwnerAssigned(team=f"team-{number % 20}")
    severities = list(IllnessSeverity)
    yield HandoffOffered(
        handoff_id=uuid5(journey_id, "handoff"),
        offer=HandoffOffer(
            kind=HandoffKind.SHIFT,
            from_team=f"team-{number % 20}",
            to_team="nights",
            severity=severities[number % len(severities)],
            summary="Slept little, the dressing is dry.",
        ),
        accept_due=MORNING + timedelta(days=3650, minutes=number),
    )


def mixed(journeys: int, events: int = 10) -> Iterator[Recorded]:
    """The journeys' events as they come in: AT_ONCE of them take turns."""
    for first in range(0, journeys, AT_ONCE):
        going_on = [journey(number, events) for number in range(first, min(first + AT_ONCE, journeys))]
        for turn in range(events):
            yield from (each[turn] for each in going_on)


def fill(url: str, recorded: Iterator[Recorded]) -> int:
    """Copy them into the log as if they had been sequenced; how many."""
    positions = count(1)
    rows = [stored(each) for each in recorded]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(
            "COPY event (journey_id, version, type, data, event_id, schema_version,"
            " occurred_at, occurred_precision, recorded_at, context) FROM STDIN"
        ) as copy:
            for row in rows:
                copy.write_row(cast(tuple[Any, ...], row)[:-1])
        keys = {row.originator_id: row.key for row in rows if row.key is not None}
        cursor.executemany("INSERT INTO data_key (journey_id, wrapped) VALUES (%s, %s)", list(keys.items()))
        cursor.execute("CREATE TEMPORARY TABLE ordered (position bigint, journey_id uuid, version bigint)")
        with cursor.copy("COPY ordered FROM STDIN") as copy:
            for row in rows:
                copy.write_row((next(positions), row.originator_id, row.originator_version))
        cursor.execute("""
            INSERT INTO log (position, journey_id, version, leaf)
            SELECT position, journey_id, version, event_leaf(event)
              FROM ordered JOIN event USING (journey_id, version)
            """)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE event, log, data_key")
    return len(rows)
