"""Each command's example in the OpenAPI document is a request that was sent, and the answer that came.

`python -m tests.api.test_examples` writes journey/api/examples.json from the first case that the tests of the
domain tell of each command; here each is carried out over HTTP, on the journey that the case begins with.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Never, cast, get_args
from uuid import UUID, uuid5

import pytest

from journey.api import openapi
from journey.api.access.table import Role
from journey.domain.custody import CustodyCommand
from journey.domain.event import Recorded
from journey.domain.journey import COMMANDS
from journey.pathways import installed
from journey.store.identifiers import uuid7
from tests.domain.cases import Case
from tests.domain.test_commands import CASES
from tests.served import Api
from tests.spec import JOURNEY
from tests.ways import FIRST as FIRST_WAY
from tests.ways import SECOND as SECOND_WAY

PAGE = Path(openapi.__file__).with_name("examples.json")
FIRST = {case.command.name(): case for case in reversed(CASES) if case.happens}


ACROSS = {"link-journey", "merge-patient", "unmerge-patient"}
"""What is told of two journeys: their cases begin with one. tests/api/test_patients.py carries them out."""


@contextmanager
def own_pathways(folder: Path) -> Iterator[None]:
    """The tests' own, installed as a site's are."""
    for way in (FIRST_WAY, SECOND_WAY):
        (folder / f"{way['version']}.yaml").write_text(json.dumps(way))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JOURNEY_PATHWAYS", str(folder))
        installed.cache_clear()
        yield
    installed.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def the_tests_own_pathways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_pathways(tmp_path_factory.mktemp("pathways")):
        yield


def example(case: Case) -> dict[str, Any]:
    """What is sent and answered, by the rules alone."""
    moment = case.command.occurred_at or case.after.next_moment
    sent = json.loads(case.command.model_dump_json(exclude_defaults=True, exclude_none=True))
    before = case.after.history.version
    recorded = case.after.when(case.command).done().history.recorded[before:]
    events = [
        {"event_id": str(each.event_id), "type": each.event.stored_as, "version": each.version}
        for each in recorded
    ]
    answer = {"journey_id": str(JOURNEY), "version": before + len(events), "events": events}
    return {"request": {**sent, "occurred_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}, "response": answer}


def page() -> str:
    examples = {name: example(FIRST[name]) for name in sorted(FIRST)}
    return json.dumps(examples, indent=1, ensure_ascii=False) + "\n"


def test_every_command_has_an_example() -> None:
    assert set(FIRST) == set(COMMANDS)
    assert PAGE.read_text() == page(), "write it again: python -m tests.api.test_examples"


def moved(case: Case, journey_id: UUID) -> tuple[list[Recorded], dict[str, str]]:
    """The events of the case on a journey of their own, and the new id of each."""
    recorded = case.after.history.recorded
    ids = {str(each.event_id): str(uuid5(journey_id, str(each.event_id))) for each in recorded}
    return [
        replace(
            each,
            journey_id=journey_id,
            event_id=UUID(ids[str(each.event_id)]),
            event=type(each.event).model_validate_json(renamed(each.event.model_dump_json(), ids)),
        )
        for each in recorded
    ], ids


def renamed(text: str, ids: dict[str, str]) -> str:
    for old, new in ids.items():
        text = text.replace(old, new)
    return text


@pytest.mark.database
@pytest.mark.parametrize("name", sorted(set(FIRST) - ACROSS))
def test_it_is_carried_out(api: Api, name: str) -> None:
    told = json.loads(PAGE.read_text())[name]
    journey_id = uuid7()
    recorded, ids = moved(FIRST[name], journey_id)
    api.engine.store.events.put(cast("Sequence[Never]", recorded), idempotency=None)
    url = f"/v1/journeys/{journey_id}/{name}"
    body = json.loads(renamed(json.dumps(told["request"]), ids))
    role = Role.COMPLIANCE if COMMANDS[name] in get_args(CustodyCommand) else Role.COORDINATOR
    stale = api.post(url, body, role=role, headers={"If-Match": f'"{len(recorded) + 1}"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    answer = api.post(url, body, role=role, headers={"If-Match": f'"{len(recorded)}"'})
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{told["response"]["version"]}"'
    assert list(shape(answer.json())) == list(shape(told["response"]))


def shape(answer: dict[str, Any]) -> Iterator[Any]:
    """All of it but the ids, which are given anew each time."""
    yield answer["version"]
    for each in answer["events"]:
        yield each["type"], each["version"]


if __name__ == "__main__":
    PAGE.write_text(page())
