"""Identity: who the patient is, under which numbers, and which records are the same person."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from journey.domain.codes import Gender, LinkType
from journey.domain.identity import (
    AssignIdentifier,
    ChangeDemographics,
    Demographics,
    DemographicsChanged,
    Identifier,
    IdentifierAssigned,
    LinkedToItself,
    LinkPatient,
    PatientLinked,
    PatientUnlinked,
    UnlinkPatient,
)
from tests.domain.cases import Case
from tests.domain.told import closed, opened
from tests.spec import PATIENT, at, given

NUMBER = Identifier(system="hospital", value="123")
TWIN = UUID(int=3)
KNOWN = DemographicsChanged(demographics=Demographics(family="Okafor", phone="555-0100"))
LINKED = PatientLinked(other_patient_id=TWIN, link=LinkType.SEE_ALSO)

CASES = [
    Case(
        AssignIdentifier(identifier=NUMBER),
        given(opened, closed),
        [IdentifierAssigned(identifier=NUMBER)],
    ),
    Case(
        ChangeDemographics(demographics=Demographics(family="Okafor", phone="555-0199")),
        given(opened, KNOWN, closed),
        [DemographicsChanged(demographics=Demographics(phone="555-0199"))],
    ),
    Case(
        LinkPatient(other_patient_id=TWIN),
        given(opened),
        [LINKED],
    ),
    Case(
        UnlinkPatient(other_patient_id=TWIN, reason="another person"),
        given(opened, LINKED),
        [PatientUnlinked(other_patient_id=TWIN, reason="another person")],
    ),
]


def test_a_record_is_not_linked_to_itself() -> None:
    given(opened).when(LinkPatient(other_patient_id=PATIENT)).then_refused(LinkedToItself)


def test_the_latest_link_to_a_record_counts() -> None:
    replaced = PatientLinked(other_patient_id=TWIN, link=LinkType.REPLACES)
    assert given(opened, replaced, LINKED).journey.identity.links == ((TWIN, LinkType.SEE_ALSO),)


def test_a_record_that_is_unlinked_may_be_linked_again() -> None:
    unlinked = PatientUnlinked(other_patient_id=TWIN)
    apart = given(opened, LINKED, unlinked)
    assert apart.journey.identity.links == ()
    linked = apart.when(LinkPatient(other_patient_id=TWIN)).then(LINKED)
    assert linked.journey.identity.links == ((TWIN, LinkType.SEE_ALSO),)


def test_what_was_never_linked_is_not_unlinked() -> None:
    given(opened).when(UnlinkPatient(other_patient_id=TWIN)).then_nothing()


def test_a_link_told_after_its_end_is_over() -> None:
    unlinked = given(opened).when(UnlinkPatient(other_patient_id=TWIN, reported=True), at=at(12))
    told = unlinked.then(PatientUnlinked(other_patient_id=TWIN))
    linked = told.when(LinkPatient(other_patient_id=TWIN, reported=True), at=at(11)).then(LINKED)
    assert linked.journey_at(at(11)).identity.links == ((TWIN, LinkType.SEE_ALSO),)
    assert linked.journey.identity.links == ()


def test_what_is_cleared_is_no_longer_known() -> None:
    cleared = (
        given(opened, KNOWN)
        .when(ChangeDemographics(cleared=("phone", "address")))
        .then(DemographicsChanged(demographics=Demographics(), cleared=("phone",)))
    )
    assert cleared.journey.identity.demographics == Demographics(family="Okafor")


def test_what_is_cleared_and_given_at_once_is_given() -> None:
    both = ChangeDemographics(demographics=Demographics(phone="555-0199"), cleared=("phone",))
    changed = given(opened, KNOWN).when(both)
    after = changed.then(DemographicsChanged(demographics=Demographics(phone="555-0199")))
    assert after.journey.identity.demographics.phone == "555-0199"


def test_history_that_clears_and_gives_at_once_gives() -> None:
    both = DemographicsChanged(demographics=Demographics(gender=Gender.OTHER), cleared=("gender",))
    assert given(opened, both).journey.identity.demographics.gender is Gender.OTHER


def test_only_known_fields_are_cleared() -> None:
    with pytest.raises(ValueError, match="cleared: the fields there are"):
        ChangeDemographics(cleared=("shoe_size",))


@pytest.mark.parametrize(
    "told", ["1950-00-00", "1950-13", "1950-01-32", "0000", "50", "1950-1-1", "yesterday"]
)
def test_what_cannot_be_a_day_is_no_birth_date(told: str) -> None:
    with pytest.raises(ValidationError):
        Demographics(birth_date=told)


@pytest.mark.parametrize("told", ["1950", "1950-02", "1950-02-28", "2000-12-31", "1900-10-30"])
def test_a_birth_date_is_as_exact_as_it_is_known(told: str) -> None:
    assert Demographics(birth_date=told).birth_date == told
