"""What is sent: the handshake, events in each kind of payload, heartbeats; and what becomes of outages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.table import Role
from journey.api.commands import LABELS
from journey.bench.notified import Json, events, said
from journey.bench.receiver import TAKEN, Reply
from journey.store import sequencer
from journey.webhooks import deliveries
from journey.webhooks.history import prune
from tests.fhir.validating import assert_valid
from tests.served import number
from tests.subscriptions.hearing import ALL, QUICK, World, event, world
from tests.waiting import until
from tests.webhooks.test_rewound import DROP_TAIL

pytestmark = pytest.mark.database

OWNER = "SELECT owner FROM webhook"
BEAT = "UPDATE fhir_subscription SET heartbeat = 1"


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[World]:
    with world(database_url, tmp_path) as found:
        yield found


def status(here: World, url: str) -> Json:
    found = here.read(f"{url}/$status")
    assert_valid(found)
    assert found["type"] == "searchset"
    return said(found)


def missed(here: World, url: str, query: str = "") -> Json:
    found = here.read(f"{url}/$events{query}")
    assert_valid(found)
    assert said(found)["type"] == "query-event"
    return found


def test_a_handshake_goes_first_and_events_are_told_from_then_on(here: World) -> None:
    here.opened()
    with here.sending():
        url = here.active()
        [shaken] = here.heard
        assert_valid(shaken)
        assert said(shaken) | {"subscription": "", "topic": ""} == {
            "subscription": "",
            "topic": "",
            "status": "requested",
            "type": "handshake",
            "events-since-subscription-start": "0",
        }
        assert said(shaken)["subscription"].endswith(url)
        request = here.inbox.taken[0]
        assert request.headers["content-type"] == "application/fhir+json"
        assert request.headers["authorization"] == "Bearer of the receiver"
        journeys = [here.opened() for _ in range(3)]
        until(lambda: len(here.numbers()) == 3)
    told = here.of_type("event-notification")
    assert_valid(*told)
    assert sorted(here.numbers()) == [1, 2, 3]
    assert all(said(each)["events-since-subscription-start"] == event(each)["event-number"] for each in told)
    assert {event(each)["focus"].rpartition("/")[2] for each in told} == set(journeys)
    assert all(said(each)["status"] == "active" for each in told)


def test_nothing_of_an_event_is_sent_before_the_handshake_is_taken(here: World) -> None:
    here.inbox.answers = lambda _: Reply(500)
    url = here.subscribed()
    here.opened()
    with here.sending():
        found = here.stands(url, "error")
    assert "handshake" in found["error"]
    assert [said(json.loads(each.body))["type"] for each in here.inbox.got] == ["handshake"]
    here.inbox.answers = lambda _: TAKEN
    assert here.again(url)["status"] == "requested"
    with here.sending():
        here.stands(url, "active")
        until(lambda: here.numbers() == [1])


def test_each_kind_of_payload_tells_as_much_as_it_says(here: World) -> None:
    with here.sending():
        for content in ("empty", "id-only", "full-resource"):
            here.active(content=content)
        journey = here.opened(patient={"family": "Tarnwood"})
        until(lambda: len(here.of_type("event-notification")) == 3)
    told = here.of_type("event-notification")
    assert_valid(*told)
    empty, id_only, full = sorted(told, key=lambda each: len(json.dumps(each)))
    assert journey not in json.dumps(empty)
    assert len(empty["entry"]) == 1
    assert set(event(empty)) == {"event-number", "timestamp"}
    assert event(id_only)["focus"] == id_only["entry"][1]["fullUrl"]
    assert id_only["entry"][1]["request"] == {"method": "PUT", "url": f"EpisodeOfCare/{journey}"}
    assert "resource" not in id_only["entry"][1]
    assert full["entry"][1]["resource"]["id"] == journey
    assert full["entry"][1]["fullUrl"] == event(full)["focus"]
    assert_valid(full["entry"][1]["resource"])


def test_a_filter_narrows_a_topic_down(here: World) -> None:
    url = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria"
    criteria = {"extension": [{"url": url, "valueString": f"EpisodeOfCare?patient=Patient/{number(5)}"}]}
    with here.sending():
        found = here.active(_criteria=criteria)
        assert here.read(found)["_criteria"] == criteria
        here.opened()
        wanted = here.opened(patient_id=number(5))
        until(lambda: here.numbers() == [1])
    assert event(here.of_type("event-notification")[0])["focus"].endswith(wanted)


def test_a_status_narrows_down_where_journeys_come_to(here: World) -> None:
    url = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria"
    criteria = {"extension": [{"url": url, "valueString": "EpisodeOfCare?status=waitlist,onhold"}]}
    with here.sending():
        here.active(_criteria=criteria)
        rests = here.opened()
        waits = here.opened(status="waitlist")
        here.told(rests, "put-on-hold", reason="away")
        until(lambda: sorted(here.numbers()) == [1, 2])
    told = sorted(here.of_type("event-notification"), key=lambda each: int(event(each)["event-number"]))
    assert [event(each)["focus"].rpartition("/")[2] for each in told] == [waits, rests]


def test_heartbeats_come_while_nothing_happens_and_count_nothing(here: World) -> None:
    url = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-heartbeat-period"
    beats = {"extension": [{"url": url, "valueUnsignedInt": 60}]}
    found = here.subscribed(channel=beats)
    with psycopg.connect(here.api.conninfo, autocommit=True) as connection:
        connection.execute(BEAT)  # sooner than may be asked for
    with here.sending():
        here.stands(found, "active")
        here.opened()
        until(lambda: len(here.of_type("heartbeat")) >= 2)
    for each in here.of_type("heartbeat"):
        assert_valid(each)
        assert (said(each)["status"], said(each)["events-since-subscription-start"]) == ("active", "1")
        assert events(each) == []
    assert here.numbers() == [1]
    assert here.read(found)["channel"]["extension"][0]["valueUnsignedInt"] == 1


def test_after_an_outage_exactly_what_was_missed_is_had_by_asking(here: World) -> None:
    with here.sending():
        url = here.active()
        here.opened()
        until(lambda: here.numbers() == [1])
        here.inbox.answers = lambda _: Reply(500)
        lost = [here.opened()]
        here.stands(url, "error")
        attempts = len(here.inbox.got)
        lost += [here.opened() for _ in range(4)]
        assert status(here, url)["events-since-subscription-start"] == "6"
        assert "not take" in status(here, url)["error"]["text"]
        here.inbox.answers = lambda _: TAKEN
        here.opened()
        assert len(here.inbox.got) == attempts
        assert here.read(url)["status"] == "error"
        here.again(url)
        here.stands(url, "active")
        shaken = here.of_type("handshake")[-1]
        assert said(shaken)["events-since-subscription-start"] == "7"
        here.opened()
        until(lambda: here.numbers() == [1, 8])
    found = missed(here, url, "?eventsSinceNumber=2&eventsUntilNumber=6")
    assert [each["event-number"] for each in events(found)] == ["2", "3", "4", "5", "6"]
    assert [each["focus"].rpartition("/")[2] for each in events(found)] == lost
    assert [each["event-number"] for each in events(missed(here, url))] == [str(each) for each in range(1, 9)]
    assert events(missed(here, url, "?eventsSinceNumber=9")) == []
    with psycopg.connect(here.api.conninfo, autocommit=True) as connection:
        connection.execute(
            "UPDATE webhook_delivery SET ended_at = now() - interval '2 days' WHERE number < 3"
        )
        prune(connection, days=1)
    assert [each["event-number"] for each in events(missed(here, url))] == [str(each) for each in range(3, 9)]
    assert here.ask("GET", f"{url}/$events?eventsSinceNumber=2").status_code == 410
    [one] = events(missed(here, url, "?eventsSinceNumber=3&eventsUntilNumber=3&content=empty"))
    assert "focus" not in one


def test_an_endpoint_that_is_gone_is_told_so_and_not_asked_again(here: World) -> None:
    with here.sending():
        url = here.active()
        here.inbox.answers = lambda _: Reply(410)
        here.opened()
        assert "410" in here.stands(url, "error")["error"]


def test_an_endpoint_that_stays_down_is_in_error(here: World) -> None:
    with here.sending(replace(QUICK, given_up=0.2)):
        url = here.active()
        here.inbox.answers = lambda _: Reply(500)
        for _ in range(6):
            here.opened()
        here.stands(url, "error")
    assert status(here, url)["events-since-subscription-start"] == "6"


def test_a_revoked_key_sends_nothing_more(here: World) -> None:
    with here.sending():
        here.active()
        [(owner,)] = here.rows(OWNER)
        keys.revoke(here.api.conninfo, owner)
        here.opened()
        until(lambda: here.rows("SELECT state, reason FROM webhook") == [("suspended", "owner-revoked")])
    assert here.numbers() == []


def test_another_worker_goes_on_where_one_stopped(here: World) -> None:
    with here.sending():
        here.active()
        here.opened()
        until(lambda: here.numbers() == [1])
    here.opened()
    with here.sending():
        until(lambda: sorted(here.numbers()) == [1, 2])
    assert len(here.of_type("handshake")) == 1


def test_what_consents_do_not_let_out_is_named_and_no_more(here: World) -> None:
    with here.sending():
        here.active(content="full-resource")
        journey = here.opened()
        until(lambda: len(here.numbers()) == 1)
        here.told(journey, "refuse-consent", consent_id=number(8), reason="not now")
        here.told(journey, "put-on-hold", reason="away")
        until(lambda: len(here.numbers()) == 2)
    before, after = here.of_type("event-notification")
    assert "resource" in before["entry"][1]
    assert event(after)["focus"] == after["entry"][1]["fullUrl"]
    assert "resource" not in after["entry"][1]


def test_what_is_withheld_counts_and_is_not_told(here: World) -> None:
    with here.sending():
        url = here.active(content="full-resource")
        here.opened(labels="PSY")
        until(lambda: sorted(here.numbers()) == [1, 2])  # all that is withheld counts, of whatever type
    told = here.of_type("event-notification")
    assert_valid(*told)
    assert [set(event(each)) for each in told] == [{"event-number", "timestamp"}] * 2
    assert [len(each["entry"]) for each in told] == [1, 1]
    assert not any("focus" in each for each in events(missed(here, url)))


def test_a_resource_that_something_is_kept_back_of_says_so(here: World) -> None:
    with here.sending():
        here.active(content="full-resource")
        journey = here.opened()
        booked = {"visit_id": number(7), "appointment": {"start": "2030-01-01T09:00:00Z"}}
        answer = here.api.post(f"/v1/journeys/{journey}/book-visit", booked, headers={LABELS: "PSY"})
        assert answer.status_code == 200, answer.text
        here.told(journey, "put-on-hold", reason="away")
        until(lambda: len(here.numbers()) == 3)
    bodies = [
        each["entry"][1]["resource"] for each in here.of_type("event-notification") if each["entry"][1:]
    ]
    assert_valid(*bodies)
    codes = [[code["code"] for code in each["meta"].get("security", [])] for each in bodies]
    assert codes[-1] == ["REDACTED"]


def test_what_leaves_is_accounted_for_and_what_names_nobody_is_not(here: World) -> None:
    with here.sending():
        here.active(content="empty")
        url = here.active(content="id-only")
        journey = here.opened()
        until(lambda: len(here.numbers()) == 2)
    missed(here, url)
    told = here.rows("SELECT channel, recipient, reference, journeys FROM disclosure")
    once = ("webhook", "some integrator", url.rpartition("/")[2], [UUID(journey)])
    assert told == [once, once]


def test_scopes_hold_the_focus_or_it_is_neither_subscribed_to_nor_told(here: World) -> None:
    url = here.subscribed("appointment")
    narrow = keys.Grant(scopes=("system/Encounter.rs",))
    with here.sending():
        here.stands(url, "active")
        [(owner,)] = here.rows(OWNER)
        keys.change(here.api.conninfo, owner, Role.INTEGRATOR, None, narrow)
        journey = here.opened()
        here.told(journey, "book-visit", visit_id=number(7), appointment={"start": "2030-01-01T09:00:00Z"})
        until(lambda: here.numbers() == [1])
    assert set(event(here.of_type("event-notification")[0])) == {"event-number", "timestamp"}
    token = keys.create(here.api.conninfo, "narrow", Role.INTEGRATOR, None, narrow).token
    answer = here.ask("POST", ALL, here.wanted("appointment"), headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (403, "forbidden")


def test_an_attempt_that_its_worker_left_unfinished_is_made_again_under_its_number(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "GRACE", 0.1)
    with here.sending(replace(QUICK, timeout=30)):
        here.active()
        here.inbox.answers = lambda _: Reply(after=30)
        here.opened()
        until(lambda: len(here.inbox.got) == 2)
    here.inbox.answers = lambda _: TAKEN
    with here.sending():
        until(lambda: here.states() == {"delivered": 2})
    numbers = [event(json.loads(each.body))["event-number"] for each in here.inbox.got[1:]]
    assert numbers == ["1", "1"]


def test_a_log_that_was_put_back_is_told_of(here: World) -> None:
    with here.sending():
        url = here.active()
        here.opened()
        until(lambda: here.numbers() == [1])
    with psycopg.connect(here.api.conninfo) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(DROP_TAIL, (0,))
        connection.execute("UPDATE checkpoint SET position = 0")
        connection.execute("UPDATE store_epoch SET timeline = timeline + 100")
    sequencer.drain(here.api.conninfo)
    with here.sending():
        here.opened()
        until(lambda: sorted(here.numbers()) == [1, 2, 3])
    [told] = [each for each in here.of_type("event-notification") if "error" in said(each)]
    assert_valid(told)
    assert said(told)["error"]["coding"][0]["code"] == "store-rewound"
    assert set(event(told)) == {"event-number"}
    assert ["focus" in each for each in events(missed(here, url))] == [False, False, True]


def test_it_is_switched_off_and_ends(here: World) -> None:
    with here.sending():
        url = here.active()
        assert here.again(url, status="off")["status"] == "off"
        here.opened()
        with psycopg.connect(here.api.conninfo, autocommit=True) as connection:
            here.again(url, end="2999-01-01T00:00:00Z")
            here.stands(url, "active")
            connection.execute("UPDATE fhir_subscription SET ends = now()")
        here.opened()
        here.stands(url, "off")
    assert here.numbers() == []
    assert status(here, url)["events-since-subscription-start"] == "2"
    assert here.ask("DELETE", url).status_code == 204
    assert here.ask("GET", url).status_code == 404


def test_another_keys_subscription_is_not_there(here: World) -> None:
    url = here.subscribed()
    other = keys.create(here.api.conninfo, "another", Role.INTEGRATOR, None, keys.Grant()).token
    mine = {"Authorization": f"Bearer {other}"}
    assert here.ask("GET", url, headers=mine).status_code == 404
    assert here.ask("DELETE", url, headers=mine).status_code == 404
    assert here.ask("GET", "/v1/fhir/Subscription", headers=mine).json()["total"] == 0
