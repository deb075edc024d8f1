"""Commands: a journey is opened, and then told what happened. One route for each command of each room.

The body is the command; headers say who asks again (`Idempotency-Key`) and what they last saw (`If-Match`).
"""

import re
from collections.abc import Callable, Coroutine, Iterator
from functools import cache, partial
from typing import Annotated, Any, get_args
from uuid import UUID, uuid5

import structlog
from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey import tracing
from journey.api.access.scopes import RESOURCE
from journey.api.access.table import Permission
from journey.api.access.trail import Kind
from journey.api.engine import Engine, admission, caller, engine
from journey.api.guard import guarded, record, without_words
from journey.api.naming import MADE_ONE_OR_TWO, refuse_others, refuse_withheld
from journey.api.openapi import WRITING, answers
from journey.api.problems import FieldError, Problem, problem_of
from journey.domain.episode import OpenJourney
from journey.domain.event import Command, Context, Refused, Source
from journey.domain.journey import ROOMS
from journey.store import across
from journey.store.identifiers import uuid7
from journey.store.store import Appended

NAMESPACE = UUID("f3b0b1f6-5c5a-5a0e-8f0a-1d9d6d1f7e55")
"""Under which an Idempotency-Key of a caller names the journey that it opens."""

LABELS = "X-Security-Labels"
LABEL = re.compile(r"[A-Za-z0-9]{1,20}")
MOST_LABELS = 10

PERMISSION = {"custody": Permission.CUSTODY}
"""What a room's commands ask for, where it is not to write."""

VERSION = re.compile(r'(?:W/)?"(\d{1,18})"|(\d{1,18})')

IfMatch = Annotated[
    str | None,
    Header(
        description='The version you decided on, as `"<version>"`; 412 when it is stale.',
        json_schema_extra={"pattern": rf"^({VERSION.pattern}|\*)$"},
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Your name for this request: repeated with the same body, it answers the same and does "
        "nothing again.",
    ),
]
Purpose = Annotated[
    str,
    Header(
        alias="X-Purpose-Of-Use",
        pattern=r"^[A-Z][A-Z0-9]{0,19}$",
        description="Why you ask (HL7 v3 PurposeOfUse).",
    ),
]


class WrittenEvent(BaseModel):
    """One event that the command led to."""

    event_id: UUID
    type: str
    version: int


class Written(BaseModel):
    """What a command led to; `events` is empty where there was nothing to do."""

    journey_id: UUID
    version: int
    events: tuple[WrittenEvent, ...]


class NewJourney(OpenJourney):
    """Begin to follow a patient; one that is not named is new."""

    patient_id: UUID = Field(default_factory=uuid7, description="The patient; a new one, if left out.")

    @classmethod
    def name(cls) -> str:
        return OpenJourney.name()


def expected_version(if_match: str | None) -> int | None:
    """The version that If-Match names; a proxy may have weakened it. None where any will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = VERSION.fullmatch(if_match.strip())
    if found is None:
        error = FieldError(where="header", field="if-match", message='Name one version, as "12"')
        raise Problem("invalid", "If-Match names no version.", errors=(error,))
    return int(found[1] or found[2])


def labels_of(request: Request) -> tuple[str, ...]:
    """The labels that what is recorded is to bear. Raises Problem."""
    given = [each.strip() for each in request.headers.get(LABELS, "").split(",")]
    found = tuple(dict.fromkeys(each for each in given if each))
    if not all(map(LABEL.fullmatch, found)) or len(found) > MOST_LABELS:
        error = FieldError(where="header", field=LABELS, message="Name labels as 42CFRPart2, PSY")
        raise Problem("invalid", "The labels have the wrong form.", errors=(error,))
    return found


def context(request: Request, purpose: str) -> Context:
    """Who asks, why and through what, as it stands on every event."""
    state = request.state
    return Context(
        actor=caller(request).actor(),
        purpose=purpose,
        source=Source(system="journey", channel="http", message_id=state.request_id),
        correlation_id=state.correlation_id,
        traceparent=state.traceparent,
        labels=labels_of(request),
    )


async def carry_out(
    engine: Engine,
    journey_id: UUID,
    command: Command,
    context: Context,
    *,
    expected_version: int | None,
    idempotency_key: str | None,
) -> Appended:
    """Hand the command to the store, in a write thread, and count what came of it."""
    handle = partial(
        across.handle,
        engine.store,
        journey_id,
        command,
        context,
        expected_version=expected_version,
        idempotency_key=idempotency_key,
    )

    name = command.name()
    structlog.contextvars.bind_contextvars(command=name, journey_id=str(journey_id))
    try:
        with tracing.span(name, journey=journey_id):
            appended = await engine.write(handle)
    except Exception as error:
        engine.figures.command(name, problem_of(error).code)
        raise
    engine.figures.command(name, "recorded" if appended.events else "nothing-to-do")
    return appended


def written(appended: Appended, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    events = [each._asdict() for each in appended.events]
    body = {"journey_id": appended.journey_id, "version": appended.version, "events": events}
    headers = {"ETag": f'"{appended.version}"', **(headers or {})}
    return Response(to_json(body), status, headers, "application/json")


@cache
def router() -> APIRouter:
    """The opening, and one typed route for each command; made once, whatever applications they serve."""
    routes = APIRouter()
    routes.add_api_route(
        "/v1/journeys",
        open_journey,
        methods=["POST"],
        tags=["episode"],
        summary="open-journey",
        description=NewJourney.__doc__,
        status_code=201,
        responses=answers(Written, *WRITING, status=201, refused=True),
        route_class_override=guarded(Permission.WRITE, interaction="c"),
    )
    for name, room in ROOMS.items():
        for command in get_args(room.commands):
            routes.add_api_route(
                f"/v1/journeys/{{journey_id}}/{command.name()}",
                endpoint(command),
                methods=["POST"],
                tags=[name],
                name=command.name(),
                operation_id=command.name(),
                summary=command.name(),
                description=command.__doc__,
                responses=answers(Written, *WRITING, *_not_there(command), "stale-version", refused=True),
                route_class_override=guarded(PERMISSION.get(name, Permission.WRITE), RESOURCE[name]),
            )
    return routes


def _not_there(command: type[Command]) -> Iterator[str]:
    """What may not be there that the command names."""
    yield "no-such-journey"
    if issubclass(command, MADE_ONE_OR_TWO):
        yield "no-such-patient"


async def open_journey(
    request: Request,
    command: NewJourney,
    purpose: Purpose = "TREAT",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The id of the journey follows from caller and key, so that a repeated request meets the same one."""
    held_by = caller(request).id
    journey_id = uuid5(NAMESPACE, f"{held_by} {idempotency_key}") if idempotency_key else uuid7()
    appended = await carry_out(
        engine(request),
        journey_id,
        command,
        context(request, purpose),
        expected_version=None,
        idempotency_key=idempotency_key,
    )
    return written(appended, 201, {"Location": f"/v1/journeys/{journey_id}"})


def endpoint(kind: type[Command]) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The handler of one command; its body is the command."""

    async def handle(
        request: Request,
        journey_id: UUID,
        command: Command,
        *,
        purpose: Purpose = "TREAT",
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Response:
        await refuse_withheld(request, admission(request), command)
        whole = await refuse_others(request, command)
        try:
            appended = await carry_out(
                engine(request),
                journey_id,
                command,
                context(request, purpose),
                expected_version=expected_version(if_match),
                idempotency_key=idempotency_key,
            )
        except Refused as refusal:
            raise refusal if whole else without_words(refusal) from None
        if not appended.events:  # what stands already is told, and no event says to whom
            request.state.is_noted = True
            await record(request, Kind.WRITE)
        return written(appended)

    handle.__annotations__["command"] = kind
    return handle
