"""Runner: a worker's part that carries out what waits, one errand at a time in the whole installation.

Each has a process of its own, which gives way to others: neither those who ask nor those who project wait for
it, and whoever kills it kills nothing else.
"""

import os
import signal
from multiprocessing import connection as sentinels
from multiprocessing import get_context
from threading import Event as Signal
from threading import Thread
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from journey import log
from journey.connection import WORKING, opened
from journey.errands.carrying import EXPECTED, LOCK, Stopped, carried, taken
from journey.errands.errand import LOCKS, Kind
from journey.ledger.seals import Place
from journey.ledger.verify import Result, verify
from journey.parent import end_with_the_parent
from journey.projections import READ_MODELS
from journey.projections.rebuild import rebuild
from journey.settings import Settings

LOOK = 0.5
"""Seconds between looks at what waits, and at whether to stop."""

GRACE = 10.0
"""Seconds in which a process that is told to end has to."""

PROCESSES = get_context("spawn")
"""A process that is begun anew holds no thread and no connection of the server's."""

GIVES_WAY = 5
"""By so much it is nicer than whoever serves."""

WAITING = """
    SELECT id FROM errand WHERE ended_at IS NULL AND began_at IS NULL ORDER BY id LIMIT 1
    """
WHAT = "SELECT kind, subject, whole FROM errand WHERE id = %s"
NEVER_BEGAN = """
    UPDATE errand SET ended_at = clock_timestamp(), outcome = 'failed',
           said = 'It could not be begun. What is logged says why; then start it again.'
     WHERE id = %s AND began_at IS NULL AND ended_at IS NULL
    """

UNLOCK = "SELECT pg_advisory_unlock(%s)"

logger = structlog.get_logger()


class Runner:
    """Looks for what waits, in a thread; of several workers, one sends at a time."""

    def __init__(self, conninfo: str, settings: Settings) -> None:
        self._conninfo = conninfo
        self._settings = settings
        self._stopping = Signal()
        self._thread = Thread(target=self._run, name="errands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """What waits has nothing to do with the log's growth."""

    def stop(self) -> None:
        """What is under way ends, and may be asked for again."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with opened(self._conninfo, WORKING, "errands") as connection:
                    while not self._stopping.wait(LOOK):
                        self._look(connection)
            except (psycopg.Error, OSError) as error:  # or there is no room for one process more
                logger.warning("errands.interrupted", error=type(error).__name__)
                self._stopping.wait(LOOK)

    def _look(self, connection: Connection[Any]) -> None:
        waiting = connection.execute(WAITING).fetchone()
        if waiting is None or connection.execute(LOCK, (LOCKS,)).fetchone() != (True,):
            return
        try:
            if not self._sent(waiting[0]):
                connection.execute(NEVER_BEGAN, waiting)
        finally:
            connection.execute(UNLOCK, (LOCKS,))

    def _sent(self, id_: int) -> bool:
        """Have it carried out; whether its process ended as it should."""
        process = PROCESSES.Process(
            target=carry_out, args=(self._conninfo, self._settings, id_), name=f"errand-{id_}"
        )
        process.start()
        while not sentinels.wait([process.sentinel], LOOK):
            if self._stopping.is_set():
                process.terminate()
                process.join(GRACE)
                process.kill()
        process.join()
        return process.exitcode == 0


def carry_out(conninfo: str, settings: Settings, id_: int) -> None:
    """The process of one errand."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which tells us to end
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.nice(GIVES_WAY)
    log.configure(settings)
    end_with_the_parent()
    try:
        _carried_out(conninfo, Place.of(settings), id_)
    except (*EXPECTED, Stopped, KeyboardInterrupt) as error:
        logger.warning("errand.ended", id=id_, why=type(error).__name__)
    except Exception:
        logger.exception("errand.failed", id=id_)


def _carried_out(conninfo: str, place: Place, id_: int) -> None:
    with opened(conninfo, WORKING, "errand") as connection:
        [(kind, subject, whole)] = connection.execute(WHAT, (id_,)).fetchall()
        if not taken(connection, id_):
            return
        logger.info("errand.begun", id=id_, kind=kind, subject=subject)
        with carried(connection, id_) as carrier:
            if kind == Kind.REBUILD:
                [model] = [each for each in READ_MODELS if each.name == subject]
                done = rebuild(conninfo, model, carrier.told, carrier.waits)
                carrier.result = {"events": done.events, "parked": done.parked}
            else:
                carrier.result = told_of(verify(conninfo, place, carrier.told, whole=whole))


def told_of(result: Result) -> dict[str, Any]:
    """What is kept of a verification."""
    kept = ("since", "checkpoint", "checkpoints", "events", "accesses", "unsigned", "anchored")
    findings = [
        {
            "kind": each.kind,
            "table": each.table,
            "first": each.first,
            "last": each.last,
            "said": each.sentence,
        }
        for each in result.findings
    ]
    return {
        "verdict": "differs" if findings else "holds",
        **{name: getattr(result, name) for name in kept},
        "whole_at": result.whole_at.isoformat(),
        "faults": findings,
    }
