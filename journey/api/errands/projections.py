"""Read models: how far each is; made anew, stopped, retried, by whoever operates the installation."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access import trail
from journey.api.access.table import Permission
from journey.api.access.trail import Kind as Access
from journey.api.engine import engine
from journey.api.errands.course import Course, ask, course, found, stop
from journey.api.guard import accessed, guarded
from journey.api.openapi import TAKING_A_BODY, answers
from journey.api.problems import Problem
from journey.api.reads import Reads
from journey.database import connect
from journey.errands.errand import OF_EACH, Errand, Kind, Wanted
from journey.errands.rebuilding import Standing, State, standings
from journey.projections import READ_MODELS
from journey.projections.model import ReadModel
from journey.projections.parking import retry
from journey.projections.reached import POSITIONS, WANTED

NO_SUCH = f"No read model has this name. There are {', '.join(model.name for model in READ_MODELS)}."

router = APIRouter(route_class=guarded(Permission.OPERATE), tags=["operations"])
Name = Annotated[str, Path(max_length=100, description="As `GET /v1/projections` names it.")]


class Rebuild(Course):
    """A read model made anew from the log, beside the live one."""

    events: int | None = Field(description="From how many events it was made, once it is.")
    blocked: int | None = Field(description="How many journeys it could not take up.")


class Projection(BaseModel):
    """How a read model is."""

    name: str
    position: int = Field(description="Up to where it has taken up the log.")
    head: int = Field(description="The last position of the log.")
    lag_events: int = Field(description="Events that it has not taken up yet.")
    lag_seconds: float = Field(description="How long ago the first of these was recorded.")
    state: State = Field(
        description="`running`; `blocked` by an error; `rebuilding`; `stopped`: no worker leads it."
    )
    since: datetime | None = Field(
        description="When that began; of one that nobody leads, when it last moved."
    )
    last_error: str | None = Field(description="The kind of error that it meets just now.")
    blocked: int = Field(description="Journeys that it could not take up; all others go on.")
    rebuild: Rebuild | None = Field(description="The last one, under way or ended.")


class Projections(BaseModel):
    """Every read model."""

    projections: tuple[Projection, ...]


class Retried(BaseModel):
    """What became of the journeys that were blocked."""

    taken_up: int
    blocked: int = Field(description="Those that it still cannot take up.")


@router.get("/v1/projections", responses=answers(Projections))
async def every_read_model(request: Request) -> Response:
    """How far each read model is, what blocks it, and its last rebuild."""
    told = Projections(projections=tuple(await _told(engine(request).reads)))
    return Response(to_json(told), media_type="application/json")


@router.get("/v1/projections/{name}", responses=answers(Projection, "no-such-read-model"))
async def one_read_model(request: Request, name: Name) -> Response:
    """How far it is; ask again to see its rebuild go on."""
    return await _one(request, _named(name))


@router.post(
    "/v1/projections/{name}/rebuild",
    status_code=202,
    responses=answers(Projection, *TAKING_A_BODY, "no-such-read-model", "under-way", status=202),
)
async def rebuild_a_read_model(request: Request, name: Name) -> Response:
    """Have a worker make it anew, beside the live one. Asked again while that goes on, it is the same one."""
    model = _named(name)
    await ask(request, Wanted(Kind.REBUILD, name), Access.OPERATION, {"rebuild": name})
    return await _one(request, model, 202)


@router.delete("/v1/projections/{name}/rebuild", responses=answers(Projection, "no-such-read-model"))
async def stop_a_rebuild(request: Request, name: Name) -> Response:
    """Have its rebuild end, if one is under way: the live one stays as it is."""
    model = _named(name)
    await stop(request, Wanted(Kind.REBUILD, name), Access.OPERATION, {"rebuild_stopped": name})
    return await _one(request, model)


@router.post("/v1/projections/{name}/retry", responses=answers(Retried, *TAKING_A_BODY, "no-such-read-model"))
async def retry_a_read_model(request: Request, name: Name) -> Response:
    """Take up the journeys that are blocked, each on its own, from the first event that could not be."""
    model = _named(name)
    record = accessed(request, Access.OPERATION, detail={"retry": name})

    def retried() -> Retried:
        with connect(engine(request).conninfo) as connection:
            trail.record(connection, [record])
        went_well = [well for _, well in retry(engine(request).conninfo, model)]
        return Retried(taken_up=went_well.count(True), blocked=went_well.count(False))

    return Response(to_json(await asyncio.to_thread(retried)), media_type="application/json")


def _named(name: str) -> ReadModel:
    """Raises Problem."""
    for model in READ_MODELS:
        if model.name == name:
            return model
    raise Problem("no-such-read-model", NO_SUCH)


async def _one(request: Request, model: ReadModel, status: int = 200) -> Response:
    [told] = [each for each in await _told(engine(request).reads) if each.name == model.name]
    return Response(to_json(told), status, media_type="application/json")


async def _told(reads: Reads) -> list[Projection]:
    rebuilds = await found(reads, OF_EACH, Kind.REBUILD)
    return [_projection(each) for each in standings(await reads.rows(POSITIONS, WANTED), rebuilds)]


def _projection(of: Standing) -> Projection:
    reached = of.reached
    return Projection(
        name=reached.name,
        position=reached.position,
        head=reached.head,
        lag_events=max(0, reached.lag_events),
        lag_seconds=round(max(0.0, reached.lag_seconds), 3),
        state=of.state,
        since=of.since,
        last_error=reached.last_error,
        blocked=reached.parked,
        rebuild=_rebuild(of.rebuild) if of.rebuild else None,
    )


def _rebuild(of: Errand) -> Rebuild:
    result = of.result or {}
    return Rebuild(**course(of), events=result.get("events"), blocked=result.get("parked"))
