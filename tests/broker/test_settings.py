"""What is published is what the settings say; where they cannot be followed, that is said at once."""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.publishing import publishers, refuse_unusable
from journey.bench.published import Server
from journey.settings import Settings, SettingsError
from tests.broker.publishing import NAME, Publishing, in_stream, program, without_stream
from tests.served import served
from tests.waiting import until
from tests.webhooks.delivering import world

PAGE = Path(__file__).parents[2] / "docs" / "broker.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program()
    server = Server(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.kill()


def test_nothing_is_published_where_no_server_is_named(settings: Settings) -> None:
    assert publishers(settings, "") == ()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "JOURNEY_NATS_KEY"),
        ({"nats_key": "k", "nats_filter": "{"}, "JOURNEY_NATS_FILTER"),
        ({"nats_key": "k", "nats_filter": '{"room": ["kitchen"]}'}, "There is no such room"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        refuse_unusable(Settings.load(nats_url="nats://127.0.0.1:4222", **said))


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(SettingsError, match=r"pip install 'journey\[nats\]'"):
        refuse_unusable(Settings.load(nats_url="nats://127.0.0.1:4222", nats_key="k"))


def test_without_what_signs_with_credentials_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "nkeys", None)
    said: dict[str, Any] = {"nats_key": "k", "nats_credentials_file": tmp_path / "journey.creds"}
    with pytest.raises(SettingsError, match="pip install nkeys"):
        refuse_unusable(Settings.load(nats_url="nats://127.0.0.1:4222", **said))


def test_a_worker_publishes_and_how_far_it_is_is_shown(
    database_url: str, server: Server, tmp_path: Path
) -> None:
    without_stream(server.url)
    owner = keys.create(database_url, "partners", Role.INTEGRATOR, None, Grant()).key.id
    said: dict[str, Any] = {"nats_url": server.url, "nats_key": owner, "nats_filter": '{"room": ["episode"]}'}
    with served(database_url, tmp_path, **said) as api:

        def shown() -> dict[str, Any]:
            brokers = api.get("/readyz", role=None).json()["brokers"]
            return dict(brokers[0]) if brokers else {}

        api.opened()
        until(lambda: in_stream(server.url) if shown().get("published") else [])
        until(lambda: shown() == {"name": NAME, "lag": 0, "published": True, "last_error": None})
        figures = api.get("/metrics", role=Role.ADMIN).text
        assert f'journey_broker_lag_events{{broker="{NAME}"}} 0.0' in figures
        assert f'journey_broker_failing{{broker="{NAME}"}} 0.0' in figures
        server.kill()
        api.opened()
        until(lambda: shown()["last_error"])
        server.start()
    [opened, *_] = in_stream(server.url)
    assert opened.body["type"] == "journey.opened"
    with psycopg.connect(database_url) as connection:
        told = connection.execute("SELECT DISTINCT recipient, purpose, basis FROM disclosure").fetchall()
    assert told == [("NATS", "HOPERAT", "operations")]


def test_the_consumer_on_the_page_takes_each_event_once(database_url: str, server: Server) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    said: dict[str, Any] = {}
    exec(code, said)  # noqa: S102 - the page's own
    without_stream(server.url)
    with world(database_url) as found:
        here = Publishing(found, (server,))
        found.journeys(30, events=5)
        here.published()
        seen: dict[str, Any] = {}
        asyncio.run(said["take"](server.url, seen, len(here.log)))
        assert list(seen) == here.log
