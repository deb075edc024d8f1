"""The server as it runs: sockets, slow clients, and being told to stop."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import httpx2
import pytest

from tests.api.serving import Running, running
from tests.served import number

pytestmark = pytest.mark.database


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Running]:
    with running(database_url, tmp_path) as server:
        yield server


def sent(server: Running, head: list[str], *body: bytes) -> bytes:
    """The raw answer to a raw request, which may come before the request has ended."""
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        for each in body:
            connection.sendall(each)
        answer = b""
        while b"\r\n\r\n" not in answer or b"}" not in answer:
            received = connection.recv(65536)
            if not received:
                break
            answer += received
        return answer


def test_bodies_that_do_not_end(server: Running) -> None:
    lines = ["POST /v1/journeys HTTP/1.1", "Host: x", "Content-Type: application/json"]
    with_key = [*lines, f"Authorization: {server.key()['Authorization']}"]
    declared = sent(server, [*with_key, "Content-Length: 999999999"])
    assert declared.startswith(b"HTTP/1.1 413")
    assert b'"code":"body-too-large"' in declared
    chunk = b"2710\r\n" + b" " * 10_000 + b"\r\n"
    streamed = sent(server, [*with_key, "Transfer-Encoding: chunked"], chunk, chunk, chunk)
    assert streamed.startswith(b"HTTP/1.1 413")
    stranger = sent(server, [*lines, "Content-Length: 19999"])
    assert stranger.startswith(b"HTTP/1.1 401")


def test_told_to_stop_it_lets_waiting_clients_go_and_tidies_up(server: Running) -> None:
    journey = server.client.post("/v1/journeys", json={}, headers=server.key()).headers["location"]
    answers: list[int] = []

    def wait(url: str) -> None:
        answers.append(server.client.get(url, headers=server.key()).status_code)

    urls = [
        "/v1/events?type=visit.*&wait=30",
        f"{journey}?min_version=99",
        f"/v1/events?journey={number(9)}&wait=30",
    ]
    waiting = [Thread(target=wait, args=(url,)) for url in urls]
    for each in waiting:
        each.start()
    assert server.client.get("/v1/journeys?q=Zwetschgenmus", headers=server.key()).status_code == 200
    said, logged = server.stop()
    for each in waiting:
        each.join()
    assert said == "tidied up\n"
    assert sorted(answers) == [200, 200, 503], [
        line["exception"][-1800:] for line in logged if line["level"] == "error"
    ]
    requests = [line for line in logged if line["event"] == "request"]
    assert len(requests) == 5
    assert "Zwetschgenmus" not in str(logged)
    assert [line for line in logged if line["level"] not in {"info", "warning"}] == []


def test_no_header_tells_what_serves(server: Running) -> None:
    answer = server.client.get("/healthz")
    assert "server" not in answer.headers
    assert server.client.get("/metrics").status_code == 200
    assert server.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def test_several_processes_answer_as_one(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path, workers=2) as server:
        journey = server.client.post("/v1/journeys", json={}, headers=server.key()).headers["location"]
        for version in range(2, 22):
            body = {"identifier": {"system": "s", "value": str(version)}}
            with httpx2.Client(base_url=server.client.base_url, headers=server.key(), timeout=20) as client:
                assert client.post(f"{journey}/assign-identifier", json=body).json()["version"] == version
                assert client.get(f"{journey}?min_version={version}").json()["version"] == version
                counted = 'journey_commands_total{command="assign-identifier",outcome="recorded"}'
                assert f"{counted} {version - 1}.0" in client.get("/metrics").text
        said, _ = server.stop()
        assert said == "tidied up\n"
