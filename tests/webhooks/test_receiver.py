"""The receiver of docs/webhooks.md is run as it stands there: against the vectors, and against Journey."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from journey.webhooks import signing
from tests.waiting import until
from tests.webhooks.delivering import World, receiver_of_the_docs, world
from tests.webhooks.test_signing import VECTORS

SECRET = bytes(range(32))


@pytest.fixture
def code() -> dict[str, Any]:
    said = receiver_of_the_docs()
    said["SECRET"] = signing.shown(SECRET)
    return said


def vectors() -> list[dict[str, Any]]:
    path = VECTORS / "signature_vectors.json"
    return json.loads(path.read_bytes())["vectors"] if path.exists() else []


@pytest.mark.parametrize("each", vectors(), ids=lambda each: str(each["name"]))
def test_it_believes_and_doubts_as_the_vectors_do(code: dict[str, Any], each: dict[str, Any]) -> None:
    code["SECRET"] = each["secret"]
    headers = {
        "webhook-id": each["id"],
        "webhook-timestamp": str(each["timestamp"]),
        "webhook-signature": each["signature"],
    }
    believed = code["is_genuine"](headers, each["payload"].encode(), each["verify_at"])
    assert believed == (each["expect"] == "ok")


@pytest.mark.parametrize("wrong", [{}, {"webhook-signature": "v1,é"}, {"webhook-timestamp": "soon"}])
def test_it_doubts_what_makes_no_sense(code: dict[str, Any], wrong: dict[str, str]) -> None:
    at = 1_700_000_000
    headers = signing.headers([SECRET], "id", at, b"{}") | wrong if wrong else {}
    assert not code["is_genuine"](headers, b"{}", at)


@pytest.fixture
def here(database_url: str) -> Iterator[World]:
    with world(database_url) as found:
        yield found


def test_it_takes_each_event_once_and_notices_what_is_missing(
    here: World, code: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "inbox"
    server = HTTPServer(("127.0.0.1", 0), code["Handler"])
    webhook = here.subscribed(endpoint=f"http://127.0.0.1:{server.server_port}/")
    [secret] = here.secrets(webhook)
    code["SECRET"] = signing.shown(secret)
    serving = threading.Thread(target=_serve, args=(server, code, path))
    serving.start()
    here.journeys(3, events=2)
    with here.delivering():
        until(lambda: here.states() == {"delivered": 6})
        here.rewound(webhook, 0)
        until(lambda: here.states() == {"delivered": 12})
    server.shutdown()
    serving.join()
    inbox = code["Inbox"](path)
    with closing(inbox.db):
        assert inbox.db.execute("SELECT count(*) FROM event").fetchone() == (6,)
        assert inbox.whole()[0] == 12
        assert not inbox.has_gap(0)
        assert inbox.db.execute("SELECT count(*) FROM came").fetchone() == (1,)
        body = {"id": "14", "type": "visit.booked"}
        inbox.take(body, 14, "at 14")
        assert inbox.whole()[0] == 12
        assert inbox.has_gap(-1)
        inbox.take(body, 3, "again")
        inbox.take(body, 13, "at 13")
        assert inbox.whole() == (14, "at 14")
        inbox.take({"id": "epoch", "type": "store-rewound"}, 9, "back")
        assert inbox.whole() == (9, "back")
        assert inbox.db.execute("SELECT count(*) FROM came").fetchone() == (1,)
        inbox.db.execute("UPDATE event SET at = 0 WHERE id = '14'")
        inbox.take({"id": "15", "type": "visit.booked"}, 10, "at 10")
        assert inbox.db.execute("SELECT count(*) FROM event WHERE id = '14'").fetchone() == (0,)


def _serve(server: HTTPServer, code: dict[str, Any], path: Path) -> None:
    """SQLite wants its connection used in the thread that opened it."""
    code["Handler"].inbox = code["Inbox"](path)
    with closing(code["Handler"].inbox.db), server:
        server.serve_forever()
