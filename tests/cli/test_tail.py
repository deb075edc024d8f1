"""`journey tail`: what is recorded is shown as it is, from the database and from a server that comes back."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.table import Role
from journey.bench.served import free_address
from journey.cli.failure import Failed
from journey.cli.following import BEGINNING, NOW, Heard, Server, of_server
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.api.streaming import on_a_socket
from tests.cli.conftest import Program
from tests.store.asked import CONTEXT, opened, owned_by

pytestmark = pytest.mark.database

TYPES = ["journey.opened", "journey.owner_assigned"]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with closing(Store(database_url)) as store:
        yield store


def recorded(store: Store, conninfo: str) -> str:
    """A journey is opened, and a team accountable for it."""
    journey_id = opened(store)
    store.handle(journey_id, owned_by("ward 3"), CONTEXT)
    drain(conninfo)
    return str(journey_id)


def patient_of(conninfo: str, journey_id: str) -> str:
    with psycopg.connect(conninfo) as connection:
        asked = "SELECT data->>'patient_id' FROM event WHERE journey_id = %s AND version = 1"
        [(patient_id,)] = connection.execute(asked, (journey_id,)).fetchall()
    return str(patient_id)


DEAF = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
"""As a script starts what it puts in the background."""


def test_what_is_recorded_is_shown_and_ctrl_c_ends_it_quietly(
    program: Program, store: Store, database_url: str
) -> None:
    first = recorded(store, database_url)
    process = program.start("tail", "--after", "beginning", "--json", first=DEAF)
    assert process.stdout is not None
    before = [json.loads(process.stdout.readline()) for _ in TYPES]
    second = recorded(store, database_url)
    after = [json.loads(process.stdout.readline()) for _ in TYPES]
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
    assert [each["type"] for each in before + after] == TYPES * 2
    assert {each["subject"] for each in after} == {second}
    of_second = ("--type", "journey.owner_assigned", "--patient", patient_of(database_url, second))
    again = program.start("tail", "--after", before[0]["cursor"], *of_second)
    assert again.stdout is not None
    line = again.stdout.readline()
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=20)
    assert re.fullmatch(rf"[-\d]{{10}} [:\d]{{8}}  {TYPES[1]} +{second}  v2  +\S.*\n", line)
    with psycopg.connect(database_url) as connection:
        shown = connection.execute("SELECT DISTINCT unnest(journeys)::text FROM access_event").fetchall()
    assert {journey_id for (journey_id,) in shown} == {first, second}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--type", "visit.bocked"), "There is no such type of event"),
        (("--room", "kitchen"), "There is no such room"),
        (("--pathway", "no-such-way"), "There is no such pathway"),
        (("--after", "yesterday"), "--after is no cursor of the log"),
        (("--url", "http://127.0.0.1:9"), "Nobody answers at the address that --url names"),
    ],
)
def test_what_is_asked_wrongly_is_said(program: Program, asked: tuple[str, ...], said: str) -> None:
    done = program.run("tail", *asked)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {said}")


def told(found: list[Heard]) -> list[tuple[Any, Any]]:
    return [(each.event["subject"], each.event["type"]) for each in found]


def test_a_server_that_comes_back_is_asked_from_where_it_stopped(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    tokens = {Role.INTEGRATOR: keys.create(database_url, "partner", Role.INTEGRATOR).token}
    port = free_address()[1]
    server = Server(f"http://127.0.0.1:{port}", tokens[Role.INTEGRATOR])
    first = recorded(store, database_url)
    with on_a_socket(database_url, tmp_path, tokens, port=port):
        heard = of_server(server, {"type": ["journey.*"]}, BEGINNING)
        assert told(list(islice(heard, 2))) == [(first, each) for each in TYPES]
    second = recorded(store, database_url)
    with on_a_socket(database_url, tmp_path, tokens, port=port):
        assert told(list(islice(heard, 2))) == [(second, each) for each in TYPES]
        heard.close()  # type: ignore[attr-defined]  # it is a generator
        with pytest.raises(Failed, match="key"):
            next(of_server(server._replace(key="jk_000000000000.x"), {}, NOW))
        with pytest.raises(Failed, match="no such type"):
            next(of_server(server, {"type": ["visit.bocked"]}, NOW))
