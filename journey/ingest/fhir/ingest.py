"""Reading files of resources to their end, and trying again what was parked. Nothing makes either crash.

messages read = applied + duplicate + parked + rejected; what is not mapped is counted beside them, by type
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from journey.ingest import counts
from journey.ingest.attempts import AT_THE_COMMAND_LINE, Hand
from journey.ingest.fhir.documents import items
from journey.ingest.fhir.item import FEED, Item
from journey.ingest.fhir.receiver import Receiver
from journey.ingest.files import Found, Unreadable
from journey.store.errors import StoreUnavailable
from journey.store.store import Store

WINDOW = 500
"""Resources that are looked at together, where they come one by one. What lies in one Bundle is."""


@dataclass
class Counts(counts.Counts):
    """What became of the resources of one run, as it stands now."""

    released: int = 0
    """Parked by an earlier run, and applied now because what they waited for came."""
    not_mapped: Counter[str] = field(default_factory=Counter)
    """Resources that say nothing of a journey here, by type."""
    by_type: Counter[str] = field(default_factory=Counter)
    """The messages, by type."""

    _parked_now: dict[bytes, str] = field(default_factory=dict, repr=False)

    def figures(self) -> dict[str, Any]:
        told = {"released": self.released, "by_type": dict(self.by_type), "not_mapped": dict(self.not_mapped)}
        return super().figures() | told

    def add(self, item: Item) -> None:
        """A resource that was taken."""
        outcome = item.outcome
        if outcome is None:
            raise ValueError("A resource that was taken has an outcome")
        type_ = str(item.came.body.get("resourceType", "none"))
        if outcome.status == "not-mapped":
            self.not_mapped[type_] += 1
            return
        self.messages += 1
        self.by_type[type_] += 1
        self._count(item)

    def release(self, item: Item) -> None:
        """One that was parked, and was tried again."""
        code = self._parked_now.pop(item.key, None)
        outcome = item.outcome
        if outcome is None:
            return
        if code is None:
            self.released += outcome.status == "applied"
        else:
            self.parked -= 1
            self.reasons[code] -= 1
            self._count(item)

    def _count(self, item: Item) -> None:
        outcome = item.outcome
        if outcome is None:
            return
        setattr(self, outcome.status, getattr(self, outcome.status) + 1)
        if outcome.code and outcome.status != "duplicate":
            self.reasons[outcome.code] += 1
        if outcome.status == "parked":
            self._parked_now[item.key] = outcome.code or ""


Progress = Callable[[Counts], None]


def ingest(
    store: Store,
    found: Iterable[Found | Unreadable],
    *,
    zone: ZoneInfo,
    system: str,
    progress: Progress | None = None,
) -> Counts:
    """Take every resource. `system` is the server whose ids are meant where none is named."""
    receiver, counted = Receiver(store, zone, FEED), Counts()
    for window in _windows(found, system, counted):
        try:
            released = receiver.take(window)
        except StoreUnavailable as problem:
            counted.stopped = str(problem)
            break
        for each in window:
            counted.add(each)
        for each in released:
            counted.release(each)
        counted.journeys, counted.events = receiver.journeys, receiver.events
        if progress:
            progress(counted)
    return counted


def _windows(found: Iterable[Found | Unreadable], system: str, counted: Counts) -> Iterator[list[Item]]:
    """What is taken together: a Bundle of any size, or lines up to so many."""
    window: list[Item] = []
    for each in found:
        if isinstance(each, Unreadable):
            counted.unreadable.append(each)
            continue
        window += items(each.raw, each.source, each.number, system)
        if len(window) >= WINDOW:
            yield window
            window = []
    if window:
        yield window


def replay(
    store: Store,
    *,
    zone: ZoneInfo,
    code: str | None = None,
    hand: Hand = AT_THE_COMMAND_LINE,
    progress: Progress | None = None,
) -> Counts:
    """Try every parked resource again, or those parked for one reason, in the order in which they changed."""
    receiver, counted = Receiver(store, zone, FEED), Counts()
    try:
        waiting = iter(receiver.inbox.parked(code))
        while keys := list(islice(waiting, WINDOW)):
            for each in receiver.retry(keys, hand):
                counted.add(each)
            counted.journeys, counted.events = receiver.journeys, receiver.events
            if progress:
                progress(counted)
    except StoreUnavailable as problem:
        counted.stopped = str(problem)
    return counted
