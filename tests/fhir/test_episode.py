"""EpisodeOfCare: the journey as a whole, through holds, closings, reopenings and corrections."""

from uuid import UUID

import pytest

from journey.domain.correction import VoidEvent
from journey.domain.episode import (
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResumed,
    OwnerAssigned,
    OwnerUnassigned,
)
from journey.domain.event import Coded, Precision
from journey.domain.transfer import JourneyTransferAccepted, JourneyTransferInitiated
from tests.domain.told import (
    activated,
    arrived,
    booked,
    called_off,
    closed,
    journey_waitlisted,
    on_hold,
    opened,
    planned,
    removed,
)
from tests.fhir.telling import erased, every_version, one, statuses
from tests.fhir.validating import Json
from tests.spec import JOURNEY, PATIENT, Told, at, given

TYPE = "EpisodeOfCare"
TRANSFER = UUID(int=31)
KNEE = Coded(system="SNOMED", code="239873007", display="Osteoarthritis of knee")
resumed = JourneyResumed()
reopened = JourneyReopened(reason="the pain is back", authorised_by="dr-1")
assigned = OwnerAssigned(team="ortho", person="dr-1")


def episode(*told: Told) -> Json:
    return one(TYPE, given(*told))


def passed(body: Json) -> list[tuple[str, str | None, str | None]]:
    """The hours of each status before the present one."""
    return [
        (each["status"], _hour(each["period"].get("start")), _hour(each["period"].get("end")))
        for each in body.get("statusHistory", ())
    ]


def _hour(told: str | None) -> str | None:
    return told and told[11:16]


def test_it_is_the_journey_under_its_id() -> None:
    body = episode((JourneyOpened(patient_id=PATIENT, concern=KNEE), at(8)), (assigned, at(9)))
    assert body["id"] == str(JOURNEY)
    assert body["status"] == "active"
    assert body["patient"]["reference"] == f"Patient/{PATIENT}"
    assert body["type"][0]["coding"][0]["system"] == "http://snomed.info/sct"
    assert body["diagnosis"][0]["condition"]["display"] == "Osteoarthritis of knee"
    assert body["managingOrganization"]["display"] == "ortho"
    assert body["careManager"]["display"] == "dr-1"
    assert body["team"] == [{"reference": f"CareTeam/{JOURNEY}", "type": "CareTeam"}]
    assert body["period"] == {"start": "2026-03-02T08:00:00.000000Z"}
    assert "statusHistory" not in body


def test_each_status_has_its_time() -> None:
    body = episode(
        (planned, at(8)),
        (journey_waitlisted, at(9)),
        (activated, at(10)),
        (on_hold, at(11)),
        (resumed, at(12)),
        (closed, at(13)),
    )
    assert body["status"] == "finished"
    assert passed(body) == [
        ("planned", "08:00", "09:00"),
        ("waitlist", "09:00", "10:00"),
        ("active", "10:00", "11:00"),
        ("onhold", "11:00", "12:00"),
        ("active", "12:00", "13:00"),
    ]
    assert _hour(body["period"]["end"]) == "13:00"


def test_what_is_opened_again_has_no_end() -> None:
    body = episode((opened, at(8)), (closed, at(9)), (reopened, at(10)))
    assert body["status"] == "active"
    assert passed(body) == [("active", "08:00", "09:00"), ("finished", "09:00", "10:00")]
    assert "end" not in body["period"]


@pytest.mark.parametrize(
    ("end", "status"), [(called_off, "cancelled"), (removed, "entered-in-error"), (closed, "finished")]
)
def test_however_it_ends_it_has_an_end(end: JourneyClosed, status: str) -> None:
    body = episode((opened, at(8)), (end, at(9)))
    assert (body["status"], _hour(body["period"]["end"])) == (status, "09:00")


def test_a_visit_begins_the_care_that_was_planned() -> None:
    told = given((planned, at(8)), (booked, at(9)), (arrived, at(10)))
    assert passed(one(TYPE, told)) == [("planned", "08:00", "10:00")]
    assert statuses(TYPE, JOURNEY, told) == ["planned", "active"]


def test_what_came_before_a_late_opening_has_no_beginning() -> None:
    body = episode((planned, at(12)), (activated, at(9)), (closed, at(10)))
    assert passed(body) == [("planned", None, "09:00"), ("active", "09:00", "10:00")]
    assert body["period"] == {"end": "2026-03-02T10:00:00.000000Z"}


def test_a_day_is_told_as_a_day() -> None:
    body = episode((opened, at(0), Precision.DAY), (closed, at(0, day=3), Precision.MONTH))
    assert body["period"] == {"start": "2026-03-02", "end": "2026-03"}


def test_nobody_is_named_who_is_accountable_no_more() -> None:
    body = episode(opened, assigned, OwnerUnassigned(reason="left"))
    assert not {"managingOrganization", "careManager"} & set(body)


def test_a_transfer_moves_accountability_once_it_is_accepted() -> None:
    asked = JourneyTransferInitiated(transfer_id=TRANSFER, to_facility="North", to_team="ortho-north")
    told = given(opened, assigned, asked)
    assert one(TYPE, told)["managingOrganization"]["display"] == "ortho"
    accepted = JourneyTransferAccepted(transfer_id=TRANSFER, team="ortho-north", person="dr-9")
    moved = told.recording([accepted], told.next_moment)
    assert one(TYPE, moved)["managingOrganization"]["display"] == "ortho-north"
    assert [each.number for each in every_version(TYPE, JOURNEY, moved)] == [1, 2, 4]


def test_each_version_stays_as_it_was_when_a_later_word_takes_it_back() -> None:
    told = given(opened, closed)
    voided = told.when(VoidEvent(event_id=told.id_of(closed), reason="of another journey")).done()
    assert statuses(TYPE, JOURNEY, voided) == ["active", "finished", "active"]
    assert "statusHistory" not in one(TYPE, voided)


def test_erasure_leaves_what_is_not_personal() -> None:
    told = given((JourneyOpened(patient_id=PATIENT, concern=KNEE), at(8)), assigned, on_hold)
    body, before = one(TYPE, erased(told)), one(TYPE, told)
    assert {**body, "meta": {}} == {**before, "meta": {}}
