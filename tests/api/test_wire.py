"""The connection itself: slow and endless heads, what is no request, and pages of other origins."""

import asyncio
import json
import socket
from collections.abc import Iterator
from functools import partial
from threading import Thread

import httpx2
import pytest
import uvicorn

from journey.api import edge, whereabouts, wire
from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.app import create_app
from journey.api.server import configured, listening, url
from journey.embedded import Cluster
from journey.settings import Settings
from tests.served import database
from tests.waiting import until

pytestmark = pytest.mark.database

BOARD = "https://board.example.org"


class Server:
    """A server on a socket, in a thread of this process."""

    def __init__(self, address: str, port: int, token: str) -> None:
        self.address = ("127.0.0.1", port)
        self.client = httpx2.Client(base_url=address, timeout=20)
        self.key = {"Authorization": f"Bearer {token}"}

    def answer(self, *sent: bytes) -> tuple[int, dict[str, object]]:
        """Status and body of what the server says before it hangs up."""
        with socket.create_connection(self.address, timeout=10) as connection:
            for each in sent:
                connection.sendall(each)
            said = b""
            while received := connection.recv(65536):
                said += received
        head, _, body = said.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head, said
        return int(head.split()[1]), json.loads(body)


@pytest.fixture(scope="module")
def server(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with database(cluster, template) as conninfo:
        token = keys.create(conninfo, "somebody", Role.COORDINATOR, "ward 3", Grant()).token
        settings = Settings.load(
            database_url=conninfo, home=tmp_path_factory.mktemp("wire"), cors_origins=BOARD, port=0
        )
        factory = partial(create_app, settings, conninfo, with_worker=False)
        serving = uvicorn.Server(configured(settings, factory))
        with listening("127.0.0.1", 0) as listener:
            thread = Thread(target=lambda: asyncio.run(serving.serve(sockets=[listener])))
            thread.start()
            until(lambda: serving.started)
            found = Server(url(listener), listener.getsockname()[1], token)
            with found.client:
                yield found
            serving.should_exit = True
            thread.join()


def test_a_head_that_does_not_come(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.5)
    for begun in (b"", b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-One: "):
        status, body = server.answer(begun)
        assert (status, body["code"]) == (408, "request-timeout")
    kept = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n"
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(kept)
        said = b""
        while received := connection.recv(65536):
            said += received
    assert said.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in said


@pytest.mark.parametrize("second", [b"GET /healthz HTTP/1.1\r\n", b"HELLO\r\n\r\n"])
def test_what_is_wrong_behind_a_request_is_not_said_in_its_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch, second: bytes
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(whereabouts, "PATIENCE", 0.5)
    journey = server.client.post("/v1/journeys", json={"team": "ward 3"}, headers=server.key).headers[
        "Location"
    ]
    key = server.key["Authorization"]
    waits = f"GET {journey}?min_version=99 HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n".encode()
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(waits + second)
        said = b""
        while received := connection.recv(65536):
            said += received
    assert b"version-not-reached" in said
    assert said.count(b"HTTP/1.1") == 1


def test_a_head_that_does_not_end(server: Server) -> None:
    line = b"X-Anything: " + b"x" * 1000 + b"\r\n"
    status, body = server.answer(b"GET /healthz HTTP/1.1\r\n", *([line] * 66))
    assert (status, body["code"]) == (431, "headers-too-large")


def test_a_body_that_does_not_come(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "PATIENCE", 0.3)
    key = f"Authorization: {server.key['Authorization']}\r\n".encode()
    head = b"POST /v1/journeys HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + key
    for begun in (
        b"Content-Length: 9\r\n\r\n",
        b'Content-Length: 9\r\n\r\n{"te',
        b"Transfer-Encoding: chunked\r\n\r\n1",
    ):
        status, body = server.answer(head + begun)
        assert (status, body["code"]) == (408, "request-timeout")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n"])
def test_what_is_no_request(server: Server, sent: bytes) -> None:
    status, body = server.answer(sent)
    assert (status, body["code"]) == (400, "malformed-request")


def test_a_page_of_a_named_origin_may_ask(server: Server) -> None:
    asks = {
        "Origin": BOARD,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, if-match, idempotency-key",
    }
    before = server.client.request("OPTIONS", "/v1/journeys", headers=asks)
    assert before.status_code == 200
    assert before.headers["Access-Control-Allow-Origin"] == BOARD
    answer = server.client.post("/v1/journeys", json={}, headers={"Origin": BOARD, **server.key})
    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] == BOARD
    assert set(answer.headers["Access-Control-Expose-Headers"].split(", ")) == {
        *("ETag", "Location", "Retry-After", "X-Request-Id")
    }
    assert "Access-Control-Allow-Credentials" not in answer.headers
    told = server.client.get("/v1/fhir/metadata").json()
    assert told["rest"][0]["security"]["cors"] is True
    refused = server.client.get("/v1/journeys", headers={"Origin": BOARD})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, BOARD)


@pytest.mark.parametrize(
    "origin", ["https://board.example.org.evil.example", "http://board.example.org", "null"]
)
def test_a_page_of_any_other_origin_may_not(server: Server, origin: str) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    before = server.client.request("OPTIONS", "/v1/journeys", headers=asks)
    assert before.status_code == 400
    for answer in (before, server.client.get("/v1/journeys", headers={"Origin": origin, **server.key})):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_come_by_tls_it_is_to_come_so_again(server: Server) -> None:
    forwarded = server.client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert forwarded.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "Strict-Transport-Security" not in server.client.get("/healthz").headers


def test_a_key_is_nowhere_but_in_its_header(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    """It is no parameter, and wherever it was put by mistake, it is not repeated."""
    token = server.key["Authorization"].removeprefix("Bearer ")
    secret = token.partition(".")[2]
    capfd.readouterr()
    client = server.client
    answers = [
        client.get("/v1/pathways", headers=server.key),
        client.get("/v1/pathways", headers={"Authorization": token}),
        client.get("/v1/pathways", headers={"Authorization": f"Basic {token}"}),
        client.get("/v1/pathways", headers={"X-Request-Id": "one", "Traceparent": token, "Cookie": token}),
        client.get("/v1/journeys", params={"access_token": token, "q": token}),
        client.get("/v1/journeys", params={"access_token": token, "q": token}, headers=server.key),
        client.get(f"/v1/journeys/{token}", headers=server.key),
        client.get(f"/{token}"),
        client.post("/v1/journeys", json={"team": token, token: token, "access_token": token}),
        client.post("/v1/journeys", json=[token], headers=server.key),
        client.post("/v1/journeys", json={"team": token}, headers={**server.key, "If-Match": token}),
    ]
    assert {each.status_code for each in answers} == {200, 201, 401, 404, 422}
    assert all(secret not in each.text and secret not in str(each.headers) for each in answers)
    assert secret not in client.get("/metrics").text
    logged = "".join(capfd.readouterr())
    assert secret not in logged
    assert len(logged.splitlines()) >= len(answers)
