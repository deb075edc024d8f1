"""Everything: all that is told of a patient, page by page (the operation $everything of R4's Patient)."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from journey.api.access.table import Permission
from journey.api.engine import caller, engine
from journey.api.fhir import bundles
from journey.api.fhir.asked import MOST, USUAL
from journey.api.fhir.found import INDEX, admitted, one, page, see
from journey.api.fhir.negotiation import Format
from journey.api.guard import guarded
from journey.api.outcome import BASE
from journey.api.paging import CursorIn
from journey.conditions import Condition
from journey.cursors import cursor, position
from journey.fhir.data import Json
from journey.fhir.every import KINDS

PLACE = re.compile(r"([0-9]{1,2})\|([A-Za-z0-9.-]{0,64})")
"""Which type of resource, and behind which id of that."""

OF_THE_PERSON = "status.patient_id IN (SELECT same_person(%s))"

router = APIRouter(route_class=guarded(Permission.SEARCH, None), include_in_schema=False)


@router.get(f"{BASE}/Patient/{{id_}}/$everything")
async def everything(
    request: Request,
    id_: str,
    *,
    count: Annotated[int, Query(alias="_count", ge=1, le=MOST)] = USUAL,
    page_: CursorIn = None,
    _form: Format = None,
) -> Response:
    """Every resource of a patient that the caller may see, merged records among them, type after type."""
    kind = admitted(request, "Patient", Permission.SEARCH)
    scope = f"fhir everything {id_}"
    begin, after = _place(scope, page_)
    known = (await engine(request).caught_up(INDEX)).known
    await one(request, kind, id_)
    types = [each for each in sorted(KINDS) if caller(request).may(Permission.SEARCH, each)]
    condition = Condition(OF_THE_PERSON, (UUID(id_),))
    found, following, left = list[Json](), None, count
    for number, type_ in enumerate(types[begin:], begin):
        behind = (after,) if after and number == begin else ()
        rows, made = await page(request, KINDS[type_], condition, left, behind)
        see(request, rows[:left])
        found += [each for each in made if each is not None]
        if rows[left:]:
            following = cursor(scope, f"{number}|{rows[left - 1].id}")
            break
        left -= len(rows)
        if not left and types[number + 1 :]:
            following = cursor(scope, f"{number + 1}|")
            break
    entries = list(bundles.matches(request, found, "match"))
    return bundles.answer(bundles.paged(request, "searchset", entries, following, known))


def _place(scope: str, page_: str | None) -> tuple[int, str | None]:
    """Raises ForeignCursor."""
    if page_ is None:
        return 0, None
    number, _, after = position(scope, page_, PLACE).partition("|")
    return int(number), after or None
