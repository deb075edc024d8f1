"""The guide to the feed: every command of the page is run, and says what the page says."""

import re
import shlex
import signal
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import httpx2
import pytest

from journey.bench.served import free_address
from tests.cli.conftest import ROOT, Program
from tests.cli.test_an_officers_afternoon import missing
from tests.cli.test_serving import heard
from tests.processes import Started
from tests.waiting import until

pytestmark = pytest.mark.database

PAGE = (ROOT / "docs" / "feed.md").read_text()


class Asked(NamedTuple):
    command: list[str]
    told: list[str]


def asked(url: str) -> Iterator[Asked]:
    """Each command of the page, and the lines that it says."""
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    for command, told in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", blocks, re.MULTILINE):
        yield Asked(shlex.split(command.replace("http://127.0.0.1:8000", url)), told.splitlines())


def curl(arguments: list[str], key: str) -> list[str]:
    """What curl would have printed."""
    headers = [arguments[at + 1].replace("$KEY", key) for at, each in enumerate(arguments) if each == "-H"]
    said = dict(each.split(": ", 1) for each in headers)
    answer = httpx2.get(arguments[-1], headers=said, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


def says(wanted: list[str], arguments: list[str], key: str) -> bool:
    """Whether it says these lines: filters wait for what is known of the journeys."""
    return missing([f"{each}…" for each in wanted], curl(arguments, key)) == []


def ended(process: Started, wanted: list[str]) -> None:
    """It says these lines, and ends quietly at Ctrl-C."""
    for line in wanted:
        heard(process.stdout, ".*".join(map(re.escape, line.split("…"))))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_every_command_of_the_page_says_what_the_page_says(program: Program) -> None:
    port, key = free_address()[1], ""
    server = program.start("serve", "--port", str(port))
    followers = []
    commands = list(asked(f"http://127.0.0.1:{port}"))
    assert len(commands) == PAGE.count("\n$ ")
    for (name, *arguments), wanted in commands:
        if name == "curl":
            until(partial(says, wanted, arguments, key))
        elif arguments[0] == "serve":
            heard(server.stderr, str(port))
        elif arguments[0] == "tail":
            follower = program.start(*(each.replace("$KEY", key) for each in arguments))
            followers.append((follower, wanted))
        else:
            done = program.run(*arguments)
            assert done.returncode == 0, done.stderr
            said = (done.stdout + done.stderr).splitlines()
            assert missing([f"…{each}…" for each in wanted], said) == [], (arguments, said)
            if arguments[0] == "keys":
                key = re.findall(r"jk_\S+", done.stdout)[0]
    for follower, wanted in followers:
        ended(follower, wanted)
