"""The processes of the delivery soak: receivers that lie, are slow, refuse and hang up, an API, and a worker
that delivers and publishes. What a receiver took stands in its file before it says so, line by line: a
SIGKILL loses none of it.
"""

import json
import os
import random
import runpy
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from uuid import UUID

from journey.api.access.owners import clearance
from journey.bench import notified, published
from journey.bench.callers import Target
from journey.bench.parts import Journal, lines, until_closed
from journey.bench.receiver import TAKEN, Received, Receiver, Reply
from journey.settings import inherited
from journey.subscriptions.way import KIND, Fhir
from journey.webhooks.addresses import Where
from journey.webhooks.deliveries import Deliveries, Terms
from journey.webhooks.pace import Pace
from journey.worker import Beside, Worker

HERE = Where(private=(ip_network("127.0.0.0/8"),), plain=("127.0.0.1",))
SWIFT = Pace(
    waits=(0.05,) * 1000,
    timeout=0.3,
    longest_wait=0.2,
    first_pause=0.05,
    longest_pause=0.3,
    given_up=2.0,
    lease=1.0,
    idle=0.5,
)
"""As in service, in seconds in place of minutes. No webhook has dead letters, so that all has to arrive; a
FHIR Subscription is in error after the fourth attempt, as ever.
"""

BADLY = (
    (0.60, TAKEN),
    (0.70, Reply(500)),
    (0.76, Reply(302, (("Location", "http://127.0.0.1:1/"),))),
    (0.82, Reply(hangs_up=True)),
    (0.86, Reply(429, (("Retry-After", "1"),))),
    (0.90, Reply(after=0.5)),
    (1.00, Reply(after=0.02)),
)
"""What it answers, up to which share of a whole."""

LIES = 0.1
"""Of those that it takes, the share of which it says that it has not."""

GONE = 0.0005


class Line(NamedTuple):
    """One message that a receiver took."""

    number: int
    message_id: UUID
    journey_id: UUID
    version: int


Noted = Callable[[Received], str]
"""What stands in the file of what was taken."""


def event(request: Received) -> str:
    """Of a webhook's message."""
    said, told = request.headers, json.loads(request.body)
    return f"{said['journey-delivery']} {said['webhook-id']} {told['subject']} {told['journeyversion']}"


def notice(request: Received) -> str:
    """Of a FHIR notification."""
    return notified.notice(json.loads(request.body)).line()


class Taking(NamedTuple):
    """How a receiver takes what comes. `ill`: how often it is not well."""

    path: Path
    noted: Noted
    ill: float
    seed: int


def receiver(pipe: Pipe, port: int, how: Taking) -> None:
    """Begun again after a kill, it has forgotten everything but its file."""
    journal = Journal(how.path)
    dice = random.Random(f"{how.seed} {how.path.name} {len(lines(how.path))}")  # noqa: S311 - no secret

    def answer(request: Received) -> Reply:
        is_well = dice.random() >= how.ill
        die, share = (1.0, 0.0) if is_well else (dice.random(), dice.random())
        if die < GONE:
            return Reply(410)
        reply = next(reply for most, reply in BADLY if share < most)
        if reply.status == TAKEN.status and not reply.hangs_up:
            journal.write(f"{how.noted(request)}\n")
            if die < LIES:
                return Reply(500) if die < LIES / 2 else Reply(hangs_up=True)
        return reply

    with until_closed(pipe) as closed, Receiver(answer, port):
        closed.wait()


def taken(path: Path) -> list[Line]:
    """What a receiver of webhooks took, in order."""
    found = []
    for line in lines(path):
        number, message_id, journey_id, version = line.split()
        found.append(Line(int(number), UUID(message_id), UUID(journey_id), int(version)))
    return found


def api(pipe: Pipe, target: Target, log: Path, environment: dict[str, str]) -> None:
    """`journey serve --role api`, forked from a process that has imported it: that takes a second or two."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(written, number)
    Thread(target=_tell_to_stop, args=(pipe,), daemon=True).start()
    host, port = target
    sys.argv = ["journey", "serve", "--role", "api", "--host", host, "--port", str(port)]
    with inherited(**environment):
        runpy.run_module("journey", run_name="__main__", alter_sys=True)


def _tell_to_stop(pipe: Pipe) -> None:
    with suppress(EOFError, OSError):
        pipe.recv_bytes()
    os.kill(os.getpid(), signal.SIGTERM)


def worker(pipe: Pipe, url: str, owner: str, nats: str | None) -> None:
    """As `journey serve --role worker` runs it, at a swift pace."""
    beside: list[Beside] = [Deliveries(url, Terms(clearance, HERE, pace=SWIFT, ways={KIND: Fhir()}))]
    if nats is not None:
        beside.append(published.publisher(url, owner, nats))
    with until_closed(pipe) as closed, Worker(url, beside=beside):
        closed.wait()
