"""Webhook routes: subscriptions of the caller's key, and their deliveries."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from time import time
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from httpx2 import create_ssl_context
from psycopg import Connection
from pydantic_core import to_json

from journey.api.access.keys import OF_TOKENS
from journey.api.access.table import Permission
from journey.api.engine import caller, engine
from journey.api.follow.asked import refuse_unknown_pathways
from journey.api.follow.place import line_of, place_after, refuse_rewound
from journey.api.guard import Seen, guarded
from journey.api.openapi import LISTING, TAKING_A_BODY, answers
from journey.api.paging import CursorIn, Limit
from journey.api.problems import FieldError, Problem
from journey.api.webhooks.asked import (
    Decided,
    Deliveries,
    ReplayWanted,
    RewindWanted,
    RotateWanted,
    Secret,
    SkipWanted,
    Tested,
    WebhookChanged,
    Webhooks,
    WebhookWanted,
)
from journey.cursors import cursor, position
from journey.database import connect
from journey.feed.envelope import SOURCE
from journey.store.identifiers import uuid7
from journey.webhooks import history, registry, signing
from journey.webhooks.addresses import BadEndpoint
from journey.webhooks.deliveries import Terms
from journey.webhooks.history import Asked, State
from journey.webhooks.registry import AheadOfIt, Webhook
from journey.webhooks.sending import Sender

LAST = 1 << 62
ONE = "/v1/webhooks/{webhook_id}"

router = APIRouter(route_class=guarded(Permission.FEED, None), tags=["webhooks"])

T = TypeVar("T")


@router.post(
    "/v1/webhooks",
    status_code=201,
    responses=answers(Secret, *TAKING_A_BODY, *LISTING, "store-rewound", "too-many-webhooks", status=201),
)
async def subscribe(request: Request, wanted: WebhookWanted) -> Response:
    """Have events sent. The secret that they are signed with cannot be shown again."""
    if caller(request).id.startswith(OF_TOKENS):
        raise Problem("forbidden", "Subscribe with an API key: what is sent later is what that key may see.")
    asked, start = _checked(request, wanted), await _place(request, wanted.after)
    made, secret = await _done(request, lambda c: registry.create(c, caller(request).id, asked, start))
    headers = {"Location": f"/v1/webhooks/{made.id}"}
    return Response(to_json({"webhook": made, "secret": secret}), 201, headers, "application/json")


@router.get("/v1/webhooks", responses=answers(Webhooks))
async def every_webhook(request: Request) -> Response:
    """Every subscription of your key, the newest first."""
    return _answer({"webhooks": await _done(request, lambda c: registry.every(c, caller(request).id))})


@router.get(ONE, responses=answers(Webhook, "no-such-webhook"))
async def one_webhook(request: Request, webhook_id: UUID) -> Response:
    """How a subscription stands."""
    return _answer(await _done(request, lambda c: registry.read(c, caller(request).id, webhook_id)))


@router.put(ONE, responses=answers(Webhook, *TAKING_A_BODY, "no-such-webhook"))
async def change_webhook(request: Request, webhook_id: UUID, wanted: WebhookChanged) -> Response:
    """Have something else sent, or elsewhere, from where it has got to."""
    asked = _checked(request, wanted)
    return _answer(await _done(request, lambda c: registry.change(c, caller(request).id, webhook_id, asked)))


@router.delete(ONE, responses=answers(Webhook, "no-such-webhook"))
async def unsubscribe(request: Request, webhook_id: UUID) -> Response:
    """Have nothing sent any more. Its deliveries are forgotten; what they disclosed is not."""
    return _answer(await _done(request, lambda c: registry.delete(c, caller(request).id, webhook_id)))


@router.post(ONE + "/enable", responses=answers(Webhook, *TAKING_A_BODY, "no-such-webhook"))
async def enable_webhook(request: Request, webhook_id: UUID) -> Response:
    """Go on after a pause, a 410 or three days without an answer, where it stopped."""
    return _answer(await _done(request, lambda c: registry.enable(c, caller(request).id, webhook_id)))


@router.post(ONE + "/pause", responses=answers(Webhook, *TAKING_A_BODY, "no-such-webhook"))
async def pause_webhook(request: Request, webhook_id: UUID) -> Response:
    """Have nothing sent until it is enabled; nothing is lost meanwhile."""
    return _answer(await _done(request, lambda c: registry.pause(c, caller(request).id, webhook_id)))


@router.post(ONE + "/rotate", responses=answers(Secret, *TAKING_A_BODY, "no-such-webhook"))
async def rotate_secret(request: Request, webhook_id: UUID, wanted: RotateWanted) -> Response:
    """Have another secret. For some hours messages are signed with the former one, too."""
    own = caller(request).id
    made, secret = await _done(request, lambda c: registry.rotate(c, own, webhook_id, wanted.hours))
    return _answer({"webhook": made, "secret": secret})


@router.post(ONE + "/test", responses=answers(Tested, *TAKING_A_BODY, "no-such-webhook"))
async def test_webhook(request: Request, webhook_id: UUID) -> Response:
    """Send an event about nobody, now, and tell what the endpoint said."""
    terms, own = _terms(request), caller(request).id
    found = await _done(request, lambda c: registry.read(c, own, webhook_id))
    secrets = await _done(request, lambda c: registry.secrets(c, webhook_id))
    event_id = uuid7()
    said = {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": "test", "time": datetime.now(UTC)}
    body = to_json(said)
    headers = signing.headers(secrets, str(event_id), int(time()), body)
    async with Sender(terms.where, await asyncio.to_thread(create_ssl_context)) as sender:
        answer = await sender.send(found.endpoint, headers, body, terms.pace.timeout)
    told = Tested(
        webhook_id=event_id,
        taken=answer.is_taken,
        status=answer.status,
        error=answer.error,
        milliseconds=round(answer.seconds * 1000),
    )
    return _answer(told)


@router.get(ONE + "/deliveries", responses=answers(Deliveries, *LISTING, "no-such-webhook"))
async def deliveries(
    request: Request,
    webhook_id: UUID,
    *,
    state: Annotated[State | None, Query(description="Those in this state.")] = None,
    journey: Annotated[UUID | None, Query(description="Those of this journey.")] = None,
    limit: Limit = 100,
    cursor_in: CursorIn = None,
) -> Response:
    """What became of each delivery, the newest first."""
    scope = f"deliveries {webhook_id} {state} {journey}"
    before = int(position(scope, cursor_in)) if cursor_in else LAST
    own, asked = caller(request).id, Asked(webhook_id, before, limit + 1, state, journey)

    def look(connection: Connection[Any]) -> list[history.Delivery]:
        registry.read(connection, own, webhook_id)
        return history.page(connection, asked)

    found = await _done(request, look)
    page, more = found[:limit], len(found) > limit
    request.state.seen = Seen(tuple(sorted({each.journey_id for each in page if each.journey_id})))
    return _answer({"deliveries": page, "next": cursor(scope, page[-1].number) if more else None})


@router.post(
    ONE + "/rewind", responses=answers(Webhook, *TAKING_A_BODY, *LISTING, "store-rewound", "no-such-webhook")
)
async def rewind(request: Request, webhook_id: UUID, wanted: RewindWanted) -> Response:
    """Have sent again what stands behind a place in the log: the same ids, under new numbers."""
    own, since = caller(request).id, wanted.time
    place = wanted.position if wanted.after is None else await _place(request, wanted.after)

    def put_back(connection: Connection[Any]) -> Webhook:
        there = history.position_at(connection, since) if since else place or 0
        return registry.rewind(connection, own, webhook_id, there)

    try:
        return _answer(await _done(request, put_back))
    except AheadOfIt as error:
        field = next(iter(wanted.model_fields_set))
        errors = (FieldError(where="body", field=field, message=str(error)),)
        raise Problem(
            "invalid", "It can only be put back; the field is named below.", errors=errors
        ) from None


@router.post(ONE + "/replay", responses=answers(Decided, *TAKING_A_BODY, "no-such-webhook"))
async def replay(request: Request, webhook_id: UUID, wanted: ReplayWanted) -> Response:
    """Begin anew with dead letters; what stands behind them in their journeys follows in order."""
    own = caller(request).id
    done = await _done(request, lambda c: registry.replay(c, own, webhook_id, wanted.numbers))
    return _answer({"numbers": done})


@router.post(ONE + "/skip", responses=answers(Decided, *TAKING_A_BODY, "no-such-webhook"))
async def skip(request: Request, webhook_id: UUID, wanted: SkipWanted) -> Response:
    """Give dead letters up; what stands behind them in their journeys is sent without them."""
    own = caller(request).id
    done = await _done(request, lambda c: registry.skip(c, own, webhook_id, wanted.numbers))
    return _answer({"numbers": done})


def _terms(request: Request) -> Terms:
    return engine(request).webhooks


def _checked(request: Request, wanted: WebhookChanged) -> registry.Wanted:
    """Raises Problem."""
    try:
        _terms(request).where.endpoint(wanted.endpoint)
    except BadEndpoint as error:
        errors = (FieldError(where="body", field="endpoint", message=str(error)),)
        raise Problem(
            "invalid", "Nothing can be sent there; the field is named below.", errors=errors
        ) from None
    refuse_unknown_pathways(wanted.filter, "body", "filter.pathway")
    return wanted.wanted()


async def _place(request: Request, after: str | None) -> int | None:
    """The position that a cursor stands for. Raises Problem, ForeignCursor."""
    if after is None:
        return None
    reads = engine(request).reads
    now = await line_of(reads)
    place = await place_after(reads, now, after)
    await refuse_rewound(reads, now, place)
    return place.position


async def _done(request: Request, work: Callable[[Connection[Any]], T]) -> T:
    """Work on a connection of its own, in a thread. Raises what the work does, and DatabaseUnavailable."""

    def on_a_connection() -> T:
        with connect(engine(request).conninfo) as connection:
            return work(connection)

    return await asyncio.to_thread(on_a_connection)


def _answer(told: Any) -> Response:
    return Response(to_json(told), media_type="application/json")
