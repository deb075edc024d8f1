"""Inbox routes: what could not be taken in is listed, read, tried again, corrected and dismissed.

Whose patient such a message is about is what is not known yet, so who is bound to teams sees none of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json

from journey.api.access.admission import admit
from journey.api.access.table import Permission
from journey.api.access.trail import Kind
from journey.api.commands import IdempotencyKey
from journey.api.engine import asking, caller, engine
from journey.api.guard import Seen, guarded, noted
from journey.api.inbox.asked import (
    Code,
    CorrectMessageWanted,
    DismissMessageWanted,
    HandledMessages,
    MessageCounts,
    MessageId,
    MessageSeen,
    MessagesHandled,
    ReplayMessagesWanted,
    SetAsideMessages,
)
from journey.api.openapi import LISTING, TAKING_A_BODY, answers
from journey.api.paging import CursorIn, Limit
from journey.api.problems import FieldError, Problem
from journey.api.times import Time
from journey.cursors import cursor, key
from journey.ingest import parked
from journey.ingest.answers import Handled, Planned
from journey.ingest.handling import By, Handling, NoSuchMessage, NotThatText
from journey.ingest.parked import Asked, Channel, InFull, State

ONE = "/v1/inbox/{message_id}"
WRITING = (*TAKING_A_BODY, "no-such-message", "withheld", "key-reused", "outcome-unknown")
OF_NO_TEAM = "Whose such a message is, is not known yet: ask with a key that is bound to no team."
LABELLED = "It is about something that bears a label that you are not cleared for."

router = APIRouter(route_class=guarded(Permission.INBOX, None), tags=["inbox"])


@router.get("/v1/inbox", responses=answers(SetAsideMessages, *LISTING))
async def every_message_set_aside(
    request: Request,
    *,
    channel: Annotated[Channel | None, Query(description="Those that came so.")] = None,
    state: Annotated[
        State | None, Query(description="Those of which this is true; left out, `parked` and `waiting`.")
    ] = None,
    code: Annotated[Code | None, Query(description="Those set aside for this reason.")] = None,
    received_from: Annotated[Time | None, Query(description="Those that came then or later.")] = None,
    received_to: Annotated[Time | None, Query(description="Those that came before that.")] = None,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """Messages that were not applied, the newest first, without what they say of a patient."""
    _refuse_who_is_bound(request)
    if state is State.APPLIED:
        error = FieldError(where="query", field="state", message="What was applied as it came is not listed")
        raise Problem("invalid", "A parameter is wrong; it is named below.", errors=(error,))
    asked = Asked(channel, state, code, received_from, received_to)
    scope = f"inbox {asked}"
    before = key(scope, page, (datetime, bytes)) if page else None
    rows = await engine(request).reads.rows(*parked.page_of(asked, before, limit + 1))
    found = [parked.set_aside(row) for row in rows[:limit]]
    last = found[-1] if rows[limit:] else None
    following = last and cursor(scope, f"{last.received_at}|{last.id}")
    return _answer(SetAsideMessages(messages=tuple(found), next=following))


@router.get("/v1/inbox/counts", responses=answers(MessageCounts))
async def messages_by_reason(request: Request) -> Response:
    """How many messages were not applied, by reason."""
    _refuse_who_is_bound(request)
    rows = await engine(request).reads.rows(parked.COUNTS)
    return _answer(MessageCounts(counts=tuple(map(parked.counted, rows))))


@router.get(ONE, responses=answers(InFull, "no-such-message", "withheld"))
async def one_message(request: Request, message_id: MessageId) -> Response:
    """A message as it came, why it was not applied, and all that was tried. Reading it is recorded."""
    _refuse_who_is_bound(request)
    found = await _looked_at(request, message_id)
    if found is None:
        raise NoSuchMessage
    seen = MessageSeen(message=message_id, code=found.code, journey_id=found.journey_id)
    await noted(request, Kind.MESSAGE_READ, seen)
    return _answer(found)


@router.post("/v1/inbox/replay", responses=answers(HandledMessages, *WRITING, *LISTING))
async def replay_messages(
    request: Request, wanted: ReplayMessagesWanted, *, idempotency_key: IdempotencyKey = None
) -> Response:
    """Try parked messages again, as they are. What is applied stays applied, however often it is tried."""
    handling = _handling(request)
    scope = f"replay of the inbox {wanted.channel} {wanted.code}"
    after = key(scope, wanted.cursor, (datetime, datetime, bytes)) if wanted.cursor else None

    def plan() -> Planned:
        found = handling.to_try(wanted.channel, wanted.code, after, wanted.limit)
        last = found[-1] if len(found) == wanted.limit else None
        following = last and cursor(scope, f"{last.happened}|{last.received}|{last.key.hex()}")
        return Planned([each.key for each in found], following)

    asked = ("replayed", wanted.model_dump(mode="json"))
    once = partial(handling.once, idempotency_key, asked, plan, Handling.replay)
    done = await engine(request).write(once)
    tried = tuple(each.id for each in done.messages)
    await noted(request, Kind.MESSAGE_HANDLED, MessagesHandled(done="replayed", messages=tried))
    return _answer(HandledMessages(messages=tuple(done.messages), next=done.following))


@router.post(f"{ONE}/replay", responses=answers(Handled, *WRITING))
async def replay_message(
    request: Request, message_id: MessageId, *, idempotency_key: IdempotencyKey = None
) -> Response:
    """Try a message again as it is: what it waited for may have come, or what was in its way be gone."""

    def work(handling: Handling, key: bytes) -> Handled:
        for done in handling.replay([key]):
            return done
        raise NoSuchMessage

    return await _done(request, work, idempotency_key, ("replayed", message_id))


@router.post(f"{ONE}/correct", responses=answers(Handled, *WRITING, refused=True))
async def correct_message(
    request: Request,
    message_id: MessageId,
    wanted: CorrectMessageWanted,
    *,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Have a corrected text taken instead of a message. The message stays as it came, with each text beside
    it; the answer says what is still wrong with this one.
    """
    work = partial(Handling.correct, text=wanted.text, why=wanted.why)
    asked = ("corrected", message_id, wanted.text, wanted.why)
    try:
        return await _done(request, work, idempotency_key, asked)
    except NotThatText as error:
        errors = (FieldError(where="body", field="text", message=str(error)),)
        raise Problem("invalid", "The text cannot be taken; it is said below.", errors=errors) from None


@router.post(f"{ONE}/dismiss", responses=answers(Handled, *WRITING, refused=True))
async def dismiss_message(
    request: Request,
    message_id: MessageId,
    wanted: DismissMessageWanted,
    *,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Leave a message as it is: it is kept, and no longer parked. It can be tried again all the same."""
    work = partial(Handling.dismiss, why=wanted.why)
    return await _done(request, work, idempotency_key, ("dismissed", message_id, wanted.why))


def _refuse_who_is_bound(request: Request) -> None:
    """Raises Problem."""
    if not caller(request).reaches(Permission.INBOX, ()):
        raise Problem("forbidden", OF_NO_TEAM)


async def _looked_at(request: Request, message_id: str) -> InFull | None:
    """The message, if it was ever set aside. Raises Problem."""
    reads, name = engine(request).reads, bytes.fromhex(message_id)
    rows = await reads.rows(parked.ONE, (name,))
    if not rows:
        return None
    attempts = await reads.rows(parked.ATTEMPTS, (name,))
    found = await asyncio.to_thread(parked.in_full, rows[0], attempts)
    await _refuse_who_is_not_cleared(request, found, parked.journeys_of(rows[0], attempts))
    return found


async def _refuse_who_is_not_cleared(request: Request, found: InFull, journeys: Sequence[UUID]) -> None:
    """By all that the message led to, and by what it says of itself. Raises Problem."""
    who, looks = asking(request), engine(request).looks
    known = await asyncio.gather(*(admit(looks, who, each) for each in journeys))
    patients = {each.patient_id for each in known if each.patient_id is not None}
    request.state.seen = Seen(tuple(journeys), tuple(sorted(patients)))
    withheld = any(each.withheld for each in known)
    if withheld or not (who.cleared is None or parked.labels_of(found) <= who.cleared):
        raise Problem("withheld", LABELLED)


def _handling(request: Request) -> Handling:
    """Raises Problem."""
    _refuse_who_is_bound(request)
    who, held = caller(request), engine(request)
    settings = held.settings
    by = By(who.id, who.actor(), ZoneInfo(settings.timezone), settings.hl7v2_processing_ids)
    return Handling(held.store, by)


async def _done(
    request: Request,
    work: Callable[[Handling, bytes], Handled],
    idempotency_key: str | None,
    asked: tuple[str, ...],
) -> Response:
    """One message, seen to once by who may read it, and that on record. Raises what the work raises."""
    handling = _handling(request)
    what, message_id, *_ = asked
    await _looked_at(request, message_id)
    plan = partial(Planned, [bytes.fromhex(message_id)])

    def each(handling: Handling, keys: Sequence[bytes]) -> list[Handled]:
        return [work(handling, key) for key in keys]

    once = partial(handling.once, idempotency_key, asked, plan, each)
    done = await engine(request).write(once)
    await noted(request, Kind.MESSAGE_HANDLED, MessagesHandled(done=what, messages=(message_id,)))
    return _answer(done.messages[0])


def _answer(told: Any) -> Response:
    return Response(to_json(told), media_type="application/json")
