"""Whereabouts: where does this patient stand, now or at another time, as known now or then?"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.engine import Engine, admitted, engine
from journey.api.guard import guarded
from journey.api.openapi import READING, answers
from journey.api.problems import Problem
from journey.api.reads import Rows
from journey.api.tags import has_it
from journey.domain.correction import History
from journey.domain.event import Moment
from journey.domain.journey import NoSuchJourney, journey_at
from journey.domain.standing import Standing, standing
from journey.pathways import installed
from journey.store.mapper import recorded
from journey.store.recorder import FOR_EVER, SELECT_FORWARD

PATIENCE = 2.0
"""Seconds for which `min_version` is waited for."""

router = APIRouter(route_class=guarded(Permission.READ))


class Whereabouts(Standing):
    """Where the patient stood at `as_of`, from what was recorded by `as_known_at`."""

    as_of: datetime | None = None
    as_known_at: datetime | None = None


MinVersion = Annotated[
    int | None, Query(ge=0, le=FOR_EVER, description="Wait until the answer includes this version.")
]


@router.get(
    "/v1/journeys/{journey_id}",
    tags=["read"],
    responses=answers(Whereabouts, *READING, "no-such-journey", "not-there-yet", "version-not-reached"),
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
    if as_of is None and as_known_at is None:
        found = await _current(request, min_version or 0)
        stands = found.at(now).model_copy(update={"as_of": now, "as_known_at": now})
        tag = f'"{stands.version}"'
        quiet = not stands.overdue and not stands.at_risk  # else the clock may have changed the answer
        if quiet and has_it(if_none_match, tag):
            return Response(status_code=304, headers={"ETag": tag})
        return _answer(stands, {"ETag": tag})
    history = await _history(engine(request), journey_id, min_version or 0)
    stood = await asyncio.to_thread(_then, history, as_of, as_known_at)
    if stood is None:
        raise Problem("not-there-yet", "The journey was not opened by that time, or not known by then.")
    when = {"as_of": as_of or now, "as_known_at": as_known_at or now}
    return _answer(stood.at(as_of or now).model_copy(update=when), {})


def _answer(stands: BaseModel, headers: dict[str, str]) -> Response:
    return Response(to_json(stands), 200, headers, "application/json")


async def _current(request: Request, min_version: int) -> Whereabouts:
    """From the read model; from the events themselves where it has not come that far yet."""
    known = admitted(request)
    if known.standing is not None and known.version >= min_version:
        return Whereabouts.model_validate_json(known.standing)
    history = await _history(engine(request), known.journey_id, min_version)
    stands = await asyncio.to_thread(_then, history, None, None)
    if stands is None:
        raise NoSuchJourney("No journey has this id.")
    return stands


async def _history(engine: Engine, journey_id: UUID, min_version: int) -> History:
    """The journey, as soon as it has reached the version."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        grown = engine.growth.next_one
        rows = await engine.reads.rows(SELECT_FORWARD, (journey_id, 0, FOR_EVER, None), binary=True)
        if not rows:
            raise NoSuchJourney("No journey has this id.")
        if rows[-1][1] >= min_version:
            return await asyncio.to_thread(_read, rows)
        if not await engine.growth.wait(grown, deadline - loop.time()):
            raise Problem("version-not-reached", "The journey has not reached this version yet; ask again.")


def _read(rows: Rows) -> History:
    return History(tuple(map(recorded, rows)))


def _then(history: History, as_of: datetime | None, as_known_at: datetime | None) -> Whereabouts | None:
    journey = journey_at(history, as_of=as_of, as_known_at=as_known_at)
    if journey is None:
        return None
    return Whereabouts.model_validate_json(to_json(standing(journey, installed())))
