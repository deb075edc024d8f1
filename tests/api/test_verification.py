"""The log verified when somebody asks: how far it is, what came of it, what became of one that was killed."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import active_children
from typing import Any, cast

import psycopg
import pytest

from journey.api.access.table import Role
from tests.api.test_read_examples import covered
from tests.served import Api
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("errands_begin_at_once")]
LONG = 60.0
"""Seconds for a process that gives way to all others."""

ASK = "/v1/log/verification"
OFFICER: dict[str, Any] = {"role": Role.COMPLIANCE}
BY_HAND = """
    UPDATE event SET occurred_at = occurred_at + %s::interval
     WHERE (journey_id, version) = (SELECT journey_id, version FROM log WHERE position = 1)
    """


def verifications(api: Api) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", api.get(ASK, **OFFICER).json()["verifications"])


def last(api: Api) -> dict[str, Any]:
    return verifications(api)[0]


def asked(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post(ASK, body, **OFFICER)
    assert answer.status_code == 202, answer.text
    return cast("dict[str, Any]", answer.json()["verifications"][0])


def verified(api: Api, **body: Any) -> dict[str, Any]:
    asked(api, **body)
    until(lambda: last(api)["ended_at"], LONG)
    return last(api)


@contextmanager
def held_up(api: Api) -> Iterator[None]:
    """What every verification reads is locked."""
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("LOCK TABLE ledger_key IN ACCESS EXCLUSIVE MODE")
        yield


def alter(api: Api, by: str) -> None:
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(BY_HAND, (by,))


@pytest.fixture(scope="module")
def signed(api: Api) -> Api:
    api.opened(patient={"family": "Ekdal"})
    until(lambda: covered(api))
    return api


def test_it_holds_and_the_next_one_goes_on_from_there(signed: Api) -> None:
    first = verified(signed)
    assert (first["state"], first["asked_by"], first["whole"]) == ("done", "some compliance", False)
    result = first["result"]
    assert (result["verdict"], result["faults"], result["since"]) == ("holds", [], 0)
    assert result["events"] > 0
    assert result["checkpoint"] > 0
    assert first["progress"]["done"] == first["progress"]["total"]
    signed.opened()
    until(lambda: covered(signed))
    assert verified(signed)["result"]["since"] == result["checkpoint"]
    assert verified(signed, whole=True)["result"]["since"] == 0
    assert [each["whole"] for each in verifications(signed)] == [True, False, False]
    trail = signed.get("/v1/audit?kind=verification", **OFFICER).json()["audit"]
    assert [each["detail"] for each in trail] == [{"whole": True}, {"whole": False}, {"whole": False}]


def test_an_admin_may_as_well(signed: Api) -> None:
    answer = signed.post(ASK, role=Role.ADMIN)
    assert answer.status_code == 202
    until(lambda: last(signed)["state"] == "done", LONG)
    assert last(signed)["asked_by"] == "some admin"


def test_what_was_altered_is_named_by_its_place(signed: Api) -> None:
    alter(signed, "1 hour")
    found = verified(signed, whole=True)["result"]
    alter(signed, "-1 hour")
    assert found["verdict"] == "differs"
    [fault] = [each for each in found["faults"] if each["table"] == "event"]
    assert (fault["kind"], fault["first"], fault["last"]) == ("edited", 1, 1)
    assert verified(signed, whole=True)["result"]["verdict"] == "holds"


def test_one_at_a_time_and_a_longer_one_is_told_to_wait(signed: Api) -> None:
    signed.opened()
    until(lambda: covered(signed))
    with held_up(signed):
        first = asked(signed)
        until(lambda: last(signed)["state"] == "running", LONG)
        assert asked(signed)["id"] == first["id"]
        refused = signed.post(ASK, {"whole": True}, **OFFICER)
        assert (refused.status_code, refused.json()["code"]) == (409, "under-way")
        assert refused.json()["detail"].endswith("Wait for its end, or stop it; then ask again.")
        assert signed.ask("DELETE", ASK, **OFFICER).status_code == 200
    until(lambda: last(signed)["ended_at"], LONG)
    assert last(signed)["state"] == "stopped"


def test_killed_midway_it_is_abandoned_and_started_anew(signed: Api) -> None:
    with held_up(signed):
        first = asked(signed)
        until(lambda: last(signed)["state"] == "running", LONG)
        [process] = [each for each in active_children() if each.name == f"errand-{first['id']}"]
        os.kill(cast(int, process.pid), signal.SIGKILL)
        until(lambda: last(signed)["state"] == "abandoned")
        assert signed.get("/v1/worklist").status_code == 200
    again = verified(signed)
    assert again["id"] > first["id"]
    assert (again["state"], again["result"]["verdict"]) == ("done", "holds")
    assert verifications(signed)[1]["state"] == "abandoned"


def test_what_is_asked_wrongly_is_named(api: Api) -> None:
    answer = api.post(ASK, {"all": True}, **OFFICER)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "all"
