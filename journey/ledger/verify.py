"""Verifying the ledger: everything is made anew from the stored rows, and held to what is kept outside.

Trust comes from the anchors: they introduce the keys and hold the checkpoints. All is read in one snapshot,
so that whoever writes meanwhile does not disturb; the anchors are read before it, so that whatever is there
by then has to be in the database. Nothing is written but the file of how far one has come.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection, IsolationLevel

from journey.connection import OPERATING, opened
from journey.ledger.anchor import Anchors
from journey.ledger.completeness import NOTHING
from journey.ledger.note import Verifier
from journey.ledger.seal import Seal
from journey.ledger.seals import Place
from journey.ledger.verifying import anchored, keys
from journey.ledger.verifying.accesses import Accesses
from journey.ledger.verifying.anchored import Kept
from journey.ledger.verifying.checkpoints import ACCESSES, EVENTS, Checkpoint, Checkpoints
from journey.ledger.verifying.climb import Climb, Nodes
from journey.ledger.verifying.events import Events
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.journeys import Mapped, mapped
from journey.ledger.verifying.left import left_over
from journey.ledger.verifying.narrow import UNKNOWN, narrowed
from journey.ledger.verifying.notes import Notes, Starts

TABLES = {EVENTS: "log", ACCESSES: "access_log"}
FIRST_EPOCH = "SELECT id FROM store_epoch ORDER BY number LIMIT 1"
ENDS = """
    SELECT (SELECT coalesce(max(position), 0) FROM log), (SELECT coalesce(max(position), 0) FROM access_log)
    """

READING = "SELECT set_config('enable_memoize', 'off', true), set_config('datestyle', 'ISO', true)"
"""No row is asked for twice; times are written as they are hashed."""

Told = Callable[[int, int], None]
"""Called with how many rows are read, and how many there are."""


class Result(NamedTuple):
    """What was verified, and what was found."""

    ledger: UUID | None
    keys: tuple[str, ...]
    since: int
    """The number of the checkpoint from which one went on; 0: from the beginning."""
    checkpoint: int
    """The number of the last checkpoint that counts."""
    checkpoints: int
    events: int
    accesses: int
    unsigned: int
    """Events that no checkpoint covers yet."""
    anchored: int
    """Checkpoints that are kept outside."""
    last_anchored: int
    others: int
    """Other ledgers that are anchored here: this database may have been one of them."""
    whole_at: datetime
    """When it was last verified from the beginning without a finding."""
    findings: Findings


def verify(
    conninfo: str,
    place: Place,
    told: Told,
    *,
    first: Verifier | None = None,
    whole: bool = False,
) -> Result:
    """Verify it, from where the last verification ended; `whole`: from the beginning. `first`: its first key,
    where the officer names it. Raises NothingToTrust, NoLedger, NoKey, Unreadable, OSError, psycopg.Error.
    """
    with opened(conninfo, OPERATING, "verifier") as connection:
        found = connection.execute(FIRST_EPOCH).fetchone()
        ledger = found[0] if found else None
        if ledger is None and place.anchored is None and _others(place, None):
            raise keys.NoLedger
        return Verification(connection, place, ledger, told).run(first, whole=whole)


def _others(place: Place, ledger: UUID | None) -> int:
    """How many other ledgers are anchored here."""
    return sum(each.parent.name != str(ledger) for each in place.home.glob("*/anchors"))


class Verification:
    """One run of it."""

    def __init__(self, connection: Connection[Any], place: Place, ledger: UUID | None, told: Told) -> None:
        self._connection = connection
        self._ledger = ledger
        self._told = told
        self._place = place
        self._anchors: Anchors = place.anchors(ledger or UUID(int=0))
        self._findings = Findings()
        self._kept = Kept()
        self._notes = Notes(place.home / str(ledger) / "verified.json", self._findings)

    def run(self, first: Verifier | None, *, whole: bool) -> Result:
        introductions, count = [], 0
        for each in self._anchors.kept():
            count += 1
            if each.key is not None:
                introductions.append(each)
        if not introductions and first is None:  # a crash may have come before the first anchor
            seal = Seal.read(self._place.key_file(self._ledger or UUID(int=0)))
            first = seal.verifier if seal is not None else None
        known = keys.anchored(introductions, first, self._findings)
        some = islice(self._anchors.kept(), count)  # those after it were anchored meanwhile
        self._kept = anchored.held(self._connection, some, tuple(known), self._findings)
        self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        with self._connection.transaction():
            self._connection.execute(READING)
            every = keys.stored(self._connection, introductions, known, self._findings)
            checkpoints = Checkpoints(self._connection, every, self._findings)
            return self._hold(checkpoints, self._notes.starts(checkpoints, whole=whole))

    def _hold(self, checkpoints: Checkpoints, starts: Starts) -> Result:
        checkpoints.read(starts.least)
        last, size, access_size = checkpoints.last, starts.size, starts.access_size
        [(end, access_end)] = self._connection.execute(ENDS).fetchall()
        total, records = end - size + access_end - access_size, access_end - access_size

        accesses = Accesses(self._connection, self._findings, access_size)
        trail = self._climb(checkpoints, ACCESSES, starts.accesses)
        accesses.read(trail, lambda come: self._told(come - access_size, total))
        self._finish(checkpoints, ACCESSES, trail)

        events = Events(self._connection, self._findings, size, last.size if last else 0)
        log = self._climb(checkpoints, EVENTS, starts.events)

        def come(position: int) -> None:
            self._told(records + position - size, total)
            self._notes.come(log.good, checkpoints)

        events.read(log, come)
        self._finish(checkpoints, EVENTS, log)
        map_ = self._mapped(checkpoints, events, starts.events)
        narrowed(self._connection, self._findings, "log", log.stretches, map_)
        narrowed(self._connection, self._findings, "access_log", trail.stretches)
        self._strays(checkpoints)
        left_over(self._connection, self._findings)
        self._notes.end(last)
        return Result(
            self._ledger,
            tuple(map(str, checkpoints.known)),
            starts.least.number if starts.least else 0,
            last.number if last else 0,
            checkpoints.count,
            events.end - size,
            accesses.end - access_size,
            max(0, events.end - (last.size if last else 0)),
            self._kept.checkpoints,
            self._kept.last,
            _others(self._place, self._ledger),
            self._notes.whole_at,
            self._findings,
        )

    def _climb(self, checkpoints: Checkpoints, tree: str, start: Checkpoint | None) -> Climb:
        marks = checkpoints.marks(tree, start, self._kept.strays)
        nodes = Nodes(self._connection, self._findings, tree)
        size, edge = start.tree(tree) if start is not None else (0, [])
        return Climb(self._findings, nodes, TABLES[tree], marks, size, edge)

    def _finish(self, checkpoints: Checkpoints, tree: str, climb: Climb) -> None:
        climb.finish(checkpoints.last.tree(tree)[0] if checkpoints.last else 0)
        beyond = list(climb.rest())
        if beyond:
            first, last = climb.size + 1, max(each.head.size for each in beyond)
            signed = beyond[0].said or f"the checkpoint {beyond[0].number}"
            said = (
                f"The positions {first} to {last}, which {signed} and others sign, are gone.{beyond[0].more}"
            )
            self._findings.add(Finding(Kind.TRUNCATED, TABLES[tree], first, last, said))

    def _mapped(self, checkpoints: Checkpoints, events: Events, start: Checkpoint | None) -> Mapped:
        last = checkpoints.last
        if checkpoints.newest != (last.number if last else 0):
            return UNKNOWN  # what stands there is of a checkpoint that does not count
        root = last.journeys if last else NOTHING
        before = start.journeys if start else None
        return mapped(self._connection, self._findings, events.heads, events.before, root, before)

    def _strays(self, checkpoints: Checkpoints) -> None:
        """What is anchored since the last epoch began has to be there as it was."""
        for each in self._kept.strays:
            if checkpoints.put_back(each) or checkpoints.distrusts(each.number):
                continue
            kind = Kind.FORKED if each.is_replaced else Kind.DELETED
            what = "another than the one that" if each.is_replaced else "gone, which"
            said = f"The checkpoint {each.number} is {what} is anchored."
            self._findings.add(Finding(kind, "ledger_checkpoint", each.number, each.number, said))
