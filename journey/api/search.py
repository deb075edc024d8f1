"""Search: the journeys that match, a page at a time, the best matches first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, LiteralString
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.admission import Patients, of_their_labels, theirs
from journey.api.access.asking import Asking
from journey.api.access.glass import opened_by
from journey.api.access.table import Permission
from journey.api.engine import asking, engine
from journey.api.guard import guarded, seen
from journey.api.matching import matching
from journey.api.openapi import LISTING, answers
from journey.api.paging import CursorIn, Limit
from journey.conditions import Condition, all_of
from journey.cursors import cursor, key
from journey.domain.codes import JourneyStatus

SELECT = SQL("""
    SELECT {rank}, journey_id, version, status, pathway, stage, since, team, person, patient_id, family,
           given, birth_date, identifiers, next_due
      FROM patient_status AS status
     WHERE {conditions}
     ORDER BY {order} LIMIT %s
    """)
NUMBERED: LiteralString = """
    patient_id IN (SELECT same_person(status.patient_id) FROM patient_status AS status
                    WHERE status.identifiers @> ARRAY[%s] AND """

router = APIRouter(route_class=guarded(Permission.SEARCH), tags=["read"])


class Found(BaseModel):
    """One journey of a list; `/v1/journeys/{journey_id}` tells the rest."""

    journey_id: UUID
    version: int
    status: JourneyStatus
    pathway: str | None
    stage: str
    since: datetime
    team: str | None
    person: str | None
    patient_id: UUID
    family: str | None
    given: str | None
    birth_date: str | None
    identifiers: tuple[str, ...]
    next_due: datetime | None
    overdue: bool = Field(description="A step should have been done by now.")


class FoundPage(BaseModel):
    """A page of journeys."""

    journeys: tuple[Found, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


Text = Annotated[str | None, Query(min_length=1, max_length=200)]


@router.get("/v1/journeys", responses=answers(FoundPage, *LISTING))
async def journeys_that_match(
    request: Request,
    *,
    patient: Annotated[
        UUID | None, Query(description="The patient's id; the journeys of all records merged with it.")
    ] = None,
    mrn: Annotated[
        Text, Query(description="One of the patient's numbers, or of a merged record's, exactly.")
    ] = None,
    pathway: Annotated[Text, Query(description="The pathway's id.")] = None,
    stage: Annotated[Text, Query(description="The word for where the patient is: `in-hospital`.")] = None,
    team: Annotated[Text, Query(description="The team that is accountable.")] = None,
    status: Annotated[JourneyStatus | None, Query()] = None,
    overdue: Annotated[bool | None, Query(description="Whether a step should have been done by now.")] = None,
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=r"[^\s,]",
            description="Names, numbers and birth date, in any order and notation; each word has to be "
            "found, in full, as a beginning, or but for a typing error. The best matches come first.",
        ),
    ] = None,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """The journeys that match every filter that is given."""
    now = datetime.now(UTC)
    equal: dict[LiteralString, object] = {
        "patient_id IN (SELECT same_person(%s))": patient,
        "stage = %s": stage,
        "team = %s": team,
        "status = %s": status and str(status),
        "pathway = %s": pathway,
    }
    match, by = matching(q), asking(request)
    opened = await opened_by(engine(request).reads, by.breaks_glass)
    conditions = [
        *(Condition(sql, (value,)) for sql, value in equal.items() if value is not None),
        *_numbered(mrn, by, opened),
        *_due(overdue, now),
        match.condition,
        theirs(by, opened),
    ]
    order = Condition("journey_id") if q is None else Condition("1, journey_id")
    scope = f"journeys {[patient, mrn, pathway, stage, team, status, overdue, q]}"
    if page is not None:
        rank, journey_id = key(scope, page, (int, UUID))
        behind: LiteralString = "(" + match.rank.sql + ", journey_id) > (%s, %s)"
        following = Condition(behind, (*match.rank.parameters, rank, journey_id))
        conditions.append(following if q is not None else Condition("journey_id > %s", (journey_id,)))
    where = all_of(conditions)
    statement = SELECT.format(rank=SQL(match.rank.sql), conditions=SQL(where.sql), order=SQL(order.sql))
    parameters = [*match.rank.parameters, *where.parameters, limit + 1]
    rows = await engine(request).reads.rows(statement, parameters)
    found = [_found(row[1:], now) for row in rows[:limit]]
    last = rows[limit - 1] if rows[limit:] else None
    request.state.seen = seen(found)
    return Response(
        to_json({"journeys": found, "next": last and cursor(scope, f"{last[0]}|{last[1]}")}),
        media_type="application/json",
    )


def _numbered(mrn: str | None, by: Asking, opened: Patients) -> Iterator[Condition]:
    """By a number that they may see, on whichever of the person's journeys."""
    if mrn is not None:
        shown = of_their_labels(by, opened)
        yield Condition(NUMBERED + shown.sql + ")", (mrn, *shown.parameters))


def _due(overdue: bool | None, now: datetime) -> Iterator[Condition]:
    match overdue:
        case True:
            yield Condition("next_due < %s", (now,))
        case False:
            yield Condition("(next_due IS NULL OR next_due >= %s)", (now,))
        case None:
            pass


def _found(row: tuple[Any, ...], now: datetime) -> dict[str, Any]:
    due: datetime | None = row[-1]
    found = dict(zip(Found.model_fields, row, strict=False))
    return {**found, "overdue": due is not None and due < now}
