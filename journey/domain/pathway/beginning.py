"""Beginning: where on a journey its pathway begins."""

from collections.abc import Sequence

from journey.domain.enrolment import Enrolment
from journey.domain.event import Recorded
from journey.domain.pathway.plan import Heard, Hit, Plan
from journey.domain.pathway.trigger import Triggers


def beginning(plan: Plan, heard: Heard, enrolment: Enrolment, recorded: Sequence[Recorded]) -> Hit | None:
    """What started it, or where nothing does, its assignment; None where that has not happened."""
    if plan.definition.starts is not None:
        return _begun_last(heard, plan.definition.starts, plan.definition.ends)
    assigned = enrolment.assigned
    places = (at for at, each in enumerate(recorded) if assigned and each.event_id == assigned.event_id)
    place = next(places, None)
    return None if place is None else Hit(place, recorded[place])


def _begun_last(heard: Heard, starts: Triggers, ends: Triggers | None) -> Hit | None:
    """The first start; after an end, the next one begins the pathway anew."""
    start = heard.first(starts)
    while start is not None and ends is not None:
        ended = heard.first(ends, start.place)
        again = ended and heard.first(starts, ended.place)
        if again is None:
            break
        start = again
    return start
