"""Placing: whose a resource is, on which journey, and what its references lead to there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from journey.domain.identity import Demographics
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.item import Item
from journey.ingest.fhir.mapping import Row, begins, whose
from journey.ingest.fhir.naming import KINDS, Came, names, numbers, referred
from journey.ingest.fhir.person import Person, person
from journey.ingest.fhir.reasons import PARKED
from journey.ingest.fhir.resource import Element, Resource
from journey.ingest.fhir.routes import Place, Routes
from journey.ingest.keys import Key
from journey.ingest.routing import Route

NO_LABEL = re.compile(r"[^A-Za-z0-9]+")
LONGEST_LABEL = 20
NO_LABELS = frozenset(
    {
        "http://terminology.hl7.org/CodeSystem/v3-ActReason",
        "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    }
)
"""Systems of security tags that say why or how good it is, not who may see it."""


REPLACES, REPLACED_BY = "replaces", "replaced-by"
"""Patient.link.type: the other record is no more, or this one is."""


class Awaits(Exception):
    """It refers to something that nobody knows yet."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__(PARKED["awaits-reference"])
        self.keys = keys


class Replaced(NamedTuple):
    """Two records that are one from now on, as a Patient's link says."""

    survivor: Route
    retired: Route


@dataclass
class Placed:
    """A resource where it belongs."""

    item: Item
    row: Row
    resource: Resource
    place: Place
    keys: tuple[Key, ...]
    """Of the thing that it is."""
    patient: Route
    patient_keys: tuple[Key, ...]
    linked: dict[str, Place]
    unlinked: tuple[Key, ...] = ()
    """What it refers to, and nobody knows yet."""
    person: Person | None = None
    is_old: bool = False
    labels: tuple[str, ...] = ()
    """What meta.security says of who may see it."""
    replaced: tuple[Replaced, ...] = ()

    @property
    def begins(self) -> datetime | None:
        return begins(self.row, self.resource)


def own_keys(item: Item, row: Row, resource: Resource) -> tuple[Key, ...]:
    """What a resource goes by, wherever it belongs. Raises Unapplied."""
    numbered = numbers(item.came, resource, "identifier", KINDS[row.type])
    return (*numbered, *names(item.came, resource))


def placed(routes: Routes, item: Item, row: Row, resource: Resource) -> Placed:
    """Raises Unapplied, Awaits."""
    if row.type == "Patient":
        return _patient(routes, item, row, resource)
    reference = whose(row, resource)
    keys = _patient_keys(item.came, resource, reference, row)
    patient_ = routes.whose(keys)
    if patient_ is None:
        raise Awaits(keys)
    where = _journey(routes, item.came, resource, patient_)
    linked, unlinked = _linked(routes, item.came, resource, row, where)
    own = own_keys(item, row, resource)
    if not own:
        raise Unapplied(
            "missing-element", f"{resource.type}.id and identifier are empty.", f"{resource.type}.id"
        )
    others = _shared(item.came, resource, row)
    if row.type == "EpisodeOfCare":
        episode = routes.episode(own, patient_)
        place = Place(episode.journey_id, patient_.patient_id, episode.journey_id)
    else:
        place = routes.thing((*own, *others), where)
    return Placed(item, row, resource, place, (*own, *others), patient_, keys, linked, unlinked)


def _patient(routes: Routes, item: Item, row: Row, resource: Resource) -> Placed:
    told = person(item.came, resource)
    patient = routes.patient(told)
    replaced: list[Replaced] = []
    for link in resource.all("link"):
        kind = link.short("type")
        if kind not in {REPLACES, REPLACED_BY}:
            continue
        keys = referred(item.came, link.one("other"), "Patient") or _nobody("Patient.link.other")
        if (other := routes.whose(keys)) is None:
            raise Awaits(keys)
        if other.patient_id != patient.patient_id:
            replaced.append(Replaced(other, patient) if kind == REPLACED_BY else Replaced(patient, other))
        elif kind == REPLACED_BY:  # what it says of the person, the record that goes on knows better
            told = told._replace(demographics=Demographics())
    place = Place(patient.journey_id, patient.patient_id, patient.patient_id, patient.continues)
    keys = (*told.keys, *told.names)
    return Placed(
        item, row, resource, place, keys, patient, told.keys, {}, person=told, replaced=tuple(replaced)
    )


def _patient_keys(came: Came, resource: Resource, reference: Element | None, row: Row) -> tuple[Key, ...]:
    """Raises Unapplied where it says nothing that could lead to a patient."""
    where = f"{resource.type}.{row.patient}"
    if reference is not None:
        text = reference.text("reference")
        inside = resource.contained(text[1:]) if text.startswith("#") else None
        if inside is not None and inside.type == "Patient":
            return person(came._replace(full_url=""), inside).keys or _nobody(where)
        if keys := referred(came, reference, "Patient"):
            return keys
    return _nobody(where)


def _nobody(where: str) -> tuple[Key, ...]:
    raise Unapplied("no-patient", f"{where} names no Patient who can be found.", where)


def _journey(routes: Routes, came: Came, resource: Resource, patient: Route) -> Route:
    """The journey of the episode that it names, else the patient's own."""
    if resource.type != "Encounter":
        return patient
    for reference in resource.all("episodeOfCare"):
        if keys := referred(came, reference, "EpisodeOfCare"):
            return routes.episode(keys, patient)
    return patient


def _linked(
    routes: Routes, came: Came, resource: Resource, row: Row, where: Route
) -> tuple[dict[str, Place], tuple[Key, ...]]:
    """What its references lead to, and those that lead to nothing yet. Raises Awaits for what it needs."""
    linked: dict[str, Place] = {}
    unlinked: list[Key] = []
    for kind, (element, type_) in row.links.items():
        keys = referred(came, _first(resource, element), type_)
        found = routes.find(keys, where.patient_id) if keys else None
        if found is not None:
            linked[kind] = found
        elif keys and kind == row.needs:
            if routes.is_anothers(keys, where.patient_id):
                raise Unapplied("two-patients", PARKED["two-patients"], f"{row.type}.{element}")
            raise Awaits(keys)
        else:
            unlinked += keys
    return linked, tuple(unlinked)


def _shared(came: Came, resource: Resource, row: Row) -> tuple[Key, ...]:
    """The names of the other resource that tells of the same thing."""
    if not row.is_thing_of or not row.is_same(resource):
        return ()
    element, type_ = row.links[row.is_thing_of]
    return referred(came, _first(resource, element), type_)


def _first(resource: Resource, way: str) -> Element | None:
    """The element at the end of this way, the first of each list."""
    found: Element | None = resource
    for name in way.split("."):
        if found is not None:
            found = found.first(name) if isinstance(found.body.get(name), list) else found.one(name)
    return found


def labels(resource: Resource) -> Iterator[str]:
    """What meta.security says of who may see it."""
    meta = resource.one("meta")
    for each in meta.all("security") if meta else ():
        code = NO_LABEL.sub("", each.short("code"))[:LONGEST_LABEL]
        if code and each.short("system") not in NO_LABELS:
            yield code


def that_came(here: Iterable[Placed]) -> list[Key]:
    """The names of what is applied."""
    applied = (each for each in here if each.item.outcome and each.item.outcome.status == "applied")
    return [key for each in applied for key in each.keys]
