"""Many journeys at a moment: where a patient's, a team's, or everybody's stood then."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.admission import Admission, admit
from journey.api.access.looks import read_all
from journey.api.access.table import Permission
from journey.api.engine import asking, engine
from journey.api.guard import guarded, seen
from journey.api.openapi import LISTING, answers
from journey.api.paging import CursorIn, Limit
from journey.api.replay.candidates import FIRST, MERGES, OF_A_PERSON, Whose, of_one_person, page_of
from journey.api.replay.journey import AsKnownAt, AsOf
from journey.api.whereabouts import Whereabouts, whereabouts
from journey.cursors import ForeignCursor, cursor, key
from journey.domain.correction import History
from journey.domain.replay import Moment
from journey.domain.standing import Standing

LOOKED_AT = 100
"""Journeys that are folded for one page, at the most."""

KEY = (datetime, UUID)
"""Of the cursor: the moment where none is named, and the last journey that was looked at."""

router = APIRouter(route_class=guarded(Permission.SEARCH), tags=["read"])


class StandingsPage(BaseModel):
    """Where journeys stood, by their ids. A page may hold fewer than asked for, though more follow."""

    as_of: datetime
    as_known_at: datetime
    journeys: tuple[Whereabouts, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


@router.get("/v1/replay", responses=answers(StandingsPage, *LISTING))
async def where_they_stood(
    request: Request,
    *,
    patient: Annotated[
        UUID | None, Query(description="The patient's id; with the records that were merged with it then.")
    ] = None,
    team: Annotated[
        str | None, Query(min_length=1, max_length=200, description="The team that was accountable then.")
    ] = None,
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """Where the journeys of a patient, or a team, stood at a moment, by what had been recorded by another.

    Every page is of the moment that the first one is of.
    """
    scope = f"replay {[patient, team, as_of, as_known_at]}"
    now, after = key(scope, page, KEY) if page is not None else (datetime.now(UTC), FIRST)
    if not isinstance(now, datetime) or now.tzinfo is None:
        raise ForeignCursor
    moment = Moment(as_of or now, as_known_at or now)
    begin, most = UUID(str(after)), min(limit, LOOKED_AT)
    if patient is None:
        found = await _candidates(request, team, moment, begin, most)
        admitted = await _admitted(request, found.journeys)
    else:  # that there are others, which are not the caller's to see, does not show in the pages
        every = await _admitted(request, await _of_a_person(request, patient, moment))
        found = _page([each for each in every if each > begin], most)
        admitted = {each: every[each] for each in found.journeys}
    histories = await read_all(engine(request).reads, list(admitted))
    rows = await asyncio.to_thread(_standings, histories, admitted, team, moment)
    request.state.seen = seen(rows)
    following = found.next and cursor(scope, f"{now}|{found.next}")
    return Response(
        to_json({**moment._asdict(), "journeys": rows, "next": following}), media_type="application/json"
    )


class Candidates(NamedTuple):
    """Journeys that may be meant, and the last of them where more follow."""

    journeys: Sequence[UUID]
    next: UUID | None


async def _candidates(
    request: Request, team: str | None, moment: Moment, after: UUID, limit: int
) -> Candidates:
    """The next journeys that may be meant: a team's, or everybody's."""
    statement = page_of(Whose(team=team), moment.as_known_at, after, limit + 1)
    rows = await engine(request).reads.rows(statement.sql, statement.parameters)
    return _page([journey_id for (journey_id,) in rows], limit)


async def _of_a_person(request: Request, patient: UUID, moment: Moment) -> list[UUID]:
    """The journeys of all records that were the patient's then, in the order of their ids."""
    reads = engine(request).reads
    ever = await reads.rows(OF_A_PERSON, (patient,))
    merges = await reads.rows(MERGES, ([journey_id for journey_id, _ in ever],), binary=True)
    return of_one_person(patient, [(each[0], each[1]) for each in ever], merges, moment)


def _page(later: Sequence[UUID], limit: int) -> Candidates:
    return Candidates(later[:limit], later[limit - 1] if later[limit:] else None)


async def _admitted(request: Request, journeys: Sequence[UUID]) -> dict[UUID, Admission]:
    """Those that are the caller's to see, as they are today."""
    looks, by = engine(request).looks, asking(request)
    found = await asyncio.gather(*(admit(looks, by, each) for each in journeys))
    return {each.journey_id: each for each in found if each.basis is not None}


def _standings(
    histories: Mapping[UUID, History], admitted: Mapping[UUID, Admission], team: str | None, moment: Moment
) -> list[dict[str, Any]]:
    """Where they stood, of those that were there, and were the team's if one is named."""
    rows = []
    for journey_id, admission in admitted.items():
        stood = whereabouts(histories[journey_id], admission.cleared, *moment)
        if stood is not None and is_theirs(stood, team):
            when = {**moment._asdict(), "withheld": admission.withheld}
            rows.append(stood.at(moment.as_of).model_copy(update=when).model_dump(mode="json"))
    return rows


def is_theirs(stood: Standing, team: str | None) -> bool:
    """Whether the team was accountable; always, where none is named."""
    return team is None or (stood.responsible is not None and stood.responsible.team == team)
