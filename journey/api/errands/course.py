"""Course: how far an errand is, and asking for one; on record with what it changes."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from journey.api.access import trail
from journey.api.access.trail import Kind as Access
from journey.api.engine import caller, engine
from journey.api.guard import accessed
from journey.api.reads import Query, Reads
from journey.database import connect
from journey.errands import errand
from journey.errands.errand import Errand, State, Wanted, settled


class Progress(BaseModel):
    """How much of it is done."""

    done: int = Field(description="Events; of a verification, records of the trail as well.")
    total: int
    per_second: float | None = Field(description="How fast it has gone until now.")
    seconds_left: float | None = Field(description="Until all is done, at that pace.")


class Course(BaseModel):
    """Something long that was asked for."""

    id: int
    state: State = Field(description="`waiting` for its turn; `abandoned`: whoever did it is gone.")
    asked_by: str
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    progress: Progress
    waits_for: str | None = Field(description="What has to end before it goes on.")
    said: str | None = Field(description="Why it was not done, in a sentence.")


def course(of: Errand) -> dict[str, Any]:
    """The fields that every errand has."""
    progress = Progress(done=of.done, total=of.total, per_second=of.per_second, seconds_left=of.seconds_left)
    shared = {name: getattr(of, name) for name in Course.model_fields if name != "progress"}
    return {**shared, "progress": progress}


async def found(reads: Reads, statement: Query, *parameters: object) -> list[Errand]:
    """Those that the statement finds, as they are."""
    rows = [Errand.of(row) for row in await reads.rows(statement, parameters)]
    if settled(rows):
        return rows
    return [Errand.of(row) for row in await reads.rows(statement, parameters)]


async def ask(request: Request, wanted: Wanted, kind: Access, detail: Mapping[str, Any]) -> bool:
    """Have it done by a worker; whether nobody had asked for it yet. Raises UnderWay."""

    def asked() -> bool:
        with connect(engine(request).conninfo) as connection, connection.transaction():
            is_new = errand.ask(connection, wanted, caller(request).name).is_new
            if is_new:
                trail.record(connection, [accessed(request, kind, detail=detail)])
            return is_new

    return await asyncio.to_thread(asked)


async def stop(request: Request, wanted: Wanted, kind: Access, detail: Mapping[str, Any]) -> None:
    """Have it stop, if it is under way."""

    def stopped() -> None:
        with connect(engine(request).conninfo) as connection, connection.transaction():
            if errand.stop(connection, wanted, caller(request).name):
                trail.record(connection, [accessed(request, kind, detail=detail)])

    await asyncio.to_thread(stopped)
