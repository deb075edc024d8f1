"""The board as it grows: how soon those who have it open see an event, and what they fetch for it.

A viewer does what the console's script does: it listens, looks at once where it has not just looked, and asks
for what has changed since. Told from when the command was sent until the answer with its card is there.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from http import HTTPStatus
from time import perf_counter
from typing import NamedTuple
from uuid import uuid4

import uvloop

from journey.api.access import keys
from journey.api.access.table import Role
from journey.bench import clinic
from journey.bench.browsing import Browser
from journey.bench.callers import Target
from journey.bench.figures import Figure, percentile
from journey.bench.requests import END, LENGTH, WORST, Line, request
from journey.bench.scratch import Scratch
from journey.bench.serve import served
from journey.bench.serving import Serving

HANDOFFS, VIEWERS, RATE = 500, 50, 20
CALM = 40
"""Events that are told one after the other, to one who looks."""

BURST = 10.0
"""Seconds."""

PAUSE = 0.5
"""Seconds between two looks, as in the console's script."""

PATIENCE = 20.0
BOARD = "/console/handoffs"
MILLISECONDS, KILOBYTE = 1000, 1024
LINK = re.compile(rb'id="news"[^>]* hx-get="([^"]+)"')
CARD = re.compile(rb'id="handoff-([0-9a-f-]{36})"')


class Answer(NamedTuple):
    """What a look brought."""

    status: int
    body: bytes


class Viewer:
    """Somebody who has the board open; `seen`: when each card came."""

    def __init__(self, address: Target, browser: Browser) -> None:
        self._address = address
        self._browser = browser
        self._link = ""
        self._grown = asyncio.Event()
        self.told: list[float] = []
        self.seen: list[tuple[str, float]] = []
        self.fetched: list[int] = []
        self._came = asyncio.Condition()

    async def watch(self, opened: asyncio.Barrier) -> None:
        """Until it is cancelled."""
        async with (
            line_to(self._address) as live,
            line_to(self._address) as looking,
            asyncio.TaskGroup() as group,
        ):
            self._goes_on(await asked(looking, self._browser.asking(BOARD, Accept_Encoding="identity")))
            group.create_task(self._listen(live))
            await self._grown.wait()  # the stream is there
            self._grown.clear()
            await opened.wait()
            while True:
                await self._grown.wait()
                self._grown.clear()
                await self._look(looking)
                await asyncio.sleep(PAUSE)

    async def has(self, card: str, since: float) -> float:
        """When it came, which it may still have to."""

        def when() -> float | None:
            return next((at for each, at in self.seen if each == card and at > since), None)

        async with self._came, asyncio.timeout(PATIENCE):
            await self._came.wait_for(lambda: when() is not None)
        return when() or 0.0

    async def _listen(self, line: Line) -> None:
        reader, writer = line
        writer.write(self._browser.asking("/console/live", Accept="text/event-stream"))
        while said := await reader.readline():
            if said.startswith((b"event: grown", b"retry")):
                self.told.append(perf_counter())
                self._grown.set()

    async def _look(self, line: Line) -> None:
        answer = await asked(line, self._browser.asking(self._link, HX_Request="true"))
        self.fetched.append(len(answer.body))
        if answer.status == HTTPStatus.OK:
            self._goes_on(answer)
            at = perf_counter()
            self.seen += ((card.decode(), at) for card in CARD.findall(answer.body))
            async with self._came:
                self._came.notify_all()

    def _goes_on(self, answer: Answer) -> None:
        found = LINK.search(answer.body)
        if found is None:
            raise ValueError(f"No board was answered: {answer.status}")
        self._link = found[1].decode().replace("&amp;", "&")


@asynccontextmanager
async def line_to(address: Target) -> AsyncIterator[Line]:
    """A connection for as long as the block lasts."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def watching(viewers: Sequence[Viewer]) -> AsyncIterator[None]:
    """Each has the board open, for as long as the block lasts."""
    opened = asyncio.Barrier(len(viewers) + 1)
    tasks = [asyncio.create_task(each.watch(opened)) for each in viewers]
    try:
        await opened.wait()
        yield
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Change(NamedTuple):
    """A handoff that somebody asked about, and when."""

    card: str
    at: float


def speeds(server: Scratch) -> Iterator[Figure]:
    """Of HANDOFFS that are open: one event after the other, and then many to many."""
    with ExitStack() as stack:
        url = clinic.board(server, HANDOFFS)
        token = keys.create(url, "viewer", Role.COORDINATOR).token
        at, api = stack.enter_context(served(url, 0))
        browser = Browser(at.address, token)
        whole = browser.fetch(BOARD)
        yield Figure("the whole board", whole.on_the_way / KILOBYTE, "KB")
        yield Figure("the whole board, not compressed", len(whole.text.encode()) / KILOBYTE, "KB")
        yield from uvloop.run(_calm(at.address, browser, token, whole.on_the_way))
        others = [Browser(at.address, token) for _ in range(VIEWERS)]
        yield from uvloop.run(_burst(at.address, others, token, api, server.seconds))


async def _calm(address: Target, browser: Browser, token: str, whole: int) -> list[Figure]:
    viewer = Viewer(address, browser)
    told, shown = [], []
    async with watching([viewer]), line_to(address) as line:
        for number in range(min(CALM, HANDOFFS)):
            change = await _asks(line, token, number)
            shown.append(await viewer.has(change.card, change.at) - change.at)
            told.append(next(each for each in viewer.told if each > change.at) - change.at)
            await asyncio.sleep(PAUSE)
    news = percentile([float(each) for each in viewer.fetched], 0.5)
    what = "an event, until"
    return [
        *(Figure(f"{what} it is told: {name}", value, "ms") for name, value in _spread(told)),
        *(Figure(f"{what} the board shows it: {name}", value, "ms") for name, value in _spread(shown)),
        Figure("what is fetched for it", news / KILOBYTE, "KB", "the whole board", news / whole),
    ]


async def _burst(
    address: Target, browsers: Sequence[Browser], token: str, api: Serving, seconds: float
) -> list[Figure]:
    viewers = [Viewer(address, each) for each in browsers]
    changes = []
    async with watching(viewers), line_to(address) as line:
        began, worked = perf_counter(), api.worked()
        for number in range(int(min(BURST, seconds) * RATE)):
            await asyncio.sleep(max(0.0, began + number / RATE - perf_counter()))
            changes.append(await _asks(line, token, number % HANDOFFS))
        shown = [await each.has(change.card, change.at) - change.at for change in changes for each in viewers]
        lasted, took = perf_counter() - began, api.worked() - worked
    what = f"{RATE} events a second to {len(viewers)} boards"
    fetched = [each for viewer in viewers for each in viewer.fetched]
    return [
        *(Figure(f"{what}, until each shows it: {name}", value, "ms") for name, value in _spread(shown)),
        Figure(f"{what}: looks", len(fetched) / lasted, "/s"),
        Figure(f"{what}: fetched", sum(fetched) / lasted / KILOBYTE, "KB/s"),
        Figure(f"{what}: the API's processor time", took / lasted, "of one core"),
    ]


async def _asks(line: Line, token: str, number: int) -> Change:
    """Something about a handoff."""
    journey_id, handoff_id = clinic.handed_over(number)
    question = {"handoff_id": str(handoff_id), "question_id": str(uuid4()), "question": "Since when?"}
    path = f"/v1/journeys/{journey_id}/ask-handoff-question"
    at = perf_counter()
    answer = await asked(line, request("POST", path, token, json.dumps(question).encode()))
    if answer.status != HTTPStatus.OK:
        raise ValueError(f"A command was answered {answer.status}")
    return Change(str(handoff_id), at)


async def asked(line: Line, asking: bytes) -> Answer:
    reader, writer = line
    writer.write(asking)
    head = await reader.readuntil(END)
    length = LENGTH.search(head)
    return Answer(int(head[9:12]), await reader.readexactly(int(length[1]) if length else 0))


def _spread(times: list[float]) -> Iterator[tuple[str, float]]:
    for share, name in ((0.5, "p50"), (WORST, "p99")):
        yield name, percentile(times, share) * MILLISECONDS
