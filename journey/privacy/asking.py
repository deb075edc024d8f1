"""Asking for an erasure, on every journey of a patient; another person decides.

What was asked for and not decided yet stands in `erasure` as well, once for a patient: asked for again, the
later one counts.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.domain.correction import History
from journey.domain.custody import ErasureBasis, ErasureRequested, RequestErasure, SubjectErased
from journey.domain.event import Context, Refused
from journey.privacy.waiting import for_merges
from journey.store.across import turn
from journey.store.identifiers import uuid7
from journey.store.store import Store

JOURNEYS = """
    SELECT journey_id FROM event
     WHERE type = 'journey.opened' AND data->>'patient_id' IN (SELECT same_person(%s)::text)
     ORDER BY recorded_at, journey_id
    """
FORGET = """
    DELETE FROM erasure WHERE patient_id IN (SELECT same_person(%s)) AND began_at IS NULL
    RETURNING erasure_id
    """
REMEMBER = """
    INSERT INTO erasure (erasure_id, patient_id, journeys, basis, requested_by) VALUES (%s, %s, %s, %s, %s)
    """
NOBODY = "There is nothing to erase: the patient has no journey, or all of them are erased."


class NobodyToErase(Refused):
    """No journey was opened for this patient, or all of it is erased."""


class Asked(NamedTuple):
    """On which ground an erasure was asked for, by whom and when."""

    basis: ErasureBasis
    by: str
    at: datetime


class Request(NamedTuple):
    """What was asked for on which journeys."""

    erasure_id: UUID
    journeys: tuple[UUID, ...]


def request(
    store: Store,
    patient_id: UUID,
    basis: ErasureBasis,
    reason: str,
    context: Context,
    *,
    patience: float = 60.0,
) -> Request:
    """Ask for it on every journey of the patient that is not erased. Raises Refused."""
    with turn(store) as connection:
        for_merges(connection, patience)
        asked = RequestErasure(erasure_id=uuid7(), basis=basis, reason=reason)
        those = tuple(_standing(store, journeys_of(connection, patient_id)))
        if not those:
            raise NobodyToErase(NOBODY)
        for journey_id in those:
            store.handle(journey_id, asked, context)
        with connection.transaction():
            forget(connection, patient_id)
            row = (asked.erasure_id, patient_id, list(those), basis, context.actor.id)
            connection.execute(REMEMBER, row)
    return Request(asked.erasure_id, those)


def journeys_of(connection: Connection[Any], patient_id: UUID) -> list[UUID]:
    """Every journey of the patient, and of the records merged with theirs."""
    return [journey_id for (journey_id,) in connection.execute(JOURNEYS, (patient_id,))]


def forget(connection: Connection[Any], patient_id: UUID) -> UUID | None:
    """What was asked for of this patient and not decided is no row any more; its id, for what comes of it."""
    rows = connection.execute(FORGET, (patient_id,)).fetchall()
    return rows[-1][0] if rows else None


def asked_for(history: History) -> Asked:
    """What was last asked for on this journey, where anything was."""
    found = (
        Asked(each.event.basis, each.context.actor.id, each.recorded_at)
        for each in reversed(history.recorded)
        if isinstance(each.event, ErasureRequested)
    )
    return next(found)


def _standing(store: Store, journeys: Iterable[UUID]) -> Iterator[UUID]:
    for journey_id in journeys:
        if not any(type(each.event) is SubjectErased for each in store.load(journey_id).recorded):
            yield journey_id
