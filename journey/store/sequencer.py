"""The sequencer: gives committed events their positions in the log, in an order that never inverts a journey.

One at a time, elected by an advisory lock that lives and dies with its database connection. It takes what is
visible in `pending` in insert order: if A committed before B was inserted, A has the lower number, and every
snapshot that sees B sees A; so no journey is inverted, and rows still in flight cannot precede what is taken.
"""

from threading import Event as Signal
from threading import Thread

import psycopg
import structlog
from psycopg import Connection
from psycopg.sql import SQL

from journey.store.recorder import CHANNEL

LOCK = 0x4A_0001
"""Advisory lock of the one sequencer of a database."""

BATCH = 2000
QUICK, PATIENT, STANDBY = 0.002, 0.010, 0.200
"""Seconds between looks: while appends come in, when idle, and while another process is the sequencer."""

SEQUENCE = SQL("""
    WITH head AS (
        SELECT id FROM pending ORDER BY id LIMIT %s
    ), taken AS (
        DELETE FROM pending WHERE id <= (SELECT max(id) FROM head)
        RETURNING id, journey_id, first_version, last_version
    ), numbered AS (
        INSERT INTO log (position, journey_id, version)
        SELECT (SELECT coalesce(max(position), 0) FROM log) + row_number() OVER (ORDER BY id, version),
               journey_id, version
          FROM taken CROSS JOIN LATERAL generate_series(first_version, last_version) AS version
        RETURNING position
    )
    SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify({channel}, max(position)::text) END FROM numbered
    """).format(channel=CHANNEL)

logger = structlog.get_logger()


def sequence(connection: Connection[tuple[object, ...]], batch: int = BATCH) -> int:
    """Move one batch of appends into the log, in one transaction; the number of events moved.

    The caller holds the sequencer's lock on this connection.
    """
    row = connection.execute(SEQUENCE, (batch,)).fetchone()
    return int(str(row[0])) if row else 0


def drain(conninfo: str) -> int:
    """Sequence everything that is pending, waiting for the lock; the number of events moved."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
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
                with psycopg.connect(self._conninfo, autocommit=True, prepare_threshold=0) as connection:
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
        self.leading.set()
        logger.info("sequencer.leading")
        pause = QUICK
        while not self._stopping.is_set():
            if sequence(connection):
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
