"""Break-glass routes: open another team's patient in an emergency, and close again."""

from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json

from journey.api.access import glass
from journey.api.access.glass import LONGEST, USUAL, Breaking, Glass, Reason, Whom
from journey.api.access.table import Permission
from journey.api.access.trail import Kind
from journey.api.engine import caller, engine
from journey.api.guard import Seen, guarded, noted
from journey.api.openapi import TAKING_A_BODY, answers
from journey.api.paging import CursorIn, Limit
from journey.api.problems import Problem
from journey.cursors import cursor, key

MINUTE = timedelta(minutes=1)
NEWEST = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=0))

breaking = APIRouter(route_class=guarded(Permission.BREAK_GLASS), tags=["break-glass"])
reviewing = APIRouter(route_class=guarded(Permission.AUDIT), tags=["break-glass"])


class WhyBroken(BaseModel):
    """Why, in a code and in words."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    code: Reason
    text: str = Field(
        min_length=3,
        max_length=1000,
        pattern=r"^[^\x00]*[^\s\x00][^\x00]*$",
        description="For whoever reviews it.",
    )


class GlassWanted(BaseModel):
    """Whose journeys are to be opened, why, and for how long. Name the patient in one way."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    patient_id: UUID | None = None
    journey_id: UUID | None = None
    identifier: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00]+$",
        description="One of the patient's numbers, exactly.",
    )
    reason: WhyBroken
    minutes: int = Field(
        default=USUAL // MINUTE, ge=1, le=LONGEST // MINUTE, description="It ends by itself."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(each is not None for each in (self.patient_id, self.journey_id, self.identifier)) != 1:
            raise ValueError("patient_id: name the patient by one of patient_id, journey_id and identifier")
        return self


class Glasses(BaseModel):
    """Break-glasses."""

    break_glass: tuple[Glass, ...]
    next: str | None = Field(default=None, description="Where the next page begins; null on the last.")


@breaking.post("/v1/break-glass", status_code=201, responses=answers(Glass, *TAKING_A_BODY, status=201))
async def break_the_glass(request: Request, wanted: GlassWanted) -> Response:
    """Open another team's patient in an emergency: for a reason, for a time, and on the record."""
    whom = Whom(wanted.patient_id, wanted.journey_id, wanted.identifier)
    reads = engine(request).reads
    about_to_be = Breaking(
        patient_id=await glass.find(reads, whom),
        reason_code=wanted.reason.code,
        reason_text=wanted.reason.text,
        minutes=wanted.minutes,
    )
    request.state.seen = Seen(patients=(about_to_be.patient_id,) if about_to_be.patient_id else ())
    await noted(request, Kind.GLASS_BROKEN, about_to_be)
    broken = await glass.begin(reads, caller(request), about_to_be)
    return Response(to_json(broken), 201, media_type="application/json")


@breaking.get("/v1/break-glass/mine", responses=answers(Glasses))
async def what_i_have_open(request: Request) -> Response:
    """What the caller has open now."""
    found = await glass.open_to(engine(request).reads, caller(request))
    return Response(to_json(Glasses(break_glass=found)), media_type="application/json")


@breaking.delete("/v1/break-glass/{break_glass_id}", responses=answers(Glass, "no-such-break-glass"))
async def close_the_glass(request: Request, break_glass_id: UUID) -> Response:
    """End it by hand, before its time."""
    ended = await glass.end(engine(request).reads, caller(request), break_glass_id)
    if ended is None:
        raise Problem("no-such-break-glass")
    await noted(request, Kind.GLASS_CLOSED, ended)
    return Response(to_json(ended), media_type="application/json")


@reviewing.get("/v1/break-glass", responses=answers(Glasses, "bad-cursor"))
async def every_break_glass(
    request: Request,
    *,
    limit: Limit = 100,
    page: CursorIn = None,
) -> Response:
    """Every break-glass, the newest first."""
    before = NEWEST if page is None else key("break-glass", page, (datetime, UUID))
    found = await glass.every(engine(request).reads, before, limit + 1)
    last = found[limit - 1] if found[limit:] else None
    following = last and cursor("break-glass", f"{last.began_at}|{last.break_glass_id}")
    return Response(
        to_json(Glasses(break_glass=found[:limit], next=following)), media_type="application/json"
    )
