"""Erasures over HTTP: one officer asks, another decides; and what became of it."""

from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from psycopg.sql import SQL
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from journey.api.access.looks import read_all
from journey.api.access.table import Permission
from journey.api.commands import Purpose, context
from journey.api.engine import caller, engine
from journey.api.guard import Seen, guarded
from journey.api.openapi import LISTING, TAKING_A_BODY, answers
from journey.api.paging import CursorIn, Limit
from journey.api.problems import Problem
from journey.cursors import cursor, key
from journey.domain.custody import EraseSubject, ErasureBasis, against
from journey.domain.journey import journey_at
from journey.privacy import asking, erasing
from journey.projections import READ_MODELS
from journey.store.errors import OutcomeUnknown

PATIENCE = 10.0
"""Seconds that the read models are waited for."""

NEWEST = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=0))
SELECT = SQL("""
    SELECT erasure_id, patient_id, journeys,
           CASE WHEN finished_at IS NOT NULL THEN 'erased' WHEN began_at IS NOT NULL THEN 'erasing'
                WHEN EXISTS (SELECT FROM event
                              WHERE event.journey_id = ANY(journeys) AND type = 'custody.erasure_withdrawn'
                                AND data->>'erasure_id' = erasure_id::text) THEN 'withdrawn'
                ELSE 'requested' END AS state,
           basis, requested_by, requested_at, decided_by, began_at, finished_at, report
      FROM erasure
    """)
ONE = SELECT + SQL("WHERE erasure_id = %s")
EVERY = SELECT + SQL("""
     WHERE (requested_at, erasure_id) < (%s, %s) ORDER BY requested_at DESC, erasure_id DESC LIMIT %s
    """)

deciding = APIRouter(route_class=guarded(Permission.CUSTODY, "Patient"), tags=["custody"])
reading = APIRouter(route_class=guarded(Permission.AUDIT), tags=["custody"])


class State(StrEnum):
    """How far it has come."""

    REQUESTED = "requested"
    WITHDRAWN = "withdrawn"
    ERASING = "erasing"
    ERASED = "erased"


class ErasureWanted(BaseModel):
    """Whose data is to be erased, on which ground and why."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    patient_id: UUID
    basis: ErasureBasis
    reason: str = Field(
        min_length=1, max_length=10_000, pattern=r"^[^\x00]+$", description="In words; erased with the rest."
    )


class SweepReport(BaseModel):
    """What was looked through for what was erased, and what was found."""

    tables: int
    columns: int
    values: int = Field(description="Texts that were looked for, and never which.")
    left: int


class Erasure(BaseModel):
    """An erasure, as far as it has come."""

    erasure_id: UUID
    patient_id: UUID
    journeys: tuple[UUID, ...]
    state: State = Field(
        description="`erasing`: what is personal cannot be read any more, and what was made of it goes."
    )
    basis: ErasureBasis
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    began_at: datetime | None
    finished_at: datetime | None
    report: SweepReport | None = Field(description="Once nothing is left.")


class Against(BaseModel):
    """What keeps an erasure from being decided."""

    code: str
    what: str
    journeys: tuple[UUID, ...] = Field(description="On which it stands against it.")


class ErasureInFull(Erasure):
    """An erasure, and all that keeps whoever asks from deciding on it now; nothing once it was decided."""

    against: tuple[Against, ...]


class Erasures(BaseModel):
    """A page of erasures, the newest first."""

    erasures: tuple[Erasure, ...]
    next: str | None = Field(description="Where the next page begins; null on the last.")


@deciding.post(
    "/v1/privacy/erasures",
    status_code=201,
    responses=answers(Erasure, *TAKING_A_BODY, "contended", "outcome-unknown", status=201, refused=True),
)
async def request_an_erasure(
    request: Request, wanted: ErasureWanted, purpose: Purpose = "HCOMPL"
) -> Response:
    """Ask that what is personal of a patient be erased, on all of their journeys and of the records merged
    with theirs. Somebody else decides. Asked for again, the later one counts.
    """
    request.state.seen = Seen((), (wanted.patient_id,))
    held = engine(request)
    work = partial(
        asking.request,
        held.store,
        wanted.patient_id,
        wanted.basis,
        wanted.reason,
        context(request, purpose),
        patience=PATIENCE,
    )
    asked = await held.write(work)
    headers = {"Location": f"/v1/privacy/erasures/{asked.erasure_id}"}
    return _answer(await _one(request, asked.erasure_id), 201, headers)


@deciding.post(
    "/v1/privacy/erasures/{erasure_id}/decide",
    responses=answers(Erasure, *TAKING_A_BODY, "no-such-erasure", "contended", refused=True),
)
async def decide_on_an_erasure(request: Request, erasure_id: UUID, purpose: Purpose = "HCOMPL") -> Response:
    """Erase, for good. Whoever asked for it does not decide; what must be kept is refused. Answered while it
    is `erasing`, it goes on; ended in the middle, the same goes on with it.
    """
    found = await _one(request, erasure_id)
    held = engine(request)
    if found.state is not State.ERASED:
        work = partial(
            erasing.erase,
            held.store,
            found.patient_id,
            context(request, purpose),
            years_kept=held.settings.retention_years,
            models=[model.name for model in READ_MODELS],
            patience=PATIENCE,
        )
        with suppress(OutcomeUnknown):  # a large database is not looked through at once
            await held.write(work)
    return _answer(await _one(request, erasure_id))


@reading.get("/v1/privacy/erasures", responses=answers(Erasures, *LISTING))
async def every_erasure(request: Request, *, limit: Limit = 100, page: CursorIn = None) -> Response:
    """Every erasure that was asked for, the newest first."""
    before = NEWEST if page is None else key("erasures", page, (datetime, UUID))
    rows = await engine(request).reads.rows(EVERY, (*before, limit + 1))
    found = tuple(map(_erasure, rows[:limit]))
    request.state.seen = Seen((), tuple(sorted({each.patient_id for each in found})))
    following = cursor("erasures", _place(found[-1])) if rows[limit:] else None
    return Response(to_json(Erasures(erasures=found, next=following)), media_type="application/json")


@reading.get("/v1/privacy/erasures/{erasure_id}", responses=answers(ErasureInFull, "no-such-erasure"))
async def one_erasure(request: Request, erasure_id: UUID) -> Response:
    """How an erasure stands, what keeps the caller from deciding on it, and the report of the sweep behind
    it.
    """
    found = await _one(request, erasure_id)
    kept = await _against(request, found) if found.state is State.REQUESTED else ()
    return _answer(ErasureInFull(**vars(found), against=kept))


async def _one(request: Request, erasure_id: UUID) -> Erasure:
    """Raises Problem."""
    rows = await engine(request).reads.rows(ONE, (erasure_id,))
    if not rows:
        raise Problem("no-such-erasure")
    found = _erasure(rows[0])
    request.state.seen = Seen(found.journeys, (found.patient_id,))
    return found


async def _against(request: Request, erasure: Erasure) -> tuple[Against, ...]:
    """All of it, each once, on whichever of the journeys it stands."""
    held = engine(request)
    histories = await read_all(held.reads, erasure.journeys)
    asked = EraseSubject(
        decided_by=caller(request).name,
        years_kept=held.settings.retention_years,
        occurred_at=datetime.now(UTC),
    )
    found: dict[tuple[str, str], list[UUID]] = {}
    for journey_id, history in histories.items():
        journey = journey_at(history)
        for each in against(history, journey.custody, asked) if journey else ():
            found.setdefault((each.code, str(each)), []).append(journey_id)
    return tuple(Against(code=code, what=what, journeys=on) for (code, what), on in found.items())


def _erasure(row: tuple[Any, ...]) -> Erasure:
    return Erasure.model_validate(dict(zip(Erasure.model_fields, row, strict=True)))


def _place(last: Erasure) -> str:
    return f"{last.requested_at.astimezone(UTC)}|{last.erasure_id}"


def _answer(erasure: Erasure, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(erasure), status, headers, "application/json")
