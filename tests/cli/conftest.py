"""The program as people and scripts run it: processes of its own, in a folder that is not the checkout."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.embedded import Cluster
from tests.processes import Finished, First, Started, finished, journey

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Program:
    """`journey` in a folder, with an environment of the test's own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    started: list[Started] = field(default_factory=list)

    def having(self, **environment: str) -> "Program":
        return Program(self.folder, self.environment | environment, self.started)

    def start(self, *arguments: str, first: First | None = None) -> Started:
        """To go on beside the test; what it imports is imported already."""
        process = Started(
            journey, *arguments, folder=self.folder, environment=self._surroundings(), first=first
        )
        self.started.append(process)
        return process

    def _surroundings(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "JOURNEY_MASTER_KEY_FILE": os.environ["JOURNEY_MASTER_KEY_FILE"],
            **self.environment,
        }

    def end(self) -> None:
        with ExitStack() as stack:
            for process in self.started:
                stack.enter_context(process)

    def from_nothing(self, *many: tuple[str, ...], **options: Any) -> list[Finished]:
        """As people start it, several at the same time, each to its end."""
        with ExitStack() as stack:
            started = [
                stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-m", "journey", *arguments],
                        cwd=self.folder,
                        env=self._surroundings(),
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE,
                        text=True,
                        **options,
                    )
                )
                for arguments in many
            ]
            for process in started:
                stack.callback(process.kill)
            return [
                Finished(process.args, process.returncode, out, err)
                for process in started
                for out, err in [process.communicate(timeout=60)]
            ]

    def run(self, *arguments: str, **stdin: Path) -> Finished:
        return self.all([arguments], **stdin)[0]

    def all(self, many: list[tuple[str, ...]], **stdin: Path) -> list[Finished]:
        """As `from_nothing`, and much sooner: what they import is imported already."""
        return finished(many, self.folder, self._surroundings(), **stdin)

    def answer(self, *arguments: str) -> Any:
        """What `--json` prints."""
        done = self.run(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Program]:
    """Without a database."""
    program = Program(tmp_path)
    yield program
    program.end()


@pytest.fixture
def program(bare: Program, database_url: str) -> Program:
    """With a migrated database that holds nothing."""
    return bare.having(DATABASE_URL=database_url)


@pytest.fixture(scope="module")
def clinic(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """With a database that a simulated clinic was recorded in, for tests that only read it."""
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE clinic TEMPLATE {template}".encode())
        program = Program(tmp_path_factory.mktemp("clinic"), {"DATABASE_URL": cluster.url("clinic")})
        done = program.run("simulate", "--patients", "8", "--until", "2026-11-01")
        assert done.returncode == 0, done.stderr
        yield program
        connection.execute("DROP DATABASE clinic WITH (FORCE)")
