"""CareTeam: whoever was accountable, hands over, is asked, or has a task; and the patient."""

from uuid import UUID

from journey.domain.episode import OwnerAssigned, OwnerUnassigned
from journey.domain.handoff import (
    HandoffAccepted,
    HandoffKind,
    HandoffOffer,
    HandoffOffered,
    HandoffWithdrawn,
    IllnessSeverity,
)
from journey.domain.task import TaskCompleted, TaskRequested
from journey.domain.transfer import JourneyTransferDeclined, JourneyTransferInitiated
from tests.domain.told import called_off, closed, on_hold, opened, planned, removed
from tests.fhir.telling import every_version, one, statuses, texts
from tests.fhir.validating import Json
from tests.spec import JOURNEY, PATIENT, Told, at, given

TYPE = "CareTeam"
HANDOFF, TRANSFER, TASK = UUID(int=30), UUID(int=31), UUID(int=32)
OFFER = HandoffOffer(
    kind=HandoffKind.SERVICE,
    from_team="ortho",
    from_person="dr-1",
    to_team="rehab",
    severity=IllnessSeverity.STABLE,
)
assigned = OwnerAssigned(team="ortho", person="dr-1")
offered = HandoffOffered(handoff_id=HANDOFF, offer=OFFER, due=at(20))
asked = JourneyTransferInitiated(transfer_id=TRANSFER, to_facility="North", to_team="ortho-north")
to_do = TaskRequested(task_id=TASK, what="call the daughter", team="social work")


def team(*told: Told) -> Json:
    return one(TYPE, given(*told))


def members(body: Json) -> list[tuple[str, str]]:
    """Each but the patient, and in which role."""
    _, *others = body["participant"]
    return [(each["member"]["display"], each["role"][0]["coding"][0]["code"]) for each in others]


def test_the_patient_is_of_the_team_whoever_else_is() -> None:
    body = team(opened)
    assert texts(body, "participant", "member", "reference") == [f"Patient/{PATIENT}"]
    assert body["subject"] == body["participant"][0]["member"]
    assert body["id"] == str(JOURNEY)


def test_whoever_was_accountable_has_their_time() -> None:
    body = team(
        (opened, at(8)),
        (assigned, at(9)),
        (OwnerUnassigned(reason="left"), at(10)),
        (OwnerAssigned(team="rehab"), at(11)),
    )
    assert members(body) == [("dr-1", "accountable"), ("rehab", "accountable")]
    _, doctor, rehab = body["participant"]
    assert doctor["onBehalfOf"]["display"] == "ortho"
    assert (doctor["period"]["start"][11:16], doctor["period"]["end"][11:16]) == ("09:00", "10:00")
    assert "end" not in rehab["period"]
    assert body["managingOrganization"][0]["display"] == "rehab"


def test_a_handoff_brings_both_sides_until_it_is_taken_or_withdrawn() -> None:
    told = given(opened, assigned, offered)
    assert members(one(TYPE, told)) == [
        ("dr-1", "accountable"),
        ("dr-1", "hands-over"),
        ("rehab", "asked-to-take-over"),
    ]
    accepted = HandoffAccepted(handoff_id=HANDOFF, accepted_by="dr-7", team="rehab")
    taken = told.recording([accepted], told.next_moment)
    assert ("dr-7", "takes-over") in members(one(TYPE, taken))
    assert [each for each in members(one(TYPE, taken)) if each[1] == "accountable"] == [
        ("dr-1", "accountable"),
        ("dr-7", "accountable"),
    ]
    withdrawn = told.recording([HandoffWithdrawn(handoff_id=HANDOFF, reason="stays")], told.next_moment)
    assert members(one(TYPE, withdrawn)) == [("dr-1", "accountable")]


def test_who_is_asked_or_has_a_task_is_of_the_team_until_that_is_done() -> None:
    told = given(opened, asked, to_do)
    assert members(one(TYPE, told)) == [("ortho-north", "asked-to-take-over"), ("social work", "has-a-task")]
    done = (
        JourneyTransferDeclined(transfer_id=TRANSFER, reason="full"),
        TaskCompleted(task_id=TASK),
    )
    assert members(one(TYPE, told.recording(done, told.next_moment))) == []
    assert len(every_version(TYPE, JOURNEY, told)) == 3


def test_nobody_is_there_twice_in_one_role() -> None:
    again = TaskRequested(task_id=UUID(int=33), what="call the son", team="social work")
    assert members(team(opened, to_do, again)) == [("social work", "has-a-task")]


def test_its_status_is_the_journeys() -> None:
    assert team(planned)["status"] == "proposed"
    assert statuses(TYPE, JOURNEY, given(opened, on_hold, closed)) == ["active", "suspended", "inactive"]
    assert team(opened, called_off)["status"] == "inactive"
    assert team(opened, removed)["status"] == "entered-in-error"
