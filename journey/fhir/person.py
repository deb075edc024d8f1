"""Person: what several journeys of one patient know of who the patient is, as the history of one.

Each journey learns by itself of numbers, names and merges. Told together in the order of recording, and
numbered anew, they make the versions of the one Patient.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import merge
from uuid import UUID

from journey.domain.correction import CORRECTIONS, History
from journey.domain.discharge import PatientDischarged
from journey.domain.episode import JourneyOpened
from journey.domain.event import Recorded
from journey.domain.journey import ROOM_OF_EVENT
from journey.fhir.kind import targets

ABOUT_THE_PERSON = frozenset({"identity", "merges", "custody"})
OF_OTHER_ROOMS = frozenset((JourneyOpened, PatientDischarged))
"""The opening says whose journey it is; a discharge may say that the patient has died."""


def together(histories: Sequence[History]) -> History:
    """What all of them tell of the person, and the corrections of that."""
    streams = [tuple(_of_the_person(each.recorded)) for each in histories]
    told = merge(*streams, key=lambda each: (each.recorded_at, each.journey_id))
    return History(tuple(replace(each, version=number) for number, each in enumerate(told, 1)))


def _of_the_person(recorded: Sequence[Recorded]) -> Iterator[Recorded]:
    kept: set[UUID] = set()
    for each in recorded:
        kind = type(each.event)
        if kind in CORRECTIONS:
            is_kept = not kept.isdisjoint(targets(each.event))
        else:
            is_kept = kind in OF_OTHER_ROOMS or ROOM_OF_EVENT[kind] in ABOUT_THE_PERSON
        if is_kept:
            kept.add(each.event_id)
            yield each
