"""How fast a ledger is verified from the beginning: every leaf, every tree and the map of journeys.

The floor is selecting the same rows in the same pages, with nothing done about them. Verifying is one thread
that works while another waits for the next page; how much of a processor it takes is told beside.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import psycopg

from journey.bench import ward
from journey.bench.figures import Figure, measured
from journey.bench.scratch import Scratch
from journey.ledger import verify as ledger
from journey.ledger.notary import notarize
from journey.ledger.seals import Place
from journey.ledger.verifying import events
from journey.ledger.verifying.pages import pages
from journey.store.epoch import take_up

LENGTH = 10
ROUNDS = 5
FLOOR, VERIFY, PROCESSOR = "select", "verify", "verify, by processor"


class Altered(Exception):
    """What nobody has altered was found to be."""


def verify(server: Scratch) -> Iterator[Figure]:
    """Events a second, and a second of this process's processor time."""
    url = server.database()
    count = ward.fill(url, ward.mixed(server.events // LENGTH, LENGTH))
    with psycopg.connect(url, autocommit=True) as connection:
        take_up(connection)
    with TemporaryDirectory(prefix="journey-ledger-") as folder:
        place = Place(Path(folder))
        notarize(url, place)
        contenders = {
            FLOOR: partial(_a_second, perf_counter, lambda: _selected(url), count),
            VERIFY: partial(_a_second, perf_counter, lambda: _verified(url, place), count),
            PROCESSOR: partial(_a_second, process_time, lambda: _verified(url, place), count),
        }
        found = measured(contenders, rounds=ROUNDS)
    yield found.figure("verify: selecting the rows", FLOOR, "events/s")
    yield found.figure("verify: all of it", VERIFY, "events/s", FLOOR)
    yield found.figure("verify: in a second of processor time", PROCESSOR, "events/s")


def _a_second(clock: Callable[[], float], work: Callable[[], None], count: int) -> float:
    started = clock()
    work()
    return count / (clock() - started)


def _selected(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in pages(connection, events.PAGE, 0):
            pass


def _verified(url: str, place: Place) -> None:
    if ledger.verify(url, place, lambda _done, _all: None, whole=True).findings:
        raise Altered
