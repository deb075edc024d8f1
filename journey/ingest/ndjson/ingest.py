"""Reading files of commands to their end. A line that cannot be applied keeps no other from being applied."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import islice

from journey.domain.event import Actor
from journey.ingest.counts import Counts
from journey.ingest.files import Found, Unreadable
from journey.ingest.ndjson.applying import CHANNEL, STOPS, WINDOW, Group, Sender, Window, tell
from journey.ingest.ndjson.lines import told
from journey.ingest.ndjson.result import Result
from journey.store.store import Store

LANES = 4
"""Journeys that are told at the same time."""

FEED = Actor(id=CHANNEL, kind="system")

Rejected = Callable[[Found, Result], None]
"""Hears of each line that was not applied."""

Progress = Callable[[Counts], None]


def count(counts: Counts, result: Result) -> None:
    """Add what became of a line."""
    counts.messages += 1
    if result.status == "applied":
        counts.applied += 1
        events = result.events or ()
        counts.events += len(events)
        counts.journeys += sum(each.type == "journey.opened" for each in events)
    elif result.status == "duplicate":
        counts.duplicate += 1
    else:
        counts.rejected += 1
        counts.reasons[result.code or result.status] += 1


def ingest(
    store: Store,
    lines: Iterable[Found | Unreadable],
    *,
    longest: int,
    rejected: Rejected,
    source: str,
    progress: Progress | None = None,
) -> Counts:
    """Take every line. The store has a connection for each of the LANES; `source` is who says all this."""
    counts, sender = Counts(), Sender(source, FEED)
    found = _readable(lines, counts)
    with ThreadPoolExecutor(LANES, thread_name_prefix="import") as pool:
        while counts.stopped is None and (together := list(islice(found, WINDOW))):
            window = Window([told(each.number, each.raw, f"\0{source}", longest) for each in together])
            try:
                for turn in window.turns():
                    _tell(pool, store, sender, window, turn)
            except STOPS as problem:
                counts.stopped = str(problem)
            for each, result in zip(together, window.results(), strict=True):
                if isinstance(result, Result):
                    count(counts, result)
                    if result.code is not None:
                        rejected(each, result)
            if progress:
                progress(counts)
    return counts


def _readable(lines: Iterable[Found | Unreadable], counts: Counts) -> Iterator[Found]:
    for each in lines:
        if isinstance(each, Unreadable):
            counts.unreadable.append(each)
        else:
            yield each


def _tell(
    pool: ThreadPoolExecutor, store: Store, sender: Sender, window: Window, groups: list[Group]
) -> None:
    """All of them, though one may have to stop. Raises what stopped it."""
    telling = [(group, pool.submit(tell, store, sender, group)) for group in groups]
    stopped: Exception | None = None
    for group, done in telling:
        try:
            window.settle(group, done.result())
        except STOPS as problem:
            stopped = problem
            for _, other in telling:
                other.cancel()
        except CancelledError:
            continue
    if stopped:
        raise stopped
