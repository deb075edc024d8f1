"""Patient: one person of all their journeys, through merges, links, deaths and erasures."""

from dataclasses import replace
from uuid import UUID

import pytest

from journey.domain.codes import Gender, LinkType
from journey.domain.correction import CorrectEvent, EventVoided, History
from journey.domain.discharge import PatientDischarged
from journey.domain.event import Coded, Event
from journey.domain.identity import (
    Demographics,
    DemographicsChanged,
    Identifier,
    IdentifierAssigned,
    PatientLinked,
    PatientUnlinked,
)
from journey.domain.merge import PatientMerged, PatientUnmerged
from journey.fhir.every import KINDS
from journey.fhir.kind import current, versions
from journey.fhir.patient import AUTHORITIES
from journey.fhir.person import together
from tests.domain.told import VISIT, activated, admitted, booked, on_hold, opened
from tests.fhir.telling import erased, every_version, one
from tests.fhir.validating import Json, assert_valid
from tests.spec import JOURNEY, PATIENT, Given, at, given

OTHER, OTHER_JOURNEY = UUID(int=3), UUID(int=4)
DOE = Demographics(
    family="Doe",
    given=("Jane", "Q"),
    birth_date="1970-02",
    gender=Gender.FEMALE,
    language="en-US",
    phone="+1 555 0100",
    address="1 Main St, Springfield",
)
MRN = Identifier(system="LINDEN CLINIC", value="M1")
SSN = Identifier(system="urn:oid:2.16.840.1.113883.4.1", value="900-00-0001", type="SS")
known = DemographicsChanged(demographics=DOE)
numbered = IdentifierAssigned(identifier=MRN)
retired = PatientMerged(survivor=OTHER, retired=PATIENT)
surviving = PatientMerged(survivor=PATIENT, retired=OTHER)
died = PatientDischarged(
    visit_id=VISIT,
    disposition=Coded(system="http://terminology.hl7.org/CodeSystem/discharge-disposition", code="exp"),
)


def patient(*told: Event) -> Json:
    return one("Patient", given(opened, *told))


def test_all_that_is_known_is_told() -> None:
    body = patient(known, numbered, IdentifierAssigned(identifier=SSN))
    assert body["id"] == str(PATIENT)
    assert body["name"] == [{"family": "Doe", "given": ["Jane", "Q"]}]
    assert body["gender"] == "female"
    assert body["birthDate"] == "1970-02"
    assert body["telecom"] == [{"system": "phone", "value": "+1 555 0100"}]
    assert body["address"] == [{"text": "1 Main St, Springfield"}]
    assert body["communication"][0]["language"]["coding"] == [{"system": "urn:ietf:bcp:47", "code": "en-US"}]
    assert body["active"] is True
    own, mrn, ssn = body["identifier"]
    assert own["value"] == f"urn:uuid:{PATIENT}"
    assert (mrn["system"], mrn["value"]) == (f"{AUTHORITIES}LINDEN%20CLINIC", "M1")
    assert mrn["assigner"]["display"] == "LINDEN CLINIC"
    assert (ssn["system"], ssn["type"]["coding"][0]["code"]) == (SSN.system, "SS")
    assert "assigner" not in ssn


def test_of_whom_nothing_is_known_it_says_so() -> None:
    body = patient()
    assert body["name"][0]["extension"][0]["valueCode"] == "unknown"
    assert body["gender"] == "unknown"
    assert not {"birthDate", "telecom", "address", "communication", "link", "deceasedDateTime"} & set(body)


@pytest.mark.parametrize(
    ("told", "birth_date"),
    [
        ("1970", "1970"),
        ("1970-02-28", "1970-02-28"),
        ("1970-02", "1970-02"),
        ("1970-02-30", None),
    ],
)
def test_a_day_that_no_calendar_has_is_left_out(told: str, birth_date: str | None) -> None:
    body = patient(DemographicsChanged(demographics=Demographics(birth_date=told)))
    assert body.get("birthDate") == birth_date


def test_a_language_in_words_is_told_in_words() -> None:
    body = patient(DemographicsChanged(demographics=Demographics(language="Swiss German")))
    assert body["communication"][0]["language"] == {"text": "Swiss German"}


def test_a_record_that_was_merged_leads_to_the_one_that_goes_on() -> None:
    body = patient(retired)
    assert body["active"] is False
    assert [(each["type"], each["other"]["reference"]) for each in body["link"]] == [
        ("replaced-by", f"Patient/{OTHER}")
    ]
    survivor = patient(surviving)
    assert survivor["active"] is True
    assert survivor["link"][0]["type"] == "replaces"


def test_two_persons_after_all_are_two_again() -> None:
    body = patient(retired, PatientUnmerged(survivor=OTHER, retired=PATIENT, reason="two persons"))
    assert body["active"] is True
    assert "link" not in body


def test_what_is_seen_together_refers_to_each_other_until_it_is_not() -> None:
    linked = PatientLinked(other_patient_id=OTHER, link=LinkType.SEE_ALSO)
    assert patient(linked)["link"][0]["type"] == "seealso"
    assert "link" not in patient(linked, PatientUnlinked(other_patient_id=OTHER))
    assert [each["type"] for each in patient(linked, surviving)["link"]] == ["replaces"]


def test_a_death_is_told_with_its_time() -> None:
    said = DemographicsChanged(demographics=Demographics(deceased_at=at(7)))
    assert patient(said)["deceasedDateTime"] == "2026-03-02T07:00:00.000000Z"
    in_hospital = one("Patient", given(opened, admitted, (died, at(20))))
    assert in_hospital["deceasedDateTime"] == "2026-03-02T20:00:00.000000Z"


def test_who_is_told_to_be_somebody_else_has_a_version_for_each_word() -> None:
    told = given(opened, known, booked, on_hold, numbered)
    corrected = told.when(
        CorrectEvent(
            event_id=told.id_of(known),
            data={"demographics": {"family": "Roe"}},
            reason="misheard",
        )
    ).done()
    found = every_version("Patient", PATIENT, corrected)
    names = [each.body["name"][0].get("family") for each in found if each.body]
    assert names == [None, "Doe", "Doe", "Roe"]
    assert [each.number for each in found] == [1, 2, 5, 6]


def test_what_was_erased_leaves_a_record_without_a_person() -> None:
    body = one("Patient", erased(given(opened, known, numbered)))
    assert len(body["identifier"]) == 1
    assert body["gender"] == "female"
    assert not {"birthDate", "telecom", "address", "communication"} & set(body)
    assert "Doe" not in str(body)


# --- Several journeys


def elsewhere(*told: Event) -> History:
    """What is recorded of the same patient on another journey, at noon."""
    there = given((opened, at(12)), *told)
    return History(
        tuple(
            replace(each, journey_id=OTHER_JOURNEY, event_id=UUID(int=1000 + each.version))
            for each in there.history.recorded
        )
    )


def whole(*histories: History) -> Json:
    (body,) = current(KINDS["Patient"], together(histories))
    assert_valid(body)
    return body


HERE = given(opened, activated, known, numbered, booked).history
"""In the morning."""


def test_all_journeys_tell_of_one_person() -> None:
    moved = DemographicsChanged(demographics=Demographics(address="2 Elm St"))
    there = elsewhere(IdentifierAssigned(identifier=SSN), moved)
    body = whole(HERE, there)
    assert [each["value"] for each in body["identifier"]][1:] == ["M1", "900-00-0001"]
    assert body["name"][0]["family"] == "Doe"
    assert body["address"] == [{"text": "2 Elm St"}]
    assert whole(there, HERE) == body


def test_versions_count_what_tells_of_the_person_alone() -> None:
    there = elsewhere(IdentifierAssigned(identifier=SSN))
    told = list(versions(KINDS["Patient"], str(PATIENT), together([HERE, there])))
    assert_valid(*(each.body for each in told if each.body))
    assert [each.number for each in told] == [5, 4, 3, 2, 1]
    alone = list(versions(KINDS["Patient"], str(PATIENT), together([HERE])))
    assert told[2:] == alone, "what comes later on another journey changes no version that was there"


def test_a_correction_is_told_of_what_it_corrects() -> None:
    number = HERE.recorded[3]
    voided = EventVoided(voids=number.event_id, of=number.event.stored_as, reason="of somebody else")
    told = Given(HERE).recording([voided], at(10)).history
    body = whole(told, elsewhere())
    assert len(body["identifier"]) == 1
    assert body["meta"]["versionId"] == "5"
    booking = HERE.recorded[4]
    elsewhere_told = Given(HERE).recording(
        [EventVoided(voids=booking.event_id, of=booking.event.stored_as, reason="entered twice")], at(10)
    )
    assert whole(elsewhere_told.history)["meta"]["versionId"] == "3"


def test_every_journey_of_a_merged_record_says_so_once() -> None:
    both = together([given(opened, surviving).history, elsewhere(surviving)])
    (body,) = current(KINDS["Patient"], both)
    assert [each["type"] for each in body["link"]] == ["replaces"]
    assert {each.journey_id for each in both.recorded} == {JOURNEY, OTHER_JOURNEY}
