"""Health: is it alive, is it ready, and how much is it doing? For probes and Prometheus, not for people."""

import asyncio
from ipaddress import ip_address
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.engine import Engine, engine
from journey.api.guard import authenticated
from journey.database import DatabaseUnavailable
from journey.migrate import MigrationError, check
from journey.projections import READ_MODELS
from journey.store.errors import StoreUnavailable

TOO_FAR_BEHIND = 10_000
"""Events. Further behind, answers are about the past, and requests are better sent elsewhere."""

SELECT_LOG = """
    SELECT coalesce((SELECT max(position) FROM log), 0),
           (SELECT count(*) FROM (SELECT 1 FROM pending LIMIT 100000) AS waiting)
    """
SELECT_CHECKPOINTS = """
    SELECT name, position, last_error,
           (SELECT count(*) FROM parked_journey WHERE parked_journey.model = checkpoint.name)
      FROM checkpoint
    """
FORWARDED = ("forwarded", "x-forwarded-for", "via")

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    alive: bool


class ProjectionHealth(BaseModel):
    """How far a read model has come."""

    name: str
    lag: int = Field(description="Events of the log that it has not seen yet.")
    parked: int = Field(description="Journeys that it could not take up; all others go on.")
    last_error: str | None = Field(description="The kind of error it fails with just now.")


class Ready(BaseModel):
    """Whether requests should be sent here; what is not ready says why."""

    ready: bool
    database: str
    migrations: str
    position: int = Field(description="The last position of the log.")
    backlog: int = Field(description="Appends that wait for their positions.")
    projections: tuple[ProjectionHealth, ...]


class Log(NamedTuple):
    """Where the log is, and who has come how far."""

    position: int
    backlog: int
    projections: tuple[ProjectionHealth, ...]


@router.get("/healthz", responses={200: {"model": Alive}})
async def alive() -> Response:
    """Alive: the process answers, whatever else is wrong."""
    return Response(to_json(Alive(alive=True)), media_type="application/json")


@router.get("/readyz", responses={200: {"model": Ready}, 503: {"model": Ready}})
async def ready(request: Request) -> Response:
    """Ready: the database is reached and at this version, and nothing is far behind."""
    try:
        log = await _log(engine(request))
        migrations = await asyncio.to_thread(_migrations, engine(request).conninfo)
    except (StoreUnavailable, DatabaseUnavailable):
        found = _unreachable()
    else:
        behind = max(log.backlog, *(each.lag for each in log.projections))
        found = Ready(
            ready=migrations == "current" and behind <= TOO_FAR_BEHIND,
            database="reached",
            migrations=migrations,
            position=log.position,
            backlog=log.backlog,
            projections=log.projections,
        )
    return Response(to_json(found), 200 if found.ready else 503, media_type="application/json")


@router.get(
    "/metrics",
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text, of this process."}},
)
async def metrics(request: Request) -> Response:
    """Figures, to this machine or to whoever has a key."""
    if not from_this_machine(request):
        await authenticated(request)
    await _measure(engine(request))
    return Response(engine(request).figures.text(), media_type=CONTENT_TYPE_LATEST)


def from_this_machine(request: Request) -> bool:
    """Whether the request came over loopback, and through no proxy that answers others."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _unreachable() -> Ready:
    return Ready(
        ready=False,
        database="cannot be reached",
        migrations="not known",
        position=0,
        backlog=0,
        projections=(),
    )


def _migrations(conninfo: str) -> str:
    try:
        check(conninfo)
    except MigrationError as error:
        return str(error)
    return "current"


async def _log(engine: Engine) -> Log:
    position, backlog = (await engine.reads.rows(SELECT_LOG))[0]
    known = {name: said for name, *said in await engine.reads.rows(SELECT_CHECKPOINTS)}
    reached = {model.name: known.get(model.name, (0, None, 0)) for model in READ_MODELS}
    projections = tuple(
        ProjectionHealth(name=name, lag=max(0, position - at), parked=parked, last_error=error)
        for name, (at, error, parked) in reached.items()
    )
    return Log(position, backlog, projections)


async def _measure(engine: Engine) -> None:
    """Set the gauges; those of a database that cannot be reached keep what they were."""
    figures = engine.figures
    figures.waiting.set(engine.under_way)
    for name, pool in (("reads", engine.reads.pool), ("store", engine.store.datastore.pool)):
        stats = pool.get_stats()
        for state in ("pool_size", "pool_available", "requests_waiting"):
            figures.pool.labels(name, state.removeprefix("pool_")).set(stats.get(state, 0))
    try:
        log = await _log(engine)
    except StoreUnavailable:
        figures.reachable.set(0)
        return
    figures.reachable.set(1)
    figures.log_position.set(log.position)
    figures.backlog.set(log.backlog)
    for each in log.projections:
        figures.lag.labels(each.name).set(each.lag)
        figures.parked.labels(each.name).set(each.parked)
        figures.failing.labels(each.name).set(each.last_error is not None)
