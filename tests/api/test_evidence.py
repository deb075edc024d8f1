"""Evidence over HTTP: the file, and that it left."""

from io import BytesIO
from typing import Any

import psycopg
import pytest

from journey.api.access.table import Role
from journey.api.audit import exports
from journey.evidence.checking import checked
from tests.evidence.checker import check
from tests.served import Api, number
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
    assert rows(api, GIVEN, patient) == before


def test_nobody_else_gets_it(api: Api, patient: str) -> None:
    wanted = {"patients": [patient], "recipient": "me"}
    for role in set(Role) - {Role.COMPLIANCE}:
        assert api.post("/v1/audit/exports", wanted, role=role).status_code == 403
