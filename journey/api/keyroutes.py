"""Key routes: an admin hands out API keys and takes them back."""

import asyncio
from typing import Annotated, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import to_json

from journey.api.access import keys
from journey.api.access.keys import ApiKey, Grant
from journey.api.access.scopes import Scopes
from journey.api.access.table import Permission, Role
from journey.api.engine import engine
from journey.api.guard import guarded, who
from journey.api.openapi import TAKING_A_BODY, answers

router = APIRouter(route_class=guarded(Permission.ADMIN), tags=["keys"])


KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")]
Team = Annotated[str, Field(min_length=1, max_length=100)]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,20}$")]


class KeyChanged(BaseModel):
    """What a key is for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    role: Role
    team: Team | None = Field(default=None, description="The team that its holder works in.")
    teams: tuple[Team, ...] | None = Field(
        default=None,
        max_length=100,
        description="Whose journeys are theirs; left out, those of `team`, or every team's without one.",
    )
    every_team: bool = Field(default=False, description="Every team's journeys are theirs.")
    labels: tuple[Label, ...] = Field(
        default=(), max_length=100, description="Security labels whose events its holder may see: `PSY`."
    )
    scopes: tuple[str, ...] | None = Field(
        default=None,
        max_length=100,
        description="What the key is narrowed down to: `system/ServiceRequest.cru`.",
    )

    @field_validator("scopes")
    @classmethod
    def _known(cls, scopes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        Scopes.of(scopes or ())
        return scopes

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.every_team and self.teams is not None:
            raise ValueError("teams: name teams or every team, not both")
        return self

    @property
    def grant(self) -> Grant:
        own = None if self.team is None else (self.team,)
        return Grant(None if self.every_team else self.teams or own, self.labels, self.scopes)


class KeyWanted(KeyChanged):
    """A key to be made."""

    name: str = Field(
        pattern=r"^[^\x00-\x1f\x7f]{1,100}$", description="Who holds it; stands on the events it brings."
    )

    @field_validator("name")
    @classmethod
    def _own(cls, name: str) -> str:
        return keys.own_name(name)


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


@router.get("/v1/keys", responses=answers(Keys))
async def every_key(request: Request) -> Response:
    """Every key, the newest first; revoked ones stay, for their names stand on events."""
    found = await asyncio.to_thread(keys.list_keys, engine(request).conninfo)
    return Response(to_json({"keys": found}), media_type="application/json")


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
