"""Admission: is this journey the caller's to see? Asked of every request that names a journey or a patient.

A journey of another team and one that is not there answer the same, after the same statements.
"""

from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.sql import SQL

from journey.api.access import glass
from journey.api.access.caller import Caller
from journey.api.access.table import Permission, Reach
from journey.api.access.trail import Basis
from journey.api.conditions import Condition
from journey.api.reads import Reads
from journey.domain.careteam import teams
from journey.domain.correction import History
from journey.domain.journey import journey_at
from journey.store.mapper import recorded
from journey.store.recorder import FOR_EVER, SELECT_FORWARD

LOOK = SQL("""
    SELECT status.version, status.patient_id, status.teams, status.standing::text,
           (SELECT max(version) FROM event WHERE event.journey_id = asked.journey_id)
      FROM (VALUES (%s::uuid)) AS asked (journey_id) LEFT JOIN patient_status AS status USING (journey_id)
    """)
REPEATED = """
    SELECT FROM idempotency JOIN event USING (journey_id)
     WHERE journey_id = %s AND key = %s AND event.version = first_version
       AND event.context->'actor'->>'id' = %s
    """
THEIRS: LiteralString = """
    (status.teams && %s OR status.patient_id IN (
        SELECT same.patient_id FROM break_glass, same_person(break_glass.patient_id) AS same (patient_id)
         WHERE caller = %s AND ended_at IS NULL AND ends_at > now()))
    """
THEIRS_OR_NOBODYS: LiteralString = "(status.teams = '{}' OR " + THEIRS + ")"
EVERYBODYS = Condition("true")


class Admitted(NamedTuple):
    """A journey that the caller may see, as the read model knows it; no `standing` where it is behind."""

    journey_id: UUID
    basis: Basis
    version: int
    patient_id: UUID | None
    standing: str | None


async def admit(
    reads: Reads, caller: Caller, permission: Permission, journey_id: UUID, *, key: str | None = None
) -> Admitted | None:
    """None where there is no such journey for them. `key`: an answer to their own former request is theirs,
    even where it gave the journey away. Raises StoreUnavailable.
    """
    version, patient_id, at_work, standing, head = (await reads.rows(LOOK, (journey_id,)))[0]
    if head is None:
        at_work = None
    elif version is None or version < head:
        history = await _history(reads, journey_id)
        journey = journey_at(history)
        standing, version = None, history.version
        if journey is not None:
            patient_id, at_work = journey.identity.patient_id, sorted(teams(journey))
    basis = await _basis(reads, caller, permission, patient_id, at_work)
    if basis is None and key is not None and await reads.rows(REPEATED, (journey_id, key, caller.name)):
        basis = Basis.TEAM
    if basis is None or head is None:
        return None
    return Admitted(journey_id, basis, version, patient_id, standing)


async def _basis(
    reads: Reads, caller: Caller, permission: Permission, patient_id: UUID | None, at_work: Any
) -> Basis | None:
    """Why they may: `at_work` is None where there is no journey, and is asked as long as where there is."""
    if at_work is not None and caller.reaches(permission, at_work):
        if caller.reach(permission) is Reach.ALL:
            return Basis.EVERY_TEAM
        return Basis.TEAM if at_work else Basis.UNASSIGNED
    broken = await glass.is_broken(reads, caller, patient_id)
    return Basis.BREAK_GLASS if broken and at_work is not None else None


async def _history(reads: Reads, journey_id: UUID) -> History:
    rows = await reads.rows(SELECT_FORWARD, (journey_id, 0, FOR_EVER, None), binary=True)
    return History(tuple(map(recorded, rows)))


def theirs(caller: Caller, permission: Permission) -> Condition:
    """Which rows of `patient_status AS status` the caller may see."""
    bound = (sorted(caller.teams or ()), caller.id)
    match caller.reach(permission):
        case Reach.ALL:
            return EVERYBODYS
        case Reach.OWN:
            return Condition(THEIRS_OR_NOBODYS, bound)
        case Reach.GRANTED:
            return Condition(THEIRS, bound)
        case Reach.NONE:
            return Condition("false")
