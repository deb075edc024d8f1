"""Evidence over HTTP: the file, and that it left."""

from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.api.access.table import Role
from journey.api.audit import exports
from journey.embedded import Cluster
from journey.evidence.checking import checked
from tests.evidence.checker import check
from tests.served import Api, database, number, served
from tests.waiting import until

pytestmark = pytest.mark.database

OFFICER: dict[str, Any] = {"role": Role.COMPLIANCE}
COVERED = """
    SELECT (SELECT max(size) FROM ledger_checkpoint) >= count(*) FROM event
    """
TRAIL = """
    SELECT outcome, route, name, purpose, patients::text[], cardinality(journeys), detail->>'recipient'
      FROM access_event WHERE route = '/v1/audit/exports' ORDER BY at
    """
GIVEN = (
    "SELECT channel, recipient, purpose, basis, cardinality(positions) FROM disclosure WHERE patient_id = %s"
)


def rows(api: Api, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(api.conninfo) as connection:
        return connection.execute(statement.encode(), values).fetchall()


@pytest.fixture(scope="module")
def patient(api: Api) -> str:
    patient = number(7)
    journey = api.opened(patient_id=patient)
    api.told(journey, "change-demographics", demographics={"family": "Ekström"})
    until(lambda: rows(api, COVERED)[0][0])
    return patient


def test_the_file_is_sound_and_on_record(api: Api, patient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MEMORY", 100)
    wanted = {"patients": [patient], "recipient": "The board", "basis": "oversight"}
    answer = api.post("/v1/audit/exports", wanted, **OFFICER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    check(BytesIO(answer.content))
    sound = checked(BytesIO(answer.content))
    assert (sound.events, sound.opened, sound.journeys, sound.manifest_signed) == (3, 1, 1, True)
    assert rows(api, GIVEN, patient) == [("evidence", "The board", "HCOMPL", "oversight", 3)]
    seen = ("done", "/v1/audit/exports", "some compliance", "HCOMPL", [patient], 1, "The board")
    assert rows(api, TRAIL)[-1] == seen


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"patients": [number(99)], "recipient": "The board"}, "no-such-patient"),
        (
            {"patients": [number(7)], "recipient": "The board", "to": "2020-01-01T00:00:00Z"},
            "no-such-patient",
        ),
        ({"patients": [], "recipient": "The board"}, "invalid"),
        ({"patients": [number(7)]}, "invalid"),
        ({"patients": [number(7)], "recipient": "The board", "since": "last week's"}, "invalid"),
    ],
)
def test_what_cannot_be_given_is_said_and_not_accounted_for(
    api: Api, patient: str, wanted: dict[str, Any], code: str
) -> None:
    before = rows(api, GIVEN, patient)
    answer = api.post("/v1/audit/exports", wanted, **OFFICER)
    assert (answer.is_error, answer.json()["code"]) == (True, code)
    assert code != "invalid" or answer.json()["errors"]
    assert rows(api, GIVEN, patient) == before


def test_nobody_else_gets_it(api: Api, patient: str) -> None:
    wanted = {"patients": [patient], "recipient": "me"}
    for role in set(Role) - {Role.COMPLIANCE}:
        assert api.post("/v1/audit/exports", wanted, role=role).status_code == 403


FULL = """
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER disk_full BEFORE INSERT ON disclosure FOR EACH STATEMENT EXECUTE FUNCTION disk_full();
    """
ROOM_AGAIN = "DROP TRIGGER disk_full ON disclosure; DROP FUNCTION disk_full()"
CHANGE = "UPDATE event SET context = replace(context::text, %s, %s)::json WHERE version = 1"


def asked(api: Api, patient: str) -> tuple[int, str]:
    answer = api.post("/v1/audit/exports", {"patients": [patient], "recipient": "The board"}, **OFFICER)
    return answer.status_code, answer.json()["code"] if answer.is_error else ""


def test_what_cannot_be_recorded_does_not_leave(api: Api, patient: str) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute(FULL)
        assert asked(api, patient) == (503, "store-unavailable")
        connection.execute(ROOM_AGAIN)
    assert asked(api, patient) == (200, "")


def test_of_what_was_altered_there_is_no_evidence(api: Api, patient: str) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute("ALTER TABLE event DISABLE TRIGGER event_is_immutable")
        connection.execute(CHANGE, ("coordinator", "c00rdinator"))
        assert asked(api, patient) == (500, "ledger-altered")
        connection.execute(CHANGE, ("c00rdinator", "coordinator"))
        connection.execute("ALTER TABLE event ENABLE TRIGGER event_is_immutable")
    assert asked(api, patient) == (200, "")


def test_before_the_first_checkpoint_it_is_asked_for_again(
    cluster: Cluster, template: str, tmp_path: Path
) -> None:
    with database(cluster, template) as url, served(url, tmp_path, with_worker=False) as api:
        assert asked(api, number(7)) == (503, "not-in-the-ledger-yet")
