"""The ledger: its signed checkpoints, and proofs that lead from what was recorded to one of them."""

from collections.abc import Generator
from typing import Annotated, TypeVar, cast
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.engine import engine
from journey.api.guard import Seen, guarded
from journey.api.openapi import answers
from journey.api.problems import FieldError, Problem
from journey.api.reads import Reads
from journey.ledger.answers import (
    CompletenessProof,
    ConsistencyProof,
    InclusionProof,
    LedgerCheckpoint,
    NoSuchCheckpoint,
    NoSuchLeaf,
    NotYet,
    Tree,
    checkpoint,
    of_access,
    of_event,
    of_growth,
    of_journey,
    of_position,
)
from journey.ledger.merkle import Unproven
from journey.ledger.proving import Asked, Rows

T = TypeVar("T")

SAY_ONE = "Ask for one thing: event, position, access, journey, or from and to, the smaller size first"
CODES: dict[type[Exception], str] = {
    NoSuchLeaf: "no-such-leaf",
    NoSuchCheckpoint: "no-such-checkpoint",
    NotYet: "not-in-the-ledger-yet",
    Unproven: "ledger-altered",
}

public = APIRouter(route_class=guarded(Permission.DEFINITIONS), tags=["audit"])
proving = APIRouter(route_class=guarded(Permission.AUDIT), tags=["audit"])


class ProofAnswer(BaseModel):
    """One of the three."""

    proof: InclusionProof | ConsistencyProof | CompletenessProof = Field(discriminator="proves")


@public.get(
    "/v1/log/checkpoint", responses=answers(LedgerCheckpoint, "no-such-checkpoint", "not-in-the-ledger-yet")
)
async def the_checkpoint(
    request: Request,
    *,
    size: Annotated[
        int | None, Query(ge=1, lt=1 << 63, description="The one at so many events; left out, the last.")
    ] = None,
    accept: Annotated[
        str | None, Header(max_length=200, description="text/plain for the note alone.")
    ] = None,
) -> Response:
    """The last checkpoint of the ledger, or one of a size: what proofs lead to, and what a witness keeps."""
    found = await _answered(engine(request).reads, checkpoint(size))
    if accept is not None and accept.startswith("text/plain"):
        return Response(found.note, media_type="text/plain; charset=utf-8")
    return Response(to_json(found), media_type="application/json")


@proving.get("/v1/log/proof", responses=answers(ProofAnswer, *CODES.values()))
async def a_proof(
    request: Request,
    *,
    event: Annotated[UUID | None, Query(description="That this event is in the log.")] = None,
    position: Annotated[
        int | None, Query(ge=1, lt=1 << 63, description="That the event at this position is.")
    ] = None,
    access: Annotated[UUID | None, Query(description="That this record of the trail is in it.")] = None,
    journey: Annotated[
        UUID | None, Query(description="That these are all the events of this journey; or that it has none.")
    ] = None,
    first: Annotated[
        int | None, Query(alias="from", ge=1, lt=1 << 63, description="That the tree of this size …")
    ] = None,
    second: Annotated[
        int | None, Query(alias="to", ge=1, lt=1 << 63, description="… is the beginning of this one.")
    ] = None,
    tree: Annotated[Tree, Query(description="Whose sizes `from` and `to` are.")] = "event",
) -> Response:
    """A proof by the last checkpoint: of an event, a record of the trail, a whole journey, or of growth."""
    reads = engine(request).reads
    proof: InclusionProof | ConsistencyProof | CompletenessProof
    match event, position, access, journey, first, second:
        case None, None, None, None, int(), int() if first <= second:
            proof = await _answered(reads, of_growth(tree, first, second))
        case None, None, None, UUID(), None, None:
            request.state.seen = Seen((journey,))
            proof = await _answered(reads, of_journey(journey))
        case None, None, UUID(), None, None, None:
            proof, _ = await _answered(reads, of_access(access))
        case (UUID(), None, None, None, None, None) | (None, int(), None, None, None, None):
            asked = of_event(event) if event is not None else of_position(position or 0)
            proof, of = await _answered(reads, asked)
            request.state.seen = Seen(() if of is None else (of,))
        case _:
            error = FieldError(where="query", field="event", message=SAY_ONE)
            raise Problem("invalid", f"{SAY_ONE}.", errors=(error,))
    return Response(to_json({"proof": proof}), media_type="application/json")


async def _answered(reads: Reads, asking: Generator[Asked, Rows, T]) -> T:
    try:
        asked = next(asking)
        while True:
            asked = asking.send(await reads.rows(*asked))
    except StopIteration as done:
        return cast(T, done.value)
    except tuple(CODES) as error:
        raise Problem(CODES[type(error)], str(error)) from None
