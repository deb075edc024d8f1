"""Key routes: an admin hands out API keys and takes them back."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from journey.api import keys
from journey.api.access import Permission, Role
from journey.api.engine import engine
from journey.api.guard import guarded
from journey.api.keys import ApiKey
from journey.api.openapi import TAKING_A_BODY, answers

router = APIRouter(route_class=guarded(Permission.ADMIN), tags=["keys"])


class KeyWanted(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(
        pattern=r"^[^\x00-\x1f\x7f]{1,100}$", description="Who holds it; stands on the events it brings."
    )
    role: Role
    team: str | None = Field(default=None, min_length=1, max_length=100)


class KeyMade(BaseModel):
    """A key, with the token that is shown this once."""

    key: ApiKey
    token: str


class Keys(BaseModel):
    """Every key that was ever made."""

    keys: tuple[ApiKey, ...]


@router.post(
    "/v1/keys", status_code=201, responses=answers(KeyMade, *TAKING_A_BODY, "name-taken", status=201)
)
async def make_a_key(request: Request, wanted: KeyWanted) -> Response:
    """Make a key. Its token cannot be shown again."""
    conninfo = engine(request).conninfo
    made = await asyncio.to_thread(keys.create, conninfo, wanted.name, wanted.role, wanted.team)
    return Response(to_json(made._asdict()), 201, media_type="application/json")


@router.get("/v1/keys", responses=answers(Keys))
async def every_key(request: Request) -> Response:
    """Every key, the newest first; revoked ones stay, for their names stand on events."""
    found = await asyncio.to_thread(keys.list_keys, engine(request).conninfo)
    return Response(to_json({"keys": found}), media_type="application/json")


@router.delete("/v1/keys/{key_id}", responses=answers(ApiKey, "no-such-key"))
async def end_a_key(request: Request, key_id: Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")]) -> Response:
    """Revoke a key: within a few seconds no request with it is answered."""
    ended = await asyncio.to_thread(keys.revoke, engine(request).conninfo, key_id)
    return Response(to_json(ended), media_type="application/json")
