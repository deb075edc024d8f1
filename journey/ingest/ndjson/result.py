"""Result: what became of one line of an import, in the words of the API's problems."""

from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from journey.domain.event import Blocker

Status: TypeAlias = Literal["applied", "duplicate", "refused", "invalid", "failed"]


class Wrong(BaseModel):
    """What is wrong with one field of a line."""

    where: Literal["line", "body"]
    field: str
    message: str


class Led(BaseModel):
    """One event that a line led to."""

    event_id: UUID
    type: str
    version: int


class Result(BaseModel):
    """What became of one line."""

    line: int = Field(description="Which one, from 1; empty ones count.")
    id: str | None = Field(default=None, description="The sender's own, as it came.")
    status: Status = Field(
        description="`applied`: recorded, or nothing to do. `duplicate`: applied by an earlier sending, and "
        "not again. `refused`: a rule forbids it. `invalid`: it cannot be read. `failed`: a fault of the "
        "server."
    )
    journey_id: UUID | None = None
    version: int | None = None
    events: tuple[Led, ...] | None = Field(default=None, description="Empty where there was nothing to do.")
    code: str | None = Field(default=None, description="Why it was not applied: a code of the problems.")
    detail: str | None = None
    errors: tuple[Wrong, ...] | None = None
    blockers: tuple[Blocker, ...] | None = None

    def written(self) -> bytes:
        """As a line of the answer."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True) + b"\n"


def wrong(error: ValidationError, where: Literal["line", "body"]) -> tuple[Wrong, ...]:
    """Each field and what is wrong with it, never its value: a parsing message may quote a part of that.

    What a whole command complains of names the field itself: `appointment.start: the year …`.
    """
    found = []
    for each in error.errors(include_input=False, include_url=False, include_context=False)[:20]:
        field = ".".join(str(part)[:100] for part in each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        if each["type"].endswith("_parsing"):
            message = message.partition(",")[0]
        elif each["type"] == "value_error" and not field:
            field, _, message = message.rpartition(": ")
        found.append(Wrong(where=where, field=field, message=message))
    return tuple(found)
