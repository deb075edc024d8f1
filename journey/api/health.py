"""Health: is it alive, is it ready, and how much is it doing? For probes and Prometheus, not for people."""

from ipaddress import ip_address
from typing import cast

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.audit.reviews import OVERDUE, WITHIN
from journey.api.engine import Engine, engine
from journey.api.guard import authenticated, guarded
from journey.api.openapi import answers
from journey.api.readiness import PARTS, Readiness, Ready, log_of
from journey.store.errors import StoreUnavailable
from journey.webhooks import figures as webhooks

SELECT_GAPS = """
    SELECT coalesce(max(position) - min(position) + 1 - count(*), 0)
      FROM (SELECT position FROM log ORDER BY position DESC LIMIT 10000) AS last
    """
FORWARDED = ("forwarded", "x-forwarded-for", "via")

router = APIRouter(tags=["operations"])
counting = APIRouter(route_class=guarded(Permission.DEFINITIONS), tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    alive: bool


@router.get("/healthz", responses={200: {"model": Alive}})
async def alive() -> Response:
    """Alive: the process answers, whatever else is wrong."""
    return Response(to_json(Alive(alive=True)), media_type="application/json")


@router.get("/readyz", responses={200: {"model": Ready}, 503: {"model": Ready}})
async def ready(request: Request) -> Response:
    """Ready: the database is reached and at this version, workers lead, and nothing is far behind."""
    readiness = cast(Readiness, request.app.state.readiness)
    found = await readiness.looked(engine(request))
    return Response(to_json(found), 200 if found.ready else 503, media_type="application/json")


@router.get(
    "/metrics",
    responses={
        200: {
            "content": {"text/plain": {}},
            "description": "Prometheus text, of all processes on this address.",
        }
    },
)
async def metrics(request: Request) -> Response:
    """Figures, to this machine or to whoever has a key."""
    if not from_this_machine(request):
        await authenticated(request)
    await _measure(engine(request))
    return Response(engine(request).figures.text(), media_type=CONTENT_TYPE_LATEST)


class OpenDeliveries(BaseModel):
    """Those of all subscriptions that have not ended, by how they are."""

    waiting: int = Field(description="Behind another of the same journey.")
    pending: int = Field(description="Being sent, or to be sent again.")
    dead: int = Field(description="Given up; each waits for somebody's decision.")


@counting.get("/v1/deliveries", responses=answers(OpenDeliveries))
async def every_delivery(request: Request) -> Response:
    """How many deliveries have not ended, to all who subscribed."""
    [(*counts, _)] = await engine(request).reads.rows(webhooks.OPEN)
    found = OpenDeliveries(**dict(zip(webhooks.STATES, counts, strict=True)))
    return Response(to_json(found), media_type="application/json")


def from_this_machine(request: Request) -> bool:
    """Whether the request came over loopback, and through no proxy that answers others."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def measure_process(engine: Engine) -> None:
    """Set the gauges of what this process holds."""
    figures = engine.figures
    figures.waiting.set(engine.under_way)
    for name, pool in (("reads", engine.reads.pool), ("store", engine.store.datastore.pool)):
        stats = pool.get_stats()
        for state in ("pool_size", "pool_available", "requests_waiting"):
            figures.pool.labels(name, state.removeprefix("pool_")).set(stats.get(state, 0))


async def _measure_webhooks(engine: Engine) -> None:
    figures = engine.figures
    [(*open_, oldest)] = await engine.reads.rows(webhooks.OPEN)
    [(*states, down)] = await engine.reads.rows(webhooks.SUBSCRIPTIONS)
    for state, count in zip(webhooks.STATES, open_, strict=True):
        figures.deliveries.labels(state).set(count)
    for state, count in zip(webhooks.WEBHOOK_STATES, states, strict=True):
        figures.webhooks.labels(state).set(count)
    figures.oldest_delivery.set(oldest)
    figures.endpoints_down.set(down)


async def _measure(engine: Engine) -> None:
    """Set the gauges; those of a database that cannot be reached keep what they were."""
    figures = engine.figures
    measure_process(engine)
    try:
        log = await log_of(engine.reads)
    except StoreUnavailable:
        figures.reachable.set(0)
        return
    figures.reachable.set(1)
    figures.log_position.set(log.position)
    figures.backlog.set(log.backlog)
    figures.clock_drift.set(log.clock_drift)
    figures.unreviewed.set((await engine.reads.rows(OVERDUE, (WITHIN,)))[0][0])
    figures.gaps.set((await engine.reads.rows(SELECT_GAPS))[0][0])
    figures.epoch.set(log.epoch.number if log.epoch else 0)
    await _measure_webhooks(engine)
    figures.checkpoint.set(log.ledger.checkpoint)
    figures.uncovered.set(log.ledger.uncovered)
    for part in PARTS:
        figures.led.labels(part).set(part not in log.leaderless)
    for each in log.projections:
        figures.lag.labels(each.name).set(each.lag)
        figures.parked.labels(each.name).set(each.parked)
        figures.failing.labels(each.name).set(each.last_error is not None)
    for broker in log.brokers:
        figures.broker_lag.labels(broker.name).set(broker.lag)
        figures.broker_failing.labels(broker.name).set(broker.last_error is not None or not broker.published)
