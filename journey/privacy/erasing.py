"""Erasing: what is personal of a patient becomes unreadable, on all of their journeys, for good.

    refuse what must be kept -> one transaction: subject.erased on every journey, their keys destroyed
                             -> clear what is kept beside the events -> sweep -> finished

Ended in the middle, the same asked again goes on where it was: what the sweep looks for is kept, wrapped by
the master key, until it has found nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import Connection
from pydantic_core import to_json

from journey.connection import OPERATING, opened
from journey.domain.custody import EraseSubject, ErasureBasis
from journey.domain.event import Context, Recorded, Refused
from journey.domain.parting import parted, told
from journey.privacy.asking import NOBODY, NobodyToErase, asked_for, forget, journeys_of
from journey.privacy.clearing import clear
from journey.privacy.sweep import SHORTEST, Left, Sought, Swept, sweep, whole_word
from journey.privacy.waiting import for_journeys, for_merges
from journey.store.across import turn
from journey.store.deciding import decided
from journey.store.errors import Contended
from journey.store.identifiers import uuid7
from journey.store.mapper import stored
from journey.store.rebuilding import TRY, lock_of
from journey.store.recorder import JourneyRecorder
from journey.store.store import ATTEMPTS, Store, pause
from journey.store.vault import DESTROYED, vault

PATIENTS = "SELECT same_person(%s)"
BEGUN = """
    SELECT erasure_id, sought FROM erasure
     WHERE patient_id IN (SELECT same_person(%s)) AND began_at IS NOT NULL AND finished_at IS NULL
     ORDER BY began_at LIMIT 1
    """
BEGIN = """
    INSERT INTO erasure (erasure_id, patient_id, journeys, basis, requested_by, requested_at, decided_by,
                         began_at, sought)
    VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp(), %s)
    """
DESTROY = "UPDATE data_key SET wrapped = %s, destroyed_at = clock_timestamp() WHERE journey_id = ANY(%s)"
FINISH = """
    UPDATE erasure SET sought = NULL, finished_at = clock_timestamp(), report = %s
     WHERE erasure_id = %s AND finished_at IS NULL
    """
LOCK = 0x4A_0008
"""Advisory lock of a sweep: one at a time, and none of them twice."""


class StillThere(Refused):
    """Something of it is left where this program did not clear it: clear it, and ask for it again."""

    def __init__(self, left: Sequence[Left]) -> None:
        super().__init__(f"{StillThere.__doc__} Found in {', '.join(map(str, left))}.")
        self.left = tuple(left)


class StillErasing(Refused):
    """Another erasure goes on; ask again when it has ended."""


class RebuildGoesOn(Refused):
    """A read model is being rebuilt, from what it read before; ask again when that has ended."""


class Decision(NamedTuple):
    """What is kept of an erasure when it begins. `sought` is wrapped."""

    patient_id: UUID
    journeys: list[UUID]
    basis: ErasureBasis
    requested_by: str
    requested_at: datetime
    decided_by: str
    sought: bytes


class Erased(NamedTuple):
    """What was erased, and what the sweep looked through."""

    erasure_id: UUID
    journeys: int
    tables: int
    columns: int
    values: int


def erase(
    store: Store,
    patient_id: UUID,
    context: Context,
    *,
    years_kept: int,
    models: Sequence[str],
    patience: float = 60.0,
) -> Erased:
    """Erase them, or go on with what was begun. `context` says who decides.

    Raises Refused, StillThere and NotCaughtUp.
    """
    with turn(store) as connection:
        for_merges(connection, patience)
        begun = connection.execute(BEGUN, (patient_id,)).fetchone()
        if begun is None:
            erasure_id, sought = _begin(store, connection, patient_id, context, years_kept)
            store.appended.set()
        else:
            erasure_id, sought = begun[0], Sought.from_bytes(vault().kms.unwrap(begun[1]))
    with opened(store.datastore.conninfo, OPERATING, "erase") as connection:
        connection.autocommit = True
        _alone(connection, models)
        for_journeys(connection, sought.journeys, models, patience)
        clear(connection, sought)
        swept = sweep(connection, sought)
        if swept.left:
            raise StillThere(swept.left)
        _finish(connection, erasure_id, swept)
    return Erased(erasure_id, len(sought.journeys), swept.tables, swept.columns, swept.values)


def _alone(connection: Connection[Any], models: Sequence[str]) -> None:
    """Nobody else looks through the tables or makes one anew, until the connection ends. Raises Refused."""
    for lock, refusal in ((LOCK, StillErasing), *((lock_of(each), RebuildGoesOn) for each in models)):
        [(is_ours,)] = connection.execute(TRY, (lock,)).fetchall()
        if not is_ours:
            raise refusal(
                f"{refusal.__doc__} What cannot be read any more stays so, and it goes on from there."
            )


def _begin(
    store: Store, connection: Connection[Any], patient_id: UUID, context: Context, years_kept: int
) -> tuple[UUID, Sought]:
    """The point behind which there is no way back; before it, nothing has changed."""
    command = EraseSubject(decided_by=context.actor.id, years_kept=years_kept)
    journeys = journeys_of(connection, patient_id)
    patients = tuple(each for (each,) in connection.execute(PATIENTS, (patient_id,)))
    for attempt in range(ATTEMPTS):
        histories = {journey_id: store.load(journey_id) for journey_id in journeys}
        events = {
            journey_id: rows
            for journey_id, history in histories.items()
            if (rows := decided(journey_id, history, command, context))
        }
        if not events:
            raise NobodyToErase(NOBODY)
        sought = _sought(
            tuple(events), patients, (each for one in events for each in histories[one].recorded)
        )
        try:
            decision = Decision(
                patient_id,
                list(sought.journeys),
                *asked_for(histories[sought.journeys[0]]),
                context.actor.id,
                vault().kms.wrap(sought.to_bytes()),
            )
            return _destroyed(store, events, decision), sought
        except psycopg.errors.UniqueViolation:
            pause(attempt)
    raise Contended(patient_id)


def _sought(journeys: tuple[UUID, ...], patients: tuple[UUID, ...], recorded: Iterable[Recorded]) -> Sought:
    """What stands in what lasts as well proves nothing: a reason may be the name of a status."""
    every = tuple(recorded)
    lasts = "\n".join(
        f"{each.event.stored_as} {to_json(parted(each.event).lasting).decode()}" for each in every
    ).lower()
    found = {text: mark for each in every for mark, text in told(each.event) if len(text) >= SHORTEST}
    values = [text for text in sorted(found) if not re.search(whole_word(text), lasts)]
    identifying = tuple(text for text in values if found[text].identifying)
    return Sought(journeys, patients, tuple(values), identifying)


def _destroyed(store: Store, events: dict[UUID, tuple[Recorded, ...]], decision: Decision) -> UUID:
    recorder = JourneyRecorder(store.datastore)
    with (
        opened(store.datastore.conninfo, OPERATING, "erase") as connection,
        connection.transaction(),
    ):
        for rows in events.values():
            recorder.insert(connection, tuple(map(stored, rows)), None)
        connection.execute(DESTROY, (DESTROYED, decision.journeys))
        erasure_id = forget(connection, decision.patient_id) or uuid7()
        connection.execute(BEGIN, (erasure_id, *decision))
    return erasure_id


def _finish(connection: Connection[Any], erasure_id: UUID, swept: Swept) -> None:
    """What was emptied also leaves the pages of the tables' files."""
    report = {"tables": swept.tables, "columns": swept.columns, "values": swept.values, "left": 0}
    connection.execute(FINISH, (to_json(report).decode(), erasure_id))
    for table in _touched():
        connection.execute(table)


def _touched() -> Iterator[str]:
    yield "VACUUM data_key, erasure, inbox, routing, patient_status, fhir_resource, timeline, break_glass"
    yield "VACUUM fhir_awaited, fhir_untold, inbox_attempt, inbox_answer"
