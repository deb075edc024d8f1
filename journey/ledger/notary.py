"""The notary: makes a checkpoint each second in which something came to the ledger, signs it, and anchors it.

One at a time, elected by an advisory lock as the sequencer is. The leaves of events stand in the log already,
each written by the transaction that gave its position; the notary gives the records of the trail theirs,
makes the nodes and the map that proofs are read from, and the checkpoint over all of it, in one transaction.
It is anchored right after; what a crash left unanchored is, when the next notary begins.
"""

from datetime import UTC, datetime
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from journey.connection import OPERATING, WORKING, opened
from journey.ledger.anchor import Anchored, Anchors, Last, Unreadable
from journey.ledger.checkpoint import Epoch, Statement
from journey.ledger.leaves import instant
from journey.ledger.merkle import Unproven
from journey.ledger.seal import NoKey
from journey.ledger.seals import OtherKey, Place, Seals, origin_id
from journey.ledger.trees import AccessTree, EventTree

LOCK = 0x4A_0005
"""Advisory lock of the one notary of a database."""

EVERY = 0.75
"""Seconds between checkpoints, at least: nothing waits for one for longer than a second."""

STANDBY = 0.5
AT_ONCE = 20_000
"""Leaves of one checkpoint; the others follow in the next, without a pause."""

LAST = """
    SELECT number, epoch, size, edge, access_size, access_edge FROM ledger_checkpoint
     ORDER BY number DESC LIMIT 1
    """
NOW = """
    SELECT number, id,
           EXISTS (SELECT FROM log WHERE position > %s) OR EXISTS (SELECT FROM access_pending)
      FROM store_epoch ORDER BY number DESC LIMIT 1
    """
INSERT = """
    INSERT INTO ledger_checkpoint
        (number, epoch, size, edge, access_size, access_edge, journeys, note, made_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    """
ENDS = (
    "SELECT (SELECT coalesce(max(position), 0) FROM log), (SELECT coalesce(max(id), 0) FROM access_pending)"
)
COVERED = """
    SELECT true FROM (SELECT size FROM ledger_checkpoint ORDER BY number DESC LIMIT 1) AS last
     WHERE size >= %s AND NOT EXISTS (SELECT FROM access_pending WHERE id <= %s)
    """
NOTES = "SELECT number, made_at, note FROM ledger_checkpoint WHERE number > %s ORDER BY number"
INTRODUCTIONS = "SELECT number, introduced_at, introduction FROM ledger_key WHERE number > %s ORDER BY number"

logger = structlog.get_logger()


class Notary:
    """Runs in a thread: elected or standing by, making checkpoints or waiting for the second to pass."""

    def __init__(self, conninfo: str, place: Place) -> None:
        self._conninfo = conninfo
        self._place = place
        self._woken = Signal()
        self._stopping = Signal()
        self._thread = Thread(target=self._run, name="notary", daemon=True)
        self._said: str | None = None

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """The log has grown: after a quiet time, it is covered at once."""
        self._woken.set()

    def stop(self) -> None:
        """Make a checkpoint of what is left, and give the lock back."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with opened(self._conninfo, WORKING, "notary") as connection:
                    self._lead(connection)
            except (psycopg.Error, OSError, OtherKey, NoKey, Unreadable, Unproven) as error:
                self._say(_in_words(error))
                self._stopping.wait(EVERY)

    def _lead(self, connection: Connection[Any]) -> None:
        while not _elected(connection):
            if self._stopping.wait(STANDBY):
                return
        desk = Desk(connection, self._place)
        stopping, due = False, 0.0
        while not stopping:
            self._woken.wait(EVERY)
            self._woken.clear()
            stopping = self._stopping.wait(max(0.0, due - monotonic()))
            due = monotonic() + EVERY
            desk.notarize()
            self._say()

    def _say(self, trouble: str = "") -> None:
        """What keeps it from its work is said once, however often it is tried again."""
        if trouble and trouble != self._said:
            logger.warning("notary.waits", trouble=trouble)
        elif trouble != self._said:
            logger.info("notary.leading")
        self._said = trouble


def _in_words(error: Exception) -> str:
    """What keeps it from its work, without what a row may say."""
    if isinstance(error, psycopg.Error):
        return type(error).__name__
    if isinstance(error, OSError):
        return f"{error.filename or 'the anchors, or the key'}: {error.strerror or type(error).__name__}"
    return str(error)


def notarize(conninfo: str, place: Place) -> None:
    """See to it that a checkpoint covers what is in the ledger now: by the notary elsewhere, or here where
    there is none. Raises OtherKey, NoKey, OSError.
    """
    with opened(conninfo, OPERATING, "notary") as connection:
        wanted = connection.execute(ENDS).fetchone()
        while not _elected(connection):
            if connection.execute(COVERED, wanted).fetchone():
                return
            Signal().wait(STANDBY)
        Desk(connection, place).notarize()


def _elected(connection: Connection[Any]) -> bool:
    [(won,)] = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchall()
    return bool(won)


class Desk:
    """What a notary holds while it is elected: its key, and the trees as far as the last checkpoint."""

    def __init__(self, connection: Connection[Any], place: Place) -> None:
        self._connection = connection
        self._place = place
        self._seals = Seals(connection, place)
        [self._last] = connection.execute(LAST).fetchall() or [(0, None, 0, (), 0, ())]
        try:
            self._events = EventTree(connection, *self._last[2:4])
            self._accesses = AccessTree(connection, *self._last[4:6])
        except ValueError:  # somebody's hand was in the checkpoint; all else goes on
            raise Unproven from None
        self._anchors: Anchors | None = None
        self._anchored = Last()

    def notarize(self) -> None:
        """A checkpoint of what is new, and the next, until nothing is."""
        more = True
        while more:
            more = self._grow()
        self._anchor()

    def _grow(self) -> bool:
        """Whether there is more."""
        [now] = self._connection.execute(NOW, (self._last[2],)).fetchall() or [None]
        if now is None or not (now[2] or now[0] != self._last[1]):
            return False
        epoch = Epoch(*now[:2])
        with self._connection.transaction():
            seal = self._seals.in_use()  # who has no key does not do all else in vain
            grown = self._events.grow(AT_ONCE), self._accesses.grow(AT_ONCE)
            at = datetime.now(UTC)
            statement = Statement(
                seal.verifier.name, self._events.head, self._accesses.head, self._events.journeys, epoch, at
            )
            self._last = (self._last[0] + 1, epoch.number, *self._events.kept, *self._accesses.kept)
            row = (*self._last, self._events.journeys, statement.signed(seal), at)
            self._connection.execute(INSERT, row)
        return max(grown) >= AT_ONCE

    def _anchor(self) -> None:
        """Keep outside what is not there yet: how keys were introduced, then checkpoints."""
        number = self._last[0]
        if self._anchors is None and number > 0:
            self._anchors = self._place.anchors(origin_id(self._connection))
            kept = self._anchors.last()
            # A database that was put back has less than what is anchored of it, and begins another line.
            self._anchored = Last(kept.key, min(kept.checkpoint, number))
        if self._anchors is None:
            return
        for key, at, note in self._connection.execute(INTRODUCTIONS, (self._anchored.key,)).fetchall():
            self._anchors.keep(Anchored(at=instant(at), key=key, note=note))
            self._anchored = self._anchored._replace(key=key)
        for checkpoint, at, note in self._connection.execute(NOTES, (self._anchored.checkpoint,)).fetchall():
            self._anchors.keep(Anchored(at=instant(at), checkpoint=checkpoint, note=note))
            self._anchored = self._anchored._replace(checkpoint=checkpoint)
