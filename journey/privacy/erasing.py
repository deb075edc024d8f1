"""Erasing: what is personal of a patient becomes unreadable, on all of their journeys, for good.

    refuse what must be kept -> one transaction: subject.erased on every journey, their keys destroyed
                             -> clear what is kept beside the events -> sweep -> finished

Ended in the middle, the same asked again goes on where it was: what the sweep looks for is kept, wrapped by
the master key, until it has found nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from threading import Event as Signal
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import Connection
from pydantic_core import to_json

from journey.connection import OPERATING, opened
from journey.domain.custody import EraseSubject, ErasureBasis, RequestErasure, SubjectErased
from journey.domain.event import Context, Recorded, Refused
from journey.domain.parting import parted, told
from journey.privacy.clearing import clear
from journey.privacy.sweep import SHORTEST, Left, Sought, Swept, sweep
from journey.store.across import turn
from journey.store.deciding import decided
from journey.store.errors import Contended
from journey.store.identifiers import uuid7
from journey.store.mapper import stored
from journey.store.recorder import JourneyRecorder
from journey.store.store import ATTEMPTS, Store, pause
from journey.store.vault import DESTROYED, vault

JOURNEYS = """
    SELECT journey_id FROM event
     WHERE type = 'journey.opened' AND data->>'patient_id' IN (SELECT same_person(%s)::text)
     ORDER BY recorded_at, journey_id
    """
PATIENTS = "SELECT same_person(%s)"
BEGUN = "SELECT erasure_id, sought FROM erasure WHERE patient_id = %s AND finished_at IS NULL"
BEGIN = """
    INSERT INTO erasure (erasure_id, patient_id, journeys, decided_by, sought)
    VALUES (gen_random_uuid(), %s, %s, %s, %s) RETURNING erasure_id
    """
DESTROY = "UPDATE data_key SET wrapped = %s, destroyed_at = clock_timestamp() WHERE journey_id = ANY(%s)"
BEHIND = """
    SELECT EXISTS (SELECT FROM event LEFT JOIN log USING (journey_id, version)
                    WHERE journey_id = ANY(%(journeys)s) AND position IS NULL)
        OR EXISTS (SELECT FROM checkpoint
                    WHERE name = ANY(%(models)s)
                      AND position < (SELECT max(position) FROM log WHERE journey_id = ANY(%(journeys)s)))
    """
FINISH = """
    UPDATE erasure SET sought = NULL, finished_at = clock_timestamp(), report = %s WHERE erasure_id = %s
    """
NOBODY = "There is nothing to erase: the patient has no journey, or all of them are erased."
LOOK_AGAIN = 0.02
"""Seconds between looks at how far the read models are."""


class NobodyToErase(Refused):
    """No journey was opened for this patient, or all of it is erased."""


class StillThere(Refused):
    """Something of it is left where this program did not clear it: clear it, and ask for it again."""

    def __init__(self, left: Sequence[Left]) -> None:
        super().__init__(f"{StillThere.__doc__} Found in {', '.join(map(str, left))}.")
        self.left = tuple(left)


class NotCaughtUp(Refused):
    """The read models have not caught up; ask again when a worker runs, and it goes on from there."""


class Erased(NamedTuple):
    """What was erased, and what the sweep looked through."""

    erasure_id: UUID
    journeys: int
    tables: int
    columns: int
    values: int


def request(
    store: Store, patient_id: UUID, basis: ErasureBasis, reason: str, context: Context
) -> tuple[UUID, ...]:
    """Ask for it on every journey of the patient that is not erased; which those are. Raises Refused."""
    with turn(store) as connection:
        journeys = [journey_id for (journey_id,) in connection.execute(JOURNEYS, (patient_id,))]
        asked = RequestErasure(erasure_id=uuid7(), basis=basis, reason=reason)
        for journey_id in (those := tuple(_standing(store, journeys))):
            store.handle(journey_id, asked, context)
    if not those:
        raise NobodyToErase(NOBODY)
    return those


def _standing(store: Store, journeys: Iterable[UUID]) -> Iterator[UUID]:
    for journey_id in journeys:
        if not any(type(each.event) is SubjectErased for each in store.load(journey_id).recorded):
            yield journey_id


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
        begun = connection.execute(BEGUN, (patient_id,)).fetchone()
        if begun is None:
            erasure_id, sought = _begin(store, connection, patient_id, context, years_kept)
            store.appended.set()
        else:
            erasure_id, sought = begun[0], Sought.from_bytes(vault().kms.unwrap(begun[1]))
    with opened(store.datastore.conninfo, OPERATING, "erase") as connection:
        connection.autocommit = True
        _wait(connection, sought.journeys, models, patience)
        clear(connection, sought)
        swept = sweep(connection, sought)
        if swept.left:
            raise StillThere(swept.left)
        _finish(connection, erasure_id, swept)
    return Erased(erasure_id, len(sought.journeys), swept.tables, swept.columns, swept.values)


def _begin(
    store: Store, connection: Connection[Any], patient_id: UUID, context: Context, years_kept: int
) -> tuple[UUID, Sought]:
    """The point behind which there is no way back; before it, nothing has changed."""
    command = EraseSubject(decided_by=context.actor.id, years_kept=years_kept)
    journeys = [journey_id for (journey_id,) in connection.execute(JOURNEYS, (patient_id,))]
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
            return _destroyed(store, patient_id, context, events, sought), sought
        except psycopg.errors.UniqueViolation:
            pause(attempt)
    raise Contended(patient_id)


def _sought(journeys: tuple[UUID, ...], patients: tuple[UUID, ...], recorded: Iterable[Recorded]) -> Sought:
    """What stands in what lasts as well proves nothing: a reason may be the name of a status."""
    every = tuple(recorded)
    lasting = "\n".join(
        f"{each.event.stored_as} {to_json(parted(each.event).lasting).decode()}" for each in every
    )
    lasts = lasting.lower()
    found = {text: mark for each in every for mark, text in told(each.event) if len(text) >= SHORTEST}
    values = [text for text in sorted(found) if text.lower() not in lasts]
    identifying = tuple(text for text in values if found[text].identifying)
    return Sought(journeys, patients, tuple(values), identifying)


def _destroyed(
    store: Store,
    patient_id: UUID,
    context: Context,
    events: dict[UUID, tuple[Recorded, ...]],
    sought: Sought,
) -> UUID:
    recorder = JourneyRecorder(store.datastore)
    with (
        opened(store.datastore.conninfo, OPERATING, "erase") as connection,
        connection.transaction(),
    ):
        for rows in events.values():
            recorder.insert(connection, tuple(map(stored, rows)), None)
        connection.execute(DESTROY, (DESTROYED, list(sought.journeys)))
        kept = vault().kms.wrap(sought.to_bytes())
        begun = (patient_id, list(sought.journeys), context.actor.id, kept)
        [(erasure_id,)] = connection.execute(BEGIN, begun).fetchall()
    return UUID(str(erasure_id))


def _wait(
    connection: Connection[Any], journeys: Sequence[UUID], models: Sequence[str], patience: float
) -> None:
    """Until the read models have read what was erased, and whatever they had read before is written."""
    signal, looks = Signal(), int(patience / LOOK_AGAIN)
    asked = {"journeys": list(journeys), "models": list(models)}
    behind = partial(connection.execute, BEHIND, asked)
    for _ in range(looks):
        [(is_behind,)] = behind().fetchall()
        if not is_behind:
            return
        signal.wait(LOOK_AGAIN)
    raise NotCaughtUp("The read models have not caught up; ask again when a worker runs, and it goes on.")


def _finish(connection: Connection[Any], erasure_id: UUID, swept: Swept) -> None:
    """What was emptied also leaves the pages of the tables' files."""
    report = {"tables": swept.tables, "columns": swept.columns, "values": swept.values, "left": 0}
    connection.execute(FINISH, (to_json(report).decode(), erasure_id))
    for table in _touched():
        connection.execute(table)


def _touched() -> Iterator[str]:
    yield "VACUUM data_key, erasure, inbox, routing, patient_status, timeline, break_glass"
