"""What can be asked for, and what is refused, by the name of the element; and who may ask."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.api.access.table import Role
from journey.bench.notified import Json, said
from journey.embedded import Cluster
from journey.subscriptions.terms import lines
from journey.subscriptions.topics import CANONICAL, EVERY
from tests.fhir.validating import assert_valid
from tests.served import database, number
from tests.subscriptions.hearing import ALL, BACKPORT, World, world
from tests.subscriptions.test_page import PAGE

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def here(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home: Path = tmp_path_factory.mktemp("home")
    with database(cluster, template) as conninfo, world(conninfo, home) as found:
        yield found


def extension(name: str, **value: Any) -> Json:
    return {"extension": [{"url": f"{BACKPORT}backport-{name}", **value}]}


def narrowed(criteria: str) -> Json:
    return {"_criteria": extension("filter-criteria", valueString=criteria)}


REFUSED: list[tuple[Json, str, str]] = [
    ({"criteria": f"{CANONICAL}nonsense"}, "criteria", "topic"),
    ({"criteria": "Observation?code=1975-2"}, "criteria", "topic"),
    ({"status": "active"}, "status", "requested"),
    ({"status": None}, "status", "requested"),
    ({"channel": {"type": "websocket"}}, "channel.type", "rest-hook"),
    ({"channel": {"type": "email"}}, "channel.type", "rest-hook"),
    ({"channel": {"payload": "application/fhir+xml"}}, "channel.payload", "application/fhir+json"),
    ({"channel": {"_payload": extension("payload-content", valueCode="some")}}, "channel.payload", "empty"),
    ({"channel": {"_payload": extension("nonsense", valueCode="some")}}, "channel.payload", "extensions"),
    ({"channel": {"endpoint": "http://example.org/"}}, "channel.endpoint", "https://"),
    ({"channel": {"endpoint": "https://10.0.0.1/"}}, "channel.endpoint", "private"),
    ({"channel": {"endpoint": "https://[::1]/"}}, "channel.endpoint", "private"),
    ({"channel": {"endpoint": 7}}, "channel.endpoint", "URL"),
    ({"channel": {"header": ["nonsense"]}}, "channel.header", "Authorization"),
    ({"channel": {"header": ["Content-Type: text/plain"]}}, "channel.header", "not said"),
    ({"channel": {"header": ["X: a\r\nHost: b"]}}, "channel.header", "ASCII"),
    ({"channel": extension("heartbeat-period", valueUnsignedInt=1)}, "channel.extension", "heartbeat"),
    ({"channel": extension("heartbeat-period", valueUnsignedInt=True)}, "channel.extension", "heartbeat"),
    ({"channel": extension("max-count", valuePositiveInt=5)}, "channel.extension", "one event"),
    ({"channel": extension("timeout", valueUnsignedInt=5)}, "channel.extension", "extensions"),
    ({"channel": {"nonsense": 1}}, "channel.nonsense", "leave it out"),
    (narrowed("EpisodeOfCare?code=1"), "criteria", "narrowed down"),
    (narrowed("Encounter?patient=1"), "criteria", "narrowed down"),
    (narrowed("EpisodeOfCare?patient=nobody"), "criteria", "ids"),
    (narrowed("EpisodeOfCare?status=asleep"), "criteria", "status is an EpisodeOfCare's"),
    ({"criteria": f"{CANONICAL}milestone-overdue"}, "criteria", "follows from the clock"),
    (
        {"criteria": f"{CANONICAL}timeline-recomputed", **narrowed("EpisodeOfCare?status=active")},
        "criteria",
        "narrowed down",
    ),
    (narrowed("EpisodeOfCare?pathway=nowhere"), "criteria", "pathway"),
    ({"end": "2020-01-01T00:00:00Z"}, "end", "instant"),
    ({"end": "tomorrow"}, "end", "instant"),
    ({"end": "9999-12-31T23:59:59-12:00"}, "end", "instant"),
    ({"reason": ""}, "reason", "line"),
    ({"contact": [{"system": "phone", "value": 7}]}, "contact", "system"),
    ({"nonsense": 1}, "nonsense", "leave it out"),
    ({"resourceType": "Encounter"}, "channel", "Subscription"),
]


@pytest.mark.parametrize(("more", "element", "says"), REFUSED)
def test_what_is_not_honoured_is_refused_by_its_name(
    here: World, more: Json, element: str, says: str
) -> None:
    channel = {"channel": more["channel"]} if "channel" in more else {}
    body = here.wanted(**channel) | {name: each for name, each in more.items() if name != "channel"}
    answer = here.ask("POST", ALL, body)
    assert answer.status_code == 422, answer.text
    [issue] = answer.json()["issue"]
    assert issue["expression"] == [f"Subscription.{element}"]
    assert says in issue["diagnostics"]
    assert here.read(ALL)["total"] == 0


def test_one_is_made_read_found_changed_and_ended(here: World) -> None:
    body = here.wanted(
        "discharge",
        "empty",
        contact=[{"system": "phone", "value": "ext 4123"}],
        end="2999-01-01T00:00:00Z",
        **narrowed(f"Encounter?team=ward 3&patient=Patient/{number(4)}"),
    )
    answer = here.ask("POST", ALL, body)
    assert answer.status_code == 201
    made = answer.json()
    assert_valid(made)
    assert answer.headers["location"].endswith(f"{ALL}/{made['id']}")
    assert made["status"] == "requested"
    kept = ("reason", "criteria", "_criteria", "contact")
    assert {name: made[name] for name in kept} == {name: body[name] for name in kept}
    assert "header" not in made["channel"]
    url = f"{ALL}/{made['id']}"
    assert here.read(url) == made
    for query, total in (("status=requested", 1), ("status=active,error", 0), (f"_id={made['id']}", 1)):
        found = here.read(f"{ALL}?{query}")
        assert_valid(found)
        assert found["total"] == total
    assert here.read(f"{ALL}?url={here.receiver.url}")["entry"][0]["resource"] == made
    changed = here.ask("PUT", url, {**made, "reason": "another", "status": "off"})
    assert (changed.json()["reason"], changed.json()["status"]) == ("another", "off")
    assert _headers(here) == ["Authorization: Bearer of the receiver"]
    other = here.ask("PUT", url, {**body, "id": number(1)})
    assert (other.status_code, other.json()["issue"][0]["expression"]) == (422, ["Subscription.id"])
    for query, total in (("", 1), (f"?id={made['id']}&status=off", 1), ("?status=active", 0)):
        found = here.read(f"{ALL}/$status{query}")
        assert_valid(found)
        assert found["total"] == total
    assert said(here.read(f"{url}/$status"))["type"] == "query-status"
    more = here.ask("GET", f"{url}/$events?content=full-resource")
    assert (more.status_code, more.json()["issue"][0]["expression"]) == (422, ["http.content"])
    assert here.ask("DELETE", url).status_code == 204
    for method, address in (
        ("GET", url),
        ("GET", f"{url}/$status"),
        ("GET", f"{url}/$events"),
        ("DELETE", url),
    ):
        assert here.ask(method, address).status_code == 404
    assert here.ask("GET", f"{ALL}/nonsense").status_code == 404


def test_the_example_of_the_page_is_taken(here: World) -> None:
    found = re.search(r"-d '(.*?)'\n```", PAGE, re.DOTALL)
    assert found
    answer = here.ask("POST", ALL, json.loads(found[1]))
    assert answer.status_code == 201, answer.text
    assert here.ask("DELETE", f"{ALL}/{answer.json()['id']}").status_code == 204


def test_headers_do_not_go_along_to_another_endpoint(here: World) -> None:
    url = here.subscribed()
    body = here.wanted(channel={"endpoint": f"{here.receiver.url}/elsewhere"})
    del body["channel"]["header"]
    assert here.ask("PUT", url, {**body, "id": url.rpartition("/")[2]}).status_code == 200
    assert _headers(here) == []
    here.ask("DELETE", url)


def test_headers_are_stored_sealed_and_webhooks_do_not_show_it(here: World) -> None:
    url = here.subscribed()
    with psycopg.connect(here.api.conninfo, autocommit=True) as connection:
        [(kept,)] = connection.execute("SELECT headers FROM fhir_subscription").fetchall()
    assert b"Bearer" not in bytes(kept)
    assert here.api.get("/v1/webhooks", role=Role.INTEGRATOR).json() == {"webhooks": []}
    own = f"/v1/webhooks/{url.rpartition('/')[2]}"
    assert here.api.get(own, role=Role.INTEGRATOR).status_code == 404
    assert here.api.post(f"{own}/enable", role=Role.INTEGRATOR).status_code == 404
    here.ask("DELETE", url)


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.INTEGRATOR])
def test_only_who_follows_the_log_may_subscribe(here: World, role: Role) -> None:
    assert here.ask("POST", ALL, here.wanted(), role=role).status_code == 403
    assert here.ask("GET", ALL, role=role).status_code == 403


def test_another_form_is_refused(here: World) -> None:
    xml = {"Content-Type": "application/fhir+xml"}
    assert here.ask("POST", ALL, here.wanted(), headers=xml).status_code == 415
    assert here.ask("GET", ALL, headers={"Accept": "application/fhir+xml"}).status_code == 406
    assert (
        here.api.ask(
            "POST", ALL, role=Role.INTEGRATOR, content=b"[", headers={"Content-Type": "application/fhir+json"}
        ).status_code
        == 400
    )


def test_the_capability_statement_names_every_topic_and_operation(here: World) -> None:
    told = here.api.get("/v1/fhir/metadata", role=None).json()
    assert_valid({**told, "id": "metadata"})  # it is known by its address
    assert told["instantiates"][0].endswith("backport-subscription-server-r4")
    [found] = [each for each in told["rest"][0]["resource"] if each["type"] == "Subscription"]
    assert [each["valueCanonical"] for each in found["extension"]] == [each.url for each in EVERY]
    assert [each["name"] for each in found["operation"]] == ["status", "events"]


def _headers(here: World) -> list[str]:
    """What the newest sends along."""
    with psycopg.connect(here.api.conninfo, autocommit=True) as connection:
        [(found,)] = connection.execute(
            "SELECT headers FROM fhir_subscription ORDER BY id DESC LIMIT 1"
        ).fetchall()
        return list(lines(found))
