"""Readiness: whether requests should be sent to this process, and if not, every reason why.

What has no leader is not ready only after a while: a leader that was killed is followed by another.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic, time
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field

from journey.api.engine import Engine
from journey.api.reads import Reads, TooSlow
from journey.api.together import Together
from journey.database import DatabaseUnavailable
from journey.migrate import MigrationError, check
from journey.projections import READ_MODELS
from journey.projections.projector import AheadOfTheLog, lock_of
from journey.store.epoch import SELECT_LINE, Epoch, line
from journey.store.errors import StoreUnavailable
from journey.store.sequencer import LOCK

TOO_FAR_BEHIND = 10_000
"""Events. Further behind, answers are about the past, and requests are better sent elsewhere."""

LEADERLESS_FOR = 5.0
"""Seconds without a leader, after which nobody is likely to come by itself."""

SELECT_CLOCK = "SELECT extract(epoch FROM clock_timestamp())::float8"
SELECT_BACKLOG = "SELECT count(*) FROM (SELECT 1 FROM pending LIMIT 100000) AS waiting"
SELECT_CHECKPOINTS = """
    SELECT name, position, last_error,
           (SELECT count(*) FROM parked_journey WHERE parked_journey.model = checkpoint.name)
      FROM checkpoint
    """
SELECT_COVERED = """
    SELECT number, size,
           (SELECT coalesce(sum(cardinality(accesses)), 0) FROM (
               SELECT accesses FROM access_pending LIMIT 100000) AS waiting)
      FROM (VALUES (true)) AS one LEFT JOIN LATERAL (
           SELECT number, size FROM ledger_checkpoint ORDER BY number DESC LIMIT 1) AS last ON true
    """
SELECT_BROKERS = """
    SELECT name, position, last_error, coalesce(leased_until > clock_timestamp(), false)
      FROM broker ORDER BY name
    """
SELECT_LED = """
    SELECT classid::bigint << 32 | objid::bigint FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
PARTS = {"sequencer": LOCK, **{model.name: lock_of(model.name) for model in READ_MODELS}}
"""What a worker leads, and the lock that says so."""


class InEpoch(BaseModel):
    """A stretch of the log's history without a restore, a copy or a promotion in it."""

    number: int
    id: UUID = Field(description="Another log has it only where one was copied from the other.")
    began_after: int = Field(description="The last position in common with the epoch before.")


class ProjectionHealth(BaseModel):
    """How far a read model has come."""

    name: str
    lag: int = Field(description="Events of the log that it has not seen yet.")
    parked: int = Field(description="Journeys that it could not take up; all others go on.")
    last_error: str | None = Field(description="The kind of error it fails with just now.")


class LedgerHealth(BaseModel):
    """How far the ledger's checkpoints have come."""

    checkpoint: int = Field(default=0, description="The number of the last one.")
    uncovered: int = Field(
        default=0, description="Events and records of the trail that none covers; those of a second, or less."
    )


class BrokerHealth(BaseModel):
    """How far the log stands in a broker's stream."""

    name: str
    lag: int = Field(description="Events of the log that were not looked through for it yet.")
    published: bool = Field(description="Whether a worker publishes there just now.")
    last_error: str | None = Field(description="Why it does not go on just now.")


class Ready(BaseModel):
    """Whether requests should be sent here; what is not ready says why."""

    ready: bool
    reasons: tuple[str, ...] = Field(description="Why not, each in a sentence.")
    database: str
    migrations: str
    position: int = Field(default=0, description="The last position of the log.")
    backlog: int = Field(default=0, description="Appends that wait for their positions.")
    epoch: InEpoch | None = Field(default=None, description="The one that the log is in.")
    clock_drift: float = Field(
        default=0,
        description="Seconds by which the database's clock, which dates what is recorded, is ahead of "
        "this process's.",
    )
    leaderless: tuple[str, ...] = Field(default=(), description="What no worker leads just now.")
    projections: tuple[ProjectionHealth, ...] = ()
    ledger: LedgerHealth = LedgerHealth()
    brokers: tuple[BrokerHealth, ...] = ()


class Log(NamedTuple):
    """Where the log is, who has come how far, and what nobody leads."""

    position: int
    backlog: int
    epoch: InEpoch | None
    clock_drift: float
    leaderless: tuple[str, ...]
    projections: tuple[ProjectionHealth, ...]
    ledger: LedgerHealth
    brokers: tuple[BrokerHealth, ...]


async def log_of(reads: Reads) -> Log:
    """Raises StoreUnavailable, TooSlow."""
    now = line(await reads.rows(SELECT_LINE))
    [(backlog,)] = await reads.rows(SELECT_BACKLOG)
    led = {key for (key,) in await reads.rows(SELECT_LED)}
    known = {name: said for name, *said in await reads.rows(SELECT_CHECKPOINTS)}
    reached = {model.name: known.get(model.name, (0, None, 0)) for model in READ_MODELS}
    projections = tuple(
        ProjectionHealth(name=name, lag=max(0, now.head - at), parked=parked, last_error=error)
        for name, (at, error, parked) in reached.items()
    )
    [(number, size, accesses)] = await reads.rows(SELECT_COVERED)
    ledger = LedgerHealth(checkpoint=number or 0, uncovered=max(0, now.head - (size or 0)) + accesses)
    leaderless = tuple(part for part, key in PARTS.items() if key not in led)
    brokers = tuple(
        BrokerHealth(name=name, lag=max(0, now.head - at), published=published, last_error=error)
        for name, at, error, published in await reads.rows(SELECT_BROKERS)
    )
    drift = await _clock_drift(reads)
    return Log(now.head, backlog, shown(now.now), drift, leaderless, projections, ledger, brokers)


async def _clock_drift(reads: Reads) -> float:
    """To within the time that asking takes: the answer is held against the middle of it."""
    before = time()
    [(there,)] = await reads.rows(SELECT_CLOCK)
    after = time()
    drift: float = there - (before + after) / 2
    return round(drift, 3)


def shown(epoch: Epoch | None) -> InEpoch | None:
    return None if epoch is None else InEpoch(**epoch._asdict())


class Readiness:
    """What one process has seen of it."""

    def __init__(self) -> None:
        self._led_at = monotonic()
        self._looks = Together(self._looked)

    async def looked(self, engine: Engine) -> Ready:
        """How it is now. Anybody may ask, so that those who ask at the same time look together."""
        return await self._looks.ask(engine)

    async def _looked(self, engines: Sequence[Engine]) -> Sequence[Ready]:
        return [await self._look(engines[0])] * len(engines)

    async def _look(self, engine: Engine) -> Ready:
        try:
            migrations = await asyncio.to_thread(_migrations, engine.conninfo)
        except DatabaseUnavailable:
            reason = "The database cannot be reached."
            return Ready(ready=False, reasons=(reason,), database="cannot be reached", migrations="not known")
        if migrations != "current":
            return Ready(ready=False, reasons=(migrations,), database="reached", migrations=migrations)
        try:
            log = await log_of(engine.reads)
        except (StoreUnavailable, TooSlow):
            reason = "No database connection of this process is free, or none answers in time."
            return Ready(ready=False, reasons=(reason,), database="reached", migrations=migrations)
        reasons = (*self._of_the_process(engine), *self._of_the_log(log))
        return Ready(
            ready=not reasons, reasons=reasons, database="reached", migrations=migrations, **log._asdict()
        )

    def _of_the_process(self, engine: Engine) -> list[str]:
        reasons = []
        if engine.growth.over:
            reasons.append("This process is about to stop.")
        if engine.is_full:
            reasons.append("More commands are waiting than can be handled soon.")
        return reasons

    def _of_the_log(self, log: Log) -> list[str]:
        reasons = []
        if not log.leaderless:
            self._led_at = monotonic()
        elif monotonic() - self._led_at > LEADERLESS_FOR:
            reasons.append(f"No worker leads {', '.join(log.leaderless)}.")
        if log.backlog > TOO_FAR_BEHIND:
            reasons.append(f"{log.backlog} appends wait for their positions in the log.")
        for each in log.projections:
            if each.lag > TOO_FAR_BEHIND:
                reasons.append(f"{each.name} is {each.lag} events behind the log.")
            if each.last_error == AheadOfTheLog.__name__:
                reasons.append(f"{each.name} is ahead of the log and has to be rebuilt.")
        return reasons


def _migrations(conninfo: str) -> str:
    try:
        check(conninfo)
    except MigrationError as error:
        return str(error)
    return "current"
