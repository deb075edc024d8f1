"""Published: a NATS server of one's own that may be killed, a publisher that is swift, and all that is in the
stream.
"""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from threading import Event as Signal
from time import monotonic

import nats
from nats.js.api import AckPolicy, ConsumerConfig

from journey.api.access.owners import clearance
from journey.audit.disclosures import Basis
from journey.broker.nats import JetStream, Where
from journey.broker.publisher import Pace, Publisher
from journey.broker.turn import Terms
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING

PROGRAM = "nats-server"
STREAM = "JOURNEY"
SWIFT = Pace(lease=1.0, soon=0.02, longest=0.2, batch=50)
LONGEST_START = 30.0
LOOK = 0.02
"""Seconds between looks at whether a server answers."""


def installed() -> str | None:
    """The program, where there is one."""
    return shutil.which(PROGRAM)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """One server; of a cluster where it is told of the others' ports. `more` is said to it as well."""

    kind = "broker"

    def __init__(
        self, folder: Path, number: int = 0, routes: Sequence[int] = (), more: Sequence[str] = ()
    ) -> None:
        self.port = free_port()
        self._folder = folder / str(number)
        self._folder.mkdir(exist_ok=True)
        said = ["--jetstream", "--store_dir", self._folder, "--addr", "127.0.0.1", "--port", str(self.port)]
        if routes:
            others = ",".join(f"nats://127.0.0.1:{each}" for each in routes)
            own = f"nats://127.0.0.1:{routes[number]}"
            said += ["--name", f"n{number}", "--cluster_name", "tests", "--cluster", own, "--routes", others]
        self._command = [PROGRAM, *map(str, said), *more]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log)  # noqa: S603 - our own
        deadline = monotonic() + LONGEST_START
        while not self._answers():
            if monotonic() > deadline:
                raise TimeoutError(PROGRAM)
            Signal().wait(LOOK)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0


def publisher(url: str, owner: str, server: str) -> Publisher:
    """Everything, thin, at a swift pace."""
    said = (owner, "soak", "TREAT", Basis.TREATMENT, Payload.THIN, EVERYTHING, f"nats {STREAM}")
    return Publisher(url, lambda: JetStream(Where((server,))), Terms(clearance, *said), SWIFT)


def ids(server: str) -> list[str]:
    """Of every message that is in the stream, in order."""
    return asyncio.run(_ids(server))


async def _ids(server: str) -> list[str]:
    client = await nats.connect(server)
    stream = client.jetstream()
    many = (await stream.stream_info(STREAM)).state.messages
    reading = await stream.pull_subscribe("", stream=STREAM, config=ConsumerConfig(ack_policy=AckPolicy.NONE))
    found: list[str] = []
    while len(found) < many:
        found += [
            (each.headers or {})["Nats-Msg-Id"]
            for each in await reading.fetch(min(many - len(found), 500), timeout=5)
        ]
    await client.close()
    return found
