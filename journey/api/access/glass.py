"""Break-glass: another team's patient, opened in an emergency, for a reason and for a time.

Nothing has to be asked of anybody first, but it is recorded at once, and everything seen through it is, too.
It is about the patient: all their journeys, and the labelled events among them (42 CFR 2.51).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.sql import SQL
from pydantic import BaseModel, Field

from journey.api.access.caller import Caller
from journey.api.access.table import Role
from journey.api.reads import Reads, Rows
from journey.store.identifiers import uuid7

LONGEST = timedelta(hours=8)
USUAL = timedelta(minutes=60)


class Reason(StrEnum):
    """Why the glass is broken (HL7 v3 ActReason and ActClass, where they have a word)."""

    EMERGENCY = "ETREAT"
    COVERING = "COVERAGE"
    PATIENT_ASKED = "PATRQT"
    OTHER = "BTG"


class Glass(BaseModel):
    """A break-glass as it may be shown."""

    break_glass_id: UUID
    name: str = Field(description="Who broke it.")
    role: Role
    team: str | None
    patient_id: UUID | None
    reason_code: Reason
    reason_text: str
    began_at: datetime
    ends_at: datetime = Field(description="When it ends by itself.")
    ended_at: datetime | None = Field(description="When it was ended by hand.")


class Breaking(BaseModel):
    """A break-glass that is about to be: recorded before anything is opened."""

    break_glass_id: UUID = Field(default_factory=uuid7)
    patient_id: UUID | None
    reason_code: Reason
    reason_text: str
    minutes: int


class Whom(NamedTuple):
    """One of these names the patient."""

    patient_id: UUID | None = None
    journey_id: UUID | None = None
    identifier: str | None = None


SHOWN = SQL("""
    break_glass_id, name, role, team, patient_id, reason_code, reason_text, began_at, ends_at, ended_at
    """)
FIND = """
    SELECT (data->>'patient_id')::uuid FROM event WHERE type = 'journey.opened' AND data->>'patient_id' = %s
     UNION ALL
    SELECT (data->>'patient_id')::uuid FROM event WHERE type = 'journey.opened' AND journey_id = %s
     UNION ALL
    (SELECT patient_id FROM patient_status WHERE identifiers @> ARRAY[%s] ORDER BY journey_id LIMIT 1)
     LIMIT 1
    """
"""By an id at once, whatever the read models know yet; by a number once they know it."""
BREAK = SQL("""
    INSERT INTO break_glass (break_glass_id, caller, name, role, team, patient_id, reason_code, reason_text,
                             ends_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now() + %s)
    RETURNING {}
    """).format(SHOWN)
END = SQL("""
    UPDATE break_glass SET ended_at = now()
     WHERE break_glass_id = %s AND caller = %s AND ended_at IS NULL AND ends_at > now()
    RETURNING {}
    """).format(SHOWN)
MINE = SQL("""
    SELECT {} FROM break_glass WHERE caller = %s AND ended_at IS NULL AND ends_at > now() ORDER BY began_at
    """).format(SHOWN)
EVERY = SQL("""
    SELECT {} FROM break_glass WHERE (began_at, break_glass_id) < (%s, %s)
     ORDER BY began_at DESC, break_glass_id DESC LIMIT %s
    """).format(SHOWN)
BROKEN = """
    SELECT break_glass_id FROM break_glass
     WHERE caller = %s AND ended_at IS NULL AND ends_at > now()
       AND %s IN (SELECT same_person(break_glass.patient_id))
     LIMIT 1
    """
OPENED = """
    SELECT same.patient_id FROM break_glass, same_person(break_glass.patient_id) AS same (patient_id)
     WHERE caller = %s AND ended_at IS NULL AND ends_at > now()
    """


async def find(reads: Reads, whom: Whom) -> UUID | None:
    """The patient. Raises StoreUnavailable."""
    found = await reads.rows(FIND, (str(whom.patient_id), whom.journey_id, whom.identifier))
    return found[0][0] if found else None


async def begin(reads: Reads, caller: Caller, wanted: Breaking) -> Glass:
    """Break it. Raises StoreUnavailable."""
    who = (caller.id, caller.name, caller.role, caller.team)
    why = (wanted.patient_id, wanted.reason_code, wanted.reason_text, timedelta(minutes=wanted.minutes))
    return _one(await reads.rows(BREAK, (wanted.break_glass_id, *who, *why)))


async def end(reads: Reads, caller: Caller, break_glass_id: UUID) -> Glass | None:
    """End it by hand; None where the caller has none of this id open."""
    rows = await reads.rows(END, (break_glass_id, caller.id))
    return _one(rows) if rows else None


async def open_to(reads: Reads, caller: Caller) -> tuple[Glass, ...]:
    """What the caller has open now."""
    return tuple(map(_glass, await reads.rows(MINE, (caller.id,))))


async def opened_by(reads: Reads, caller_id: str | None) -> tuple[UUID, ...]:
    """The patients whose records this caller has open now, by every record of theirs."""
    rows = () if caller_id is None else await reads.rows(OPENED, (caller_id,))
    return tuple(patient_id for (patient_id,) in rows)


async def every(reads: Reads, before: Sequence[object], limit: int) -> tuple[Glass, ...]:
    """The newest first, of everybody."""
    return tuple(map(_glass, await reads.rows(EVERY, (*before, limit))))


async def is_broken(reads: Reads, caller_id: str | None, patient_id: UUID | None) -> bool:
    """Whether this caller has it open for this patient."""
    return bool(await reads.rows(BROKEN, (caller_id, patient_id)))


def _one(rows: Rows) -> Glass:
    return _glass(rows[0])


def _glass(row: Sequence[Any]) -> Glass:
    return Glass.model_validate(dict(zip(Glass.model_fields, row, strict=True)))
