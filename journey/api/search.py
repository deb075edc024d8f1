"""Search: the journeys that match, a page at a time."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, LiteralString, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access import Permission
from journey.api.cursors import UUID_TEXT, CursorIn, Limit, cursor, position
from journey.api.engine import engine
from journey.api.guard import guarded
from journey.api.openapi import LISTING, answers
from journey.domain.codes import JourneyStatus

SELECT = SQL("""
    SELECT journey_id, version, status, pathway, stage, since, team, person, patient_id, family, given,
           birth_date, identifiers, next_due
      FROM patient_status
     WHERE {conditions}
     ORDER BY journey_id LIMIT %s
    """)
NAMED = """
    (identifiers @> ARRAY[%s] OR lower(family) LIKE lower(%s) OR lower(given) LIKE lower(%s)
     OR lower(given) LIKE lower(%s))
    """
NUMBERED = """
    patient_id IN (SELECT same_person(known.patient_id) FROM patient_status AS known
                    WHERE known.identifiers @> ARRAY[%s])
    """
SPECIAL = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
WORDS = 5
"""Words of a search that are looked at."""

router = APIRouter(route_class=guarded(Permission.READ), tags=["read"])


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


class Condition(NamedTuple):
    """A part of the WHERE clause, with its parameters."""

    sql: LiteralString
    parameters: tuple[Any, ...] = ()


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
            description="What every name begins with, in any order, or one of the patient's numbers.",
        ),
    ] = None,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """The journeys that match every filter that is given."""
    now = datetime.now(UTC)
    equal: dict[LiteralString, object] = {
        "patient_id IN (SELECT same_person(%s))": patient,
        NUMBERED: mrn,
        "stage = %s": stage,
        "team = %s": team,
        "status = %s": status and str(status),
        "pathway = %s": pathway,
    }
    conditions = [
        *(Condition(sql, (value,)) for sql, value in equal.items() if value is not None),
        *_due(overdue, now),
        *_named(q),
    ]
    scope = f"journeys {[patient, mrn, pathway, stage, team, status, overdue, q]}"
    if page is not None:
        conditions.append(Condition("journey_id > %s", (UUID(position(scope, page, UUID_TEXT)),)))
    statement = SELECT.format(
        conditions=SQL(" AND ").join(SQL(each.sql) for each in conditions or [Condition("true")])
    )
    parameters = [value for each in conditions for value in each.parameters]
    rows = await engine(request).reads.rows(statement, [*parameters, limit + 1])
    found = [_found(row, now) for row in rows[:limit]]
    following = cursor(scope, found[-1]["journey_id"]) if rows[limit:] else None
    return Response(to_json({"journeys": found, "next": following}), media_type="application/json")


def _due(overdue: bool | None, now: datetime) -> Iterator[Condition]:
    match overdue:
        case True:
            yield Condition("next_due < %s", (now,))
        case False:
            yield Condition("(next_due IS NULL OR next_due >= %s)", (now,))
        case None:
            pass


def _named(q: str | None) -> Iterator[Condition]:
    for word in re.split(r"[\s,]+", q.strip(" ,"))[:WORDS] if q else ():
        begins = f"{word.translate(SPECIAL)}%"
        yield Condition(NAMED, (word, begins, begins, f"% {begins}"))


def _found(row: tuple[Any, ...], now: datetime) -> dict[str, Any]:
    due: datetime | None = row[-1]
    found = dict(zip(Found.model_fields, row, strict=False))
    return {**found, "overdue": due is not None and due < now}
