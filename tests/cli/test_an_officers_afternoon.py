"""The officer's afternoon as its page tells it: every command is run, every line of an answer is found."""

import re
import shlex
from typing import NamedTuple

import pytest

from tests.cli.conftest import ROOT, Program

pytestmark = pytest.mark.database

PAGE = (ROOT / "docs" / "an-officers-afternoon.md").read_text()


class Asked(NamedTuple):
    """A command, and lines of what it says, in their order; `…` stands for anything."""

    command: str
    told: list[str]


def asked() -> list[Asked]:
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    return [
        Asked(command, told.splitlines())
        for command, told in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", blocks, re.MULTILINE)
    ]


def missing(told: list[str], said: list[str]) -> list[str]:
    """The lines that are not said, or not in this order."""
    rest = iter(said)
    patterns = {line: re.compile(".*".join(map(re.escape, line.split("…")))) for line in told}
    return [line for line in told if not any(patterns[line].fullmatch(each.rstrip()) for each in rest)]


def test_every_command_of_the_page_says_what_the_page_says(program: Program) -> None:
    told = asked()
    assert len(told) == PAGE.count("\n$ ")
    for each in told:
        done = program.run(*shlex.split(each.command)[1:])
        assert done.returncode == 0, (each.command, done.stderr)
        said = (done.stdout + done.stderr).splitlines()
        assert missing(each.told, said) == [], each.command
