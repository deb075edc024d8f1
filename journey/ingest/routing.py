"""Which journey a number leads to: a patient's, and the visit that a number names.

A number is claimed before anything is recorded under it, by one process at a time, so that two never open two
journeys for one patient. Journeys have random ids: one made from a patient's number could be guessed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg_pool import PoolTimeout

from journey.connection import UNAVAILABLE
from journey.ingest.aside import Unapplied
from journey.ingest.keys import Key, VisitKeys, visit_id_of
from journey.store.errors import StoreUnavailable
from journey.store.identifiers import uuid7
from journey.store.store import Store

REMEMBERED = 100_000
"""Numbers kept in memory. What is remembered too long is found out when it is used."""

LOCK = """
    SELECT set_config('synchronous_commit', 'off', true),
           pg_advisory_xact_lock(hashtextextended(number, 1247))
      FROM unnest(%s::text[]) AS number
    """
"""Who claims does not wait for the disk: what is recorded where a number leads is written there behind it."""

FIND = """
    SELECT system, kind, value, journey_id, patient_id, visit_id, continues, earlier_patients IS NOT NULL
      FROM routing JOIN unnest(%s::text[], %s::text[], %s::text[]) AS asked (system, kind, value)
           USING (system, kind, value)
    """
CLAIM = """
    INSERT INTO routing (system, kind, value, journey_id, patient_id, visit_id, continues)
    SELECT system, kind, value, route.*
      FROM (VALUES (%s::uuid, %s::uuid, %s::uuid, %s::uuid)) AS route (journey, patient, visit, continues),
           unnest(%s::text[], %s::text[], %s::text[]) AS asked (system, kind, value)
     WHERE NOT EXISTS (SELECT FROM erasure WHERE patient_id = patient AND began_at IS NOT NULL)
    """
"""To who is erased nothing leads any more: whoever remembers that it did finds out when they record."""

KNOWN_OTHERWISE = """
    SELECT status.journey_id, status.patient_id
      FROM patient_status AS status
           CROSS JOIN json_to_recordset(status.standing #> '{patient,identifiers}')
                AS known (system text, value text)
           JOIN unnest(%s::text[], %s::text[]) AS asked (system, value) USING (system, value)
     WHERE status.identifiers && %s
     ORDER BY status.status IN ('finished', 'cancelled', 'entered-in-error'), status.position DESC
     LIMIT 1
    """
BOOKED = "SELECT 1 FROM routing WHERE patient_id = %s AND visit_id = %s AND kind = 'appointment'"
MOVE_VISIT = """
    UPDATE routing SET journey_id = %s, patient_id = %s, visit_id = %s
     WHERE system = %s AND kind = %s AND value = %s
    """
GO_ON = """
    UPDATE routing SET journey_id = %s, continues = %s WHERE patient_id = %s AND kind = 'patient'
    """


class Route(NamedTuple):
    """Where a number leads."""

    journey_id: UUID
    patient_id: UUID
    visit_id: UUID | None = None
    continues: UUID | None = None
    merged: bool = False
    """Whether it led to a patient who was merged into this one. An unmerge, anywhere, leads it back."""


@contextmanager
def connected(store: Store) -> Iterator[Connection[Any]]:
    """A connection of the store's, in autocommit. Raises StoreUnavailable where there is none."""
    try:
        with store.datastore.pool.connection() as connection:
            yield connection
    except (PoolTimeout, *UNAVAILABLE) as error:
        raise StoreUnavailable from error


class Routing:
    """Finds and claims numbers. Not for several threads at once: each has its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._remembered: dict[Key, Route] = {}

    def known(self, keys: Sequence[Key]) -> Route | None:
        """Where the patient with these numbers is, None where none of them is known."""
        found = self._found(keys)
        return _one(found) if found else None

    def patient(self, keys: Sequence[Key]) -> Route:
        """The patient's route; all the numbers lead there from now on. Raises Unapplied, StoreUnavailable."""
        found = self._found(keys)
        if len(found) < len(keys):
            found = self._claimed(keys)
        return _one(found)

    def visit(self, keys: VisitKeys, patient: Route) -> Route:
        """The visit of this number, on the journey where it is, else on the patient's."""
        asked = [keys.key, *([keys.alias] if keys.alias else [])]
        found = self._found(asked)
        own = {key: route for key, route in found.items() if route.patient_id == patient.patient_id}
        known = own.get(keys.key) or self._unbooked(own.get(keys.alias) if keys.alias else None)
        route = known or patient._replace(visit_id=visit_id_of(patient.journey_id, keys.key))
        if missing := [key for key in asked if key not in found]:
            with connected(self._store) as connection, connection.transaction():
                connection.execute(LOCK, (lock_names(missing),))
                free = [key for key in missing if key not in _rows(connection, missing)]
                connection.execute(CLAIM, (*route._replace(continues=None)[:4], *columns(free)))
            self._remember(dict.fromkeys(free, route))
        return route

    def _unbooked(self, visit: Route | None) -> Route | None:
        """The visit, unless another appointment led to it: a series may go under one visit number."""
        if visit is None:
            return None
        with connected(self._store) as connection:
            row = connection.execute(BOOKED, (visit.patient_id, visit.visit_id)).fetchone()
        return None if row else visit

    def visit_elsewhere(self, keys: VisitKeys, patient: Route) -> Route:
        """The visit of this number on the patient's own journey, though it was on an earlier one."""
        visit_id = visit_id_of(patient.journey_id, keys.key)
        with connected(self._store) as connection:
            connection.execute(MOVE_VISIT, (patient.journey_id, patient.patient_id, visit_id, *keys.key))
        self._remembered.clear()
        return patient._replace(visit_id=visit_id)

    def after(self, over: UUID, patient: Route, keys: Sequence[Key]) -> Route:
        """The journey that goes on from one that is over: opened by somebody meanwhile, else a new one."""
        self._remembered.clear()
        with connected(self._store) as connection, connection.transaction():
            connection.execute(LOCK, ([str(patient.patient_id)],))
            now = _one(_rows(connection, keys))
            if now.journey_id == over:
                now = now._replace(journey_id=uuid7(), continues=over)
                connection.execute(GO_ON, (now.journey_id, over, now.patient_id))
        return now

    def forget(self) -> None:
        """Look everything up again: numbers lead elsewhere since a merge."""
        self._remembered.clear()

    def _found(self, keys: Sequence[Key]) -> dict[Key, Route]:
        found = {key: self._remembered[key] for key in keys if key in self._remembered}
        if unknown := [key for key in keys if key not in found]:
            with connected(self._store) as connection:
                found |= _rows(connection, unknown)
            self._remember(found)
        return found

    def _claimed(self, keys: Sequence[Key]) -> dict[Key, Route]:
        with connected(self._store) as connection, connection.transaction():
            connection.execute(LOCK, (lock_names(keys),))
            found = _rows(connection, keys)
            route = _one(found) if found else _known_otherwise(connection, keys)
            free = [key for key in keys if key not in found]
            connection.execute(CLAIM, (*route[:4], *columns(free)))
        self._remember(dict.fromkeys(free, route))
        return found | dict.fromkeys(free, route)

    def _remember(self, found: dict[Key, Route]) -> None:
        if len(self._remembered) > REMEMBERED:
            self._remembered.clear()
        self._remembered |= {key: route for key, route in found.items() if not route.merged}


def _one(found: dict[Key, Route]) -> Route:
    """The one patient to whom all of them lead. Raises Unapplied."""
    if len({route.patient_id for route in found.values()}) > 1:
        raise Unapplied("two-patients", "Its numbers belong to patients known apart; merge them first (A40).")
    return next(iter(found.values()))


def _known_otherwise(connection: Connection[Any], keys: Sequence[Key]) -> Route:
    """The journey that was opened under one of the numbers in another way, else a new one."""
    systems, _, values = columns(keys)
    row = connection.execute(KNOWN_OTHERWISE, (systems, values, values)).fetchone()
    return Route(*row) if row else Route(uuid7(), uuid7())


def _rows(connection: Connection[Any], keys: Sequence[Key]) -> dict[Key, Route]:
    rows = connection.execute(FIND, columns(keys)).fetchall()
    return {Key(*row[:3]): Route(*row[3:]) for row in rows}


def columns(keys: Sequence[Key]) -> tuple[list[str], list[str], list[str]]:
    return [key.system for key in keys], [key.kind for key in keys], [key.value for key in keys]


def lock_names(keys: Sequence[Key]) -> list[str]:
    """In one order everywhere, so that nobody waits in a circle."""
    return sorted(f"{key.system}|{key.kind}|{key.value}" for key in keys)
