"""A mark in every text of every command, message and address: it is in the record, and nowhere else."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any, get_args
from zoneinfo import ZoneInfo

import psycopg
import pytest
import structlog
from httpx2 import Response

from journey import log
from journey.api.access.table import Role
from journey.domain.custody import CustodyCommand
from journey.domain.episode import OpenJourney
from journey.domain.journey import COMMANDS
from journey.ingest.hl7v2.receiver import Receiver
from journey.settings import Settings
from tests.api.marked import MARK, body, without
from tests.served import Api, number
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("quiet")]

PATIENT = {"family": MARK, "given": [MARK], "phone": MARK, "address": MARK}
ADMITTED = (
    f"MSH|^~\\&|{MARK}|{MARK}|J|J|20260301100000||ADT^A01^ADT_A01|{MARK}{{}}|P|2.5\r"
    "EVN|A01|20260301100000\r"
    f"PID|1||{MARK}^^^{MARK}^MR||{MARK}^{MARK}^{MARK}||19700101|F|||{MARK}^^{MARK}\r"
    f"PV1|1|I|{MARK}^{MARK}^{MARK}||||{MARK}^{MARK}|||||||||||{MARK}{{}}\r"
)
POISON = {
    "event": "CHECK (type <> 'intake.item_captured')",
    "timeline": "CHECK (type <> 'journey.put_on_hold')",
}


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Whatever comes out of this process, the least severe lines of its log among it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    log.configure(Settings.load(log_format="json", log_level="debug"))
    capfd.readouterr()
    yield capfd
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def quiet(said: pytest.CaptureFixture[str], api: Api) -> Iterator[None]:
    """Looks for the mark in all that was said meanwhile, and in the figures."""
    yield
    output = "".join(said.readouterr())
    assert MARK not in output, [line for line in output.splitlines() if MARK in line][:3]
    assert '"event": "request"' in output
    assert MARK not in api.get("/metrics", role=Role.ADMIN).text


def problem(answer: Response) -> dict[str, Any]:
    """What went wrong, in words that repeat nothing."""
    assert MARK not in answer.text
    document: dict[str, Any] = answer.json()
    return document


def told(api: Api, url: str, said: dict[str, Any], role: Role = Role.COORDINATOR) -> Response:
    """The answer once nothing that is said has the wrong form; each on the way there is quiet."""
    while (answer := api.post(url, said, role=role)).status_code == 422:
        wrong = [each["field"] for each in problem(answer)["errors"]]
        before = said
        for field in wrong:
            said = without(said, field)
        assert said != before, answer.text
    return answer


def test_every_command_with_a_mark_in_every_text(api: Api) -> None:
    opening = {**body(OpenJourney), "patient_id": number(77), "patient": PATIENT}
    journey = told(api, "/v1/journeys", opening).headers["location"]
    outcomes = {}
    for name, command in COMMANDS.items():
        role = Role.COMPLIANCE if command in get_args(CustodyCommand) else Role.COORDINATOR
        answer = told(api, f"{journey}/{name}", body(command), role)
        outcomes[name] = answer.status_code
        assert MARK not in answer.text
    assert set(outcomes.values()) == {200, 404, 409}, outcomes
    assert sum(status == 200 for status in outcomes.values()) > 40
    assert MARK in api.get(f"{journey}/events").text


def asked_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Its parameters; those of commands are the same for all, and one tells for them."""
    name = operation["operationId"]
    return [] if name in COMMANDS and name != "check-in" else operation.get("parameters", [])


def sending(document: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """How a request sends the mark as this parameter."""

    def sent(parameter: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in parameter:
            parameter = document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        kind = {"query": "params", "header": "headers"}.get(parameter["in"])
        return {kind: {parameter["name"]: MARK}} if kind else {}

    return sent


def test_every_address_with_a_mark_in_every_parameter(api: Api) -> None:
    document = api.get("/openapi.json", role=None).json()
    answers = [
        api.ask(method, address, role=Role.INTEGRATOR, **sent)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for sent in ({}, *map(sending(document), asked_of(operation)))
        for address in {path.replace("{journey_id}", number(1)), re.sub(r"{\w+}", MARK, path)}
    ]
    for answer in answers:
        if answer.status_code >= 400:
            problem(answer)
    assert len(answers) > 2 * len(COMMANDS)
    assert all(answer.status_code < 500 for answer in answers)


def test_a_body_that_cannot_be_read(api: Api) -> None:
    journey = api.opened()
    for sent in (MARK, f'{{"item": "{MARK}', f'["{MARK}"]', f'{{"item": ["{MARK}"]}}', f'"{MARK}"'):
        headers = {"Content-Type": "application/json"}
        answer = api.ask("POST", f"{journey}/capture-intake-item", content=sent.encode(), headers=headers)
        assert problem(answer)["status"] in {400, 422}


def test_what_the_database_refuses(api: Api) -> None:
    """Its own message quotes the row. An append is answered without it, a read model's journey is parked."""
    journey = api.opened(patient=PATIENT)
    api.told(journey, "start-intake", channel="phone")
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        for table, check in POISON.items():
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT poison {check} NOT VALID".encode())
        try:
            answer = api.post(f"{journey}/capture-intake-item", {"item": MARK})
            assert problem(answer)["code"] == "internal"
            api.told(journey, "put-on-hold", reason=MARK)
            until(lambda: 'parked{model="timeline"} 1.0' in api.get("/metrics", role=Role.ADMIN).text)
        finally:
            for table in POISON:
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT poison".encode())


def test_messages_of_other_systems(api: Api) -> None:
    receiver = Receiver(api.engine.store, ZoneInfo("UTC"))
    taken = [
        receiver.take(ADMITTED.format(each, each).replace(was, becomes).encode(), MARK, each)
        for each, (was, becomes) in enumerate(
            [("", ""), ("20260301100000", MARK), ("A01", "Z99"), ("PID|", f"{MARK}|"), ("|P|2.5", "|")]
        )
    ]
    assert {each.outcome.verdict.status for each in taken} >= {"applied", "parked"}
    assert all(MARK not in json.dumps(each.outcome.verdict.reason) for each in taken)
    assert api.get("/healthz").status_code == 200
