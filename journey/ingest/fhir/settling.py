"""Settling: what became of each resource of a journey that was told."""

from journey.domain import labels
from journey.domain.consent.state import ORDINARY
from journey.domain.labels import NONE
from journey.domain.rules import JourneyIsOver
from journey.fhir.chart import about
from journey.ingest.fhir.aside import set_aside
from journey.ingest.fhir.groups import Group
from journey.ingest.fhir.item import Outcome
from journey.ingest.fhir.placing import Placed
from journey.ingest.fhir.reasons import PARKED
from journey.ingest.fhir.routes import Routes
from journey.store.sayings import Told
from journey.store.store import Store

LABEL_ALONE = Outcome("parked", "label-alone", PARKED["label-alone"], "meta.security")


def settle(group: Group, told: Told, routes: Routes, store: Store) -> list[Placed]:
    """Say what became of each; answers those for which the journey was over."""
    opening, *others = told.led
    late = []
    for each, led in zip([*group.persons, *group.in_order()], others, strict=True):
        problem = opening if isinstance(opening, Exception) else led
        if isinstance(problem, Exception):
            each.item.outcome = _set_aside(problem, each, routes)._replace(journey_id=group.journey_id)
            own = each.person is None and each.place.journey_id == each.patient.journey_id
            if isinstance(problem, JourneyIsOver) and own:
                late.append(each)
        elif each.person is None and not problem and _is_bare(each, store):
            each.item.outcome = LABEL_ALONE._replace(journey_id=group.journey_id)
        elif each.person is None or told.version:
            each.item.outcome = Outcome(
                "applied",
                journey_id=group.journey_id if told.version else None,
                thing_id=each.place.thing_id,
                events=len(problem),
            )
    return late


def _set_aside(problem: Exception, placed: Placed, routes: Routes) -> Outcome:
    """What it refers to and needs has not come, or is another patient's."""
    outcome = set_aside(problem)
    if outcome.code != "awaits-reference":
        return outcome
    if routes.is_anothers(placed.unlinked, placed.place.patient_id):
        return outcome._replace(code="two-patients", reason=PARKED["two-patients"])
    return outcome._replace(awaits=placed.unlinked)


def _is_bare(placed: Placed, store: Store) -> bool:
    """Whether something is recorded of the thing without one of the labels of the resource. A label stands on
    an event and sticks to the thing; what says nothing new has no event to put it on.
    """
    wanted = frozenset(placed.labels) - ORDINARY
    if not wanted:
        return False
    history = store.load(placed.place.journey_id)
    borne = labels.labelled(history.recorded)
    told = (each for each in history.recorded if placed.place.thing_id in about(each.event))
    return any(not wanted <= borne.get(each.event_id, NONE) for each in told)
