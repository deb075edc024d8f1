"""What it costs reads that each is recorded before its answer leaves.

The same API twice on one database, each a process: as it is, and with a trail that writes nothing. They are
asked in turns, where a patient stands, by one connection and by sixteen.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from journey.api import engine, server
from journey.api.access import keys
from journey.api.access.table import Role
from journey.api.access.trail import Access, Trail
from journey.audit.disclosures import Disclosure
from journey.bench import rivals, ward
from journey.bench.callers import Target
from journey.bench.figures import Figure, measured
from journey.bench.requests import asked
from journey.bench.scratch import Scratch
from journey.bench.serve import LENGTH, At, surroundings
from journey.bench.served import free_address
from journey.bench.serving import Serving
from journey.database import Database
from journey.projections import READ_MODELS
from journey.projections.projector import Projector
from journey.settings import Settings, inherited

EVENTS = 10_000
TURN, ROUNDS = 0.5, 15
CONNECTIONS = (1, 16)
WRITTEN, UNWRITTEN = "recorded", "not recorded"


class Unwritten(Trail):
    """A trail that nothing is written to."""

    async def record(self, access: Access, disclosed: Sequence[Disclosure] = ()) -> None:
        """Nothing."""


def trail(server: Scratch) -> Iterator[Figure]:
    """Reads a second with and without."""
    dice = random.Random(0)  # noqa: S311 - no secret
    url = server.database()
    ward.fill(url, ward.mixed(EVENTS // LENGTH, LENGTH))
    for model in READ_MODELS:
        Projector(url, model).catch_up()
    token = keys.create(url, "bench", Role.COORDINATOR).token
    with ExitStack() as stack:
        stack.enter_context(inherited(**surroundings(url)))
        stack.enter_context(_worker())
        there = {
            name: At(stack.enter_context(_api(url, name)), token, EVENTS // LENGTH)
            for name in (UNWRITTEN, WRITTEN)
        }
        for connections in CONNECTIONS:
            contenders = {name: partial(_rate, at, dice, connections) for name, at in there.items()}
            found = measured(contenders, rounds=ROUNDS)
            for name, against in ((UNWRITTEN, ""), (WRITTEN, UNWRITTEN)):
                what = f"where a patient stands, {connections} at once: {name}"
                yield found.figure(what, name, "requests/s", against)


def _rate(at: At, dice: random.Random, connections: int) -> float:
    return asked(at.address, at.reads(dice), connections=connections, seconds=TURN).rate


@contextmanager
def _worker() -> Iterator[None]:
    """What gives each record its place in the ledger works beside."""
    with TemporaryDirectory() as folder:
        worker = Serving("worker", Path(folder, "worker.log"), "worker")
        worker.keep_up()
        try:
            yield
        finally:
            worker.stop()


@contextmanager
def _api(url: str, name: str) -> Iterator[Target]:
    address = free_address()
    process = get_context("forkserver").Process(target=answer, args=(url, address, name), daemon=True)
    process.start()
    try:
        rivals.wait_until_up(address)
        yield address
    finally:
        process.terminate()
        process.join()


def answer(url: str, address: Target, name: str) -> None:
    """An API in a process of its own."""
    if name == UNWRITTEN:
        vars(engine)["Trail"] = Unwritten
    host, port = address
    server.serve(Settings.load(host=host, port=port), Database(url, embedded=False), "api")
