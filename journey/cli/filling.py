"""Putting the simulator's steps into the store: each through `Store.handle`, as any other command."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from journey.domain.event import Context, Refused
from journey.domain.journey import COMMANDS
from journey.simulate.step import Step
from journey.store.store import Store

LANES = 4
"""Steps recorded at the same time, for where the database is far; a journey keeps to one lane."""

BATCH = 500
"""Steps held in memory."""


@dataclass
class Filled:
    """What became of the steps."""

    steps: int = 0
    events: int = 0
    journeys: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Filled") -> None:
        self.steps += other.steps
        self.events += other.events
        self.journeys += other.journeys
        self.refused += other.refused


def fill(conninfo: str, steps: Iterable[Step]) -> Filled:
    """Record the steps. What the rules refuse is counted and left out.

    No append waits for the disk: what is simulated can be simulated again. The sequencer's commit does, so
    all of it is on disk as soon as it has positions.
    """
    options = f"{conninfo_to_dict(conninfo).get('options') or ''} -c synchronous_commit=off".strip()
    store = Store(make_conninfo(conninfo, options=options), pool_size=LANES)
    try:
        return _filled(store, iter(steps))
    finally:
        store.close()


def _filled(store: Store, steps: Iterator[Step]) -> Filled:
    filled = Filled()
    with ThreadPoolExecutor(LANES, thread_name_prefix="filling") as pool:
        while batch := list(islice(steps, BATCH)):
            lanes: dict[int, list[Step]] = {}
            for step in batch:
                lanes.setdefault(step.journey_id.int % LANES, []).append(step)
            for part in pool.map(partial(_record, store), lanes.values()):
                filled.add(part)
    return filled


def _record(store: Store, steps: list[Step]) -> Filled:
    filled = Filled(steps=len(steps))
    for step in steps:
        context = Context(actor=step.actor, source=step.source)
        try:
            appended = store.handle(step.journey_id, step.command, context)
        except Refused as refused:
            filled.refused[refused.code] += 1
            continue
        filled.events += len(appended.events)
        filled.journeys += bool(appended.events) and step.command.name() not in COMMANDS
    return filled
