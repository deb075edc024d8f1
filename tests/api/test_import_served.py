"""An import on the server as it runs: killed, told to stop, left by its client, and by one who reads last."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
import pytest

from journey.embedded import Cluster
from tests.api.serving import Running, running
from tests.served import database
from tests.waiting import until

pytestmark = pytest.mark.database

JOURNEYS = 5


def told(name: str, lines: int) -> list[bytes]:
    """Lines of a few journeys, mixed; each leads to one event."""
    found: list[dict[str, Any]] = [
        {"journey": f"{name} {n}", "command": "open-journey", "id": f"{name} open {n}"}
        for n in range(JOURNEYS)
    ]
    found += [
        {
            "journey": f"{name} {n % JOURNEYS}",
            "command": "assign-owner",
            "id": f"{name} {n}",
            "body": {"team": f"team {n}"},
        }
        for n in range(lines)
    ]
    return [json.dumps(each).encode() + b"\n" for each in found]


class Sending:
    """A request that is written piece by piece, and an answer that is read as it comes."""

    def __init__(self, server: Running, connection: socket.socket, answer: BinaryIO) -> None:
        self._connection, self._answer = connection, answer
        head = [
            "POST /v1/journeys/import HTTP/1.1",
            f"Host: {server.address[0]}",
            "Content-Type: application/x-ndjson",
            "Transfer-Encoding: chunked",
            *(f"{name}: {value}" for name, value in server.key().items()),
        ]
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        assert self._answer.readline() == b"HTTP/1.1 200 OK\r\n"
        while self._answer.readline() != b"\r\n":
            pass

    def send(self, *lines: bytes) -> None:
        data = b"".join(lines)
        self._connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self) -> None:
        self._connection.sendall(b"0\r\n\r\n")

    def results(self) -> Iterator[dict[str, Any]]:
        """To the end of the answer, or of the connection."""
        held = b""
        while size := self._answer.readline():
            piece = self._answer.read(int(size, 16))
            self._answer.readline()
            *whole, held = (held + piece).split(b"\n")
            yield from map(json.loads, whole)
            if not piece:
                return


@contextmanager
def sending(server: Running) -> Iterator[Sending]:
    with (
        socket.create_connection(server.address, timeout=20) as connection,
        connection.makefile("rb") as answer,
    ):
        yield Sending(server, connection, answer)


def recorded(url: str, name: str) -> dict[str, int]:
    """How often the events of each line are there."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """
            SELECT context->'source'->>'message_id', count(*)::int FROM event
             WHERE context->'source'->>'message_id' LIKE %s GROUP BY 1
            """,
            (f"{name} %",),
        )
        return dict(rows.fetchall())


@pytest.fixture(scope="module")
def url(cluster: Cluster, template: str) -> Iterator[str]:
    with database(cluster, template) as url:
        yield url


@pytest.fixture(scope="module")
def server(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """For all tests of this module; the last of them stops it."""
    with running(url, tmp_path_factory.mktemp("served")) as server:
        yield server


def test_killed_in_the_middle_the_same_is_sent_again(url: str, server: Running, tmp_path: Path) -> None:
    lines = told("killed", 600)
    acknowledged: dict[str, Any] = {}
    with running(url, tmp_path, role="api") as killed, sending(killed) as first:
        first.send(*lines[:300])
        for result in first.results():
            acknowledged[result["id"]] = result["events"]
            if len(acknowledged) == 250:
                first.send(*lines[300:])
                killed.process.kill()
                break
    server.tokens = killed.tokens
    with sending(server) as again:
        again.send(*lines)
        again.end()
        *results, summary = again.results()
    assert summary["status"] == "complete"
    assert summary["applied"] + summary["duplicate"] == len(lines)
    assert summary["duplicate"] >= len(acknowledged)
    became = {each["id"]: each for each in results}
    assert {id_: became[id_]["events"] for id_ in acknowledged} == acknowledged
    assert {became[id_]["status"] for id_ in acknowledged} == {"duplicate"}
    assert recorded(url, "killed") == dict.fromkeys(became, 1)


def test_a_client_that_leaves_has_sent_what_it_has_sent(url: str, server: Running) -> None:
    lines = told("left", 20)
    with sending(server) as left:
        left.send(*lines[:10], lines[10][:-2])
        next(left.results())
    until(lambda: len(recorded(url, "left")) == 10)


def test_a_client_may_send_everything_before_it_reads(server: Running) -> None:
    bad = b"x" * 300 + b"\n"
    with sending(server) as late:
        for _ in range(400):
            late.send(bad * 100)
        late.end()
        *results, summary = late.results()
    assert summary["rejected"] == len(results) == 40_000


def test_told_to_stop_it_says_where_to_go_on(url: str, server: Running) -> None:
    lines = told("stopped", 20)
    with sending(server) as stopped:
        stopped.send(*lines[:10], b'{"half a line')
        results = stopped.results()
        first = [next(results) for _ in range(10)]
        said, logged = server.stop()
        [summary] = results
    assert said == "tidied up\n"
    assert [each["line"] for each in first] == list(range(1, 11))
    assert (summary["status"], summary["resume_at"], summary["applied"]) == ("stopped", 11, 10)
    assert len(recorded(url, "stopped")) == len(recorded(url, "left")) == 10
    requests = [line for line in logged if line["event"] == "request"]
    assert [line["route"] for line in requests] == ["/v1/journeys/import"] * 4
    assert {line["level"] for line in logged} <= {"info", "warning"}
