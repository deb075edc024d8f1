"""Across journeys: what is about two patients is recorded on every journey of both, or on none.

    wait for one's turn -> find the journeys -> ask each whether it refuses -> record -> lead the numbers

One at a time in the whole database, so that two merges at once make no circle. Ended in the middle, the same
asked again goes on: each journey is quiet about what it knows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from psycopg import Connection

from journey.connection import ANSWERING, UNAVAILABLE, opened
from journey.domain.correction import ReattributeEvent
from journey.domain.episode import JourneyOpened
from journey.domain.event import Command, Context, Refused
from journey.domain.labels import NONE, labelled
from journey.domain.merge import MergePatient, NoSuchPatient, NotMerged, UnmergePatient, merges_of
from journey.store.errors import StoreUnavailable
from journey.store.store import Appended, Store

LOCK = 0x4A_0003

ACROSS = (MergePatient, UnmergePatient, ReattributeEvent)
"""The commands that are about more than the journey they are told on."""

TAKE_TURN = "SELECT pg_advisory_lock(%s)"
JOURNEYS = """
    SELECT (data->>'patient_id')::uuid, journey_id FROM event
     WHERE type = 'journey.opened' AND data->>'patient_id' = ANY(%s::text[])
     ORDER BY recorded_at, journey_id
    """
LEAD_ON = """
    UPDATE routing
       SET patient_id = %(survivor)s,
           journey_id = CASE kind WHEN 'patient' THEN coalesce(
               (SELECT journey_id FROM routing WHERE patient_id = %(survivor)s AND kind = 'patient' LIMIT 1),
               %(journey)s) ELSE journey_id END,
           earlier_patients = earlier_patients || patient_id,
           earlier_journeys = earlier_journeys || journey_id
     WHERE patient_id = %(retired)s
    """
LEAD_BACK = """
    UPDATE routing
       SET patient_id = %(retired)s, journey_id = earlier_journeys[since],
           earlier_patients = nullif(earlier_patients[:since - 1], '{}'),
           earlier_journeys = nullif(earlier_journeys[:since - 1], '{}')
      FROM (SELECT system, kind, value, array_position(earlier_patients, %(retired)s) AS since
              FROM routing WHERE earlier_patients @> ARRAY[%(retired)s]::uuid[]) AS led_on
     WHERE (routing.system, routing.kind, routing.value) = (led_on.system, led_on.kind, led_on.value)
    """


class NotTheirJourney(Refused):
    """The journey is not one of that patient's."""


def handle(
    store: Store,
    journey_id: UUID,
    command: Command,
    context: Context,
    *,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> Appended:
    """As `Store.handle`, and on the other journeys that the command is about."""
    if idempotency_key is None or store.datastore.remembered(journey_id, idempotency_key) is None:
        match command:
            case MergePatient() | UnmergePatient():
                store.consider(journey_id, command, expected_version)
                told = merge(store, command, context, idempotency_key=idempotency_key)
                return next(each for each in told if each.journey_id == journey_id)
            case ReattributeEvent(to_journey_id=UUID()):
                store.consider(journey_id, command, expected_version)
                _tell_there(store, journey_id, command, context)
            case _:
                pass
    return store.handle(
        journey_id, command, context, expected_version=expected_version, idempotency_key=idempotency_key
    )


def merge(
    store: Store,
    command: MergePatient | UnmergePatient,
    context: Context,
    *,
    idempotency_key: str | None = None,
) -> tuple[Appended, ...]:
    """Carry it out on every journey of both patients, and lead the retired one's numbers where they belong.

    Raises what `Store.handle` raises, with all that stands in the way on any of the journeys.
    """
    with turn(store) as connection:
        told = {command.survivor: command, command.retired: command}
        answers = _told(store, connection, told, context, idempotency_key)
        of = _journeys(connection, told)
        into = merges_of(store.load(of[command.retired][0]).effective).into(command.retired)
        if into is None:
            connection.execute(LEAD_BACK, {"retired": command.retired})
        else:
            ids = {"retired": command.retired, "survivor": into, "journey": of[command.survivor][-1]}
            connection.execute(LEAD_ON, ids)
        return answers


def link(
    store: Store, told: Mapping[UUID, Command], context: Context, *, idempotency_key: str | None = None
) -> tuple[Appended, ...]:
    """Tell every journey of each of these patients what is said of that patient."""
    with turn(store) as connection:
        return _told(store, connection, told, context, idempotency_key)


@contextmanager
def turn(store: Store) -> Iterator[Connection[Any]]:
    """Nobody else in here meanwhile. The store needs all of its own connections for its appends."""
    try:
        with opened(store.datastore.conninfo, ANSWERING, "turn") as connection:
            connection.execute(TAKE_TURN, (LOCK,))
            yield connection
    except UNAVAILABLE as error:
        raise StoreUnavailable from error


def _journeys(connection: Connection[Any], patients: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The journeys of each patient, in the order of their opening. Raises NoSuchPatient."""
    found: dict[UUID, list[UUID]] = {patient_id: [] for patient_id in patients}
    for patient_id, journey_id in connection.execute(JOURNEYS, ([str(each) for each in found],)):
        found[patient_id].append(journey_id)
    if not all(found.values()):
        raise NoSuchPatient("No journey was opened for one of the two patients.")
    return found


def _told(
    store: Store,
    connection: Connection[Any],
    told: Mapping[UUID, Command],
    context: Context,
    idempotency_key: str | None,
) -> tuple[Appended, ...]:
    journeys = [
        (journey_id, told[patient_id])
        for patient_id, of in _journeys(connection, told).items()
        for journey_id in of
    ]
    first, _ = journeys[0]
    if idempotency_key is None or store.datastore.remembered(first, idempotency_key) is None:
        journeys = list(_willing(store, journeys))
    return tuple(
        store.handle(journey_id, command, context, idempotency_key=idempotency_key)
        for journey_id, command in journeys
    )


def _willing(store: Store, journeys: Sequence[tuple[UUID, Command]]) -> Iterator[tuple[UUID, Command]]:
    """Those that know of the merge to be undone: one that was opened since does not. Raises Refused."""
    strange: list[Refused] = []
    refused: list[Refused] = []
    for journey_id, command in journeys:
        try:
            store.consider(journey_id, command)
        except NotMerged as refusal:
            strange.append(refusal)
        except Refused as refusal:
            refused.append(refusal)
        else:
            yield journey_id, command
    if len(strange) == len(journeys):
        raise strange[0]
    if refused:
        blockers = [blocker for each in refused for blocker in each.blockers]
        raise type(refused[0])(refused[0].sentence, blockers=blockers)


def _tell_there(store: Store, journey_id: UUID, command: ReattributeEvent, context: Context) -> None:
    """Record the event on the other patient's journey, as it reads and of its own time, once. What was
    labelled here is labelled there.
    """
    there = store.load(cast(UUID, command.to_journey_id)).recorded
    opening = there[0].event if there else None
    if not isinstance(opening, JourneyOpened) or opening.patient_id != command.to_patient_id:
        raise NotTheirJourney("to_journey_id is no journey of that patient; search by patient finds them.")
    history = store.load(journey_id)
    if command.event_id not in history.voided:
        fact = next(each for each in history.readings if each.event_id == command.event_id)
        borne = labelled(history.recorded).get(command.event_id, NONE)
        labels = tuple(dict.fromkeys((*context.labels, *sorted(borne))))
        store.adopt(there[0].journey_id, fact, context.model_copy(update={"labels": labels}))
