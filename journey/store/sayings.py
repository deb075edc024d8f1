"""Sayings: what several messages say of one journey, each in its own envelope, recorded in one append.

What one of them is refused is not there for those that follow, and keeps none of them from being recorded.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias
from uuid import UUID

from journey.domain.correction import History
from journey.domain.event import Command, Context, Event, Recorded
from journey.store.deciding import decided
from journey.store.errors import Contended, StoreUnavailable
from journey.store.recorder import VersionConflict
from journey.store.store import ATTEMPTS, Store, pause


class Saying(NamedTuple):
    """One message: `commands` reads the journey as it is when they are decided. Told twice, it must come to
    nothing the second time, for it is told under no key.
    """

    commands: Callable[[History], Iterable[Command]]
    context: Context


Led: TypeAlias = "tuple[type[Event], ...] | Exception"
"""What a saying led to, or why to nothing."""


class Told(NamedTuple):
    """What became of all of them."""

    led: list[Led]
    version: int
    """Of the journey now: 0 where it is not there."""


def tell_all(store: Store, journey_id: UUID, sayings: Sequence[Saying], *, preamble: int = 0) -> Told:
    """Tell the journey all of this, in this order; who reads meanwhile sees all of it or nothing.

    `preamble`: how many of the first open no journey unless another leads to something. Raises Contended,
    StoreUnavailable and OutcomeUnknown: all can be told again.
    """
    for attempt in range(ATTEMPTS):
        before = store.load(journey_id)
        history, told = weighed(journey_id, before, sayings, preamble=preamble)
        added = history.recorded[len(before.recorded) :]
        if not added:
            return told
        try:
            store.append(journey_id, before.version, added, partial(_put, store, added))
        except VersionConflict:
            pause(attempt)
        else:
            return told
    raise Contended(journey_id)


def weighed(
    journey_id: UUID, before: History, sayings: Sequence[Saying], *, preamble: int = 0
) -> tuple[History, Told]:
    """What would be recorded after them. Raises StoreUnavailable."""
    history, led = before, list[Led]()
    for saying in sayings:
        now = history
        try:
            for command in saying.commands(history):
                recorded = decided(journey_id, now, command, saying.context)
                if recorded:
                    now = now.followed_by(recorded)
        except StoreUnavailable:
            raise
        except Exception as problem:  # noqa: BLE001 - why this one is not told, and no matter to the others
            led.append(problem)
        else:
            told = now.recorded[len(history.recorded) :]
            led.append(tuple(type(each.event) for each in told))
            history = now
    if not before.recorded and not any(each and not isinstance(each, Exception) for each in led[preamble:]):
        return before, Told([each if isinstance(each, Exception) else () for each in led], 0)
    return history, Told(led, history.version)


def _put(store: Store, recorded: Sequence[Recorded]) -> None:
    store.events.put(recorded, idempotency=None)  # type: ignore[arg-type]  # the library's events are ours
