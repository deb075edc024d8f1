"""Reading a stream of messages to its end, and trying again what was parked. Nothing makes either crash.

messages read = applied + duplicate + parked + rejected
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from journey.domain.event import Actor
from journey.ingest import counts
from journey.ingest.attempts import AT_THE_COMMAND_LINE, TOGETHER, Hand
from journey.ingest.files import Found, Unreadable
from journey.ingest.hl7v2.outcome import Led, Outcome
from journey.ingest.hl7v2.receiver import FEED, Receiver, Released, Taken
from journey.store.errors import StoreUnavailable
from journey.store.store import Store


@dataclass
class Counts(counts.Counts):
    """What became of the messages of one run, as it stands now."""

    released: int = 0
    """Parked by an earlier run, and applied now because what they waited for came."""
    reused_ids: int = 0
    """Messages under a control id (MSH-10) that their sender had used for another one. Counted above too."""

    _parked_now: dict[bytes, str] = field(default_factory=dict, repr=False)

    def figures(self) -> dict[str, Any]:
        return super().figures() | {"released": self.released, "reused_ids": self.reused_ids}

    def add(self, taken: Taken) -> None:
        self.messages += 1
        self._count(taken.outcome)
        if taken.outcome.status == "parked":
            self._parked_now[taken.key] = taken.outcome.verdict.code or ""
        for released in taken.released:
            self._release(released)

    def _count(self, outcome: Outcome) -> None:
        setattr(self, outcome.status, getattr(self, outcome.status) + 1)
        self.reused_ids += outcome.reuses_id
        self._led(outcome.led)
        if outcome.verdict.code:
            self.reasons[outcome.verdict.code] += 1

    def _led(self, led: Led) -> None:
        self.journeys += led.journeys
        self.events += led.events

    def _release(self, released: Released) -> None:
        """A parked message has become something else; one of this run counts anew."""
        outcome, code = released.outcome, self._parked_now.pop(released.key, None)
        if code is None:
            self.released += released.was == "parked" and outcome.status == "applied"
            self._led(outcome.led)
            return
        self.parked -= 1
        self.reasons[code] -= 1
        self._count(outcome)


Progress = Callable[[Counts], None]


def ingest(
    store: Store,
    messages: Iterable[Found | Unreadable],
    *,
    zone: ZoneInfo,
    actor: Actor = FEED,
    processing_ids: frozenset[str] = frozenset(),
    progress: Progress | None = None,
) -> Counts:
    """Take every message. `zone` is the wall clock of times that have no offset, in the field or in MSH-7."""
    receiver = Receiver(store, zone, actor=actor, processing_ids=processing_ids)
    counts = Counts()
    for found in messages:
        if isinstance(found, Unreadable):
            counts.unreadable.append(found)
            continue
        try:
            taken = receiver.take(found.raw, found.source, found.number)
        except StoreUnavailable as problem:
            counts.stopped = str(problem)
            break
        counts.add(taken)
        if progress:
            progress(counts)
    return counts


def replay(
    store: Store,
    *,
    zone: ZoneInfo,
    code: str | None = None,
    actor: Actor = FEED,
    processing_ids: frozenset[str] = frozenset(),
    hand: Hand = AT_THE_COMMAND_LINE,
    progress: Progress | None = None,
) -> Counts:
    """Try every parked message again, or those parked for one reason, in the order in which they happened."""
    receiver = Receiver(store, zone, actor=actor, processing_ids=processing_ids)
    counts = Counts()
    try:
        waiting = iter(receiver.inbox.parked(code))
        while keys := list(islice(waiting, TOGETHER)):
            for taken in receiver.retry(keys, hand):
                counts.add(taken)
                if progress:
                    progress(counts)
    except StoreUnavailable as problem:
        counts.stopped = str(problem)
    return counts
