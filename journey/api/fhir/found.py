"""Found: the resources that a request means, made from the events that whoever asks may see."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from fastapi import Request
from psycopg.sql import SQL, Composed

from journey.api.access.admission import EVERYBODYS, Admission, admit, theirs
from journey.api.access.looks import read_all
from journey.api.access.table import Permission
from journey.api.access.trail import Basis
from journey.api.engine import Engine, asking, caller, engine
from journey.api.fhir.negotiation import refuse_other_forms
from journey.api.guard import Seen, refuse_who_may_not
from journey.api.problems import Problem
from journey.conditions import Condition
from journey.domain import labels
from journey.domain.correction import History
from journey.domain.labels import Labels
from journey.fhir.data import Json
from journey.fhir.every import KINDS
from journey.fhir.kind import Kind, current, redacted
from journey.projections.audience import Audience
from journey.projections.patient_identity import PatientIdentity
from journey.projections.resources import FhirResources
from journey.projections.status import PatientStatus

INDEX = (FhirResources.name, PatientStatus.name, PatientIdentity.name)
"""The read models that a search is answered from."""

JOURNEYS = "SELECT DISTINCT journey_id FROM fhir_resource WHERE type = %s AND id = %s ORDER BY journey_id"
STRUCK_OUT = """
    SELECT DISTINCT meant.journey_id
      FROM event AS void JOIN event AS meant ON meant.event_id = (void.data->>'voids')::uuid
     WHERE void.type IN ('correction.voided', 'correction.reattributed')
       AND strpos(meant.data::text, %s) > 0
     ORDER BY meant.journey_id
    """
"""What is gone is in no index. Few events are struck out, and who reads what is there never comes here."""

MATCHING = SQL("""
          FROM fhir_resource AS listed JOIN patient_status AS status USING (journey_id, audience)
         WHERE listed.type = %s AND {theirs} AND {conditions}
    """)
BY_ID = SQL("SELECT DISTINCT listed.id, NULL AS place {matching} AND {behind} ORDER BY 1 LIMIT %s")
BY_DATE = SQL("""
        SELECT listed.id, {place} AS place {matching}
         GROUP BY listed.id HAVING {behind} ORDER BY 2 {direction}, 1 LIMIT %s
    """)
PAGE = SQL("""
    WITH found AS ({found})
    SELECT listed.id, found.place::text, array_agg(listed.journey_id ORDER BY listed.journey_id),
           array_agg(listed.audience ORDER BY listed.journey_id),
           array_agg(status.patient_id ORDER BY listed.journey_id),
           json_agg(status.labels ORDER BY listed.journey_id)
      FROM found JOIN fhir_resource AS listed ON listed.type = %s AND listed.id = found.id
           JOIN patient_status AS status USING (journey_id, audience)
     WHERE {theirs}
     GROUP BY listed.id, found.place ORDER BY found.place {direction}, listed.id
    """)
"""What one journey of a patient is found by, finds the patient as all of theirs tell."""

COUNT = SQL("SELECT count(DISTINCT listed.id) {matching}")

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class Source(NamedTuple):
    """What a resource is made of: the histories of its journeys, cut to what may be seen of them."""

    histories: tuple[History, ...]
    withheld: bool
    """Whether something was cut."""


class Order(NamedTuple):
    """By the date: what stands for it in the index, and what comes behind a date and an id. What has none
    comes last.
    """

    place: LiteralString
    behind: LiteralString
    direction: LiteralString


FIRST: LiteralString = "min(coalesce(listed.begins, 'infinity'))"
LAST: LiteralString = "max(coalesce(listed.begins, '-infinity'))"
RISING = Order(FIRST, "(" + FIRST + ", listed.id) > (%s::timestamptz, %s)", "ASC")
FALLING = Order(LAST, "(" + LAST + ", %s) < (%s::timestamptz, listed.id)", "DESC")


class Row(NamedTuple):
    """A resource in the index, with the journeys that tell of it. `place`: the date that it is sorted by."""

    id: str
    place: str | None
    journeys: list[UUID]
    audiences: list[str]
    patients: list[UUID]
    labels: list[list[str]]
    """Of each journey, those that the index knew of."""


def kind_of(type_: str) -> Kind:
    """Raises Problem."""
    found = KINDS.get(type_)
    if found is None:
        raise Problem("unknown-resource-type", f"The types that are served are {', '.join(sorted(KINDS))}.")
    return found


def admitted(request: Request, type_: str, permission: Permission) -> Kind:
    """The type, if the caller's scopes hold it. Raises Problem."""
    refuse_other_forms(request)
    kind = kind_of(type_)
    refuse_who_may_not(caller(request), permission, kind.type, None)
    return kind


async def one(request: Request, kind: Kind, id_: str) -> Source:
    """What the resource of this id is made of. Raises Problem: there is none that is theirs to see."""
    held, wanted = engine(request), asking(request)
    if not ID.fullmatch(id_):
        raise Problem("no-such-resource")
    journeys = await _journeys(held, kind, id_)
    found = await asyncio.gather(*(admit(held.looks, wanted, each) for each in journeys))
    admitted = [each for each in found if each.basis is not None]
    request.state.seen = _seen(admitted or found)
    if not admitted:
        raise Problem("no-such-resource")
    histories = await read_all(held.reads, [each.journey_id for each in admitted])
    cut = [
        History(tuple(labels.shown(histories[each.journey_id].recorded, each.cleared))) for each in admitted
    ]
    source = Source(tuple(each for each in cut if each.recorded), any(each.withheld for each in admitted))
    if not source.histories:
        raise Problem("withheld")
    return source


async def _journeys(held: Engine, kind: Kind, id_: str) -> list[UUID]:
    """Those that tell of it. What bears the journey's own id is there from when that is opened."""
    if not kind.rooms:
        try:
            return [UUID(id_)]
        except ValueError:
            return []
    wanted = kind.type, id_
    rows = await held.reads.rows(JOURNEYS, wanted)
    if not rows:
        await held.caught_up(INDEX)
        rows = await held.reads.rows(JOURNEYS, wanted) or await held.reads.rows(STRUCK_OUT, (f'"{id_}"',))
    return [each for (each,) in rows]


def _seen(admissions: Sequence[Admission]) -> Seen:
    patients = {each.patient_id for each in admissions if each.patient_id is not None}
    bases = {each.basis for each in admissions}
    basis = Basis.BREAK_GLASS if Basis.BREAK_GLASS in bases else next(iter(bases), None)
    return Seen(tuple(each.journey_id for each in admissions), tuple(sorted(patients)), basis)


def see(request: Request, rows: Sequence[Row]) -> None:
    """These are told of, too."""
    before: Seen = request.state.seen
    journeys = {*before.journeys, *(each for row in rows for each in row.journeys)}
    patients = {*before.patients, *(each for row in rows for each in row.patients)}
    request.state.seen = Seen(tuple(sorted(journeys)), tuple(sorted(patients)), before.basis)


async def page(  # noqa: PLR0917 - a question has so many parts
    request: Request,
    kind: Kind,
    condition: Condition,
    limit: int,
    after: Sequence[str] = (),
    order: Order | None = None,
) -> tuple[list[Row], list[Json | None]]:
    """A page of the index and one row more where there is another, and the resources, each as they may see
    it; None where nothing is left of one. `after`: the id, or the date and the id, of the last before.
    """
    held, wanted = engine(request), asking(request)
    own = theirs(wanted)
    matching, given = _matching(kind, own, condition)
    if order is None:
        behind = Condition("listed.id > %s", tuple(after)) if after else EVERYBODYS
        found = BY_ID.format(matching=matching, behind=SQL(behind.sql))
        direction = SQL("ASC")
    else:
        places = tuple(after) if order is RISING else tuple(reversed(after))
        behind = Condition(order.behind, places) if after else EVERYBODYS
        direction = SQL(order.direction)
        found = BY_DATE.format(
            place=SQL(order.place), matching=matching, behind=SQL(behind.sql), direction=direction
        )
    statement = PAGE.format(found=found, theirs=SQL(own.sql), direction=direction)
    parameters = [*given, *behind.parameters, limit + 1, kind.type, *own.parameters]
    rows = [Row(*each) for each in await held.reads.rows(statement, parameters)]
    journeys = {each for row in rows[:limit] for each in row.journeys}
    histories = await read_all(held.reads, journeys)
    made = await asyncio.to_thread(partial(_made, kind, rows[:limit], histories, wanted.cleared))
    return rows, made


async def counted(request: Request, kind: Kind, condition: Condition) -> int:
    """How many there are in the index that they may see."""
    matching, given = _matching(kind, theirs(asking(request)), condition)
    [(count,)] = await engine(request).reads.rows(COUNT.format(matching=matching), given)
    return int(count)


def _matching(kind: Kind, own: Condition, condition: Condition) -> tuple[Composed, list[Any]]:
    """The rows that are as asked for and theirs to see, and its parameters."""
    statement = MATCHING.format(theirs=SQL(own.sql), conditions=SQL(condition.sql))
    return statement, [kind.type, *own.parameters, *condition.parameters]


def _made(
    kind: Kind, rows: Sequence[Row], histories: Mapping[UUID, History], cleared: Labels | None
) -> list[Json | None]:
    kept: dict[Any, dict[str, Json]] = {}
    made: list[Json | None] = []
    for row in rows:
        key = tuple(zip(row.journeys, row.audiences, map(frozenset, row.labels), strict=True))
        if key not in kept:
            kept[key] = _of(kind, key, histories, cleared)
        made.append(kept[key].get(row.id))
    return made


def _of(
    kind: Kind,
    key: Sequence[tuple[UUID, str, Labels]],
    histories: Mapping[UUID, History],
    cleared: Labels | None,
) -> dict[str, Json]:
    """Every resource of the kind on these journeys. Who was let in to the row of a journey's labels sees
    these, and none that it was given since.
    """
    known = [
        (histories[each], borne if audience == Audience.CLEARED else labels.NONE)
        for each, audience, borne in key
        if each in histories
    ]
    cut = [_shown(each, None if cleared is None else cleared | borne) for each, borne in known]
    there = [each for each in cut if each.recorded]
    if not there:
        return {}
    withheld = any(cut is not whole for cut, (whole, _) in zip(cut, known, strict=True))
    made = current(kind, kind.together(there))
    return {each["id"]: redacted(each) if withheld else each for each in made}


def _shown(history: History, cleared: Labels | None) -> History:
    """Also of a journey that bore fewer labels when the index learned of it: what is read of it is newer."""
    left = labels.shown(history.recorded, cleared)
    return history if left is history.recorded else History(tuple(left))
