"""Gathering: the groups in which placed resources are told: by journey, with who the patient is."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from journey.ingest.fhir.groups import Group
from journey.ingest.fhir.inbox import Inbox
from journey.ingest.fhir.item import Item
from journey.ingest.fhir.placing import Placed
from journey.ingest.fhir.routes import Routes

Place = Callable[[Iterable[Item]], list[Placed]]


def gathered(routes: Routes, inbox: Inbox, here: Sequence[Placed], place: Place) -> list[Group]:
    """By journey, with the Patients that each is to be told of; those that came before are placed anew."""
    groups: dict[UUID, Group] = {}
    persons = [each for each in here if each.person is not None]
    for each in here:
        if each.person is None:
            where = each.place
            group = groups.setdefault(
                where.journey_id, Group(where.journey_id, where.patient_id, where.continues)
            )
            group.placed.append(each)
    for each in persons:
        patient_id = each.place.patient_id
        for journey_id in routes.opened(patient_id):
            groups.setdefault(journey_id, Group(journey_id, patient_id, None))
    _add_persons(routes, inbox, groups.values(), persons, place)
    return list(groups.values())


def _add_persons(
    routes: Routes, inbox: Inbox, groups: Iterable[Group], persons: Sequence[Placed], place: Place
) -> None:
    told = list(groups)
    untold = inbox.untold([each.patient_id for each in told]) if told else {}
    waited = {patient_id: place(items) for patient_id, items in untold.items()}
    for group in told:
        now = [each for each in persons if each.place.patient_id == group.patient_id]
        group.persons = [*waited.get(group.patient_id, ()), *now]
        if not group.persons:
            others = routes.others(group.patient_id)
            if others and group.journey_id not in others:
                group.known = routes.identity(others[0])
