"""Key routes: an admin hands out API keys and takes them back, and sees who may do what."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from journey.api.access import keys
from journey.api.access.keys import ApiKey
from journey.api.access.roster import HOLDERS, TEAMS, Access, Teams, access, roster
from journey.api.access.table import Permission
from journey.api.access.wanted import KeyChanged, KeyWanted
from journey.api.engine import engine
from journey.api.guard import guarded, who
from journey.api.openapi import TAKING_A_BODY, answers
from journey.api.tags import IfNoneMatch, tagged

router = APIRouter(route_class=guarded(Permission.ADMIN), tags=["keys"])

KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")]


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
    made = await asyncio.to_thread(
        keys.create, conninfo, wanted.name, wanted.role, wanted.team, wanted.grant, by=who(request)
    )
    return Response(to_json(made._asdict()), 201, media_type="application/json")


@router.get("/v1/keys", responses=answers(Keys, tagged=True))
async def every_key(request: Request, *, if_none_match: IfNoneMatch = None) -> Response:
    """Every key, the newest first; revoked ones stay, for their names stand on events."""
    found = await asyncio.to_thread(keys.list_keys, engine(request).conninfo)
    return tagged(to_json({"keys": found}), if_none_match)


@router.get("/v1/access", responses=answers(Access))
async def who_may_do_what() -> Response:
    """What each role may, and on whose journeys: the table by which every request is checked."""
    return Response(to_json(access()), media_type="application/json")


@router.get("/v1/teams", responses=answers(Teams))
async def every_team(request: Request) -> Response:
    """Each team with the keys that open its journeys, and how many these are."""
    reads = engine(request).reads
    told = roster(await reads.rows(TEAMS), await reads.rows(HOLDERS))
    return Response(to_json(told), media_type="application/json")


@router.put("/v1/keys/{key_id}", responses=answers(ApiKey, *TAKING_A_BODY, "no-such-key"))
async def change_a_key(request: Request, key_id: KeyId, wanted: KeyChanged) -> Response:
    """Let a key do something else: within a few seconds it can do that, and nothing else."""
    conninfo = engine(request).conninfo
    changed = await asyncio.to_thread(
        keys.change, conninfo, key_id, wanted.role, wanted.team, wanted.grant, by=who(request)
    )
    return Response(to_json(changed), media_type="application/json")


@router.delete("/v1/keys/{key_id}", responses=answers(ApiKey, "no-such-key"))
async def end_a_key(request: Request, key_id: KeyId) -> Response:
    """Revoke a key: within a few seconds no request with it is answered."""
    ended = await asyncio.to_thread(keys.revoke, engine(request).conninfo, key_id, by=who(request))
    return Response(to_json(ended), media_type="application/json")
