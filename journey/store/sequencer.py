"""The sequencer: gives committed events their positions in the log, in an order that never inverts a journey.

One at a time, elected by an advisory lock that lives and dies with its database connection. It takes what is
visible in `pending` in insert order: if A committed before B was inserted, A has the lower number, and every
snapshot that sees B sees A; so no journey is inverted, and rows still in flight cannot precede what is taken.

A transaction left open anywhere keeps the deleted rows of `pending` from being cleaned away. So that they
need not be looked through each time, the sequencer knows below which number nothing can come any more.
"""

from threading import Event as Signal
from threading import Thread
from time import monotonic

import psycopg
import structlog
from psycopg import Connection
from psycopg.sql import SQL

from journey.connection import WORKING, opened
from journey.store.epoch import take_up
from journey.store.recorder import CHANNEL

LOCK = 0x4A_0001
"""Advisory lock of the one sequencer of a database."""

BATCH = 2000
QUICK, PATIENT, STANDBY = 0.002, 0.010, 0.200
"""Seconds between looks: while appends come in, when idle, and while another process is the sequencer."""

SETTLE = 1.0
"""Seconds between looks at who is writing to `pending`."""

SEQUENCE = SQL("""
    WITH head AS (
        SELECT id FROM pending WHERE id > %(above)s ORDER BY id LIMIT %(batch)s
    ), taken AS (
        DELETE FROM pending WHERE id > %(above)s AND id <= (SELECT max(id) FROM head)
        RETURNING id, journey_id, first_version, last_version
    ), numbered AS (
        INSERT INTO log (position, journey_id, version, leaf)
        SELECT (SELECT coalesce(max(position), 0) FROM log) + row_number() OVER (ORDER BY id, version),
               taken.journey_id, version, leaf
          FROM taken CROSS JOIN LATERAL (
                   SELECT version, event_leaf(event) AS leaf FROM event
                    WHERE event.journey_id = taken.journey_id
                      AND version BETWEEN first_version AND last_version
                   OFFSET 0 -- looked up for each append, whatever the planner takes their number to be
               ) AS appended
        RETURNING position
    )
    SELECT count(*), (SELECT count(*) FROM taken),
           CASE WHEN count(*) > 0 THEN pg_notify({channel}, max(position)::text) END
      FROM numbered
    """).format(channel=CHANNEL)
GIVEN = SQL("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM pending_id_seq")
WRITING = SQL("""
    SELECT virtualtransaction FROM pg_locks
     WHERE relation = 'pending'::regclass AND mode = 'RowExclusiveLock'
       AND pid IS DISTINCT FROM pg_backend_pid()
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """)

logger = structlog.get_logger()


class Settled:
    """Up to which number of `pending` everything has been taken, and nothing can come any more.

    Whoever draws a number has locked the table before, and holds the lock until what it wrote can be seen, or
    never will be. So numbers given before a look are settled once all who were writing then are gone.
    """

    def __init__(self) -> None:
        self.number = 0
        self._given = 0
        self._writing: set[str] = set()

    def look(self, connection: Connection[tuple[object, ...]], batch: int) -> int:
        """Settle what can be, taking what stands there still; the number of events moved."""
        if self._writing & _writing(connection):
            return 0
        moved, settled = 0, self._given
        while True:
            events, appends = _take(connection, batch, self.number)
            moved += events
            if appends < batch:
                break
        self.number = settled
        [(given,)] = connection.execute(GIVEN).fetchall()
        self._given = int(str(given))
        self._writing = _writing(connection)
        return moved


def _writing(connection: Connection[tuple[object, ...]]) -> set[str]:
    return {str(transaction) for (transaction,) in connection.execute(WRITING)}


def _take(connection: Connection[tuple[object, ...]], batch: int, above: int) -> tuple[int, int]:
    """Move one batch; the numbers of events and of appends."""
    [(events, appends, _)] = connection.execute(SEQUENCE, {"above": above, "batch": batch}).fetchall()
    return int(str(events)), int(str(appends))


def sequence(connection: Connection[tuple[object, ...]], batch: int = BATCH, *, above: int = 0) -> int:
    """Move one batch of appends into the log, in one transaction; the number of events moved.

    The caller holds the sequencer's lock on this connection. `above` is a number that is settled.
    """
    return _take(connection, batch, above)[0]


def drain(conninfo: str) -> int:
    """Sequence everything that is pending, waiting for the lock; the number of events moved."""
    with opened(conninfo, WORKING, "sequencer") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        take_up(connection)
        total = 0
        while moved := sequence(connection):
            total += moved
        return total


class Sequencer:
    """Runs in a thread: elected or standing by, working or waiting for `appended` to be set."""

    def __init__(self, conninfo: str, *, appended: Signal | None = None) -> None:
        self._conninfo = conninfo
        self._appended = appended or Signal()
        self._stopping = Signal()
        self._thread = Thread(target=self._run, name="sequencer", daemon=True)
        self.leading = Signal()
        self._given = 0
        """The last position that this sequencer knows of."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and give the lock back."""
        self._stopping.set()
        self._appended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with opened(self._conninfo, WORKING, "sequencer") as connection:
                    self._lead(connection)
            except psycopg.Error as error:
                logger.warning("sequencer.connection_lost", error=type(error).__name__)
                self._stopping.wait(STANDBY)
            finally:
                self.leading.clear()

    def _lead(self, connection: Connection[tuple[object, ...]]) -> None:
        while not self._elected(connection):
            if self._stopping.wait(STANDBY):
                return
        self._given = take_up(connection, self._given)
        self.leading.set()
        logger.info("sequencer.leading")
        pause, settled, settle_at = QUICK, Settled(), 0.0
        while not self._stopping.is_set():
            moved = sequence(connection, above=settled.number)
            if monotonic() > settle_at:
                moved += settled.look(connection, BATCH)
                settle_at = monotonic() + SETTLE
            if moved:
                self._given += moved
                pause = QUICK
                continue
            if self._appended.wait(pause):
                self._appended.clear()
                pause = QUICK
            else:
                pause = min(pause * 1.5, PATIENT)

    def _elected(self, connection: Connection[tuple[object, ...]]) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
        return bool(row and row[0])
