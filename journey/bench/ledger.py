"""What the ledger costs and how soon it answers: proofs of a large log, the notary's lag, an event's leaf.

A proof's floor is reading an event's row. The floor of appending and sequencing is the same build whose leaf
is a constant.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Signal
from threading import Thread
from time import perf_counter
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg import Connection

from journey.bench import ward
from journey.bench.figures import Figure, measured, percentile, seconds
from journey.bench.load import MILLISECONDS, TIMES
from journey.bench.scratch import Scratch
from journey.ledger.checkpoint import Statement
from journey.ledger.notary import Notary, notarize
from journey.ledger.note import Verifier, opened
from journey.ledger.proving import complete, grown, included, proven
from journey.ledger.seals import Place
from journey.store import sequencer
from journey.store.epoch import take_up
from journey.store.identifiers import uuid7
from journey.store.store import Store

LEAVES = 1_000_000
JOURNEY = 10
APPENDS = 300
SECOND = 500
"""Appends a second."""

LOOK = 0.02
"""Seconds between looks at how far the notary is behind."""

ROUNDS = 15
ROW, CONSTANT, LEAF = "a row", "constant leaf", "leaf"

FILL = """
    INSERT INTO log (position, journey_id, version, leaf)
    SELECT number, md5((number / %(journey)s)::text)::uuid, number %% %(journey)s + 1,
           sha256(number::text::bytea)
      FROM generate_series(1, %(leaves)s) AS number
    """
NOTES = "SELECT note, verifier FROM ledger_checkpoint, ledger_key ORDER BY ledger_checkpoint.number"
READ = "SELECT * FROM log WHERE position = %s"
UNCOVERED = """
    SELECT extract(epoch FROM clock_timestamp() - min(recorded_at))::float8
      FROM event JOIN log USING (journey_id, version)
     WHERE position > (SELECT coalesce(max(size), 0) FROM ledger_checkpoint)
    """
WITHOUT = """
    CREATE OR REPLACE FUNCTION event_leaf(event) RETURNS bytea LANGUAGE sql STABLE AS $$
        SELECT decode(repeat('00', 32), 'hex')
    $$
    """

[OPENING] = ward.journey(1, 1)


def ledger(server: Scratch) -> Iterator[Figure]:
    """Over a log without events: a proof is made of leaves."""
    with TemporaryDirectory(prefix="journey-ledger-") as folder:
        yield from _proofs(server.database(), Place(Path(folder, "proofs")))
        yield from _lag(server.database(), Place(Path(folder, "lag")), server.seconds)
    yield from _leaf(server)


def _proofs(url: str, place: Place) -> Iterator[Figure]:
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        take_up(connection)
        connection.execute(FILL, {"journey": JOURNEY, "leaves": LEAVES})
        notarize(url, place)
        connection.execute("VACUUM ANALYZE")
        notes = connection.execute(NOTES).fetchall()
        said = [Statement.read(opened(note, [Verifier.read(key)])[0]) for note, key in notes]
        first, last = said[0], said[-1]
        [(journey_id,)] = connection.execute("SELECT journey_id FROM log WHERE position = 7").fetchall()
        asked: dict[str, Callable[[], object]] = {
            ROW: lambda: connection.execute(READ, (LEAVES // 3,)).fetchone(),
            "inclusion": lambda: proven(connection, included("event", LEAVES // 3, *last.events)),
            "consistency": lambda: proven(connection, grown("event", first.events, last.events)),
            "completeness": lambda: proven(connection, complete(UUID(str(journey_id)), last.journeys)),
        }
        found = measured({name: partial(seconds, each, times=TIMES) for name, each in asked.items()})
    for name in asked:
        against = "" if name == ROW else ROW
        yield found.figure(f"{name}, of {LEAVES} leaves", name, "ms", against, scale=MILLISECONDS)


def _lag(url: str, place: Place, lasting: float) -> Iterator[Figure]:
    """How old what no checkpoint covers is, while others append."""
    stopping, giving, signing = Signal(), sequencer.Sequencer(url), Notary(url, place)
    found: list[float] = []
    with closing(Store(url)) as store, psycopg.connect(url, autocommit=True) as connection:
        writing = Thread(target=_append, args=(store, stopping))
        for part in (giving, signing, writing):
            part.start()
        until = perf_counter() + max(lasting, 1.0)
        while perf_counter() < until:
            found.append(_behind(connection))
            stopping.wait(LOOK)
        stopping.set()
        writing.join()
        for each in (signing, giving):
            each.stop()
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        value = percentile(found, share)
        yield Figure(f"what is not covered, at {SECOND} appends/s: {name}", value, "s")


def _append(store: Store, stopping: Signal) -> None:
    started, done = perf_counter(), 0
    while not stopping.is_set():
        for _ in range(int((perf_counter() - started) * SECOND) - done):
            _put(store)
            done += 1
        stopping.wait(1 / SECOND)


def _behind(connection: Connection[Any]) -> float:
    [(age,)] = connection.execute(UNCOVERED).fetchall()
    return float(age or 0)


def _leaf(server: Scratch) -> Iterator[Figure]:
    urls = {CONSTANT: server.database(), LEAF: server.database()}
    with psycopg.connect(urls[CONSTANT]) as connection:
        connection.execute(WITHOUT)
    with closing(Store(urls[CONSTANT])) as constant, closing(Store(urls[LEAF])) as real:
        stores = {CONSTANT: constant, LEAF: real}
        found = measured(
            {name: partial(_recorded, stores[name], urls[name]) for name in stores}, rounds=ROUNDS
        )
    yield found.figure(f"append and sequence: {CONSTANT}", CONSTANT, "events/s")
    yield found.figure(f"append and sequence: {LEAF}", LEAF, "events/s", CONSTANT)


def _recorded(store: Store, url: str) -> float:
    def record() -> None:
        for _ in range(APPENDS):
            _put(store)
        sequencer.drain(url)

    return APPENDS / seconds(record)


def _put(store: Store) -> None:
    event = replace(OPENING, journey_id=uuid7(), event_id=uuid7())
    store.events.put(cast(Any, (event,)))
