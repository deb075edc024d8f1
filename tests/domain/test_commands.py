"""Every command of every room: it is done, it is refused, and it is quiet when there is nothing to do.

A room's cases stand in the room's own test module, as CASES.
"""

import importlib
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from journey.domain.journey import COMMANDS, ROOMS
from tests.domain.cases import Case, name

MODULES = {room: each.decide.__module__.split(".")[2] for room, each in ROOMS.items()}
"""The module or package of each room, under journey.domain."""

CASES: list[Case] = [
    case
    for module in MODULES.values()
    for case in importlib.import_module(f"tests.domain.test_{module}").CASES
]


@pytest.mark.parametrize("case", CASES, ids=name)
def test_it_is_done(case: Case) -> None:
    case.is_done()


@pytest.mark.parametrize("case", CASES, ids=name)
def test_it_is_refused(case: Case) -> None:
    case.is_refused()


@pytest.mark.parametrize("case", CASES, ids=name)
def test_it_is_quiet_when_there_is_nothing_to_do(case: Case) -> None:
    case.is_quiet()


@pytest.mark.parametrize("room", ROOMS)
def test_every_command_of_a_room_has_a_case(room: str) -> None:
    cases = importlib.import_module(f"tests.domain.test_{MODULES[room]}").CASES
    assert {type(case.command) for case in cases} == set(get_args(ROOMS[room].commands))


def numbers(part: Any) -> Iterator[dict[str, Any]]:
    """Every number in a schema, at whatever depth."""
    if isinstance(part, list):
        for each in part:
            yield from numbers(each)
    elif isinstance(part, dict):
        if part.get("type") in ("integer", "number"):
            yield part
        for each in part.values():
            yield from numbers(each)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_number_is_larger_than_somebody_can_mean(command: str) -> None:
    """A larger one would be recorded, and then fit into no column that is made from it."""
    for number in numbers(COMMANDS[command].model_json_schema()):
        assert number["maximum"] < 2**31, number
