"""Webhooks over HTTP: made, read, changed, tested, put back, replayed; and what is refused, precisely."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.response import addinfourl

import pytest
from standardwebhooks import Webhook as Standard

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.bench.receiver import TAKEN, Receiver, Reply
from journey.embedded import Cluster
from journey.feed.filter import Filter
from tests.served import TO_THIS_MACHINE, Api, database, number, served
from tests.waiting import until
from tests.webhooks.delivering import Inbox, receiver_of_the_docs

ALL = "/v1/webhooks"


@pytest.fixture(scope="module")
def api(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home: Path = tmp_path_factory.mktemp("home")
    with (
        database(cluster, template) as conninfo,
        served(
            conninfo,
            home,
            forgiving=True,
            **TO_THIS_MACHINE,
        ) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def receiver(inbox: Inbox) -> Iterator[Receiver]:
    with Receiver(inbox) as found:
        yield found


def ask(api: Api, method: str, url: str, body: Any = None, **more: Any) -> Any:
    more.setdefault("role", Role.INTEGRATOR)
    return api.ask(method, url, json=body, **more) if body is not None else api.ask(method, url, **more)


def made(api: Api, receiver: Receiver, **more: Any) -> dict[str, Any]:
    answer = ask(api, "POST", ALL, {"endpoint": receiver.url, "recipient": "Payer", **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{ALL}/{told['webhook']['id']}"
    return told


def where(told: dict[str, Any], rest: str = "") -> str:
    return f"{ALL}/{told['webhook']['id']}{rest}"


def test_what_happens_is_sent_and_told_of(api: Api, receiver: Receiver, inbox: Inbox) -> None:
    told = made(api, receiver, filter={"type": ["journey.opened"]}, payload="full", description="the payer's")
    journey = api.opened(patient={"family": "Tarnwood"})
    until(lambda: any(each["subject"] in journey for each in inbox.bodies))
    request = next(each for each in inbox.taken if journey.rpartition("/")[2].encode() in each.body)
    Standard(told["secret"]).verify(request.body.decode(), request.headers)
    until(lambda: ask(api, "GET", where(told, "/deliveries?state=delivered")).json()["deliveries"])
    [delivery] = ask(api, "GET", where(told, "/deliveries")).json()["deliveries"]
    assert delivery["number"] == 1 == int(request.headers["journey-delivery"])
    assert (delivery["state"], delivery["status"], delivery["attempts"]) == ("delivered", 204, 1)
    assert delivery["event_id"] == request.headers["webhook-id"]
    after = request.headers["journey-cursor"]
    assert ask(api, "GET", f"/v1/events?after={after}").status_code == 200
    shown = ask(api, "GET", where(told)).json()
    assert "secret" not in shown
    assert shown["deliveries"] == {"waiting": 0, "pending": 0, "dead": 0}
    ended = ask(api, "DELETE", where(told))
    assert ended.status_code == 200
    assert ask(api, "GET", where(told)).status_code == 404


def test_a_test_event_tells_what_the_endpoint_says(api: Api, receiver: Receiver, inbox: Inbox) -> None:
    told = made(api, receiver)
    assert ask(api, "POST", where(told, "/test")).json() | {"webhook_id": "", "milliseconds": 0} == {
        "webhook_id": "",
        "taken": True,
        "status": 204,
        "error": None,
        "milliseconds": 0,
    }
    Standard(told["secret"]).verify(inbox.got[-1].body.decode(), inbox.got[-1].headers)
    inbox.answers = lambda _: Reply(500)
    answer = ask(api, "POST", where(told, "/test")).json()
    inbox.answers = lambda _: TAKEN
    assert (answer["taken"], answer["status"]) == (False, 500)
    ask(api, "DELETE", where(told))


def test_it_is_changed_paused_enabled_and_given_another_secret(api: Api, receiver: Receiver) -> None:
    told = made(api, receiver)
    changed = {"endpoint": receiver.url, "recipient": "Other", "purpose": "HPAYMT", "payload": "full"}
    answer = ask(api, "PUT", where(told), changed).json()
    assert (answer["recipient"], answer["basis"], answer["payload"]) == ("Other", "payment", "full")
    assert ask(api, "POST", where(told, "/pause")).json()["reason"] == "paused"
    assert ask(api, "POST", where(told, "/enable")).json()["state"] == "active"
    rotated = ask(api, "POST", where(told, "/rotate"), {"hours": 1}).json()
    assert rotated["secret"] != told["secret"]
    assert rotated["webhook"]["two_secrets_until"]
    assert [each["id"] for each in ask(api, "GET", ALL).json()["webhooks"]] == [told["webhook"]["id"]]
    ask(api, "DELETE", where(told))


def test_it_is_put_back_to_a_position_a_time_or_a_cursor(api: Api, receiver: Receiver, inbox: Inbox) -> None:
    told = made(api, receiver)
    journey = api.opened().rpartition("/")[2]

    def arrived() -> int:
        return sum(journey == each.get("subject") for each in inbox.bodies)

    first = until(arrived)
    behind = ask(api, "GET", where(told)).json()["position"] - first
    for number_of, body in enumerate(
        ({"position": behind}, {"time": "2026-01-01T00:00:00Z"}, {"after": ""}), 1
    ):
        assert ask(api, "POST", where(told, "/rewind"), body).status_code == 200
        wanted = first + number_of * first
        until(lambda wanted=wanted: arrived() >= wanted)  # type: ignore[misc]  # bound as it is now
    ask(api, "DELETE", where(told))


def test_deliveries_are_read_page_by_page(api: Api, receiver: Receiver) -> None:
    told = made(api, receiver, after="")
    for _ in range(3):
        api.opened()
    until(lambda: ask(api, "GET", where(told)).json()["next_number"] > 3)
    ask(api, "POST", where(told, "/pause"))
    numbers, url = list[int](), where(told, "/deliveries?limit=2")
    page = ask(api, "GET", url).json()
    while True:
        numbers += [each["number"] for each in page["deliveries"]]
        if page["next"] is None:
            break
        page = ask(api, "GET", f"{url}&cursor={page['next']}").json()
    assert numbers == list(range(len(numbers), 0, -1))
    assert len(numbers) > 3
    ask(api, "DELETE", where(told))


def test_a_dead_letter_is_replayed_or_skipped_by_number(api: Api, receiver: Receiver) -> None:
    told = made(api, receiver)
    assert ask(api, "POST", where(told, "/replay"), {}).json() == {"numbers": []}
    assert ask(api, "POST", where(told, "/skip"), {"numbers": [7]}).json() == {"numbers": []}
    ask(api, "DELETE", where(told))


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"endpoint": "http://example.org/"}, "endpoint", "https://"),
        ({"endpoint": "https://10.0.0.1/"}, "endpoint", "JOURNEY_WEBHOOK_PRIVATE_ADDRESSES"),
        ({"endpoint": "https://u:p@example.org/"}, "endpoint", "user and password"),
        ({"endpoint": "nonsense"}, "endpoint", "https://example.org/hooks"),
        ({"endpoint": 7}, "endpoint", "string"),
        ({"filter": {"type": ["visit.bokked"]}}, "filter.type.0", "did you mean `visit.booked`?"),
        ({"filter": {"type": ["vist.*"]}}, "filter.type.0", "did you mean `visit.*`?"),
        ({"filter": {"room": ["visit"]}}, "filter.room.0", "did you mean `visits`?"),
        ({"filter": {"room": ["bathroom"]}}, "filter.room.0", "no such room"),
        (
            {"filter": {"pathway": ["inpatient-sepsys"]}},
            "filter.pathway.0",
            "did you mean `inpatient-sepsis`?",
        ),
        ({"filter": {"types": ["visit.booked"]}}, "filter.types", "no such field"),
        ({"filter": {"journey": ["7"]}}, "filter.journey.0", "UUID"),
        ({"payload": "fat"}, "payload", "thin"),
        ({"purpose": "for fun"}, "purpose", "pattern"),
        ({"basis": "whim"}, "basis", "treatment"),
        ({"recipient": ""}, "recipient", "at least 1"),
        ({"recipient": None}, "recipient", "string"),
        ({"secret": "whsec_mine"}, "secret", "no such field"),
    ],
)
def test_a_malformed_subscription_is_refused_by_field(
    api: Api, body: dict[str, Any], field: str, says: str
) -> None:
    answer = ask(api, "POST", ALL, {"endpoint": "https://example.org/", "recipient": "Payer", **body})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert says in error["message"]


LISTS = (None, 7, "visit.booked", {"0": "visit.booked"}, [None], [7], [["visit.booked"]])
WORDS = (*LISTS, [""], ["x" * 3000], ["x"] * 101)
WRONG: dict[str, tuple[Any, ...]] = {
    "endpoint": (None, 7, True, [], {}, "", "x" * 3000, "https://a.example/\r\nX: y"),
    "recipient": (None, 7, [], {}, "", "   ", "x" * 201, "a\nb"),
    "recipient_address": (7, [], {}, "x" * 201, "a\x00b"),
    "description": (None, 7, [], "x" * 201, "a\x1bb"),
    "payload": (None, 7, [], "", "THIN"),
    "purpose": (None, 7, [], "", "treat", "T" * 30),
    "basis": (7, [], "", "TREATMENT"),
    "after": (7, [], {}, "x" * 300),
    "filter": (None, 7, [], "type=visit.booked"),
    **{f"filter.{each}": WORDS for each in Filter.model_fields},
}
"""What no field of a subscription can be."""


@pytest.mark.parametrize("field", WRONG)
def test_whatever_a_field_cannot_be_is_refused_by_its_name(api: Api, field: str) -> None:
    *outer, name = field.split(".")
    for wrong in WRONG[field]:
        said = {"filter": {name: wrong}} if outer else {name: wrong}
        answer = ask(api, "POST", ALL, {"endpoint": "https://example.org/", "recipient": "Payer", **said})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), wrong
        for error in answer.json()["errors"]:
            assert error["where"] == "body"
            assert error["field"].startswith(field), wrong
            assert error["message"][:1].isupper(), error
            assert "xxx" not in error["message"]


@pytest.mark.parametrize(
    ("route", "body", "code"),
    [
        ("/rewind", {}, "invalid"),
        ("/rewind", {"position": 1, "time": "2026-01-01T00:00:00Z"}, "invalid"),
        ("/rewind", {"position": -1}, "invalid"),
        ("/rewind", {"position": 1 << 61}, "invalid"),
        ("/rewind", {"time": "yesterday"}, "invalid"),
        ("/rewind", {"time": "2026-01-01T00:00:00"}, "invalid"),
        ("/rewind", {"time": "9999-12-31T23:59:59-12:00"}, "invalid"),
        ("/rewind", {"after": "bm90IGEgY3Vyc29y"}, "bad-cursor"),
        ("/replay", {"numbers": [0]}, "invalid"),
        ("/skip", {}, "invalid"),
        ("/rotate", {"hours": 1e9}, "invalid"),
    ],
)
def test_what_cannot_be_done_is_refused(
    api: Api, receiver: Receiver, route: str, body: dict[str, Any], code: str
) -> None:
    told = made(api, receiver)
    answer = ask(api, "POST", where(told, route), body)
    ask(api, "DELETE", where(told))
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_foreign_cursor_is_refused(api: Api, receiver: Receiver) -> None:
    body = {"endpoint": receiver.url, "recipient": "Payer", "after": "bm90IGEgY3Vyc29y"}
    assert ask(api, "POST", ALL, body).json()["code"] == "bad-cursor"
    told = made(api, receiver)
    assert ask(api, "GET", where(told, "/deliveries?cursor=bm90IGE")).json()["code"] == "bad-cursor"
    ask(api, "DELETE", where(told))


def test_another_keys_subscription_is_not_there(api: Api, receiver: Receiver) -> None:
    told = made(api, receiver)
    other = keys.create(api.conninfo, "another", Role.INTEGRATOR, None, Grant()).token
    theirs = {"role": None, "headers": {"Authorization": f"Bearer {other}"}}
    changed = {"endpoint": receiver.url, "recipient": "Other"}
    routes = [("GET", "", None), ("PUT", "", changed), ("DELETE", "", None), ("GET", "/deliveries", None)]
    routes += [("POST", f"/{each}", {}) for each in ("replay", "rotate")]
    routes += [("POST", f"/{each}", None) for each in ("test", "enable", "pause")]
    for method, rest, body in routes:
        answer = ask(api, method, where(told, rest), body, **theirs)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-webhook"), (method, rest)
    assert ask(api, "GET", ALL, **theirs).json() == {"webhooks": []}
    ask(api, "DELETE", where(told))


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.INTEGRATOR])
def test_who_may_not_follow_may_not_subscribe(api: Api, role: Role) -> None:
    assert ask(api, "GET", ALL, role=role).status_code == 403
    assert ask(api, "GET", f"{ALL}/{number(1)}", role=role).status_code == 403


class Answered(addinfourl):
    msg = "OK"


class OverTheClient(urllib.request.HTTPHandler):
    """What the receiver of the docs asks by urllib is asked of the API of these tests."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def http_open(self, request: urllib.request.Request) -> Any:
        answer = self._api.client.get(request.selector, headers=dict(request.header_items()))
        return Answered(BytesIO(answer.content), Message(), request.full_url, answer.status_code)


def test_the_receiver_of_the_docs_resumes_where_it_is_whole(api: Api, tmp_path: Path) -> None:
    code: dict[str, Any] = receiver_of_the_docs()
    code["URL"], code["KEY"] = "http://journey.test", api.tokens[Role.INTEGRATOR]
    opener = urllib.request.build_opener(OverTheClient(api))
    journeys = {api.opened().rpartition("/")[2] for _ in range(2)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urllib.request, "urlopen", opener.open)
        inbox = code["Inbox"](tmp_path / "inbox")
        with closing(inbox.db):
            until(lambda: inbox.resume([("type", "journey.opened")]) or journeys <= kept(inbox))
            inbox.resume([("type", "journey.opened")])
            assert len(kept(inbox)) == inbox.db.execute("SELECT count(*) FROM event").fetchone()[0]


def kept(inbox: Any) -> set[str]:
    rows = inbox.db.execute("SELECT body FROM event").fetchall()
    return {json.loads(body)["subject"] for (body,) in rows}
