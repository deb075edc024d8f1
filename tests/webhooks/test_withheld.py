"""What may go is asked when it goes: whose journeys the key reaches, what types and labels it may hear of."""

from collections.abc import Iterator

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.domain.consent.commands import RefuseConsent
from journey.domain.episode import AssignOwner, OpenJourney
from journey.feed.envelope import Payload
from journey.feed.filter import Filter
from journey.store.identifiers import uuid7
from tests.waiting import until
from tests.webhooks.delivering import World, world

TEAM = Grant(teams=("ward 3",))


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url, TEAM) as found:
        yield found


def opened(here: World, team: str, *labels: str) -> str:
    journey_id = uuid7()
    here.tell(journey_id, OpenJourney(patient_id=uuid7(), team=team), labels=labels)
    here.log()
    return str(journey_id)


def test_only_journeys_that_the_key_reaches_get_numbers(here: World) -> None:
    ours = opened(here, "ward 3")
    opened(here, "ward 9")
    here.subscribed()
    with here.delivering():
        until(lambda: here.inbox.taken)
        until(lambda: not here.states()["pending"])
    assert {each["subject"] for each in here.inbox.bodies} == {ours}
    assert here.inbox.numbers == list(range(1, len(here.inbox.numbers) + 1))


def test_a_label_that_the_key_is_not_cleared_for_withholds(here: World) -> None:
    opened(here, "ward 3", "PSY")
    here.subscribed(payload=Payload.FULL)
    with here.delivering():
        until(lambda: here.inbox.taken)
        until(lambda: not here.states()["pending"] and not here.states()["waiting"])
    assert {each["type"] for each in here.inbox.bodies} == {"withheld"}
    assert all("data" not in each for each in here.inbox.bodies)
    assert here.rows("SELECT count(*) FROM disclosure") == [(0,)]


def test_a_filter_of_types_does_not_tell_what_a_withheld_event_is(here: World) -> None:
    opened(here, "ward 3", "PSY")
    opened(here, "ward 3")
    here.subscribed(Filter(type=("visit.booked",)))
    with here.delivering():
        until(lambda: here.inbox.taken)
        until(lambda: not here.states()["pending"] and not here.states()["waiting"])
    assert {each["type"] for each in here.inbox.bodies} == {"withheld"}


def test_a_journey_that_is_the_keys_no_more_is_not_even_named(here: World) -> None:
    opened(here, "ward 3")
    webhook = here.subscribed()
    here.planned(webhook)
    keys.change(here.url, here.owner, Role.INTEGRATOR, None, Grant(teams=("ward 9",)))
    with here.delivering():
        until(lambda: here.inbox.taken)
        until(lambda: not here.states()["pending"] and not here.states()["waiting"])
    assert all(each.keys() == {"specversion", "id", "source", "type"} for each in here.inbox.bodies)
    assert here.rows("SELECT count(*) FROM disclosure") == [(0,)]


def test_a_type_that_the_keys_scopes_leave_out_is_not_numbered(here: World) -> None:
    opened(here, "ward 3")
    webhook = here.subscribed()
    scopes = ("system/ServiceRequest.rs",)
    keys.change(here.url, here.owner, Role.INTEGRATOR, None, TEAM._replace(scopes=scopes))
    with here.delivering():
        until(lambda: here.now(webhook).position > 0)
    assert here.now(webhook).next_number == 1
    assert not here.inbox.got


def test_what_the_patient_refused_goes_thin(here: World) -> None:
    journey = uuid7()
    here.tell(journey, OpenJourney(patient_id=uuid7(), team="ward 3"))
    here.tell(journey, AssignOwner(team="ward 3", person="nurse-7"))
    here.tell(journey, RefuseConsent(consent_id=uuid7(), reason="not now"))
    here.log()
    here.subscribed(payload=Payload.FULL)
    with here.delivering():
        until(lambda: here.states()["delivered"] > 2)
    assert all(each["dataschema"].endswith("/thin") for each in here.inbox.bodies)
