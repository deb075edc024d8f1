"""The soak over HTTP: callers and followers, and API processes, workers and the database killed at random.

An API of two processes, another of one, and two workers, each killed with SIGKILL or told to stop, and begun
again. Every caller asks again, under its key, until it is answered. Then everything is counted.
"""

import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from time import monotonic

import psycopg

from journey.api.access import keys
from journey.api.access.table import Role
from journey.bench import checker, recomputed
from journey.bench.callers import Line, Target, Told, call, follow
from journey.bench.checker import Entry, Outcome, Seen
from journey.bench.serving import Serving, keyed
from journey.bench.soak import LONGEST_DRAIN, SERVER_LIVES, Report
from journey.projections import READ_MODELS
from journey.settings import inherited

CALLERS, FOLLOWERS = 8, 2
CALM = (0.5, 2.0)
"""Seconds between two kills, drawn from between these: a process takes about one to begin."""

LOOK = 0.05
"""Seconds between looks at whether all is up, or all has arrived."""

ARRIVED = """
    SELECT coalesce(max(position), 0), (SELECT count(*) FROM pending),
           (SELECT count(*) FROM checkpoint WHERE position = (SELECT max(position) FROM log))
      FROM log
    """


class ServedSoak:
    """Everything that runs, on one database."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        seed: int,
        restart_server: Callable[[], None] | None = None,
        server_lives: float = SERVER_LIVES,
        few: bool = False,
    ) -> None:
        """`few` does without the other API and the second worker, which take their time to begin."""
        self._url = url
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._restart_server = restart_server
        self._server_lives = server_lives
        self._token = keys.create(url, "soak", Role.INTEGRATOR, replace=True).token
        self._targets = [free_address(), free_address()]
        both, one = self._targets
        self._several = Serving("api of two", folder / "two.log", "api", "--workers", "2", target=both)
        self._servings = [
            self._several,
            Serving("worker", folder / "worker-1.log", "worker"),
        ]
        if few:
            self._targets = [both]
        else:
            self._servings += [
                Serving("api", folder / "api.log", "api", target=one),
                Serving("worker", folder / "worker-2.log", "worker"),
            ]
        self._told = Told()
        self._lines: list[Line] = []
        self._seen: list[list[Entry]] = [[] for _ in range(FOLLOWERS)]
        self._killed: Counter[str] = Counter()

    def run(self, seconds: float, progress: Callable[[float], None] = lambda _: None) -> Report:
        """Do it for so long once all is up, let everything arrive, and count."""
        over, gone, given_up = Signal(), Signal(), Signal()
        callers = [
            Thread(target=call, args=(self._line(number), self._told, over, given_up, number), daemon=True)
            for number in range(CALLERS)
        ]
        followers = [
            Thread(target=follow, args=(self._line(number), self._told, gone, seen), daemon=True)
            for number, seen in enumerate(self._seen)
        ]
        with inherited(**keyed(self._url)), ExitStack() as stack:
            for serving in self._servings:
                stack.callback(serving.kill)
            self._bring_up()
            started = monotonic()
            for thread in (*callers, *followers):
                thread.start()
            self._kill_for(seconds, started, progress)
            self._bring_up()
            over.set()
            self._ended(callers, given_up)
            self._wait_for_all_to_arrive()
            gone.set()
            self._ended(followers, given_up)
            for line in self._lines:
                line.close()
            wrong = [*filter(None, (serving.stop() for serving in self._servings))]
        wrong += [*self._told.wrong, *self._complaints()]
        events = max((len(seen) for seen in self._seen), default=0)
        return Report(monotonic() - started, self._told.answered, events, self._killed, tuple(wrong))

    def _line(self, number: int) -> Line:
        line = Line(self._targets, self._token, number)
        self._lines.append(line)
        return line

    def _kill_for(self, seconds: float, started: float, progress: Callable[[float], None]) -> None:
        server_since = started
        while (elapsed := monotonic() - started) < seconds:
            progress(elapsed)
            Signal().wait(self._dice.uniform(*CALM))
            if self._restart_server is not None and monotonic() - server_since > self._server_lives:
                self._restart_server()
                self._killed["server"] += 1
                server_since = monotonic()
            self._end_one()
            for serving in self._servings:
                serving.keep_up()

    def _end_one(self) -> None:
        victim, how = self._dice.choice(self._servings), self._dice.random()
        if how < 0.25 and self._several.kill_one_of_several():  # noqa: PLR2004 - shares of a whole
            self._killed["one of two"] += 1
        elif how < 0.5 and victim.is_up():  # noqa: PLR2004 - as above
            if complaint := victim.stop():
                self._told.complain(complaint)
            self._killed[f"{victim.kind}, told to stop"] += 1
        else:
            victim.kill()
            self._killed[victim.kind] += 1

    def _bring_up(self) -> None:
        """All of them, as far as they can be."""
        deadline = monotonic() + LONGEST_DRAIN
        while not all(serving.is_up() for serving in self._servings) and monotonic() < deadline:
            for serving in self._servings:
                serving.keep_up()
            Signal().wait(LOOK)

    def _ended(self, threads: list[Thread], given_up: Signal) -> None:
        """Let them end by themselves; who is not answered by then gives up, and complains."""
        deadline = monotonic() + LONGEST_DRAIN
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))
        given_up.set()
        for thread in threads:
            thread.join()

    def _wait_for_all_to_arrive(self) -> None:
        """Until all have come to the end of the log; who has not by then is complained of."""
        deadline = monotonic() + LONGEST_DRAIN
        while monotonic() < deadline:
            with suppress(psycopg.OperationalError), psycopg.connect(self._url) as connection:
                [(end, waiting, reached)] = connection.execute(ARRIVED).fetchall()
                read = all(seen and seen[-1].position == end for seen in self._seen)
                if not waiting and reached == len(READ_MODELS) and read:
                    return
            Signal().wait(LOOK)

    def _complaints(self) -> Iterator[str]:
        seen = [Seen(f"follower {number}", entries) for number, entries in enumerate(self._seen)]
        with psycopg.connect(self._url) as connection:
            yield from checker.complaints(self._told.asked, seen, checker.stored(connection))
            yield from recomputed.complaints(connection)
            [(epochs,)] = connection.execute("SELECT count(*) FROM store_epoch").fetchall()
        if epochs != 1:
            yield f"the log is in epoch {epochs}, and nothing was restored"
        if not any(each.outcome is Outcome.OK for each in self._told.asked):
            yield "nothing was acknowledged, so nothing was tested"


def free_address() -> Target:
    """Where nobody listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        return host, port
