"""The soak: 64 writers, readers that follow, and everything killed at random; then everything is counted.

One foreign transaction stays open throughout. Sequencers, projectors, readers and writers are processes, each
killed with SIGKILL and started again; so is the database server, where it is ours.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Event as Signal
from time import monotonic
from typing import Any

import psycopg

from journey.bench import checker, parts, recomputed
from journey.bench.checker import Asked, Outcome, Seen, Stored
from journey.projections import READ_MODELS

WRITERS, WRITING_PROCESSES = 64, 4
BATCH = 500
"""Events in a projector's transaction: small, so that it is killed in the midst of many."""

CALM = (0.1, 0.6)
"""Seconds between two kills, drawn from between these."""

SERVER_LIVES = 6.0
"""Seconds between two kills of the database server."""

LONGEST_DRAIN = 120.0
"""Seconds after the last write within which all of it must have arrived everywhere."""

processes = get_context("forkserver")


@dataclass
class Part:
    """A process that may be killed and begun again."""

    kind: str
    target: Callable[..., None]
    arguments: tuple[Any, ...]
    process: ForkServerProcess | None = None
    pipe: Pipe | None = None

    def start(self) -> None:
        self.pipe, theirs = processes.Pipe()
        self.process = processes.Process(target=self.target, args=(theirs, *self.arguments), daemon=True)
        self.process.start()
        theirs.close()

    def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything about it."""
        if self.process is not None and self.pipe is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()

    def keep_up(self) -> None:
        """Begin it again where it has ended by itself."""
        if self.process is None or self.process.exitcode is not None:
            self.kill()
            self.start()

    def stop(self) -> str | None:
        """Let it end, and say what is wrong with how it did."""
        if self.process is None or self.pipe is None:
            return None
        self.pipe.close()
        self.process.join(LONGEST_DRAIN)
        code = self.process.exitcode
        if code is None:
            self.kill()
        return None if code == 0 else f"a {self.kind} ended with exit code {code}"


@dataclass(frozen=True)
class Report:
    """What was done, and everything that is wrong with it."""

    seconds: float
    outcomes: Counter[str]
    events: int
    killed: Counter[str]
    complaints: tuple[str, ...] = field(default=())


class Soak:
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
        self._asked = [folder / f"asked-{number}" for number in range(WRITING_PROCESSES)]
        self._seen = [folder / f"seen-{number}" for number in range(2)]
        threads = WRITERS // WRITING_PROCESSES
        self._writers = [
            Part("writer", parts.writer, (url, path, threads, seed + number))
            for number, path in enumerate(self._asked)
        ]
        self._behind = [
            *(Part("sequencer", parts.sequencer, (url,)) for _ in range(2)),
            *(Part("projector", parts.projectors, (url, BATCH)) for _ in range(2)),
            *(Part("reader", parts.reader, (url, path)) for path in self._seen),
        ]
        self._killed: Counter[str] = Counter()

    def run(self, seconds: float, progress: Callable[[float], None] = lambda _: None) -> Report:
        """Do it for so long, let everything arrive, and count."""
        processes.set_forkserver_preload([parts.__name__])
        wrong: list[str] = []
        with ExitStack() as stack:
            for part in [*self._behind, *self._writers]:
                part.start()
                stack.callback(part.kill)
            foreign = self._foreign_transaction()
            started = monotonic()
            server_since = started
            while (elapsed := monotonic() - started) < seconds:
                progress(elapsed)
                Signal().wait(self._dice.uniform(*CALM))
                if self._restart_server is not None and monotonic() - server_since > self._server_lives:
                    self._restart_server()
                    self._killed["server"] += 1
                    foreign.close()
                    foreign = self._foreign_transaction()
                    server_since = monotonic()
                self._kill_one()
            wrong += filter(None, [part.stop() for part in self._writers])
            self._wait_for_all_to_arrive()
            foreign.close()
            wrong += filter(None, [part.stop() for part in self._behind])
        return self._counted(monotonic() - started, wrong)

    def _kill_one(self) -> None:
        victim = self._dice.choice([*self._behind, *self._writers])
        victim.kill()
        self._killed[victim.kind] += 1
        victim.start()

    def _foreign_transaction(self) -> psycopg.Connection[Any]:
        """Somebody else's, open and with a transaction id: nothing may wait for it."""
        connection = psycopg.connect(self._url)
        connection.execute("SELECT pg_current_xact_id()")
        return connection

    def _wait_for_all_to_arrive(self) -> None:
        """Until nothing is pending and all have come to the end; who has not by then is complained of."""
        deadline = monotonic() + LONGEST_DRAIN
        while monotonic() < deadline:
            with suppress(psycopg.OperationalError), psycopg.connect(self._url) as connection:
                [(waiting, end)] = connection.execute(
                    "SELECT (SELECT count(*) FROM pending), coalesce(max(position), 0) FROM log"
                ).fetchall()
                reached = connection.execute("SELECT position FROM checkpoint").fetchall()
                read = [parts.seen(path)[-1:] for path in self._seen]
                at_the_end = all(entry.position == end for last in read for entry in last)
                if not waiting and reached == [(end,)] * len(READ_MODELS) and at_the_end and all(read):
                    return
            Signal().wait(parts.PAUSE)

    def _counted(self, seconds: float, wrong: list[str]) -> Report:
        asked: list[Asked] = [each for path in self._asked for each in parts.asked(path)]
        seen = [Seen(path.name, parts.seen(path)) for path in self._seen]
        with psycopg.connect(self._url) as connection:
            holds = checker.stored(connection)
            wrong += self._complaints(connection, asked, seen, holds)
        outcomes = Counter(str(each.outcome) for each in asked)
        return Report(seconds, outcomes, len(holds.log), self._killed, tuple(wrong))

    @staticmethod
    def _complaints(
        connection: psycopg.Connection[Any], asked: list[Asked], seen: list[Seen], holds: Stored
    ) -> Iterator[str]:
        yield from checker.complaints(asked, seen, holds)
        yield from recomputed.complaints(connection)
        if not any(each.outcome is Outcome.OK for each in asked):
            yield "nothing was acknowledged, so nothing was tested"
