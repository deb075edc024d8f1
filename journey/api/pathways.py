"""Pathways: which definitions are at hand, and what one of them asks for."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from journey.api.access.table import Permission
from journey.api.guard import guarded
from journey.api.openapi import answers
from journey.api.problems import Problem
from journey.api.tags import IfNoneMatch, has_it, tagged
from journey.domain.pathway.definition import Definition
from journey.pathways import installed

router = APIRouter(route_class=guarded(Permission.DEFINITIONS))


class PathwaySummary(BaseModel):
    """A version of a pathway, and how much there is to it."""

    id: str
    version: str
    title: str
    digest: str
    stages: int
    milestones: int
    clocks: int


class PathwayList(BaseModel):
    """Every version of every pathway that this server follows."""

    pathways: tuple[PathwaySummary, ...]


@router.get("/v1/pathways", tags=["read"], responses=answers(PathwayList, tagged=True))
async def list_pathways(*, if_none_match: IfNoneMatch = None) -> Response:
    """The definitions at hand: those that ship, and the site's own."""
    at_hand = installed()
    found = PathwayList(pathways=tuple(_summary(each, at_hand.digest(each)) for each in at_hand))
    return tagged(found.model_dump_json().encode(), if_none_match)


def _summary(definition: Definition, digest: str) -> PathwaySummary:
    return PathwaySummary(
        id=definition.id,
        version=definition.version,
        title=definition.title,
        digest=digest,
        stages=len(definition.stages),
        milestones=len(definition.every_milestone()),
        clocks=len(definition.clocks),
    )


@router.get(
    "/v1/pathways/{pathway}", tags=["read"], responses=answers(Definition, "no-such-pathway", tagged=True)
)
async def what_a_pathway_asks_for(
    pathway: str,
    *,
    version: Annotated[str | None, Query(max_length=40, description="The latest, if left out.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A definition: stages, milestones, clocks. Its digest is the ETag, and stands on each assignment."""
    definition = installed().get(pathway, version)
    if definition is None:
        raise Problem("no-such-pathway", "No such pathway is at hand; GET /v1/pathways lists all.")
    headers = {"ETag": f'"{installed().digest(definition)}"'}
    if has_it(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(definition.model_dump_json(), 200, headers, "application/json")
