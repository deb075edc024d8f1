"""Me: who the caller is, and what they may do."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.api.access.table import Permission, Reach, Role
from journey.api.engine import caller
from journey.api.guard import guarded
from journey.api.openapi import answers

router = APIRouter(route_class=guarded(Permission.DEFINITIONS), tags=["read"])


class Me(BaseModel):
    """Whoever asks."""

    id: str = Field(description="Of the key, or the subject of the token.")
    name: str = Field(description="As it stands on events and in the audit.")
    role: Role
    team: str | None
    teams: tuple[str, ...] | None = Field(description="Whose journeys are theirs; null for every team.")
    labels: tuple[str, ...] = Field(description="The security labels that they are cleared for.")
    may: dict[Permission, Reach] = Field(description="How far each permission of theirs goes.")


@router.get("/v1/me", responses=answers(Me))
async def who_am_i(request: Request) -> Response:
    """Who the caller is by the key or token that came along, and what they may do."""
    found = caller(request)
    may = {each: found.reach(each) if found.may(each, None) else Reach.NONE for each in Permission}
    told = Me(
        id=found.id,
        name=found.name,
        role=found.role,
        team=found.team,
        teams=None if found.teams is None else tuple(sorted(found.teams)),
        labels=tuple(sorted(found.labels)),
        may=may,
    )
    return Response(to_json(told), media_type="application/json")
