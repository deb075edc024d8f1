"""Servers in processes of their own."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from journey import log
from journey.api.access import keys
from journey.api.access.table import Role
from journey.api.server import Role as Part
from journey.api.server import serve
from journey.database import Database
from journey.settings import Settings
from tests.processes import Started

ROOT = Path(__file__).parents[2]


class Running:
    """One that answers."""

    def __init__(self, process: Started, url: str, tokens: dict[Role, str]) -> None:
        self.process = process
        self.client = httpx2.Client(base_url=url, timeout=60)
        self.address = (self.client.base_url.host, self.client.base_url.port or 0)
        self.tokens = tokens

    def key(self, role: Role = Role.INTEGRATOR) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def stop(self) -> tuple[str, list[dict[str, Any]]]:
        """What it said last, and its log. Fails where it stays for a client that would wait for longer."""
        self.process.send_signal(signal.SIGTERM)
        said, logged = self.process.communicate(timeout=20)
        return said, [json.loads(line) for line in logged.splitlines()]


@contextmanager
def running(
    conninfo: str, folder: Path, workers: int = 1, role: Part = "all", **environment: str
) -> Iterator[Running]:
    tokens = {role: keys.create(conninfo, role, role, replace=True).token for role in Role}
    surroundings = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        **environment,
    }
    with Started(_serve, conninfo, workers, role, folder=folder, environment=surroundings) as process:
        assert process.stdout is not None
        server = Running(process, process.stdout.readline().strip(), tokens)
        with server.client:
            yield server


def say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _serve(conninfo: str, workers: int, role: Part) -> None:
    settings = Settings.load(database_url=conninfo, port=0, log_format="json", max_body_bytes=20_000)
    log.configure(settings)
    database = Database(conninfo, embedded=False)
    serve(settings, database, role, workers, told=say)
    say("tidied up")
