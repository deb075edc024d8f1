"""Two records of one person, who turn out to be two persons."""

from collections.abc import Sequence

import pytest

from tests.scenarios.story import Document, Story, codes
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

VISIT = {"visit_id": number(0x91)}
MERGED, UNDONE = "2025-03-20T09:00:00Z", "2025-03-24T09:00:00Z"


def opened(api: Api, family: str, at: str, patient_id: str) -> Story:
    patient = {"family": family, "given": ["Ada"], "birth_date": "1961-07-30"}
    return Story(api, api.opened(patient_id=patient_id, patient=patient, occurred_at=at))


def root(api: Api, patient_id: str) -> str:
    """The record that goes on."""
    goes_on: str = api.get(f"/v1/patients/{patient_id}").json().get("patient_id", patient_id)
    return goes_on


def of_both(api: Api, word: str, survivor: str, **body: object) -> Document:
    """What merging or unmerging came to, whether it was refused or not."""
    answer = api.post(f"/v1/patients/{survivor}/{word}", body)
    assert answer.status_code in {200, 409}, answer.text
    document: Document = answer.json()
    return document


def types(events: Sequence[Document]) -> list[str]:
    return [each["type"] for each in events]


def test_what_came_after_a_merge_is_told_whose_it_is_before_it_is_undone(api: Api) -> None:
    """A merge moves nothing. What is recorded after it may be about either person, so an unmerge asks of each
    such event whose it is: it stays, or it is told on the other's journey and struck out here. Nothing is
    guessed, and nothing is lost.
    """
    ada, vance = number(0x9A), number(0x9B)
    survivor = opened(api, "Vance", "2025-03-03T09:00:00Z", vance)
    retired = opened(api, "Vanse", "2025-03-04T09:00:00Z", ada)
    before = retired.facts()
    merged = of_both(api, "merge", vance, retired=ada, occurred_at=MERGED, evidence="same passport")
    assert len(merged["journeys"]) == 2
    assert until(lambda: root(api, ada) == vance)
    assert retired.facts()[: len(before)] == before
    assert retired.stands(as_of="2025-03-21T09:00:00Z")["patient"]["links"] == [[vance, "replaced-by"]]

    phone = {"demographics": {"phone": "+1 555 0100"}}
    survivor.told("change-demographics", "2025-03-21T09:00:00Z", **phone)
    appointment = {"start": "2025-04-01T09:00:00Z"}
    survivor.told("book-visit", "2025-03-22T09:00:00Z", **VISIT, appointment=appointment)
    note = {"note_id": number(0x92), "text": "prefers to be called in the evening"}
    survivor.told("add-note", "2025-03-23T09:00:00Z", **note)
    since = survivor.events()[-3:]

    asked = of_both(api, "unmerge", vance, retired=ada, reason="two sisters", occurred_at=UNDONE)
    assert asked["code"] == "recorded-since-the-merge"
    assert codes(asked) == ["recorded-since-the-merge"] * 3
    assert {each["subject_id"] for each in asked["blockers"]} == {each["event_id"] for each in since}

    _, visit, _ = since
    whose = {"to_patient_id": ada, "to_journey_id": retired.journey.rpartition("/")[2]}
    survivor.told(
        "reattribute-event",
        "2025-03-24T08:00:00Z",
        event_id=visit["event_id"],
        reason="it is her sister's",
        **whose,
    )
    keep = [each["event_id"] for each in since if each is not visit]
    still = of_both(
        api, "unmerge", vance, retired=ada, reason="two sisters", keep=keep[:1], occurred_at=UNDONE
    )
    assert [each["subject_id"] for each in still["blockers"]] == keep[1:]
    done = of_both(api, "unmerge", vance, retired=ada, reason="two sisters", keep=keep, occurred_at=UNDONE)
    assert types([event for each in done["journeys"] for event in each["events"]]) == [
        "identity.unmerged",
        "identity.unmerged",
    ]

    assert until(lambda: root(api, ada) == ada)
    hers, other = (story.stands(as_of="2025-03-25T09:00:00Z") for story in (retired, survivor))
    assert [each["visit_id"] for each in hers["open"]["visits"]] == [VISIT["visit_id"]]
    assert (other["open"]["visits"], other["patient"]["demographics"]["phone"]) == ([], "+1 555 0100")
    assert (hers["patient"]["links"], other["patient"]["links"]) == ([], [])
    assert hers["patient"]["demographics"]["phone"] is None
    (booked,) = retired.recorded("visit.booked")
    assert (booked["occurred_at"], booked["data"]) == (visit["occurred_at"], visit["data"])
