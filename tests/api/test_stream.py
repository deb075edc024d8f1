"""The stream: what is heard live is what the pages say, whenever somebody began and wherever they stopped."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.follow import channel, stream, tail
from journey.api.follow.channels import Channels
from journey.cursors import cursor
from journey.embedded import Cluster
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.store.epoch import IDENTITY
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.api.serving import Running, running
from tests.api.streaming import Served, events, on_a_socket, positions
from tests.served import database
from tests.store.asked import CONTEXT, opened, owned_by
from tests.waiting import until

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def live(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, str]]:
    with database(cluster, template) as conninfo:
        tokens = {Role.INTEGRATOR: keys.create(conninfo, "partner", Role.INTEGRATOR).token}
        with on_a_socket(
            conninfo, tmp_path_factory.mktemp("home"), tokens, max_streams=60, max_streams_per_key=50
        ) as served:
            yield served, conninfo


@pytest.fixture
def served(live: tuple[Served, str]) -> Served:
    return live[0]


@pytest.fixture
def store(live: tuple[Served, str]) -> Iterator[Store]:
    with closing(Store(live[1])) as store:
        yield store


@pytest.fixture
def now(served: Served, store: Store) -> str:
    """The cursor at the end of a log in which something stands, once all is known of it."""
    opened(store)
    until(lambda: page(served)["events"])
    last: list[str] = []

    def rests() -> bool:
        last.append(page(served, after="now")["next"])
        return len(last) > 1 and last[-1] == last[-2]

    until(rests)
    return last[-1]


def page(served: Served, **asked: Any) -> dict[str, Any]:
    key = {"Authorization": f"Bearer {served.tokens[Role.INTEGRATOR]}"}
    answer = httpx2.get(f"{served.url}/v1/events", params=asked, headers=key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bare(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "cursor"}


def test_what_is_heard_is_what_the_pages_say(served: Served, store: Store, now: str) -> None:
    with served.listening(now) as messages:
        opened(store)
        [first] = events(messages, 1)
        opened(store)
        [second] = events(messages, 1)
    told = page(served, after=now)
    assert [bare(first), bare(second)] == told["events"]
    assert second["cursor"] == told["next"]
    with served.listening(first["cursor"]) as messages:
        assert events(messages, 1) == [second]
    with served.listening(after=first["cursor"]) as messages:
        assert events(messages, 1) == [second]


def test_nothing_is_missed_or_doubled_between_catching_up_and_listening(
    served: Served, store: Store, now: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers begin at every place while the log grows, with a channel that keeps little."""
    monkeypatch.setattr(channel, "KEPT", 2000)
    monkeypatch.setattr(stream, "CATCH_UP", 3)
    monkeypatch.setattr(tail, "AT_ONCE", 2)
    many, begun = 60, int(page(served, after=now)["epoch"]["began_after"]) + 1
    writer = Thread(target=lambda: [opened(store) for _ in range(many)])
    heard: list[list[int]] = []

    def listen() -> None:
        with served.listening(now) as messages:
            heard.append(positions(events(messages, many)))

    writer.start()
    readers = [Thread(target=listen) for _ in range(8)]
    for each in readers:
        each.start()
    for each in (writer, *readers):
        each.join()
    first = positions(page(served, after=now, limit=1)["events"])[0]
    assert heard == [list(range(first, first + many))] * len(readers)
    assert begun


def test_filters_leave_out_and_a_heartbeat_moves_on(
    served: Served, store: Store, now: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    with served.listening(now, type="journey.owner_assigned", team="East") as messages:
        journey_id = opened(store)
        store.handle(journey_id, owned_by("west"), CONTEXT)
        message = next(messages)
        assert (message.event, message.data) == ("heartbeat", "{}")
        behind = until(lambda: next(messages).id)
        assert [each["type"] for each in page(served, after=now)["events"]]
        until(lambda: positions(page(served, after=next(messages).id)["events"]) == [])
        store.handle(journey_id, owned_by("east"), CONTEXT)
        [event] = events(messages, 1)
        assert (event["type"], event["data"]) == ("journey.owner_assigned", {"team": "east"})
        assert behind


def test_who_takes_nothing_is_hung_up_on_while_others_are_told(
    served: Served, store: Store, now: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STUCK", 0.3)
    host, port = served.url.removeprefix("http://").split(":")
    said = "x" * 9000
    with socket.socket() as slow, served.listening(now, payload="full") as messages:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        key = served.tokens[Role.INTEGRATOR]
        slow.sendall(
            f"GET /v1/events/stream?payload=full&after={now} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {key}\r\n\r\n".encode()
        )
        channels: Channels = until(lambda: getattr(served.app.state, "channels", None))  # type: ignore[assignment]  # not None

        def streams() -> int:
            return channels._streams.total()  # noqa: SLF001 - what the server counts

        until(lambda: streams() == 2)
        journey_id = opened(store)
        heard = events(messages, 1)
        while streams() == 2:
            for _ in range(50):
                store.handle(journey_id, owned_by(said + str(len(heard))), CONTEXT)
                heard += events(messages, 1)
        assert positions(heard) == list(range(positions(heard)[0], positions(heard)[0] + len(heard)))
        assert streams() == 1


def test_a_key_that_is_revoked_or_changed_ends_its_streams(
    served: Served, store: Store, now: str, live: tuple[Served, str]
) -> None:
    made = keys.create(live[1], "short-lived", Role.INTEGRATOR)
    changed = keys.create(live[1], "widened", Role.INTEGRATOR)
    with ExitStack() as stack:
        heard = [stack.enter_context(served.listening(now, token=each.token)) for each in (made, changed)]
        opened(store)
        for each in heard:
            events(each, 1)
        keys.revoke(live[1], made.key.id)
        keys.change(live[1], changed.key.id, Role.INTEGRATOR, None, Grant(labels=("PSY",)))
        for each in heard:
            message = next(each)
            assert (message.event, json.loads(message.data)) == ("end", {"reason": "key"})


def test_so_many_streams_and_no_more(served: Served, live: tuple[Served, str]) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(served.listening(after="now"))
        address = f"{served.url}/v1/events/stream"
        key = {"Authorization": f"Bearer {served.tokens[Role.INTEGRATOR]}"}
        refused = httpx2.get(address, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
        other = keys.create(live[1], "another", Role.INTEGRATOR).token
        for _ in range(10):
            stack.enter_context(served.listening(token=other, after="now"))
        full = httpx2.get(address, headers={"Authorization": f"Bearer {other}"})
        assert (full.status_code, full.json()["code"]) == (503, "overloaded")


@pytest.mark.parametrize(
    ("question", "field", "said"),
    [
        ("type=visit.bocked", "type", "no such type"),
        ("type=visit.*&type=visits.*", "type", "no such type"),
        ("room=visit", "room", "no such room"),
        ("pathway=nhs", "pathway", "/v1/pathways"),
        ("label=PSY", "label", "not cleared"),
        ("label=P-S Y", "label", "letters and digits"),
        ("team=", "team", "at least 1"),
        ("patient=5", "patient.0", "UUID"),
        ("payload=fat", "payload", "'thin' or 'full'"),
        ("lasting=-1", "lasting", "greater than or equal to 0"),
        ("tpye=visit.*", "tpye", "type"),
    ],
)
def test_what_is_asked_wrongly_is_said(served: Served, question: str, field: str, said: str) -> None:
    key = {"Authorization": f"Bearer {served.tokens[Role.INTEGRATOR]}"}
    answer = httpx2.get(f"{served.url}/v1/events/stream?{question}", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]


@pytest.mark.parametrize(
    "after", ["x", cursor("log", "5"), cursor("lists", "5 000000000000 000000000000"), "é"]
)
def test_a_cursor_of_something_else(served: Served, after: str) -> None:
    key = {"Authorization": f"Bearer {served.tokens[Role.INTEGRATOR]}"}
    url = f"{served.url}/v1/events/stream"
    answers = [httpx2.get(url, params={"after": after}, headers=key)]
    if after.isascii():
        answers.append(httpx2.get(url, headers=key | {"Last-Event-ID": after}))
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(422, "bad-cursor")] * len(
        answers
    )


REWIND = """
    SET session_replication_role = replica;
    DELETE FROM log WHERE position > {head};
    DELETE FROM event WHERE (journey_id, version) NOT IN (SELECT journey_id, version FROM log);
    UPDATE checkpoint SET position = least(position, {head});
    """


def test_a_log_that_was_put_back_is_said_to_be(cluster: Cluster, template: str, tmp_path: Path) -> None:
    with database(cluster, template) as conninfo, closing(Store(conninfo)) as store:
        tokens = {Role.INTEGRATOR: keys.create(conninfo, "partner", Role.INTEGRATOR).token}

        def recorded(many: int) -> None:
            for _ in range(many):
                opened(store)
            drain(conninfo)
            Projector(conninfo, PatientStatus()).catch_up()

        with (
            on_a_socket(conninfo, tmp_path, tokens, with_worker=False) as served,
            psycopg.connect(conninfo, autocommit=True) as connection,
            served.listening() as ahead,
        ):
            recorded(3)
            *_, before, last = events(ahead, 3)
            connection.execute(REWIND.format(head=2).encode())
            identity = connection.execute(IDENTITY).fetchone()
            connection.execute(
                "INSERT INTO store_epoch (number, began_after, system_identifier, database, timeline)"
                " VALUES (2, 2, %s, %s, %s)",
                identity,
            )
            message = next(ahead)
            told = json.loads(message.data)
            assert (message.event, message.id) == ("rewound", last["cursor"])
            assert (told["position"], told["next"]) == (2, before["cursor"])
            recorded(1)
            with served.listening(told["next"]) as messages:
                assert positions(events(messages, 1)) == [3]
            key = {"Authorization": f"Bearer {tokens[Role.INTEGRATOR]}", "Last-Event-ID": last["cursor"]}
            gone = httpx2.get(f"{served.url}/v1/events/stream", headers=key)
            assert (gone.status_code, gone.json()["code"]) == (410, "store-rewound")


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Running]:
    with running(database_url, tmp_path) as server:
        yield server


@pytest.mark.crash
def test_told_to_stop_it_ends_its_streams_and_killed_they_are_resumed(
    server: Running, database_url: str, tmp_path: Path
) -> None:
    token = server.tokens[Role.INTEGRATOR]
    with closing(Store(database_url)) as store:
        for _ in range(2):
            opened(store)
        one = Served(None, str(server.client.base_url), {Role.INTEGRATOR: token})  # type: ignore[arg-type]  # its app is elsewhere
        with one.listening() as messages:
            [first, second] = events(messages, 2)
            server.process.send_signal(signal.SIGTERM)
            message = next(messages)
            assert (message.event, json.loads(message.data)) == ("end", {"reason": "stopping"})
        server.process.communicate(timeout=10)
        assert server.process.returncode == 0
        with running(database_url, tmp_path) as other:
            two = Served(None, str(other.client.base_url), {Role.INTEGRATOR: other.tokens[Role.INTEGRATOR]})  # type: ignore[arg-type]  # as above
            with two.listening(first["cursor"]) as messages:
                assert events(messages, 1) == [second]
                other.process.kill()
                with pytest.raises(httpx2.TransportError):
                    list(messages)
