"""The API on a store that holds simulated journeys, asked whatever its OpenAPI document allows and forbids.

`python -m tests.contract.fuzzed MINUTES` asks for so long, in all the ways that schemathesis knows, and tells
how many requests there were: `make fuzz MINUTES=60`.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import uvicorn

from journey.api.access import keys
from journey.api.access.table import Reach, Role, reach
from journey.api.app import create_app
from journey.cli.filling import fill
from journey.embedded import Cluster
from journey.log import configure
from journey.migrate import migrate
from journey.settings import Settings
from journey.simulate.clinic import simulate
from tests.waiting import until

CONFIG = Path(__file__).with_name("schemathesis.toml")
TOKENS, KNOWN = "FUZZ_TOKENS", "FUZZ_KNOWN"
"""Where the program that asks finds the token for each operation, and the ids that there are."""


@dataclass(frozen=True)
class Target:
    """What is asked."""

    url: str
    tokens: dict[str, str]
    known: dict[str, list[str]]

    def environment(self) -> dict[str, str]:
        return {TOKENS: json.dumps(self.tokens), KNOWN: json.dumps(self.known)}


@contextmanager
def target(conninfo: str, home: Path, *, patients: int) -> Iterator[Target]:
    """The API on this database, filled, in a thread of this process."""
    fill(conninfo, simulate(patients, seed=5, months=3, until=date(2026, 3, 2)))
    app = create_app(_settings(conninfo, home), conninfo, with_worker=True)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, name="asked")
    thread.start()
    try:
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Target(f"http://127.0.0.1:{port}", _tokens(conninfo, app.state.routes), _known(conninfo))
    finally:
        server.should_exit = True
        thread.join()


def _settings(conninfo: str, home: Path) -> Settings:
    return Settings.load(database_url=conninfo, home=home, max_body_bytes=20_000)


def _tokens(conninfo: str, routes: list[Any]) -> dict[str, str]:
    """For each operation a token of a role that may do it, and sees every team's journeys."""
    made = {
        role: keys.create(conninfo, f"fuzz {role}", role, None, keys.Grant(labels=("PSY", "HIV"))).token
        for role in Role
    }
    return {
        f"{method} {route.path_format}": next(
            made[role] for role in Role if reach(role, route.asks_for) is not Reach.NONE
        )
        for route in routes
        for method in route.methods
        if hasattr(route, "asks_for")
    }


def _known(conninfo: str) -> dict[str, list[str]]:
    """The ids of what there is, by the names of the parameters that take them."""
    with psycopg.connect(conninfo) as connection:
        journeys = connection.execute("SELECT DISTINCT journey_id FROM event ORDER BY 1").fetchall()
        patients = connection.execute(
            "SELECT DISTINCT data->>'patient_id' FROM event WHERE type = 'journey.opened' ORDER BY 1"
        ).fetchall()
    return {"journey_id": [str(each[0]) for each in journeys], "patient_id": [each[0] for each in patients]}


def main() -> int:
    """Ask for so many minutes."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    configure(Settings.load(log_level="error"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="journey-", dir="/dev/shm")))
        folder.chmod(0o711)
        cluster = stack.enter_context(Cluster(folder / "c", durable=False))
        migrate(cluster.url())
        asked = stack.enter_context(target(cluster.url(), folder, patients=60))
        command = [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
            *("--config-file", str(CONFIG), "run", f"{asked.url}/openapi.json"),
            *("--max-time", str(int(minutes * 60)), "--continue-on-failure", "--no-shrink", *sys.argv[2:]),
        ]
        environment = {**os.environ, **asked.environment(), "SCHEMATHESIS_HOOKS": "tests.contract.asking"}
        return subprocess.run(command, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
