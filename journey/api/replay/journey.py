"""One journey's past: step by step, between two moments, and why it is so."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json

from journey.api.access.looks import read
from journey.api.access.table import Permission
from journey.api.engine import admission, engine
from journey.api.guard import guarded
from journey.api.openapi import READING, answers
from journey.api.paging import CursorIn, Limit
from journey.api.problems import FieldError, Problem
from journey.api.replay import telling
from journey.api.replay.shapes import ReplayDifference, ReplayPage, ReplayWhy
from journey.api.replay.telling import Known, NoSuchField, NotThereYet
from journey.api.times import Time
from journey.cursors import cursor, key
from journey.domain import labels
from journey.domain.replay import Axis, Moment

AsOf = Annotated[Time | None, Query(description="The world at that time; now, where it is left out.")]
AsKnownAt = Annotated[
    Time | None, Query(description="By what had been recorded by then; by now, where it is left out.")
]
T = TypeVar("T")
REMEMBERED = 50
STEPS: dict[tuple[object, ...], telling.Page] = {}
"""The latest pages of steps: whoever plays a journey asks for the same at each. What was said of a version
stays as it is for as long as nothing is recorded; an erasure is.
"""

ALL_OF_IT = "All that is recorded here bears a label that you are not cleared for."

router = APIRouter(route_class=guarded(Permission.READ), tags=["read"])


@router.get(
    "/v1/journeys/{journey_id}/replay",
    responses=answers(ReplayPage, *READING, "not-there-yet", "bad-cursor"),
)
async def step_by_step(
    request: Request,
    journey_id: UUID,
    *,
    axis: Annotated[
        Axis,
        Query(description="known: as it was recorded, corrections included. true: as it happened."),
    ] = Axis.KNOWN,
    as_known_at: AsKnownAt = None,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """What each event changed, field by field, in the order of recording or of happening.

    All pages are of what was recorded when the first was asked for. Of a very long journey a page holds fewer
    steps than asked for.
    """
    known = await _known(request, journey_id)
    told = known if as_known_at is None else Known(known.history.known_at(as_known_at), known.hidden)
    scope = f"replay {journey_id} {axis} {as_known_at}"
    version, begin = told.history.version, 0
    if page is not None:
        version, begin = (int(str(each)) for each in key(scope, page, (int, int)))
    asked = (scope, version, begin, limit, known.history.version, known.hidden)
    if asked not in STEPS:
        found = await _told(known, lambda: telling.steps(told.until(version), axis, begin, limit))
        if len(STEPS) >= REMEMBERED:
            STEPS.clear()
        STEPS[asked] = found
    found = STEPS[asked]
    following = None if found.next is None else cursor(scope, f"{version}|{found.next}")
    head = {"journey_id": journey_id, "axis": axis, "version": version}
    return _answer({**head, "steps": found.rows, "next": following})


@router.get(
    "/v1/journeys/{journey_id}/difference",
    responses=answers(ReplayDifference, *READING, "not-there-yet", "withheld", "bad-cursor"),
)
async def between_two_moments(
    request: Request,
    journey_id: UUID,
    *,
    from_as_of: AsOf = None,
    from_as_known_at: AsKnownAt = None,
    to_as_of: AsOf = None,
    to_as_known_at: AsKnownAt = None,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """What is answered otherwise at one moment than at another, and the events that lie between.

    A moment has two times: the world at `as_of`, by what had been recorded by `as_known_at`.
    """
    known, now = await _known(request, journey_id), datetime.now(UTC)
    before = Moment(from_as_of or now, from_as_known_at or now)
    after = Moment(to_as_of or now, to_as_known_at or now)
    scope = f"difference {journey_id} {from_as_of} {from_as_known_at} {to_as_of} {to_as_known_at}"
    (begin,) = key(scope, page, (int,)) if page is not None else (0,)
    head, found = await _told(known, lambda: telling.difference(known, before, after, int(begin), limit))  # type: ignore[arg-type]  # the cursor's part is a number
    following = None if found.next is None else cursor(scope, found.next)
    return _answer({"journey_id": journey_id, **head, "events": found.rows, "next": following})


@router.get(
    "/v1/journeys/{journey_id}/why",
    responses=answers(ReplayWhy, *READING, "not-there-yet", "withheld"),
)
async def why_it_is_so(
    request: Request,
    journey_id: UUID,
    *,
    of: Annotated[
        str,
        Query(
            min_length=1,
            max_length=300,
            description="A path of the answer, or the beginning of one: `responsible`, `next`, "
            "`blocked_by`, `open.referrals.<id>`, `rooms.visits.<id>.start`.",
        ),
    ] = "stage",
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
) -> Response:
    """The events that decided it, who recorded them and when, and what was corrected of them."""
    known, now = await _known(request, journey_id), datetime.now(UTC)
    try:
        told = await _told(known, lambda: telling.why(known, of, Moment(as_of or now, as_known_at or now)))
    except NoSuchField:
        error = FieldError(where="query", field="of", message="An answer has nothing of this name")
        raise Problem("invalid", "A parameter is wrong; it is named below.", errors=(error,)) from None
    return _answer({"journey_id": journey_id, **told, "withheld": admission(request).withheld})


async def _known(request: Request, journey_id: UUID) -> Known:
    """All that is recorded. What bears a label today is hidden of every time. Raises Problem."""
    history = await read(engine(request).reads, journey_id)
    return Known(history, labels.hidden(history.recorded, admission(request).cleared))


async def _told(known: Known, telling: Callable[[], T]) -> T:
    """Beside the loop. Raises Problem."""
    try:
        return await asyncio.to_thread(telling)
    except NotThereYet as error:
        if not known.shown.recorded:
            raise Problem("withheld", ALL_OF_IT) from None
        raise Problem("not-there-yet", str(error.__doc__)) from None


def _answer(told: dict[str, Any]) -> Response:
    return Response(to_json(told), media_type="application/json")
