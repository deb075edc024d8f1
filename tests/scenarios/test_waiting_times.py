"""How long a patient in England waits, by the codes and the appointments that are told."""

import pytest

from tests.scenarios.story import Document, Story, clock, names
from tests.served import Api, number

pytestmark = pytest.mark.database

REFERRAL = {"referral_id": number(0x81)}
VISIT = {"visit_id": number(0x82)}


def referred(api: Api, pathway: str) -> Story:
    """Received on Monday 6 January 2025."""
    story = Story(api, api.opened(occurred_at="2025-01-06T09:00:00Z"))
    story.told("assign-pathway", "2025-01-06T09:00:00Z", pathway=pathway)
    story.told("send-referral", "2025-01-06T09:30:00Z", **REFERRAL)
    story.told("confirm-referral-receipt", "2025-01-06T10:00:00Z", **REFERRAL)
    return story


def dates(runs: list[Document]) -> list[tuple[str, str, str | None]]:
    """What became of each run of a clock, from when to when."""
    return [
        (run["state"], run["started_at"][:10], run["stopped_at"] and run["stopped_at"][:10]) for run in runs
    ]


# --- Eighteen weeks


def test_active_monitoring_ends_a_wait_and_a_decision_after_it_begins_another(api: Api) -> None:
    """First activity, another, active monitoring: the first clock stops. The activity after monitoring starts
    a clock of its own, which the first treatment stops. A clock never pauses between.
    """
    story = Story(api, api.opened(occurred_at="2025-01-06T09:00:00Z"))
    story.told("assign-pathway", "2025-01-06T09:00:00Z", pathway="nhs-rtt-18-week")
    told = [
        ("10", "2025-01-07"),
        ("20", "2025-02-07"),
        ("32", "2025-03-07"),
        ("11", "2025-06-09"),
        ("20", "2025-07-07"),
        ("30", "2025-11-03"),
    ]
    for code, day in told:
        story.told("record-rtt-status", f"{day}T10:00:00Z", code=code)

    assert dates(clock(story.stands(as_of="2025-02-10T09:00:00Z"), "rtt")) == [
        ("running", "2025-01-07", None)
    ]
    monitored = story.stands(as_of="2025-05-10T09:00:00Z")
    assert dates(clock(monitored, "rtt")) == [("stopped", "2025-01-07", "2025-03-07")]
    assert "clock-stopped" not in names(monitored["overdue"])
    runs = clock(story.stands(as_of="2025-11-10T09:00:00Z"), "rtt")
    assert dates(runs) == [
        ("stopped", "2025-01-07", "2025-03-07"),
        ("stopped", "2025-06-09", "2025-11-03"),
    ]
    assert [(run["target"], run["due"], run["breached"]) for run in runs] == [
        ("18w", "2025-05-13T22:59:59Z", False),
        ("18w", "2025-10-13T22:59:59Z", True),
    ]


@pytest.mark.parametrize(
    ("said", "state"),
    [({}, "running"), ({"communicated": False}, "running"), ({"communicated": True}, "nullified")],
    ids=["nothing is said of it", "nobody had told the patient", "the patient demonstrably knew"],
)
def test_a_missed_first_appointment_ends_a_wait_only_where_the_patient_knew_of_it(
    api: Api, said: Document, state: str
) -> None:
    """The clock is undone only if the appointment had clearly been communicated, and begins anew on the day
    on which another one is agreed. Otherwise it goes on, and so does what is owed.
    """
    story = referred(api, "nhs-rtt-18-week")
    first = {"start": "2025-02-10T09:00:00Z", "first_activity": True}
    story.told("book-visit", "2025-01-10T09:00:00Z", **VISIT, appointment=first)
    story.told("record-rtt-status", "2025-02-10T10:00:00Z", code="33", **said)
    stands = story.stands(as_of="2025-02-10T12:00:00Z")
    assert [run["state"] for run in clock(stands, "rtt")] == [state]
    assert "first-booked" in names(stands["next"])

    other = {"visit_id": number(0x83)}
    appointment = {"start": "2025-03-03T09:00:00Z", "first_activity": True}
    story.told("book-visit", "2025-02-12T09:00:00Z", **other, appointment=appointment)
    stands = story.stands(as_of="2025-02-12T12:00:00Z")
    *_, run = clock(stands, "rtt")
    begun = "2025-02-12T09:00:00Z" if state == "nullified" else "2025-01-06T10:00:00Z"
    assert (run["state"], run["started_at"]) == ("running", begun)
    assert "first-seen" in names(stands["next"])


def test_who_moves_an_appointment_or_has_it_moved_waits_on(api: Api) -> None:
    """A cancellation, whoever's it is, stops no clock: there are no pauses."""
    story = referred(api, "nhs-rtt-18-week")
    first = {"start": "2025-02-10T09:00:00Z", "first_activity": True, "communicated": True}
    story.told("book-visit", "2025-01-10T09:00:00Z", **VISIT, appointment=first)
    later = {"start": "2025-02-24T09:00:00Z", "initiator": "patient"}
    story.told("reschedule-visit", "2025-01-20T09:00:00Z", **VISIT, **later)
    story.told("cancel-visit", "2025-02-20T09:00:00Z", **VISIT, initiator="provider")
    stands = story.stands(as_of="2025-02-25T09:00:00Z")
    assert dates(clock(stands, "rtt")) == [("running", "2025-01-06", None)]
    assert "first-booked" in names(stands["overdue"])


# --- Cancer


@pytest.mark.parametrize("told_by", ["with the booking", "by phone afterwards"])
def test_a_missed_first_appointment_sets_the_cancer_waits_anew_from_the_day_it_is_booked_again(
    api: Api, told_by: str
) -> None:
    """Who did not come to the first appointment, and had been told of it, has the 28 and the 62 days again
    from the day on which it is booked again; until then the old ones run.
    """
    story = referred(api, "nhs-62-day-cancer")
    first: Document = {"start": "2025-01-15T09:00:00Z", "first_activity": True}
    if told_by == "with the booking":
        first["communicated"] = True
    story.told("book-visit", "2025-01-07T09:00:00Z", **VISIT, appointment=first)
    if told_by != "with the booking":
        story.told("communicate-appointment", "2025-01-07T09:30:00Z", **VISIT, channel="phone")
    story.told("record-no-show", "2025-01-15T09:40:00Z", **VISIT, source="human")
    missed = story.stands(as_of="2025-01-15T12:00:00Z")
    assert dates(clock(missed, "usc62")) == [("running", "2025-01-06", None)]

    again = {"start": "2025-01-29T09:00:00Z", "communicated": True}
    story.told("reschedule-visit", "2025-01-17T09:00:00Z", **VISIT, **again)
    stands = story.stands(as_of="2025-01-17T12:00:00Z")
    for name, due in (("fds28", "2025-02-14T23:59:59Z"), ("usc62", "2025-03-20T23:59:59Z")):
        before, now = clock(stands, name)
        assert (before["state"], before["breached"]) == ("restarted", None)
        assert (now["state"], now["started_at"], now["due"]) == ("running", "2025-01-17T09:00:00Z", due)
    dues = {each["step"]: each["due"] for each in (*stands["next"], *stands["later"])}
    assert (dues["told"], dues["fdt"]) == ("2025-02-14T23:59:59Z", "2025-03-20T23:59:59Z")


@pytest.mark.parametrize(
    "appointment",
    [{"first_activity": True}, {"first_activity": False, "communicated": True}],
    ids=["not told of it", "not the first"],
)
def test_any_other_missed_appointment_leaves_the_cancer_waits_as_they_are(
    api: Api, appointment: Document
) -> None:
    """Nobody waits longer for an appointment that they did not know of, or for a later one."""
    story = referred(api, "nhs-62-day-cancer")
    booked = {"start": "2025-01-15T09:00:00Z", **appointment}
    story.told("book-visit", "2025-01-07T09:00:00Z", **VISIT, appointment=booked)
    story.told("record-no-show", "2025-01-15T09:40:00Z", **VISIT, source="human")
    again = {"start": "2025-01-29T09:00:00Z", "communicated": True}
    story.told("reschedule-visit", "2025-01-17T09:00:00Z", **VISIT, **again)
    stands = story.stands(as_of="2025-01-17T12:00:00Z")
    assert dates(clock(stands, "usc62")) == [("running", "2025-01-06", None)]
    assert dates(clock(stands, "fds28")) == [("running", "2025-01-06", None)]
