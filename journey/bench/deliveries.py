"""The delivery soak: events are written, receivers behave badly, and workers, receivers and the database are
killed at random; then every message that was taken is held against the log.

Each subscription must have been brought every event, each journey's in order, under numbers without a gap,
and whatever came twice under the same id and number.
"""

import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event as Signal
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.audit.disclosures import Basis
from journey.bench import parts, receiving
from journey.bench.receiving import Line
from journey.bench.soak import CALM, LONGEST_DRAIN, SERVER_LIVES, Part, Report, processes
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING
from journey.webhooks import registry
from journey.webhooks.registry import Wanted

ENDPOINTS, WORKERS, WRITING_THREADS = 3, 2, 4

EVENTS = "SELECT position, journey_id, version, event_id FROM log JOIN event USING (journey_id, version)"
OPEN = """
    SELECT (SELECT count(*) FROM pending) + (SELECT count(*) FROM webhook_delivery WHERE state <> 'delivered')
           + (SELECT count(*) FROM webhook WHERE position < (SELECT coalesce(max(position), 0) FROM log))
    """
STOPPED = "SELECT id, owner FROM webhook WHERE state <> 'active'"


class DeliverySoak:
    """Everything that runs, on one database."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        seed: int,
        restart_server: Callable[[], None] | None = None,
        server_lives: float = SERVER_LIVES,
    ) -> None:
        self._url = url
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._restart_server = restart_server
        self._server_lives = server_lives
        self._files = [folder / f"taken-{number}" for number in range(ENDPOINTS)]
        self._ports = [_free_port() for _ in range(ENDPOINTS)]
        self._writer = Part("writer", parts.writer, (url, folder / "asked", WRITING_THREADS, seed))
        self._receivers = [
            Part("receiver", receiving.receiver, (port, path, seed))
            for port, path in zip(self._ports, self._files, strict=True)
        ]
        self._workers = [Part("worker", receiving.worker, (url,)) for _ in range(WORKERS)]
        self._killed: Counter[str] = Counter()

    def run(self, seconds: float, progress: Callable[[float], None] = lambda _: None) -> Report:
        """Do it for so long, let everything arrive, and count."""
        processes.set_forkserver_preload([receiving.__name__])
        self._subscribe()
        wrong: list[str] = []
        with ExitStack() as stack:
            for part in (self._writer, *self._receivers, *self._workers):
                part.start()
                stack.callback(part.kill)
            self._wait_for_the_first()
            started = server_since = monotonic()
            while (elapsed := monotonic() - started) < seconds:
                progress(elapsed)
                Signal().wait(self._dice.uniform(*CALM))
                if self._restart_server is not None and monotonic() - server_since > self._server_lives:
                    self._restart_server()
                    self._killed["server"] += 1
                    server_since = monotonic()
                victim = self._dice.choice([*self._receivers, *self._workers])
                victim.kill()
                self._killed[victim.kind] += 1
                victim.start()
                self._enable()
            wrong += filter(None, [self._writer.stop()])
            self._wait_for_all_to_arrive()
            wrong += filter(None, [part.stop() for part in (*self._workers, *self._receivers)])
        return self._counted(monotonic() - started, wrong)

    def _subscribe(self) -> None:
        owner = keys.create(self._url, "soak", Role.INTEGRATOR, None, Grant()).key.id
        with psycopg.connect(self._url, autocommit=True) as connection:
            for port in self._ports:
                endpoint = f"http://127.0.0.1:{port}/hooks"
                wanted = Wanted(
                    endpoint, "", EVERYTHING, Payload.THIN, "soak", None, "TREAT", Basis.TREATMENT
                )
                registry.create(connection, owner, wanted, 0)

    def _enable(self) -> None:
        """Somebody sees to it that what a 410 has disabled goes on."""
        with suppress(psycopg.OperationalError), psycopg.connect(self._url, autocommit=True) as connection:
            for key, owner in connection.execute(STOPPED).fetchall():
                registry.enable(connection, owner, key)
                self._killed["subscription (410)"] += 1

    def _wait_for_the_first(self) -> None:
        """Until something was taken: before that there is nothing to disturb."""
        deadline = monotonic() + LONGEST_DRAIN
        while monotonic() < deadline and not any(receiving.taken(path) for path in self._files):
            Signal().wait(parts.PAUSE)

    def _wait_for_all_to_arrive(self) -> None:
        """Until nothing is under way; what is by then is complained of."""
        deadline = monotonic() + LONGEST_DRAIN
        while monotonic() < deadline:
            self._enable()
            with suppress(psycopg.OperationalError), psycopg.connect(self._url) as connection:
                if connection.execute(OPEN).fetchone() == (0,):
                    return
            Signal().wait(parts.PAUSE)

    def _counted(self, seconds: float, wrong: list[str]) -> Report:
        with psycopg.connect(self._url) as connection:
            rows = connection.execute(EVENTS).fetchall()
        came = [receiving.taken(path) for path in self._files]
        for path, messages in zip(self._files, came, strict=True):
            wrong += [f"{path.name}: {each}" for each in complaints(rows, messages)]
        if not rows:
            wrong.append("nothing was written, so nothing was tested")
        taken = sum(map(len, came))
        outcomes = Counter({"taken": taken, "taken again": taken - len(rows) * len(came)})
        return Report(seconds, outcomes, len(rows), self._killed, tuple(wrong))


def complaints(log: list[tuple[Any, ...]], messages: list[Line]) -> Iterator[str]:
    """What is wrong with what one receiver took of this log, whose rows are those of EVENTS."""
    events = {event_id: (journey_id, version) for _, journey_id, version, event_id in log}
    ids: dict[int, UUID] = {}
    numbers: dict[UUID, int] = {}
    last: dict[UUID, int] = {}
    for each in messages:
        if ids.setdefault(each.number, each.message_id) != each.message_id:
            yield f"number {each.number} came with two ids"
        if numbers.setdefault(each.message_id, each.number) != each.number:
            yield f"{each.message_id} came under two numbers"
        elif events.get(each.message_id) != (each.journey_id, each.version):
            yield f"{each.message_id} is not in the log, or is another event there"
        if each.version > last.get(each.journey_id, 0) + 1:
            yield f"version {each.version} of {each.journey_id} came before the one before it"
        last[each.journey_id] = max(each.version, last.get(each.journey_id, 0))
    missing = events.keys() - numbers.keys()
    if missing:
        yield f"{len(missing)} events never came"
    if sorted(ids) != list(range(1, len(ids) + 1)):
        yield "numbers have gaps"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
