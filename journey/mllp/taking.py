"""Taking: messages of many connections into one store, a few at a time."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal
from zlib import crc32
from zoneinfo import ZoneInfo

import structlog

from journey.ingest.aside import place
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.receiver import Receiver, Taken
from journey.mllp.acknowledging import NOT_KEPT, Finding, finding
from journey.settings import Settings
from journey.store.errors import StoreUnavailable
from journey.store.store import Store

TRIES = 6
"""Times that the database is away for one message, before it is kept apart if others can be."""

TURNS = 1024
"""Locks that patients share by chance."""

_PID = re.compile(rb"[\r\n](PID[^\r\n]{1,1000})")

REMEMBERED = 10_000
"""Messages for which it was away."""

logger = structlog.get_logger()


class Taking:
    """As many threads as take messages at the same time; one more waits, and each connection has but one."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._parked: Literal["AE", "AA"] = settings.mllp_parked
        self._own = threading.local()
        self._failed = Failures()
        self._turns = [threading.Lock() for _ in range(TURNS)]

        def receiver() -> None:
            zone = ZoneInfo(settings.timezone)
            self._own.receiver = Receiver(store, zone, processing_ids=settings.hl7v2_processing_ids)

        self._threads = ThreadPoolExecutor(settings.write_threads, "mllp", initializer=receiver)

    async def take(self, raw: bytes, source: str, number: int) -> tuple[str, Finding | None]:
        """What became of it, by now on disk, and what to tell. Raises StoreUnavailable: it is not taken."""
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._taken, raw, source, number)
        try:
            taken = await work
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one message must not end the connection of the others
            _tell(error)
            return "not-kept", NOT_KEPT
        return taken.outcome.status, finding(taken.stands, self._parked)

    def close(self) -> None:
        """When those under way are done."""
        self._threads.shutdown()

    def _taken(self, raw: bytes, source: str, number: int) -> Taken:
        receiver: Receiver = self._own.receiver
        with self._turns[crc32(_patient(raw)) % len(self._turns)]:
            try:
                taken = receiver.take(raw, source, number)
            except StoreUnavailable:
                if self._failed.again(raw) < TRIES:
                    raise
                taken = receiver.take_or_keep(raw, source, number)
        self._failed.no_more(raw)
        return taken


def _patient(raw: bytes) -> bytes:
    """PID-3 as it was sent: messages of one patient over several connections take turns, not each other's."""
    found = _PID.search(raw)
    fields = found[1].split(found[1][3:4]) if found else []
    return fields[3] if len(fields) > 3 else b""  # noqa: PLR2004 - PID-3


class Failures:
    """How often the database was away when a message came, for as long as that goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: Counter[bytes] = Counter()

    def again(self, raw: bytes) -> int:
        with self._lock:
            if len(self._times) > REMEMBERED:
                self._times.clear()
            self._times[message_key(raw)] += 1
            return self._times[message_key(raw)]

    def no_more(self, raw: bytes) -> None:
        if self._times:
            with self._lock:
                self._times.pop(message_key(raw), None)


@contextmanager
def taking(conninfo: str, settings: Settings) -> Iterator[Taking]:
    """Into this database, for as long as the block lasts."""
    store = Store(conninfo, pool_size=settings.write_threads)
    taking = Taking(store, settings)
    try:
        yield taking
    finally:
        taking.close()
        store.close()


def _tell(error: Exception) -> None:
    """Not the traceback: its texts may quote the patient."""
    logger.error("mllp.internal", error=type(error).__name__, place=place(error))
