"""`serve` and `demo`: started, asked over HTTP as a client would, and stopped."""

import json
import os
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import IO, Any
from urllib.error import HTTPError
from zoneinfo import ZoneInfo

import psycopg
import pytest

from journey.api.access.keys import ApiKey
from journey.api.access.table import Role
from journey.cli.keys import lines
from journey.store.store import Store
from tests.cli.conftest import Program
from tests.conftest import throw_away_folder
from tests.embedded.test_cluster import is_gone
from tests.store.asked import counted, opened
from tests.waiting import until

ROLES = ("coordinator", "clinician", "compliance")


def ask(url: str, key: str | None = None, body: Any = None) -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def heard(stream: IO[str] | None, pattern: str) -> "re.Match[str]":
    """The first line that matches; fails where the program ends before it says so."""
    assert stream is not None
    for line in stream:
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"it never said {pattern}")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_one_sentence(program: Program, taken: int) -> None:
    for done in program.all([("serve", "--port", str(taken)), ("demo", "--port", str(taken))]):
        assert done.returncode == 1
        assert done.stderr == (f"Error: Port {taken} is taken. Choose another with --port or JOURNEY_PORT.\n")


def test_the_demo_from_nothing_to_an_answer_and_to_nothing_again(bare: Program) -> None:
    """Ctrl-C, as a terminal sends it to everything it started, ends the database too."""
    with throw_away_folder() as folder:
        home = folder / "home"
        program = bare.having(JOURNEY_HOME=str(home))
        demo = program.start("demo", "--port", "0", "--patients", "6", first=os.setsid)
        url = heard(demo.stdout, r"served on (http://127\.0\.0\.1:\d+), with \d+ journeys")[1]
        keys = {role: heard(demo.stdout, rf"  {role} +(jk_\S+)")[1] for role in ROLES}
        journey = heard(demo.stdout, rf"{url}(/v1/journeys/\S+)$")[1]
        with urllib.request.urlopen(f"{url}/docs") as page:  # noqa: S310 - our own server
            assert page.status == 200
        with urllib.request.urlopen(f"{url}/console/sign-in") as page:  # noqa: S310 - our own server
            offered = page.read().decode()
        assert all(f'name="role" value="{role}"' in offered for role in keys)
        stands = ask(url + journey, keys["compliance"])
        assert stands["reached"][0]["milestone"] == "journey-opened"
        told = ask(f"{url}{journey}/assign-owner", keys["coordinator"], {"team": "night-shift"})
        assert [event["type"] for event in told["events"]] == ["journey.owner_assigned"]
        after = ask(f"{url}{journey}?min_version={told['version']}", keys["coordinator"])
        assert after["responsible"]["team"] == "night-shift"
        with pytest.raises(HTTPError, match="404"):
            ask(url + journey, keys["clinician"])
        assert not is_gone(home)
        os.killpg(demo.pid, signal.SIGINT)
        _, said = demo.communicate(timeout=30)
        assert demo.returncode == 0
        assert said.splitlines()[-1] == "==> everything is stopped"
        assert is_gone(home)

        again = program.start("demo", "--port", "0")
        url = heard(again.stdout, r"served on (http://127\.0\.0\.1:\d+), with ")[1]
        fresh = heard(again.stdout, r"  coordinator +(jk_\S+)")[1]
        assert fresh != keys["coordinator"]
        assert ask(url + journey, fresh)["version"] == told["version"]
        again.terminate()
        again.communicate(timeout=30)
        assert again.returncode == 0
        assert is_gone(home)


def test_a_demo_opens_nothing_that_is_not_made_up(program: Program, database_url: str) -> None:
    with closing(Store(database_url)) as store:
        opened(store)
    done = program.run("demo", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("Error: This database holds what was not simulated")
    assert counted(database_url, "api_key") == 0


def test_the_demo_stopped_while_it_fills_leaves_nothing_running(bare: Program) -> None:
    with throw_away_folder() as folder:
        home = folder / "home"
        demo = bare.having(JOURNEY_HOME=str(home)).start("demo", "--port", "0", "--patients", "5000")
        heard(demo.stderr, "simulating 5000 patients")
        demo.terminate()
        out, said = demo.communicate(timeout=30)
        assert (demo.returncode, out) == (128 + signal.SIGTERM, "")
        assert "Traceback" not in said
        until(lambda: is_gone(home))


def test_api_and_worker_in_processes_of_their_own(program: Program, database_url: str) -> None:
    made = program.answer("keys", "create", "--name", "Ann", "--role", "coordinator", "--team", "clinic")
    worker = program.start("serve", "--role", "worker")
    api = program.having(JOURNEY_LOG_FORMAT="json").start("serve", "--role", "api", "--port", "0")
    url = heard(api.stderr, r'"url": "(http://127\.0\.0\.1:\d+)"')[1]
    opened = ask(f"{url}/v1/journeys", made["token"], {"patient_id": "5e1a64d6-4e0e-4c5c-8f5f-95b1b7bd2c60"})
    assert opened["version"] >= 1
    with psycopg.connect(database_url, autocommit=True) as connection:
        until(
            lambda: connection.execute(
                "SELECT true FROM patient_status WHERE journey_id = %s", [opened["journey_id"]]
            ).fetchone()
        )
    for process in (api, worker):
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0


def cells(table: str) -> list[list[str]]:
    return [re.split(r"  +", line) for line in table.splitlines()[1:]]


def test_keys_are_made_changed_listed_and_ended(program: Program, database_url: str) -> None:
    made = program.answer("keys", "create", "--name", "Ann", "--role", "clinician", "--team", "cardiology")
    assert made["token"].startswith(f"jk_{made['id']}.")
    other, again = program.all(
        [
            ("keys", "create", "--name", "Feed", "--role", "integrator", "--scope", "system/*.rs"),
            ("keys", "create", "--name", "Ann", "--role", "admin"),
        ]
    )
    token = re.search(r"^token +(jk_\S+)$", other.stdout, re.MULTILINE)
    assert token is not None
    assert again.returncode == 1
    assert again.stderr.startswith("Error: A key of this name is in use; ")
    more = ("--also-team", "Ward 3", "--label", "PSY", "--scope", "user/Task.cru", "--scope", "user/*.rs")
    changed = program.run("keys", "change", made["id"], "--role", "coordinator", "--team", "desk", *more)
    (told,) = cells(changed.stdout)
    assert told == [
        made["id"],
        "Ann",
        "coordinator",
        "desk, ward 3",
        "PSY",
        "user/Task.cru user/*.rs",
        "never",
    ]
    listed = program.run("keys", "list").stdout
    assert told in cells(listed)
    assert re.search(r"Feed +integrator +every +- +system/\*\.rs ", listed)
    assert token[1].partition(".")[2] not in listed
    revoked, unknown = program.all([("keys", "revoke", made["id"]), ("keys", "revoke", "nothing")])
    assert (revoked.returncode, revoked.stdout) == (0, f"{made['id']} (Ann) is revoked.\n")
    assert (unknown.returncode, unknown.stderr) == (1, "Error: No key in use has this id.\n")
    every = program.answer("keys", "list")
    ended = {key["name"]: key["revoked_at"] is not None for key in every}
    assert ended == {"Ann": True, "Feed": False}
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT api_key::text FROM api_key").fetchall()
        trail = connection.execute("SELECT kind, name FROM access_event ORDER BY at").fetchall()
    assert not any(token[1].partition(".")[2] in row[0] for row in rows)
    assert sorted(trail) == sorted(
        (kind, "the command line") for kind in ["key-changed", "key-created", "key-created", "key-revoked"]
    )


def test_a_key_that_says_nothing_is_not_made(bare: Program) -> None:
    wrong = {
        ("--name", "Ann", "--scope", "patient/*.rs"): ("--scope", "A scope is written system/Task.rs"),
        ("--name", "oidc:ann"): ("--name", "Names that begin with oidc:"),
        ("--name", "Ann", "--also-team", "a", "--every-team"): ("--every-team", "Name teams or every team"),
    }
    done = bare.all([("keys", "create", "--role", "clinician", *options) for options in wrong])
    for each, (option, said) in zip(done, wrong.values(), strict=True):
        told = " ".join(re.sub(r"[│╭╮╰╯─]", " ", each.stderr).split())
        assert (each.returncode, each.stdout) == (2, "")
        assert f"'{option}'" in told
        assert said in told


def test_keys_fit_a_terminal() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    key = ApiKey(
        id="0123456789ab",
        name="The night desk of the cardiology ward",
        role=Role.COORDINATOR,
        team="cardiology",
        teams=("cardiology", "stroke unit"),
        labels=("PSY", "HIV", "ETH"),
        scopes=("system/ServiceRequest.cru", "system/Task.rs"),
        created_at=now,
        revoked_at=None,
        last_used_at=now,
    )
    for width in (80, 100, 200):
        said = list(lines([key], ZoneInfo("UTC"), width))
        assert max(map(len, said)) <= width
        assert said[1].startswith("0123456789ab  The ")
        assert said[1].endswith("  2026-03-01")
    assert "system/ServiceRequest.cru system/Task.rs" in said[1]
    ended = key.model_copy(update={"revoked_at": now, "teams": (), "scopes": ()})
    assert cells("\n".join(lines([ended], ZoneInfo("UTC"), None)))[0][3:] == [
        "none",
        "PSY, HIV, ETH",
        "none",
        "ended",
    ]
