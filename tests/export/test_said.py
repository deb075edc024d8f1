"""What goes out of an event: codes, ids, times and numbers; no text, and nothing of who the patient is."""

from uuid import UUID

import pytest

from journey.domain.codes import EncounterClass
from journey.domain.correction import TimelineRecomputed
from journey.domain.episode import JourneyOpened
from journey.domain.event import Coded, Event
from journey.domain.identity import Demographics, Identifier, IdentifierAssigned
from journey.domain.journey import EVENT_TYPES
from journey.domain.place import Location
from journey.domain.visit import PatientAdmitted, VisitBooked
from journey.export.said import activity, flat, things
from journey.feed.thin import NAMES, thin
from tests.domain.told import TEN, VISIT
from tests.example import filled
from tests.spec import PATIENT

CODE = {"system", "code"}
WHICH = frozenset({"what"})
"""Of a time that was moved: the milestone or the clock that it is of."""


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.stored_as)
def test_no_text_goes_out_but_codes_and_the_sites_own_names(event: type[Event]) -> None:
    told = [path.split(".") for path, value in flat(thin(filled(event))) if "as told" in str(value)]
    names = NAMES | CODE | (WHICH if event is TimelineRecomputed else frozenset())
    assert [path for path in told if path[-1] not in names and path[-2:-1] != ["team"]] == []


def test_nothing_goes_out_of_who_the_patient_is() -> None:
    opened = JourneyOpened(
        patient_id=PATIENT,
        identifiers=(Identifier(system="mrn", value="4711"),),
        patient=Demographics(family="Okafor", given=("Ngozi",), birth_date="1970-01-01", gender="female"),
    )
    assert thin(opened) == {"patient_id": str(PATIENT), "status": "active"}
    assert thin(IdentifierAssigned(identifier=Identifier(system="mrn", value="4711"))) == {}


def test_codes_go_out_without_what_they_are_displayed_as() -> None:
    booked = VisitBooked(
        visit_id=VISIT,
        appointment=TEN.model_copy(
            update={
                "service": Coded(system="local", code="X", display="Dr Smith"),
                "comment": "deaf",
            }
        ),
    )
    assert thin(booked) == {
        "visit_id": str(VISIT),
        "appointment": {
            "start": "2026-03-02T10:00:00.000000+00:00",
            "end": "2026-03-02T11:00:00.000000+00:00",
            "service": {"system": "local", "code": "X"},
        },
    }


def test_of_a_place_the_ward_goes_out_and_not_the_bed() -> None:
    admitted = PatientAdmitted(visit_id=VISIT, location=Location(point_of_care="3", room="2", bed="1"))
    assert thin(admitted) == {
        "visit_id": str(VISIT),
        "encounter_class": EncounterClass.INPATIENT.value,
        "location": {"point_of_care": "3"},
    }


def test_things_are_known_by_the_fields_that_name_them() -> None:
    named = list(things(JourneyOpened(patient_id=UUID(int=7))))
    assert named == [("patient", "patient", str(UUID(int=7)))]


def test_an_activity_is_the_events_name_in_words() -> None:
    assert activity(VisitBooked) == "Visit booked"
