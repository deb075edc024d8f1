"""Verifying the log when somebody asks: a worker does what `journey audit verify` does, and it is kept."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.access.trail import Kind as Access
from journey.api.engine import engine
from journey.api.errands.course import Course, ask, course, found, stop
from journey.api.guard import guarded
from journey.api.openapi import TAKING_A_BODY, answers
from journey.errands.errand import LOG, OF, Errand, Kind, Wanted

router = APIRouter(route_class=guarded(Permission.VERIFY), tags=["audit"])
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]


class Verifying(BaseModel):
    """What is to be verified."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    whole: bool = Field(
        default=False, description="From the beginning; else from where the last one ended without a fault."
    )


class Fault(BaseModel):
    """Something that is not as it was signed."""

    kind: str
    table: str
    first: int | None = Field(
        description="The first position that it may be at; of a checkpoint, its number."
    )
    last: int | None = Field(description="The last one; the same where it is known.")
    said: str


class Verified(BaseModel):
    """What came of it."""

    verdict: Literal["holds", "differs"]
    since: int = Field(description="The checkpoint that it went on from; 0: from the beginning.")
    checkpoint: int = Field(description="The last one that counts.")
    checkpoints: int = Field(description="How many were held to their signatures.")
    events: int
    accesses: int = Field(description="Records of the trail.")
    unsigned: int = Field(description="Events that no checkpoint covers yet.")
    anchored: int = Field(description="Checkpoints that are kept outside the database.")
    whole_at: datetime = Field(description="When it was last verified from the beginning without a fault.")
    faults: tuple[Fault, ...] = Field(description="The first of each kind, those of the log before others.")


class Verification(Course):
    """One verification, under way or ended."""

    whole: bool = Field(description="Asked for from the beginning.")
    result: Verified | None


class Verifications(BaseModel):
    """The last ones, the newest first."""

    verifications: tuple[Verification, ...]


@router.get("/v1/log/verification", responses=answers(Verifications))
async def every_verification(request: Request, *, limit: Limit = 20) -> Response:
    """The last verifications of the log: how far the one under way is, and what came of those before."""
    return await _told(request, limit=limit)


@router.post(
    "/v1/log/verification",
    status_code=202,
    responses=answers(Verifications, *TAKING_A_BODY, "under-way", status=202),
)
async def verify_the_log(request: Request, wanted: Verifying) -> Response:
    """Have a worker verify it now: the log and the trail made anew from the stored rows, held to what is
    signed and anchored. Asked again while that goes on, it is the same one.
    """
    detail = {"whole": wanted.whole}
    await ask(request, _wanted(whole=wanted.whole), Access.VERIFICATION, detail)
    return await _told(request, 202)


@router.delete("/v1/log/verification", responses=answers(Verifications))
async def stop_a_verification(request: Request) -> Response:
    """Have it end, if one is under way. The next one goes on where it was."""
    await stop(request, _wanted(), Access.VERIFICATION, {"stopped": True})
    return await _told(request)


def _wanted(*, whole: bool = False) -> Wanted:
    return Wanted(Kind.VERIFICATION, LOG, whole)


async def _told(request: Request, status: int = 200, limit: int = 20) -> Response:
    rows = await found(engine(request).reads, OF, Kind.VERIFICATION, LOG, limit)
    told = Verifications(verifications=tuple(map(_verification, rows)))
    return Response(to_json(told), status, media_type="application/json")


def _verification(of: Errand) -> Verification:
    return Verification(**course(of), whole=of.whole, result=Verified(**of.result) if of.result else None)
