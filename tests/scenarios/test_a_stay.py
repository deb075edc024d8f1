"""A stay in hospital, as its coordinator tells it, with a mistake that is found later."""

import pytest

from tests.scenarios.story import Story
from tests.served import Api, number

pytestmark = pytest.mark.database

VISIT = {"visit_id": number(0xA1)}


def at(day: int, time: str) -> str:
    return f"2026-03-{day:02}T{time}:00Z"


@pytest.fixture(scope="module")
def story(api: Api) -> Story:
    patient = {"family": "Okafor", "given": ["Ngozi"], "birth_date": "1958-04-02"}
    identifiers = [{"system": "urn:ward", "value": "MRN-4711"}]
    return Story(api, api.opened(patient=patient, identifiers=identifiers, occurred_at=at(1, "09:00")))


def test_1_the_first_call(story: Story) -> None:
    story.told("start-intake", at(1, "09:05"), channel="phone", required=["allergies"])
    missing = story.refused("complete-intake", at(1, "09:10"))
    assert [each["code"] for each in missing["blockers"]] == ["intake-item"]
    story.told("capture-intake-item", at(1, "09:12"), item="allergies", value="penicillin")
    story.told("complete-intake", at(1, "09:15"))


def test_2_a_time_is_agreed(story: Story) -> None:
    booked = story.told("book-visit", at(1, "10:00"), **VISIT, appointment={"start": at(3, "08:00")})
    stands = story.stands(min_version=str(booked["version"]), as_of=at(2, "00:00"))
    assert stands["stage"] == "visit-booked"
    assert [step["step"] for step in stands["next"]] == ["record-arrival"]


def test_3_the_patient_is_given_a_bed(story: Story) -> None:
    story.told("record-arrival", at(3, "07:50"), **VISIT)
    story.told("check-in", at(3, "07:55"), **VISIT)
    story.told("admit-patient", at(3, "09:00"), **VISIT, location={"point_of_care": "Ward 3", "bed": "12"})
    told = story.told("move-patient", at(4, "11:00"), **VISIT, location={"point_of_care": "Ward 9"})
    now = story.stands(min_version=str(told["version"]))
    assert (now["stage"], now["open"]["visits"][0]["location"]) == ("in-hospital", "Ward 9")


def test_4_the_patient_goes_home(story: Story) -> None:
    plan = {"checklist": ["summary-prepared"], "expected_at": at(6, "12:00")}
    story.told("plan-discharge", at(5, "08:00"), **VISIT, **plan)
    open_still = story.refused("discharge-patient", at(6, "10:00"), **VISIT, disposition="home")
    assert [each["code"] for each in open_still["blockers"]] != []
    story.told("complete-checklist-item", at(6, "09:00"), **VISIT, item="summary-prepared")
    story.told("mark-medically-ready", at(6, "09:30"), **VISIT)
    story.told("discharge-patient", at(6, "11:30"), **VISIT, disposition="home")


def test_5_a_mistake_is_found(story: Story) -> None:
    (moved,) = (each["event_id"] for each in story.events() if each["type"] == "visit.moved")
    void = story.told("void-event", at(7, "08:00"), event_id=moved, reason="the move was another patient's")
    story.told("send-discharge-summary", at(7, "09:00"), **VISIT, recipient="Dr Bello")
    voided_by = {each["event_id"]: each["voided_by"] for each in story.events() if each["voided_by"]}
    assert voided_by == {moved: void["events"][0]["event_id"]}


def test_6_what_was_true_and_what_was_known(story: Story) -> None:
    """Where was the patient on the 4th and on the 6th at noon, before and after the mistake was found?"""
    recorded = {each["type"]: each["recorded_at"] for each in story.events()}
    before, after = recorded["discharge.departed"], recorded["discharge.summary_sent"]

    def place(as_of: str, as_known_at: str) -> tuple[str, str | None]:
        found = story.stands(as_of=as_of, as_known_at=as_known_at)
        assert (found["as_of"], found["as_known_at"]) == (as_of, as_known_at)
        visits = found["open"]["visits"]
        return found["stage"], visits[0]["location"] if visits else None

    assert place(at(4, "12:00"), before) == ("in-hospital", "Ward 9")
    assert place(at(4, "12:00"), after) == ("in-hospital", "Ward 3 · 12")
    assert place(at(6, "12:00"), before) == ("after-discharge", None)
    assert place(at(6, "12:00"), after) == ("after-discharge", None)
    overdue = story.stands(as_of=at(8, "12:00"), as_known_at=before)["overdue"]
    assert [step["step"] for step in overdue] == ["send-discharge-summary"]
    assert story.stands(as_of=at(8, "12:00"), as_known_at=after)["overdue"] == []


def test_7_the_journey_is_over(story: Story) -> None:
    story.told("close-discharge", at(8, "09:00"), **VISIT)
    done = story.told("close-journey", at(8, "10:00"))
    end = story.stands(min_version=str(done["version"]))
    assert (end["status"], end["next"], end["overdue"]) == ("finished", [], [])
    assert [each["milestone"] for each in end["reached"]] == [
        "journey-opened",
        "intake-completed",
        "visit-started",
        "admitted",
        "discharge-planned",
        "medically-ready",
        "visit-ended",
        "departed",
        "discharge-summary-sent",
        "discharge-closed",
    ]
    late = story.refused("book-visit", at(9, "09:00"), visit_id=number(0xA2), appointment={})
    assert late["code"] == "journey-is-over"
    events = story.events()
    assert [each["version"] for each in events] == list(range(1, done["version"] + 1))
    assert {each["actor"]["id"] for each in events} == {"some coordinator"}
