"""Codes: which ones are in use here, for a service, a reason, a result: nobody need know them by heart.

What is told is of nobody in particular: a code that one patient alone has, or that stands on an event with a
security label, is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.engine import engine
from journey.api.guard import guarded
from journey.api.openapi import answers
from journey.domain.barrier.codes import LABELS
from journey.domain.event import EVENTS
from journey.domain.journey import ROOM_OF_EVENT
from journey.fhir.appointment import BY_WHOM
from journey.fhir.data import SYSTEMS

LATELY = 2_000
"""Events of the log that are looked at, the latest."""

MOST = 50
"""Codes for a field."""

SELECT = """
    WITH lately AS MATERIALIZED (
        SELECT journey_id, version FROM log ORDER BY position DESC LIMIT %s
    )
    SELECT type, pair->>'key', code->>'system', code->>'code',
           mode() WITHIN GROUP (ORDER BY code->>'display'), array_agg(DISTINCT journey_id::text)
      FROM lately,
           LATERAL (SELECT type, data::jsonb AS data FROM event
                     WHERE event.journey_id = lately.journey_id AND event.version = lately.version
                       AND type = ANY(%s) AND data::text LIKE '%%"code":%%'
                       AND coalesce(json_array_length(context->'labels'), 0) = 0
                    OFFSET 0) AS event,
           jsonb_path_query(data, '$.** ? (@.type() == "object").keyvalue()') AS pair,
           jsonb_path_query(pair->'value', '$ ? (exists(@.system) && exists(@.code))') AS code
     GROUP BY 1, 2, 3, 4
    """
"""Each event is looked up by its key, however many there are: OFFSET 0 keeps the planner from reading all."""

router = APIRouter(route_class=guarded(Permission.DEFINITIONS), tags=["read"])


class Place(NamedTuple):
    """Where codes stand: the room, and the field of its events."""

    room: str
    field: str


class CodeInUse(BaseModel):
    """A code, and how many journeys have had it lately."""

    room: str
    field: str
    system: str
    code: str
    display: str | None
    journeys: int = Field(description="0: it is in a table that ships, and nobody has had it lately.")


class CodesInUse(BaseModel):
    """Those of a field together, those first that are used most."""

    codes: tuple[CodeInUse, ...]


SHIPPED = {
    Place("barriers", "code"): tuple((SYSTEMS["ICD-10-CM"], code, label) for code, label in LABELS.items()),
    Place("visits", "reason"): tuple(
        (each["system"], each["code"], each["display"]) for each in BY_WHOM.values()
    ),
}
"""The tables that ship, as far as they name the system."""


@router.get("/v1/codes", responses=answers(CodesInUse))
async def codes_in_use(
    request: Request,
    *,
    room: Annotated[str | None, Query(max_length=40, description="Those of this room only: visits.")] = None,
) -> Response:
    """What has been used for services, reasons, results … in the latest events of more than one journey, and
    what the tables that ship have.
    """
    types = [name for name, kind in EVENTS.items() if room in {None, ROOM_OF_EVENT[kind]}]
    rows = await engine(request).reads.rows(SELECT, (LATELY, types))
    codes = [each for each in _told(rows) if room in {None, each.room}]
    return Response(to_json(CodesInUse(codes=tuple(codes))), media_type="application/json")


def _told(rows: Iterable[tuple[Any, ...]]) -> Iterator[CodeInUse]:
    used: dict[Place, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    said: dict[tuple[Place, tuple[str, str]], str | None] = {}
    for kind, field, system, code, display, journeys in rows:
        place = Place(ROOM_OF_EVENT[EVENTS[kind]], field)
        used[place][system, code] |= set(journeys)
        said.setdefault((place, (system, code)), display)
    for place in sorted({*used, *SHIPPED}):
        theirs = {code: len(every) for code, every in used[place].items() if len(every) > 1}
        shipped = {(system, code): label for system, code, label in SHIPPED.get(place, ())}
        known = {**dict.fromkeys(shipped, 0), **theirs}
        order = sorted(known, key=lambda each: -known[each])[: max(MOST, len(shipped))]
        for system, code in order:
            display = said.get((place, (system, code))) or shipped.get((system, code))
            yield CodeInUse(
                **place._asdict(), system=system, code=code, display=display, journeys=known[system, code]
            )
