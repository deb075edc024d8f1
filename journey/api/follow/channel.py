"""A channel: what callers with the same key who ask for the same are sent. Made and recorded once, however
many connections listen; whether they may have it is asked when it is sent.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from pydantic_core import to_json

from journey.api.access.asking import Asking
from journey.api.access.login import Login, NotLetIn
from journey.api.access.trail import Access, Kind, Outcome, Trail, Who
from journey.api.follow.asked import Wanted, wanted_by
from journey.api.follow.known import Known
from journey.api.follow.sending import To, told_of
from journey.api.follow.tail import Last, Tail
from journey.api.problems import HANDLED
from journey.api.reads import Reads
from journey.audit.disclosures import Channel as Disclosed
from journey.domain.event import Recorded
from journey.feed.envelope import Payload
from journey.feed.filter import Filter
from journey.feed.place import Place
from journey.feed.place import at as place_at
from journey.store.epoch import Line

ROUTE = "/v1/events/stream"

KEPT = 1 << 20
"""Bytes that are kept for listeners who are a little behind."""

STILL = 1.0
"""Seconds for which a key is believed while it listens."""

logger = structlog.get_logger()


class End(StrEnum):
    """Why a stream ends; all but the first are worth another try at once, from where it ended."""

    KEY = "key"
    """The key was revoked, or what it may see has changed."""
    STOPPING = "stopping"
    REWOUND = "rewound"
    UNAVAILABLE = "unavailable"
    LASTED = "lasted"


class Key(NamedTuple):
    """What makes two streams the same."""

    authorization: str
    by: Asking
    filter: Filter
    payload: Payload

    @property
    def wanted(self) -> Wanted:
        return wanted_by(self.by, self.filter, self.payload)


class Means(NamedTuple):
    """What a channel reads and writes with."""

    reads: Reads
    trail: Trail
    login: Login
    tail: Tail


class Sent(NamedTuple):
    """One event as it goes out, and where it stands."""

    position: int
    frame: bytes


def said(data: object, *, at: Place | None = None, event: str | None = None) -> bytes:
    """What a client is told; where it then stands, unless that has not changed."""
    head = (f"event: {event}\n" if event else "") + (f"id: {at.cursor()}\n" if at else "")
    return head.encode() + b"data: " + to_json(data) + b"\n\n"


class Channel:
    """Advances with the tail, and wakes its listeners whenever there is something for them."""

    def __init__(self, key: Key, means: Means) -> None:
        self.key = key
        self.wanted = key.wanted
        self._means = means
        self._tail = tail = means.tail
        self._bent = tail.bent
        self._sent: deque[Sent] = deque()
        self._bytes = 0
        self._believed_until = asyncio.get_running_loop().time() + STILL
        self.start = tail.place.position
        self.place = tail.place
        self.over: End | None = None
        self.listeners: set[Callable[[], None]] = set()
        self._moved = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def move(self) -> None:
        """The tail has moved, or the process stops."""
        self._moved.set()

    def end(self, why: End) -> None:
        self.over = self.over or why
        self._task.cancel()
        self.wake()

    def wake(self) -> None:
        for listener in tuple(self.listeners):
            listener()

    def after(self, position: int) -> bytes:
        """Everything for who has read up to this position, which is not before `start`."""
        later = []
        for each in reversed(self._sent):
            if each.position <= position:
                break
            later.append(each.frame)
        return b"".join(reversed(later))

    async def _run(self) -> None:
        try:
            while self.over is None:
                if self._tail.bent != self._bent:
                    self.over = End.REWOUND
                elif not await self._is_still_theirs():
                    self.over = End.KEY
                elif self._tail.place.position > self.place.position:
                    await self._advance()
                else:
                    await self._moved.wait()
                    self._moved.clear()
        except HANDLED:  # type: ignore[misc]  # a tuple of exceptions
            self.over = End.UNAVAILABLE
        except Exception:
            self.over = End.UNAVAILABLE
            logger.exception("stream.failed")
        self.wake()

    async def _is_still_theirs(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now < self._believed_until:
            return True
        try:
            found = await self._means.login.caller(self.key.authorization, anew=True)
        except NotLetIn:
            return False
        self._believed_until = now + STILL
        return found == self.key.by.caller

    async def _advance(self) -> None:
        step = self._tail.after(self.place.position)
        found = [each.event for each in step.events if self._is_for_them(each)]
        if found:
            known = {each.event.journey_id: each.known for each in step.events}
            self._keep(await self.framed(found, known, self._tail.line))
        self.place = step.place
        if found:
            self.wake()

    def _is_for_them(self, each: Last) -> bool:
        """Whether it may be; what is withheld is found out when it is sent."""
        wanted, by = self.wanted, self.key.by
        may_be_withheld = wanted.cleared is not None and not each.whose.labels <= wanted.cleared
        return by.caller.reaches(by.permission, each.whose.teams) and (
            wanted.holds(each.event, each.known.about, withheld=False)
            or (may_be_withheld and wanted.holds(each.event, each.known.about, withheld=True))
        )

    def _keep(self, frames: Iterable[Sent]) -> None:
        for each in frames:
            self._sent.append(each)
            self._bytes += len(each.frame)
        while self._bytes > KEPT:
            gone = self._sent.popleft()
            self._bytes -= len(gone.frame)
            self.start = gone.position

    async def framed(self, found: Sequence[Recorded], known: Mapping[UUID, Known], line: Line) -> list[Sent]:
        """These events as they go out now; that they do is recorded before."""
        by = self.key.by
        to = To(by, self.wanted, Disclosed.STREAM)
        going = await told_of(self._means.reads, to, found, known)
        if not going.events:
            return []
        access = Access(
            Kind.FEED,
            Outcome.DONE,
            Who(by.caller.id, by.caller.name, by.caller.role, by.caller.team),
            purpose=by.purpose,
            method="GET",
            route=ROUTE,
            journeys=going.seen.journeys,
            patients=going.seen.patients,
            detail={"events": len(going.events), "payload": self.key.payload},
        )
        await self._means.trail.record(access, going.seen.disclosed)
        return [_sent(each, line) for each in going.events]


def _sent(event: dict[str, Any], line: Line) -> Sent:
    position = int(event["sequence"])
    return Sent(position, said(event, at=place_at(line, position, event["id"])))
