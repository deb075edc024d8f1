"""Course: what a visit was after each of its events, as the rules of its room see it.

A visit is an Appointment until the patient comes, and an Encounter from then on; who walks in has no
Appointment, and a visit that nobody came to has no Encounter.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import dropwhile
from typing import NamedTuple, TypeVar
from uuid import UUID

from journey.domain.codes import VisitStatus
from journey.domain.discharge import PatientDischarged
from journey.domain.event import Recorded
from journey.domain.journey import ROOM_OF_EVENT, Journey
from journey.domain.visit import Visit, Visits, evolve
from journey.domain.visit.evolve import departed

T = TypeVar("T")
S = VisitStatus
CAME = frozenset({S.ARRIVED, S.CHECKED_IN, S.IN_PROGRESS, S.ON_LEAVE, S.FINISHED, S.LEFT_UNSEEN})
"""Where the patient is here, or was."""


class Stage(NamedTuple):
    """The visit, and the event that made it so."""

    visit: Visit
    by: Recorded


Course = Sequence[Stage]


def courses(journey: Journey) -> Mapping[UUID, Course]:
    """Of each visit, after each of its events, in the order in which they happened."""
    visits, passed = Visits(), defaultdict[UUID, list[Stage]](list)
    for each in journey.recorded:
        event = each.event
        if ROOM_OF_EVENT[type(event)] == "visits":
            visits = evolve(visits, event, each.fact)  # type: ignore[arg-type]  # the room's events are these
        elif type(event) is PatientDischarged:
            visits = departed(visits, event.visit_id, each.fact)
        else:
            continue
        visit_id: UUID = event.visit_id  # type: ignore[attr-defined]  # every event of a visit names it
        passed[visit_id].append(Stage(visits.by_id[visit_id], each))
    return passed


def since_arrival(passed: Course) -> Course:
    """From when the patient came: what its Encounter tells; nothing where nobody came."""
    return list(dropwhile(lambda each: each.visit.status not in CAME, passed))


def was_ahead(passed: Course) -> bool:
    """Whether there is an Appointment: of what was never one, an error is an Encounter's."""
    known = [each.visit.status for each in passed if each.visit.status is not S.ENTERED_IN_ERROR]
    return not known or any(status not in CAME for status in known)


def changes(passed: Course, what: Callable[[Visit], T]) -> list[tuple[T, Recorded]]:
    """Each time that this became another, and the event that made it so."""
    told: list[tuple[T, Recorded]] = []
    for each in passed:
        now = what(each.visit)
        if not told or told[-1][0] != now:
            told.append((now, each.by))
    return told
