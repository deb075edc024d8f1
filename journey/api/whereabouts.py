"""Whereabouts: where does this patient stand, now or at another time, as known now or then?"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.admission import Admission
from journey.api.access.looks import read
from journey.api.access.table import Permission
from journey.api.engine import Engine, admission, engine
from journey.api.guard import guarded
from journey.api.openapi import READING, answers
from journey.api.problems import Problem
from journey.api.tags import has_it
from journey.domain import labels
from journey.domain.correction import History
from journey.domain.event import Moment
from journey.domain.journey import NoSuchJourney, journey_at
from journey.domain.labels import Labels
from journey.domain.standing import Standing, standing
from journey.pathways import installed
from journey.store.recorder import FOR_EVER

NEVER = datetime.max.replace(tzinfo=UTC)
REMEMBERED = 4000
RENDERED: dict[str, tuple[str, datetime]] = {}
"""What rows say since the clock has moved something in them, and until when: asked often, told once."""

PATIENCE = 2.0
"""Seconds for which `min_version` is waited for."""

SELECT_VERSION = "SELECT max(version) FROM event WHERE journey_id = %s"

router = APIRouter(route_class=guarded(Permission.READ))


class Whereabouts(Standing):
    """Where the patient stood at `as_of`, from what was recorded by `as_known_at`."""

    as_of: datetime | None = None
    as_known_at: datetime | None = None
    withheld: bool = Field(
        default=False,
        description="Something is recorded that is left out: you are not cleared for its label.",
    )


MinVersion = Annotated[
    int | None, Query(ge=0, le=FOR_EVER, description="Wait until the answer includes this version.")
]


@router.get(
    "/v1/journeys/{journey_id}",
    tags=["read"],
    responses=answers(Whereabouts, *READING, "withheld", "not-there-yet", "version-not-reached", tagged=True),
)
async def where_the_patient_stands(
    request: Request,
    journey_id: UUID,
    *,
    as_of: Annotated[
        Moment | None, Query(description="The world at that time, by when things happened.")
    ] = None,
    as_known_at: Annotated[Moment | None, Query(description="What had been recorded by then.")] = None,
    min_version: MinVersion = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Where the patient stands: stage, what was reached, what is next, overdue and in the way, and why."""
    now = datetime.now(UTC)
    withheld = {"withheld": admission(request).withheld}
    if as_of is None and as_known_at is None:
        known = admission(request)
        if if_none_match is None and known.standing is not None and known.version >= (min_version or 0):
            body = as_it_stands(known, now)
            return Response(body, 200, {"ETag": f'"{known.version}"'}, "application/json")
        found = await _current(request, min_version or 0)
        stands = found.at(now).model_copy(update={"as_of": now, "as_known_at": now, **withheld})
        tag = f'"{stands.version}"'
        # else the clock may have changed the answer, or whether all of it is shown
        quiet = not stands.overdue and not stands.at_risk and not admission(request).labels
        if quiet and has_it(if_none_match, tag):
            return Response(status_code=304, headers={"ETag": tag})
        return _answer(stands, {"ETag": tag})
    history = await _history(engine(request), journey_id, min_version or 0)
    stood = await asyncio.to_thread(whereabouts, history, admission(request).cleared, as_of, as_known_at)
    if stood is None:
        raise Problem("not-there-yet", "The journey was not opened by that time, or not known by then.")
    when = {"as_of": as_of or now, "as_known_at": as_known_at or now, **withheld}
    return _answer(stood.at(as_of or now).model_copy(update=when), {})


def as_it_stands(known: Admission, now: datetime) -> bytes:
    """The answer from the read model's row: word for word where the clock has moved nothing since."""
    when = {"as_of": now, "as_known_at": now, "withheld": known.withheld}
    return _told(known, now).encode()[:-1] + b"," + to_json(when)[1:]


def _told(known: Admission, now: datetime) -> str:
    """What the row says at this moment."""
    stored = known.standing or ""
    if known.calm_until is not None and now < known.calm_until:
        return stored
    text, calm_until = RENDERED.get(stored, ("", now))
    if now >= calm_until:
        stands = Standing.model_validate_json(stored).at(now)
        text = stands.model_dump_json()
        if len(RENDERED) >= REMEMBERED:
            RENDERED.clear()
        RENDERED[stored] = (text, stands.calm_until(now) or NEVER)
    return text


def _answer(stands: BaseModel, headers: dict[str, str]) -> Response:
    return Response(to_json(stands), 200, headers, "application/json")


async def _current(request: Request, min_version: int) -> Whereabouts:
    """From the read model; from the events themselves where it has not come that far yet."""
    known = admission(request)
    if known.standing is not None and known.version >= min_version:
        return Whereabouts.model_validate_json(known.standing)
    history = await _history(engine(request), known.journey_id, min_version)
    stands = await asyncio.to_thread(whereabouts, history, known.cleared, None, None)
    if stands is None:
        raise Problem("withheld", "All that is recorded here bears a label that you are not cleared for.")
    return stands


async def _history(engine: Engine, journey_id: UUID, min_version: int) -> History:
    """The journey, as soon as it has reached the version."""
    if min_version:
        await _reached(engine, journey_id, min_version)
    history = await read(engine.reads, journey_id)
    if not history.recorded:
        raise NoSuchJourney("No journey has this id.")
    return history


async def _reached(engine: Engine, journey_id: UUID, min_version: int) -> None:
    """Wait for it: each time that the log has grown, and in the end, since a notification may be lost."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    waiting = True
    while True:
        grown = engine.growth.next_one
        [(version,)] = await engine.reads.rows(SELECT_VERSION, (journey_id,))
        if version is None:
            raise NoSuchJourney("No journey has this id.")
        if version >= min_version:
            return
        if not waiting:
            raise Problem("version-not-reached", "The journey has not reached this version yet; ask again.")
        waiting = await engine.growth.wait(grown, deadline - loop.time())


def whereabouts(
    history: History, cleared: Labels | None, as_of: datetime | None, as_known_at: datetime | None
) -> Whereabouts | None:
    """By what they may see, whatever bore which label then. The version is that of all there was."""
    known = history if as_known_at is None else history.known_at(as_known_at)
    seen = History(tuple(labels.shown(history.recorded, cleared)))
    journey = journey_at(seen, as_of=as_of, as_known_at=as_known_at)
    if journey is None:
        return None
    stood = standing(replace(journey, version=known.version), installed())
    return Whereabouts.model_validate_json(to_json(stood))
