"""Read models over HTTP: how far each is; made anew by a process that may be stopped or killed; retried."""

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import active_children
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from journey.api.access.table import Role
from journey.embedded import Cluster
from journey.errands import runner
from journey.projections import READ_MODELS
from tests.served import Api, database, served
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("errands_begin_at_once")]
LONG = 60.0
"""Seconds for a process that gives way to all others."""

ADMIN: dict[str, Any] = {"role": Role.ADMIN}
ONE = "/v1/projections/timeline"
MARK = "UPDATE timeline SET actor_id = 'by hand' WHERE position = (SELECT min(position) FROM timeline)"
MARKED = "SELECT count(*) FROM timeline WHERE actor_id = 'by hand'"
BESIDE = "SELECT to_regclass('rebuilding_timeline.timeline') IS NOT NULL"
PARK = """
    INSERT INTO parked_journey (model, journey_id, version, position, error)
    SELECT 'timeline', journey_id, version, position, 'LookupError' FROM log
     WHERE journey_id = %s AND version = 1
    """


def one(api: Api) -> dict[str, Any]:
    return cast("dict[str, Any]", api.get(ONE, **ADMIN).json())


def course(api: Api) -> str:
    return str(one(api)["rebuild"]["state"])


def asked(api: Api) -> int:
    answer = api.post(f"{ONE}/rebuild", **ADMIN)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["rebuild"]["id"])


def caught_up(api: Api) -> None:
    until(lambda: all(not each["lag_events"] for each in every(api)))


def every(api: Api) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", api.get("/v1/projections", **ADMIN).json()["projections"])


def recorded(api: Api) -> list[dict[str, Any]]:
    answer = api.get("/v1/audit?kind=operation", role=Role.COMPLIANCE)
    return [each["detail"] for each in answer.json()["audit"]]


@pytest.fixture
def filled(api: Api) -> Api:
    api.opened()
    caught_up(api)
    return api


@contextmanager
def read_all_along(api: Api) -> Iterator[None]:
    """Somebody who has read the old rows, for whom a rebuild waits before it swaps."""
    with psycopg.connect(api.conninfo) as reader:
        reader.execute("SELECT FROM timeline")
        yield


def test_it_is_told_how_each_of_them_is(filled: Api) -> None:
    until(lambda: {each["state"] for each in every(filled)} == {"running"})
    told = every(filled)
    assert [each["name"] for each in told] == [model.name for model in READ_MODELS]
    for each in told:
        assert each["position"] == each["head"] > 0
        assert (each["lag_seconds"], each["blocked"], each["last_error"]) == (0, 0, None)
        assert each["since"] is not None
        assert filled.get(f"/v1/projections/{each['name']}", **ADMIN).json()["name"] == each["name"]


def test_what_fails_is_blocked_and_says_since_when(filled: Api) -> None:
    with psycopg.connect(filled.conninfo, autocommit=True) as connection:
        connection.execute(
            "UPDATE checkpoint SET last_error = 'DataError', failing_since = '2026-01-02T03:04:05Z'"
            " WHERE name = 'timeline'"
        )
        told = one(filled)
    assert (told["state"], told["last_error"]) == ("blocked", "DataError")
    assert told["since"] == "2026-01-02T03:04:05Z"
    filled.opened()
    until(lambda: one(filled)["state"] == "running")


def test_one_is_made_anew_and_that_is_on_record(filled: Api) -> None:
    with psycopg.connect(filled.conninfo, autocommit=True) as connection:
        connection.execute(MARK)
        asked(filled)
        until(lambda: course(filled) == "done", LONG)
        assert connection.execute(MARKED).fetchone() == (0,)
    rebuild = one(filled)["rebuild"]
    assert rebuild["asked_by"] == "some admin"
    assert rebuild["events"] == rebuild["progress"]["done"] == rebuild["progress"]["total"] > 0
    assert rebuild["progress"]["per_second"] > 0
    assert rebuild["asked_at"] <= rebuild["began_at"] <= rebuild["ended_at"]
    assert recorded(filled)[0] == {"rebuild": "timeline"}


def test_asked_for_again_it_is_the_same_one_and_stopped_it_leaves_all_as_it_was(filled: Api) -> None:
    with psycopg.connect(filled.conninfo, autocommit=True) as connection:
        with read_all_along(filled):
            first = asked(filled)
            until(lambda: (one(filled)["rebuild"]["waits_for"] or "").startswith("process "), LONG)
            assert one(filled)["state"] == "rebuilding"
            assert asked(filled) == first
            many = len(recorded(filled))
            assert filled.ask("DELETE", f"{ONE}/rebuild", **ADMIN).status_code == 200
            refused = filled.ask("POST", f"{ONE}/rebuild", **ADMIN)
            assert refused.json()["code"] == "under-way", "it would be stopped as well"
            until(lambda: course(filled) == "stopped")
        again = filled.ask("DELETE", f"{ONE}/rebuild", **ADMIN).json()
        assert again["rebuild"]["said"] == "It was stopped, and nothing is changed by it."
        assert len(recorded(filled)) == many + 1
        assert recorded(filled)[0] == {"rebuild_stopped": "timeline"}
        assert connection.execute(BESIDE).fetchone() == (False,)


def test_killed_midway_it_is_abandoned_and_started_anew(filled: Api) -> None:
    with read_all_along(filled):
        first = asked(filled)
        until(lambda: one(filled)["rebuild"]["waits_for"], LONG)
        [process] = [each for each in active_children() if each.name == f"errand-{first}"]
        os.kill(cast(int, process.pid), signal.SIGKILL)
        until(lambda: course(filled) == "abandoned")
        assert one(filled)["state"] == "running"
        assert asked(filled) == first + 1
        until(lambda: course(filled) == "running", LONG)
    until(lambda: course(filled) == "done", LONG)
    with psycopg.connect(filled.conninfo) as connection:
        rows = connection.execute("SELECT outcome, said FROM errand WHERE id = %s", (first,)).fetchall()
    assert rows == [("abandoned", "Whoever carried it out is gone. Start it again.")]


def test_where_there_is_no_room_for_a_process_it_waits_for_some(
    filled: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins, refused = runner.PROCESSES.Process, [BlockingIOError(errno.EAGAIN, "no room")]

    def process(**given: Any) -> Any:
        if refused:
            raise refused.pop()
        return begins(**given)

    monkeypatch.setattr(runner, "PROCESSES", SimpleNamespace(Process=process))
    asked(filled)
    until(lambda: course(filled) == "done", LONG)
    assert not refused


def test_what_is_blocked_is_retried(filled: Api) -> None:
    journey = filled.opened().rpartition("/")[2]
    caught_up(filled)
    with psycopg.connect(filled.conninfo, autocommit=True) as connection:
        connection.execute("DELETE FROM timeline WHERE journey_id = %s", (journey,))
        connection.execute(PARK, (journey,))
        assert one(filled)["blocked"] == 1
        assert filled.post(f"{ONE}/retry", **ADMIN).json() == {"taken_up": 1, "blocked": 0}
        assert connection.execute(
            "SELECT count(*) > 0 FROM timeline WHERE journey_id = %s", (journey,)
        ).fetchone() == (True,)
    assert filled.post(f"{ONE}/retry", **ADMIN).json() == {"taken_up": 0, "blocked": 0}
    assert recorded(filled)[0] == {"retry": "timeline"}


def test_a_name_that_is_none_is_told_which_there_are(api: Api) -> None:
    for method, end in (("GET", ""), ("POST", "/rebuild"), ("DELETE", "/rebuild"), ("POST", "/retry")):
        answer = api.ask(method, f"/v1/projections/timelime{end}", **ADMIN)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-read-model")
        assert all(model.name in answer.json()["detail"] for model in READ_MODELS)


def test_without_a_worker_it_waits_and_may_be_stopped(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        database(cluster, template) as conninfo,
        served(conninfo, tmp_path_factory.mktemp("home"), with_worker=False) as api,
    ):
        first = asked(api)
        assert (course(api), one(api)["state"]) == ("waiting", "stopped")
        assert asked(api) == first
        stopped = api.ask("DELETE", f"{ONE}/rebuild", **ADMIN).json()["rebuild"]
        assert (stopped["state"], stopped["began_at"]) == ("stopped", None)
        assert asked(api) == first + 1


def test_a_worker_that_is_told_to_end_ends_it_and_leaves_nothing_behind(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with database(cluster, template) as conninfo:
        with psycopg.connect(conninfo) as reader:
            with served(conninfo, tmp_path_factory.mktemp("home")) as api:
                api.opened()
                caught_up(api)
                reader.execute("SELECT FROM timeline")
                asked(api)
                until(lambda: one(api)["rebuild"]["waits_for"], LONG)
            assert not [each for each in active_children() if each.name.startswith("errand-")]
        with psycopg.connect(conninfo) as connection:
            ended = connection.execute("SELECT outcome, said FROM errand").fetchall()
            assert connection.execute(BESIDE).fetchone() == (False,)
    assert ended == [("abandoned", "Whoever carried it out was told to end. Start it again.")]
