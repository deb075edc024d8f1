"""Routes: which journey a resource belongs to, and what it is there.

Patient                     the patient of its numbers, as in HL7 v2
names an EpisodeOfCare      the journey that this episode is
any other                   the patient's own journey, which HL7 v2 tells, too
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from journey.domain.identity import Demographics, Identifier
from journey.domain.journey import fold
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.naming import URI
from journey.ingest.fhir.person import Person
from journey.ingest.fhir.reasons import PARKED
from journey.ingest.keys import Key, visit_id_of
from journey.ingest.routing import CLAIM, FIND, LOCK, Route, Routing, columns, connected, lock_names
from journey.store.identifiers import uuid7
from journey.store.store import Store

OPENED = """
    SELECT DISTINCT event.journey_id FROM event
     WHERE type = 'journey.opened' AND data->>'patient_id' = %s
     ORDER BY event.journey_id
    """
EPISODES = """
    SELECT DISTINCT routing.journey_id FROM routing JOIN event USING (journey_id)
     WHERE routing.patient_id = %s AND kind IN ('episode', 'patient') AND version = 1
    """


class Place(NamedTuple):
    """Where a resource belongs."""

    journey_id: UUID
    patient_id: UUID
    thing_id: UUID
    continues: UUID | None = None


class Routes:
    """Finds and claims. Not for several threads at once: each has its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.patients = Routing(store)

    def patient(self, person: Person) -> Route:
        """Whose Patient it is; its numbers and its names lead there from now on. Raises Unapplied."""
        where = "Patient.identifier"
        keys = (*person.keys, *person.names)
        if not keys:
            raise Unapplied("no-patient", "Patient.identifier and Patient.id are empty.", where)
        try:
            by_number, by_name = self._known(person.keys), self._known(person.names)
            lasting = [each for each in person.names if each.system != URI]
            copied = by_number is None and by_name is not None and person.keys and not self._known(lasting)
            apart = by_number and by_name and by_number.patient_id != by_name.patient_id
            route = None if copied or apart else self._claimed(keys)
        except Unapplied as problem:
            raise Unapplied(problem.code, PARKED.get(problem.code, problem.sentence), where) from None
        if route is None:
            raise Unapplied("two-patients", PARKED["two-patients"], where)
        return route

    def _claimed(self, keys: Sequence[Key]) -> Route:
        return self.patients.patient(keys)

    def _known(self, keys: Sequence[Key]) -> Route | None:
        return self.patients.known(keys) if keys else None

    def whose(self, keys: Sequence[Key]) -> Route | None:
        """Whose a resource is with such a reference; None where nobody knows yet. Raises Unapplied."""
        try:
            return self._known(keys)
        except Unapplied:
            raise Unapplied("two-patients", PARKED["two-patients"]) from None

    def episode(self, keys: Sequence[Key], patient: Route) -> Route:
        """The journey that an EpisodeOfCare is, whether it came or was only referred to."""
        place = self.thing(keys, patient, fresh=uuid7())
        return Route(place.journey_id, patient.patient_id)

    def thing(self, keys: Sequence[Key], where: Route, *, fresh: UUID | None = None) -> Place:
        """What goes by these names on a journey of this patient. `fresh`: it is a journey itself, and
        this one where nobody knows it yet.
        """
        found = self._found(keys)
        known = next(
            (each for key in keys if (each := found.get(key)) and each.patient_id == where.patient_id), None
        )
        journey_id = known.journey_id if known else fresh or where.journey_id
        thing_id = known.visit_id if known else fresh or visit_id_of(journey_id, keys[0])
        route = Route(journey_id, where.patient_id, thing_id)
        if free := [key for key in keys if key not in found]:
            claimed = self._claim(free, route)
            if known is None and claimed != route:
                return self.thing(keys, where)
        continues = where.continues if journey_id == where.journey_id else None
        return Place(journey_id, where.patient_id, thing_id or journey_id, continues)

    def find(self, keys: Sequence[Key], patient_id: UUID) -> Place | None:
        """What one of these names leads to, where it is this patient's."""
        for route in self._found(keys).values():
            if route.patient_id == patient_id and route.visit_id is not None:
                return Place(route.journey_id, patient_id, route.visit_id)
        return None

    def is_anothers(self, keys: Sequence[Key], patient_id: UUID) -> bool:
        """Whether something goes by these names, and is another patient's."""
        found = self._found(keys).values() if keys else ()
        return bool(found) and all(each.patient_id != patient_id for each in found)

    def elsewhere(self, keys: Sequence[Key], patient: Route) -> Place:
        """The same thing on the journey that goes on, though it was on an earlier one."""
        thing_id = visit_id_of(patient.journey_id, keys[0])
        with connected(self._store) as connection:
            for key in keys:
                connection.execute(MOVE, (patient.journey_id, thing_id, *key, patient.patient_id))
        return Place(patient.journey_id, patient.patient_id, thing_id, patient.continues)

    def opened(self, patient_id: UUID) -> list[UUID]:
        """The journeys of the patient that are told who the patient is: their own, and the episodes."""
        with connected(self._store) as connection:
            return [journey_id for (journey_id,) in connection.execute(EPISODES, (patient_id,))]

    def others(self, patient_id: UUID) -> list[UUID]:
        """Every journey that was opened for the patient."""
        with connected(self._store) as connection:
            return [journey_id for (journey_id,) in connection.execute(OPENED, (str(patient_id),))]

    def identity(self, journey_id: UUID) -> tuple[tuple[Identifier, ...], Demographics]:
        """Who the patient of a journey is, as it is known there."""
        history = self._store.load(journey_id)
        found = fold(history.effective, journey_id, history.version).identity
        return found.identifiers, found.demographics

    def _found(self, keys: Sequence[Key]) -> dict[Key, Route]:
        with connected(self._store) as connection:
            rows = connection.execute(FIND, columns(keys)).fetchall()
        return {Key(*row[:3]): Route(*row[3:]) for row in rows}

    def _claim(self, keys: Sequence[Key], route: Route) -> Route:
        """Claim what is free; where these names lead now."""
        with connected(self._store) as connection, connection.transaction():
            connection.execute(LOCK, (lock_names(keys),))
            rows = connection.execute(FIND, columns(keys)).fetchall()
            taken = {Key(*row[:3]): Route(*row[3:]) for row in rows}
            free = [key for key in keys if key not in taken]
            connection.execute(CLAIM, (*route._replace(continues=None)[:4], *columns(free)))
        own = (each for each in taken.values() if each.patient_id == route.patient_id)
        return next(own, route)


class Rehearsal(Routes):
    """Routes that claim nothing: what would be claimed is known here alone."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._made: dict[Key, Route] = {}

    def _claimed(self, keys: Sequence[Key]) -> Route:
        route = self._known(keys) or Route(uuid7(), uuid7())
        self._made |= dict.fromkeys(keys, route)
        return route

    def _known(self, keys: Sequence[Key]) -> Route | None:
        return next((self._made[key] for key in keys if key in self._made), None) or super()._known(keys)

    def _found(self, keys: Sequence[Key]) -> dict[Key, Route]:
        return super()._found(keys) | {key: self._made[key] for key in keys if key in self._made}

    def _claim(self, keys: Sequence[Key], route: Route) -> Route:
        self._made |= dict.fromkeys(keys, route)
        return route


MOVE = """
    UPDATE routing SET journey_id = %s, visit_id = %s
     WHERE system = %s AND kind = %s AND value = %s AND patient_id = %s
    """
