"""CarePlan: what was written as the plan, the milestones of the pathway, and what comes next."""

from datetime import date
from uuid import UUID

from journey.domain.careplan import (
    Activity,
    ActivityStatus,
    CarePlanUpdated,
    Goal,
    GoalStatus,
    GoalStatusChanged,
    NoteAdded,
)
from journey.domain.correction import VoidEvent
from journey.domain.enrolment import MilestoneWaived, PathwayAssigned
from journey.domain.rtt import RttCode
from journey.domain.treatment import RttStatusRecorded
from tests.domain.told import booked, called_off, closed, on_hold, opened, planned, removed
from tests.fhir.telling import erased, every_version, one
from tests.fhir.validating import Json
from tests.spec import JOURNEY, PATIENT, Told, at, given

TYPE = "CarePlan"
WALK, NOTE = UUID(int=60), UUID(int=61)
written = CarePlanUpdated(
    title="Back on her feet",
    goals=(Goal(goal_id=WALK, what="Walks <100 m> alone", target_date=date(2026, 4, 1)),),
    activities=(Activity(what="Physiotherapy", owner="physio", status=ActivityStatus.IN_PROGRESS),),
    review_due=at(9, day=7),
)
noted = NoteAdded(note_id=NOTE, text="Lives alone", author_role="nurse")
followed = PathwayAssigned(pathway="nhs-rtt-18-week", version="1.0.0")
begun = RttStatusRecorded(code=RttCode.FIRST_ACTIVITY)


def plan(*told: Told) -> Json:
    return one(TYPE, given(*told))


def activities(body: Json) -> dict[str, str]:
    """The status of each, by its words or its code."""
    details = [each["detail"] for each in body.get("activity", ())]
    return {each.get("description") or each["code"]["coding"][0]["code"]: each["status"] for each in details}


def detail(body: Json, code: str) -> Json:
    return next(
        each
        for each in body["activity"]
        if each["detail"].get("code", {}).get("coding", [{}])[0].get("code") == code
    )


def test_what_was_written_stands_in_it() -> None:
    body = plan(opened, written, noted)
    assert (body["id"], body["title"]) == (str(JOURNEY), "Back on her feet")
    assert body["subject"]["reference"] == f"Patient/{PATIENT}"
    assert body["careTeam"][0]["reference"] == f"CareTeam/{JOURNEY}"
    (goal,) = body["contained"]
    assert (goal["id"], goal["lifecycleStatus"]) == (str(WALK), "active")
    assert goal["description"]["text"] == "Walks <100 m> alone"
    assert goal["target"] == [{"dueDate": "2026-04-01"}]
    assert body["goal"] == [{"reference": f"#{WALK}"}]
    assert body["activity"][0]["detail"]["performer"] == [{"display": "physio"}]
    assert activities(body) == {"Physiotherapy": "in-progress", "review-care-plan": "not-started"}
    assert body["note"][0]["authorString"] == "nurse"
    assert "Walks &lt;100 m&gt; alone" in body["text"]["div"]


def test_a_goal_goes_on_by_itself() -> None:
    told = given(opened, written, GoalStatusChanged(goal_id=WALK, status=GoalStatus.COMPLETED))
    versions = [each.body for each in every_version(TYPE, JOURNEY, told)]
    assert [
        body and [each["lifecycleStatus"] for each in body.get("contained", ())] for body in versions
    ] == [
        [],
        ["active"],
        ["completed"],
    ]


def test_the_milestones_of_the_pathway_are_reached_due_and_waived() -> None:
    waived = MilestoneWaived(milestone="triaged", reason="seen before")
    body = plan(opened, followed, (begun, at(9)), waived, (booked, at(10)))
    assert body["instantiatesCanonical"][0].endswith("/nhs-rtt-18-week|1.0.0")
    assert body["title"] == "NHS consultant-led treatment within 18 weeks of referral"
    there = activities(body)
    assert (there["triaged"], there["first-booked"], there["first-seen"]) == (
        "cancelled",
        "completed",
        "not-started",
    )
    assert detail(body, "first-booked")["progress"][0]["time"] == "2026-03-02T10:00:00.000000Z"
    seen = detail(body, "first-seen")["detail"]
    assert seen["scheduledPeriod"]["end"][:10] == "2026-04-27"
    assert seen["performer"] == [{"display": "outpatient-clinic"}]
    assert detail(body, "triaged")["detail"]["statusReason"]["text"] == "seen before"
    assert detail(body, "decided")["detail"]["statusReason"]["text"] == "Waits for first-seen"


def test_without_a_pathway_it_says_what_comes_next() -> None:
    body = plan(opened, booked)
    assert body["title"] == "What comes next"
    assert activities(body) == {"record-arrival": "not-started"}
    assert "activity" not in plan(opened)


def test_once_it_is_over_nothing_comes_next() -> None:
    body = plan(opened, followed, begun, booked, closed)
    assert set(activities(body).values()) <= {"completed", "cancelled"}


def test_every_event_makes_a_version_of_it() -> None:
    told = given(opened, followed, begun, booked)
    void = told.when(VoidEvent(event_id=told.id_of(booked), reason="another patient's")).done()
    found = every_version(TYPE, JOURNEY, void)
    assert [each.number for each in found] == [1, 2, 3, 4, 5]
    reached = [each.body and activities(each.body).get("first-booked") for each in found]
    assert reached == [None, None, "not-started", "completed", "not-started"]


def test_its_status_is_the_journeys() -> None:
    assert plan(planned)["status"] == "draft"
    assert plan(opened, on_hold)["status"] == "on-hold"
    assert plan(opened, closed)["status"] == "completed"
    assert plan(opened, called_off)["status"] == "revoked"
    assert plan(opened, removed)["status"] == "entered-in-error"


def test_a_pathway_that_is_not_installed_is_only_named() -> None:
    body = plan(opened, PathwayAssigned(pathway="unheard-of", version="9.0.0"))
    assert body["instantiatesCanonical"][0].endswith("/unheard-of|9.0.0")
    assert "activity" not in body


def test_erasure_leaves_the_plan_without_its_words() -> None:
    body = one(TYPE, erased(given(opened, written, noted)))
    assert body["title"] == "[erased]"
    assert body["contained"][0]["description"]["text"] == "[erased]"
    assert "alone" not in str(body)
