"""A patient leaves hospital: on a Friday, against advice, and back again."""

import pytest

from tests.scenarios.story import Document, Story, clock, codes, names
from tests.served import Api, number

pytestmark = pytest.mark.database

STAY = {"visit_id": number(0x61)}
BACK = {"visit_id": number(0x62)}
CALL = {"contact_id": number(0x63)}
READMITTED = "readmitted-within-30-days"


@pytest.fixture
def story(api: Api) -> Story:
    """In hospital since Monday 12 May 2025."""
    story = Story(api, api.opened(occurred_at="2025-05-12T14:00:00Z"))
    story.told("admit-patient", "2025-05-12T15:00:00Z", **STAY)
    return story


def contact(stands: Document) -> Document:
    (step,) = (each for each in stands["next"] if each["step"] == "contact-2bd")
    found: Document = step
    return found


# --- Two business days


@pytest.mark.parametrize(
    ("departed", "due"),
    [
        ("2025-05-16T19:00:00Z", "2025-05-21T03:59:59Z"),
        ("2025-05-23T19:00:00Z", "2025-05-29T03:59:59Z"),
        ("2025-05-24T02:00:00Z", "2025-05-29T03:59:59Z"),
        ("2025-05-25T19:00:00Z", "2025-05-29T03:59:59Z"),
    ],
    ids=["a Friday", "the Friday before Memorial Day", "late that evening", "the Sunday before it"],
)
def test_two_business_days_pass_over_a_weekend_and_a_federal_holiday(
    story: Story, departed: str, due: str
) -> None:
    """The patient is spoken with within two business days of going home, the day of the discharge being none
    of them. From the Friday before a Monday that is a federal holiday that is Wednesday, to its end where the
    patient lives.
    """
    story.told("assign-pathway", "2025-05-12T16:00:00Z", pathway="us-discharge-tcm")
    story.told("discharge-patient", departed, **STAY, disposition="home")
    step = contact(story.stands(as_of=departed))
    assert (step["due"], step["owner"]) == (due, "care-coordinator")
    assert step["escalate"] == [{"at": due, "to": "care-coordination-lead"}]


def test_a_call_on_the_wednesday_is_in_time_and_one_on_the_thursday_is_not(story: Story) -> None:
    """What is overdue is a matter of the moment at which it is asked, and is over once it is done."""
    story.told("assign-pathway", "2025-05-12T16:00:00Z", pathway="us-discharge-tcm")
    story.told("discharge-patient", "2025-05-23T19:00:00Z", **STAY, disposition="home")
    wednesday, thursday = "2025-05-29T03:00:00Z", "2025-05-29T05:00:00Z"
    assert "contact-2bd" not in names(story.stands(as_of=wednesday)["overdue"])
    assert "contact-2bd" in names(story.stands(as_of=thursday)["overdue"])

    outcome = {"outcome": "no-answer", "channel": "phone"}
    story.told("record-post-discharge-attempt", "2025-05-27T15:00:00Z", **STAY, **CALL, **outcome)
    assert "contact-2bd" in names(story.stands(as_of=thursday)["overdue"])
    made = {"contact_id": number(0x64), "channel": "phone"}
    story.told("record-post-discharge-contact", "2025-05-28T20:00:00Z", **STAY, **made)
    later = story.stands(as_of=thursday)
    assert "contact-2bd" not in names([*later["overdue"], *later["next"]])
    assert later["stage"] == "contacted"


def test_a_discharge_that_is_cancelled_takes_what_was_due_after_it_along(story: Story) -> None:
    """Who has not left after all is owed no call at home; the weeks at home begin with the next departure."""
    story.told("assign-pathway", "2025-05-12T16:00:00Z", pathway="us-discharge-tcm")
    story.told("discharge-patient", "2025-05-16T19:00:00Z", **STAY, disposition="home")
    story.told("cancel-discharge", "2025-05-16T21:00:00Z", **STAY)
    stands = story.stands(as_of="2025-05-22T12:00:00Z")
    assert (stands["stage"], stands["overdue"], stands["pathway"]["started_at"]) == ("in-hospital", [], None)

    story.told("discharge-patient", "2025-05-23T19:00:00Z", **STAY, disposition="home")
    assert contact(story.stands(as_of="2025-05-24T12:00:00Z"))["due"] == "2025-05-29T03:59:59Z"


# --- Against advice


@pytest.mark.parametrize("disposition", ["aadvice", {"system": "nubc", "code": "07"}])
def test_who_leaves_against_advice_is_not_kept_by_a_checklist(
    story: Story, disposition: str | Document
) -> None:
    """Nobody goes home while the checklist is open. Who leaves against advice goes all the same, and what was
    not done for them is recorded with the departure.
    """
    checklist = ["medications-reconciled", "follow-up-booked", "transport-arranged"]
    story.told("plan-discharge", "2025-05-13T09:00:00Z", **STAY, checklist=checklist)
    story.told("complete-checklist-item", "2025-05-13T10:00:00Z", **STAY, item="transport-arranged")
    home = story.refused("discharge-patient", "2025-05-13T11:00:00Z", **STAY, disposition="home")
    assert (home["code"], codes(home)) == ("discharge-blocked", ["discharge-checklist"] * 2)

    story.told("discharge-patient", "2025-05-13T11:05:00Z", **STAY, disposition=disposition)
    (event,) = story.recorded("discharge.departed")
    assert [each["what"] for each in event["data"]["left_open"]] == [
        "medications-reconciled is not done",
        "follow-up-booked is not done",
    ]
    assert "override_reason" not in event["data"]
    stands = story.stands(as_of="2025-05-13T12:00:00Z")
    assert (stands["stage"], stands["open"]["visits"]) == ("after-discharge", [])


def test_who_has_died_is_owed_no_call(story: Story) -> None:
    """A death ends what would be done for the patient at home."""
    story.told("discharge-patient", "2025-05-13T11:00:00Z", **STAY, disposition="exp")
    refused = story.refused("record-post-discharge-contact", "2025-05-14T11:00:00Z", **STAY, **CALL)
    assert refused["code"] == "nothing-owed"
    assert story.stands(as_of="2025-06-20T12:00:00Z")["overdue"] == []


# --- Back in hospital


@pytest.mark.parametrize(
    ("admitted", "counts"),
    [("2025-06-21T10:00:00Z", True), ("2025-06-22T22:00:00Z", True), ("2025-06-23T10:00:00Z", False)],
    ids=["day 29", "day 30", "day 31"],
)
def test_who_is_back_within_thirty_days_is_readmitted(story: Story, admitted: str, counts: bool) -> None:
    """The day of the discharge is day 0. Back on day 29 or 30, not as planned, is a readmission; on day 31 it
    is another stay.
    """
    story.told("discharge-patient", "2025-05-23T19:00:00Z", **STAY, disposition="home")
    story.told("admit-patient", admitted, **BACK)
    reached = story.stands(as_of="2025-06-25T00:00:00Z")["reached"]
    stays = [each["subject_id"] for each in reached if each["milestone"] == READMITTED]
    assert stays == ([BACK["visit_id"]] if counts else [])


def test_who_comes_back_as_planned_is_not_readmitted(story: Story) -> None:
    """A stay that was booked was planned."""
    story.told("discharge-patient", "2025-05-23T19:00:00Z", **STAY, disposition="home")
    booked = {"appointment": {"start": "2025-06-02T08:00:00Z", "encounter_class": "IMP"}}
    story.told("book-visit", "2025-05-26T09:00:00Z", **BACK, **booked)
    story.told("admit-patient", "2025-06-02T08:00:00Z", **BACK)
    reached = story.stands(as_of="2025-06-03T00:00:00Z")["reached"]
    assert READMITTED not in [each["milestone"] for each in reached]


@pytest.mark.parametrize("ended_by", ["another stay", "a death"])
def test_who_is_back_or_has_died_is_owed_nothing_at_home(story: Story, ended_by: str) -> None:
    """The transition ends with either: nobody is overdue to be called, seen or written about."""
    story.told("assign-pathway", "2025-05-12T16:00:00Z", pathway="us-discharge-tcm")
    story.told("discharge-patient", "2025-05-23T19:00:00Z", **STAY, disposition="home")
    story.told("send-discharge-summary", "2025-05-23T20:00:00Z", **STAY, recipient="Dr Bello")
    died = "2025-05-25T19:00:00Z"
    if ended_by == "another stay":
        story.told("admit-patient", died, **BACK)
    else:
        story.told("change-demographics", died, demographics={"deceased_at": died})
    stands = story.stands(as_of="2025-06-01T00:00:00Z")
    assert (stands["overdue"], stands["pathway"]["ended_at"]) == ([], died)


def test_the_weeks_at_home_begin_anew_with_the_next_discharge(story: Story) -> None:
    """Who goes home again after another stay is called within two business days of that, whatever had been
    done after the first.
    """
    story.told("assign-pathway", "2025-05-12T16:00:00Z", pathway="us-discharge-tcm")
    story.told("discharge-patient", "2025-05-13T19:00:00Z", **STAY, disposition="home")
    story.told("record-post-discharge-contact", "2025-05-14T19:00:00Z", **STAY, **CALL)
    story.told("admit-patient", "2025-05-19T15:00:00Z", **BACK)
    assert story.stands(as_of="2025-05-20T00:00:00Z")["stage"] == "in-hospital"
    story.told("discharge-patient", "2025-05-23T19:00:00Z", **BACK, disposition="home")
    stands = story.stands(as_of="2025-05-24T12:00:00Z")
    assert (stands["stage"], stands["pathway"]["started_at"]) == ("home", "2025-05-23T19:00:00Z")
    assert contact(stands)["due"] == "2025-05-29T03:59:59Z"


def test_a_readmission_ends_the_weeks_at_home_and_joins_the_two_journeys(api: Api, story: Story) -> None:
    """The stay that follows may be a journey of its own: it names the one that it comes back from, and the
    transition there ends with that, whatever was still to be done.
    """
    story.told("assign-pathway", "2025-05-12T16:00:00Z", pathway="us-discharge-tcm")
    story.told("discharge-patient", "2025-05-23T19:00:00Z", **STAY, disposition="home")
    follow_up = {"follow_up_id": number(0x65), "with_whom": "Dr Bello"}
    story.told("book-follow-up", "2025-05-23T19:30:00Z", **STAY, **follow_up)

    again = Story(api, api.opened(occurred_at="2025-06-21T10:00:00Z"))
    again.told("admit-patient", "2025-06-21T10:05:00Z", **BACK)
    first = story.journey.rpartition("/")[2]
    link = {"relation": "readmission-of", "other_journey_id": first, "days": 29, "planned": False}
    again.told("link-journey", "2025-06-21T11:00:00Z", **link)
    (linked,) = again.recorded("journey.linked")
    assert linked["data"] == link

    open_still = story.refused("close-transition", "2025-06-21T11:05:00Z", **STAY)
    assert codes(open_still) == ["post-discharge-contact", "follow-up"]
    story.told("close-transition", "2025-06-21T11:10:00Z", **STAY, outcome="readmitted")
    stands = story.stands(as_of="2025-06-30T00:00:00Z")
    assert stands["pathway"]["ended_at"] == "2025-06-21T11:10:00Z"
    assert [run["state"] for run in clock(stands, "tcm-period")] == ["stopped"]
    assert "visit" not in names(stands["overdue"])
