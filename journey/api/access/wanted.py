"""Wanted: a key as it is asked for, over HTTP and on the command line."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.scopes import Scopes
from journey.api.access.table import Role

Team = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,20}$")]


class KeyChanged(BaseModel):
    """What a key is for, all of it: what is left out, it is not narrowed down to."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    role: Role
    team: Team | None = Field(default=None, description="The team that its holder works in.")
    teams: tuple[Team, ...] | None = Field(
        default=None,
        max_length=100,
        description="Whose journeys are theirs; left out, those of `team`, or every team's without one.",
    )
    every_team: StrictBool = Field(default=False, description="Every team's journeys are theirs.")
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
            raise ValueError("teams: Name teams or every team, not both")
        return self

    @property
    def grant(self) -> Grant:
        own = None if self.team is None else (self.team,)
        return Grant(
            None if self.every_team else own if self.teams is None else self.teams, self.labels, self.scopes
        )


class KeyWanted(KeyChanged):
    """A key to be made."""

    name: str = Field(
        pattern=r"^[^\x00-\x1f\x7f]{1,100}$", description="Who holds it; stands on the events it brings."
    )

    @field_validator("name")
    @classmethod
    def _own(cls, name: str) -> str:
        return keys.own_name(name)
