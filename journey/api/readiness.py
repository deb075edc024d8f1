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
from journey.api.reads import Overloaded, Reads, TooSlow
from journey.api.together import Together
from journey.database import DatabaseUnavailable
from journey.migrate import SELECT_APPLIED, Applied, MigrationError, agreed, check
from journey.projections import READ_MODELS
from journey.projections.projector import AheadOfTheLog, lock_of
from journey.store.epoch import SELECT_LINE, Epoch, line
from journey.store.errors import StoreUnavailable
from journey.store.sequencer import LOCK

TOO_FAR_BEHIND = 10_000
"""Events. Further behind, answers are about the past, and requests are better sent elsewhere."""

AT_ONCE = 0.5
"""Seconds within which the pool tells how it is, where nothing is wrong with it."""

LEADERLESS_FOR = 5.0
"""Seconds without a leader, after which nobody is likely to come by itself."""

SELECT_LOG = """
    SELECT extract(epoch FROM clock_timestamp())::float8,
           (SELECT count(*) FROM (SELECT FROM pending LIMIT 100000) AS waiting),
           ARRAY(SELECT classid::bigint << 32 | objid::bigint FROM pg_locks
                  WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
           (SELECT coalesce(json_agg(json_build_array(name, position, last_error,
                       (SELECT count(*) FROM parked_journey WHERE model = name))), '[]')
              FROM checkpoint),
           (SELECT number FROM ledger_checkpoint ORDER BY number DESC LIMIT 1),
           (SELECT size FROM ledger_checkpoint ORDER BY number DESC LIMIT 1),
           (SELECT coalesce(sum(cardinality(accesses)), 0)
              FROM (SELECT accesses FROM access_pending LIMIT 100000) AS waiting),
           (SELECT coalesce(json_agg(json_build_array(name, position, last_error,
                       coalesce(leased_until > clock_timestamp(), false)) ORDER BY name), '[]')
              FROM broker)
    """
"""Asked as one: probes ask often, and a statement costs both sides more than what it finds here."""

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
    """Raises StoreUnavailable, TooSlow, Overloaded."""
    now = line(await reads.rows(SELECT_LINE))
    before = time()
    [(clock, backlog, led, checkpoints, number, size, accesses, brokers)] = await reads.rows(SELECT_LOG)
    drift = clock - (before + time()) / 2  # to within the time that asking takes
    known = {name: said for name, *said in checkpoints}
    reached = {model.name: known.get(model.name, (0, None, 0)) for model in READ_MODELS}
    return Log(
        position=now.head,
        backlog=backlog,
        epoch=shown(now.now),
        clock_drift=round(drift, 3),
        leaderless=tuple(part for part, key in PARTS.items() if key not in led),
        projections=tuple(
            ProjectionHealth(name=name, lag=max(0, now.head - at), parked=parked, last_error=error)
            for name, (at, error, parked) in reached.items()
        ),
        ledger=LedgerHealth(checkpoint=number or 0, uncovered=max(0, now.head - (size or 0)) + accesses),
        brokers=tuple(
            BrokerHealth(name=name, lag=max(0, now.head - at), published=published, last_error=error)
            for name, at, error, published in brokers
        ),
    )


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
        """Over the pool, which is cheap; where that does not tell at once, another connection says why."""
        looking = asyncio.create_task(_seen(engine.reads))
        await asyncio.wait((looking,), timeout=AT_ONCE)
        if not looking.done() or looking.exception() is not None:
            why_not = await asyncio.to_thread(_why_not, engine.conninfo)
            if why_not is not None:
                looking.cancel()
                return why_not
        try:
            log = await looking
        except (StoreUnavailable, TooSlow, Overloaded):
            reason = "No database connection of this process is free, or none answers in time."
            return Ready(ready=False, reasons=(reason,), database="reached", migrations="current")
        reasons = (*self._of_the_process(engine), *self._of_the_log(log))
        return Ready(
            ready=not reasons, reasons=reasons, database="reached", migrations="current", **log._asdict()
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


async def _seen(reads: Reads) -> Log:
    """Raises what `log_of` does, and MigrationError."""
    agreed([Applied(*row) for row in await reads.rows(SELECT_APPLIED)])
    return await log_of(reads)


def _why_not(conninfo: str) -> Ready | None:
    """Nothing, where the database is reached and at this version."""
    try:
        check(conninfo)
    except DatabaseUnavailable:
        reason = "The database cannot be reached."
        return Ready(ready=False, reasons=(reason,), database="cannot be reached", migrations="not known")
    except MigrationError as error:
        return Ready(ready=False, reasons=(str(error),), database="reached", migrations=str(error))
    return None
