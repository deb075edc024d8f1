"""Every command of every room: it is done, it is refused, and it is quiet when there is nothing to do.

A room's cases stand in the room's own test module, as CASES.
"""

import importlib
from typing import get_args

import pytest

from journey.domain.journey import ROOMS
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
