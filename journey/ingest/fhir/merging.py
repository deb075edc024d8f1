"""Merging: of two records that a Patient links, one goes on, as ADT^A40 tells it in HL7 v2."""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from journey.domain.merge import MergePatient
from journey.ingest.fhir.aside import set_aside
from journey.ingest.fhir.groups import Group, context
from journey.ingest.fhir.item import CHANNEL, Outcome
from journey.ingest.fhir.placing import Placed, Replaced
from journey.ingest.fhir.reasons import PARKED
from journey.ingest.fhir.routes import Routes
from journey.ingest.routing import Route
from journey.store import across
from journey.store.errors import StoreUnavailable
from journey.store.store import Store

Gate = Callable[[Sequence[Group]], set[UUID]]
"""Which of the journeys of these groups the sender may not tell anything."""

APART = Outcome("parked", "two-patients", PARKED["two-patients"], "Patient.link")
Open = Callable[[Route], None]
"""Opens the journey of a record of which nothing but its Patient was told."""


def merge(store: Store, routes: Routes, gate: Gate | None, here: Sequence[Placed], open_: Open) -> int:
    """Merge what is linked; the number of events. A Patient whose link cannot be applied says why.

    Said again, it is no news, also where somebody has made two records of them again.
    """
    events = 0
    for each in here:
        is_told = each.item.outcome is not None and each.item.outcome.status == "applied"
        for replaced in each.replaced if is_told else ():
            if not _may(each, gate, list(_theirs(routes, replaced))):
                each.item.outcome = APART
                break
            try:
                for route in replaced:
                    if not routes.others(route.patient_id):
                        open_(route)
                events += _merged(store, each, replaced)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it does to us, it is kept and the next one taken
                each.item.outcome = set_aside(error)
                break
            routes.patients.forget()
    return events


def _may(placed: Placed, gate: Gate | None, theirs: Sequence[Group]) -> bool:
    """Whoever is bound to teams merges what is theirs, and not by what waited for what another sends."""
    return placed.item.sender.team is None if gate is None else not gate(theirs)


def _merged(store: Store, placed: Placed, replaced: Replaced) -> int:
    survivor, retired = replaced.survivor.patient_id, replaced.retired.patient_id
    name = placed.item.name or placed.item.key.hex()
    command = MergePatient(survivor=survivor, retired=retired, evidence=f"{placed.item.came.source} {name}")
    key = f"{CHANNEL}:{placed.item.came.source}:{name}:{survivor}:{retired}"
    told = across.merge(store, command, context(placed), idempotency_key=key)
    return sum(len(each.events) for each in told)


def _theirs(routes: Routes, replaced: Replaced) -> Iterator[Group]:
    for route in replaced:
        for journey_id in routes.others(route.patient_id):
            yield Group(journey_id, route.patient_id, None)
