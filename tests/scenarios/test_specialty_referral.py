"""A specialty referral that needs the payer's word, from the first call to the closed loop."""

import pytest

from tests.scenarios.story import Document, Story, clock, names
from tests.served import Api, number

pytestmark = pytest.mark.database

PATHWAY = "us-specialty-referral-with-prior-auth"
MRI = {"system": "cpt", "code": "72148", "display": "MRI of the lumbar spine"}
REFERRAL = {"referral_id": number(0xE1)}
AUTHORIZATION = {"authorization_id": number(0xE2)}
COVERAGE = {"coverage_id": number(0xE3)}
VISIT = {"visit_id": number(0xE4)}
RESULT = {"result_id": number(0xE5)}


@pytest.fixture
def story(api: Api) -> Story:
    return Story(api, api.opened(occurred_at="2025-03-03T14:00:00Z"))


def referred(story: Story) -> None:
    """Who pays and for what, and the referral of Monday 3 March."""
    story.told("start-intake", "2025-03-03T14:05:00Z", channel="phone")
    story.told("complete-intake", "2025-03-03T14:30:00Z")
    story.told("assign-pathway", "2025-03-03T14:31:00Z", pathway=PATHWAY)
    payer = {"payer": "acme", "line_of_business": "MEDICARE-ADVANTAGE"}
    story.told("record-coverage", "2025-03-03T14:35:00Z", **COVERAGE, **payer)
    story.told("send-referral", "2025-03-03T15:00:00Z", **REFERRAL, order={"service": MRI})


def submitted(story: Story, at: str, urgency: str = "standard") -> None:
    request: Document = {"urgency": urgency, "items": [{"sequence": 1, "service": MRI, "quantity": 1}]}
    story.told("submit-authorization", at, **AUTHORIZATION, request=request)


def approved(story: Story, at: str) -> None:
    lines = [{"sequence": 1, "action": "A1"}]
    story.told("decide-authorization", at, **AUTHORIZATION, lines=lines, number="AUTH-1")


def stage(story: Story, at: str) -> str:
    """Where the patient is by then; nothing is overdue on a happy path."""
    stands = story.stands(as_of=at)
    assert stands["overdue"] == []
    word: str = stands["stage"]
    return word


def test_an_authorization_approved_in_five_days_leads_to_a_scan_and_a_closed_loop(story: Story) -> None:
    """Coverage and evidence come before the payer is asked, its answer before the scan is booked, a review
    before the loop is closed; and the clocks that began stop in time.
    """
    referred(story)
    stands = story.stands(as_of="2025-03-03T16:00:00Z")
    assert (stands["stage"], stands["pathway"]["id"]) == ("referred", PATHWAY)
    assert {"coverage", "evidence"} <= set(names(stands["next"]))
    waiting = {each["step"]: each["waits_for"] for each in stands["later"]}
    assert waiting["pa-submitted"] == ["coverage", "evidence"]

    day = {"service_date": "2025-03-20", "benefits": {"authorization_required": True}, "valid_days": 30}
    story.told("confirm-eligibility", "2025-03-04T14:00:00Z", **COVERAGE, **day)
    weeks = {"kind": {"system": "urn:site:assessment", "code": "conservative-therapy"}, "weeks": 8}
    story.told("record-assessment", "2025-03-04T14:10:00Z", assessment_id=number(0xE6), **weeks)
    assert "pa-submitted" in names(story.stands(as_of="2025-03-04T14:20:00Z")["next"])
    submitted(story, "2025-03-04T15:00:00Z")
    assert stage(story, "2025-03-05T15:00:00Z") == "payer"
    story.told("confirm-referral-receipt", "2025-03-04T16:00:00Z", **REFERRAL)
    story.told("accept-referral", "2025-03-05T15:00:00Z", **REFERRAL)

    approved(story, "2025-03-09T15:00:00Z")
    (run,) = clock(story.stands(as_of="2025-03-09T16:00:00Z"), "pa-decision")
    assert (run["state"], run["breached"]) == ("stopped", False)
    assert stage(story, "2025-03-09T16:00:00Z") == "decided"
    appointment = {"start": "2025-03-18T14:00:00Z", "service": MRI, "referral_id": REFERRAL["referral_id"]}
    booked = {"appointment": {**appointment, **AUTHORIZATION}}
    story.told("book-visit", "2025-03-10T15:00:00Z", **VISIT, **booked)
    story.told("notify-referral-appointment", "2025-03-10T15:05:00Z", **REFERRAL, **VISIT)
    assert stage(story, "2025-03-10T16:00:00Z") == "booked"

    story.told("record-arrival", "2025-03-18T13:50:00Z", **VISIT)
    story.told("start-visit", "2025-03-18T14:00:00Z", **VISIT)
    story.told("complete-visit", "2025-03-18T14:40:00Z", **VISIT)
    assert stage(story, "2025-03-18T15:00:00Z") == "done"
    story.told("receive-result", "2025-03-19T14:00:00Z", **RESULT, code=MRI, status="final")
    story.told("review-result", "2025-03-19T15:00:00Z", **RESULT, reviewed_by="Dr Osei")
    assert stage(story, "2025-03-19T16:00:00Z") == "reviewed"
    story.told("receive-referral-outcome", "2025-03-19T16:00:00Z", **REFERRAL)
    story.told("close-referral", "2025-03-20T14:00:00Z", **REFERRAL, reviewed_by="Dr Osei")

    end = story.stands(as_of="2025-03-20T15:00:00Z")
    assert (end["next"], end["later"], end["blocked_by"]) == ([], [], [])
    assert "loop-closed" in [each["milestone"] for each in end["reached"]]
    runs = {each["clock"]: (each["state"], each["breached"]) for each in end["clocks"]}
    assert runs == dict.fromkeys(("referral-to-visit", "pa-decision"), ("stopped", False))
    story.told("close-journey", "2025-03-21T14:00:00Z")


@pytest.mark.parametrize(
    ("decided", "breached"),
    [("2025-03-10T16:59:00-04:00", False), ("2025-03-10T17:01:00-04:00", True)],
)
def test_an_expedited_answer_is_due_in_seventy_two_hours_whatever_the_clocks_on_the_wall_do(
    story: Story, decided: str, breached: bool
) -> None:
    """Seventy-two hours are counted as they pass. On the second Sunday of March the wall skips one: asked at
    four in the afternoon on Friday, the payer has until five on Monday.
    """
    referred(story)
    submitted(story, "2025-03-07T16:00:00-05:00", "expedited")
    last = "2025-03-10T20:59:00Z"
    running = story.stands(as_of=last)
    (run,) = clock(running, "pa-decision")
    assert (run["due"], run["target"], run["breached"]) == ("2025-03-10T21:00:00Z", "72h", False)
    assert "pa-decided" not in names(running["overdue"])
    late = story.stands(as_of="2025-03-10T21:01:00Z")
    assert "pa-decided" in names([*late["overdue"]])
    assert clock(late, "pa-decision")[0]["breached"] is True

    approved(story, decided)
    (run,) = clock(story.stands(as_of="2025-03-12T12:00:00Z"), "pa-decision")
    assert (run["state"], run["breached"]) == ("stopped", breached)
