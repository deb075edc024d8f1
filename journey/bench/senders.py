"""The MLLP soak: many connections send, each message until it is acknowledged, while the listener and the
database are killed at random; then what was acknowledged is held against what is on disk.

Each connection sends its own patients, one who comes and goes after the other, unless it is told what. What
was acknowledged is sent again in the end, with nobody killed: nothing of it may be news.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Condition
from threading import Event as Signal
from time import monotonic

import psycopg

from journey.bench import acknowledged
from journey.bench.acknowledged import Held, Told
from journey.bench.mllp import stay
from journey.bench.parts import until_closed
from journey.bench.published import free_port
from journey.bench.soak import LONGEST_DRAIN, SERVER_LIVES, Part, Report, processes
from journey.mllp.figures import Figures
from journey.mllp.listener import Listener
from journey.mllp.sending import Receiving, Sender
from journey.mllp.taking import taking
from journey.settings import Settings

CONNECTIONS = 50
CALM = (40, 160)
"""Messages acknowledged between two kills, drawn from between these: so that it always gets on."""

LOOK = 0.2
"""Seconds between looks at whether the listener lives."""


class MllpSoak:
    """Everything that runs, on one database."""

    def __init__(
        self,
        url: str,
        _folder: Path,
        *,
        seed: int,
        restart_server: Callable[[], None] | None = None,
        server_lives: float = SERVER_LIVES,
        shares: Sequence[Sequence[bytes]] = (),
    ) -> None:
        """`shares`: what is sent over each connection, in place of patients without an end."""
        self._url = url
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._restart_server = restart_server
        self._server_lives = server_lives
        self._shares = shares
        self._to = Receiving("127.0.0.1", free_port(), patience=LONGEST_DRAIN)
        self._listener = Part("listener", listener, (url, self._to.port))
        self._killed: Counter[str] = Counter()
        self._told = 0
        self._more = Condition()
        self._over = Signal()

    def run(self, seconds: float, progress: Callable[[float], None] = lambda _: None) -> Report:
        """Do it for so long, or until what was given is sent; send it again, and count."""
        processes.set_forkserver_preload([__name__])
        started = monotonic()
        self._listener.start()
        try:
            sent, again = self._sent(partial(self._disturb, started, seconds, progress))
            before = self._held()
            self._shares, self._over = [[each.raw for each in share if each.code] for share in sent], Signal()
            repeated, _ = self._sent(self._keep_up)
            wrong = [*acknowledged.complaints(sent, before, repeated, self._held())]
        finally:
            stopped = self._listener.stop()
        codes = Counter(each.code or "no word" for share in sent for each in share)
        known = Counter({"sent again": again})
        wrong += [stopped] if stopped else []
        return Report(monotonic() - started, codes + known, before.events, self._killed, tuple(wrong))

    def _sent(self, meanwhile: Callable[[Sequence[Future[int]]], None]) -> tuple[list[list[Told]], int]:
        """What each connection was told, and how often something had to be sent again."""
        shares: list[Iterable[bytes]] = [*self._shares] or [self._patients(n) for n in range(CONNECTIONS)]
        told: list[list[Told]] = [[] for _ in shares]
        with ThreadPoolExecutor(len(shares)) as crew:
            sending = [crew.submit(self._send, *each) for each in zip(shares, told, strict=True)]
            try:
                meanwhile(sending)
            finally:
                self._over.set()
            return told, sum(each.result() for each in sending)

    def _send(self, share: Iterable[bytes], told: list[Told]) -> int:
        with Sender(self._to) as sender:
            for raw in share:
                told.append(Told(raw, sender.send(raw).code))
                with self._more:
                    self._told += 1
                    self._more.notify_all()
        return sender.again

    def _patients(self, connection: int) -> Iterator[bytes]:
        for number in count():
            if self._over.is_set():
                return
            yield from (found.raw for found in stay(f"S{connection}-{number}"))

    def _disturb(
        self,
        started: float,
        seconds: float,
        progress: Callable[[float], None],
        sending: Sequence[Future[int]],
    ) -> None:
        """Kill the listener after so many messages, and the server when it is its time, until it is over."""
        while not all(each.done() for each in sending) and (elapsed := monotonic() - started) < seconds:
            progress(elapsed)
            if not self._get_on(sending):
                continue
            due = self._killed["server"] * self._server_lives
            if self._restart_server is not None and elapsed > due:
                self._restart_server()
                self._killed["server"] += 1
            self._listener.kill()
            self._listener.start()
            self._killed["listener"] += 1
        self._over.set()
        self._keep_up(sending)

    def _get_on(self, sending: Sequence[Future[int]]) -> bool:
        """Wait for some more messages; whether they came."""
        goal = self._told + self._dice.randint(*CALM)
        while not all(each.done() for each in sending):
            with self._more:
                if self._more.wait_for(lambda: self._told >= goal, LOOK):
                    return True
            self._listener.keep_up()
        return False

    def _keep_up(self, sending: Sequence[Future[int]]) -> None:
        """Until all is sent."""
        while not all(each.done() for each in sending):
            self._listener.keep_up()
            with self._more:
                self._more.wait(LOOK)

    def _held(self) -> Held:
        with psycopg.connect(self._url) as connection:
            return acknowledged.held(connection)


def listener(pipe: Pipe, url: str, port: int) -> None:
    """As `journey listen mllp` runs it."""

    async def listen(closed: Signal) -> None:
        settings = Settings.load(database_url=url, mllp_port=port)
        with taking(url, settings) as taken:
            async with Listener(taken, settings, Figures()).listening():
                await asyncio.to_thread(closed.wait)

    with until_closed(pipe) as closed:
        asyncio.run(listen(closed))
