"""Naming: what a command names besides its journey has to be the caller's to see, too."""

from collections.abc import Iterator
from uuid import UUID

from fastapi import Request

from journey.api.access.admission import Admission, admit
from journey.api.access.person import person
from journey.api.access.withheld import withheld
from journey.api.engine import asking, engine
from journey.domain.correction import UnknownEvent
from journey.domain.event import Command
from journey.domain.journey import NoSuchJourney
from journey.domain.merge import MergePatient, NoSuchPatient, UnmergePatient

OTHER_JOURNEY = ("other_journey_id", "to_journey_id")
"""The fields of commands that name another journey."""

MADE_ONE_OR_TWO = (MergePatient, UnmergePatient)
"""The commands that name two patients."""

NAMED_EVENT = "event_id"
"""The field of commands that are about what is recorded."""


async def refuse_others(request: Request, command: Command) -> bool:
    """A second journey that a command names has to be the caller's, too, and so have the patients that it
    makes one of, or two. Whether they see all of them, too. Raises NoSuchJourney, NoSuchPatient.
    """
    looks, by = engine(request).looks, asking(request)
    whole = True
    for field in OTHER_JOURNEY:
        other: UUID | None = getattr(command, field, None)
        if other is not None and (await admit(looks, by, other)).basis is None:
            raise NoSuchJourney("No journey has the id that the body names.")
    for patient_id in _patients_named(command):
        found = await person(looks, by, patient_id)
        if not found.journeys:
            raise NoSuchPatient("No journey was opened for one of the two patients.")
        whole = whole and found.whole
    return whole


def _patients_named(command: Command) -> Iterator[UUID]:
    if isinstance(command, MADE_ONE_OR_TWO):
        yield from (command.survivor, command.retired)


def names_an_event(command: Command) -> bool:
    return getattr(command, NAMED_EVENT, None) is not None


async def refuse_withheld(request: Request, known: Admission, command: Command) -> None:
    """An event that they do not see is not theirs to correct: as if there were none. Raises UnknownEvent."""
    if not names_an_event(command) or not known.withheld:
        return
    kept_back = await withheld(engine(request).reads, {known.journey_id}, known.cleared)
    if getattr(command, NAMED_EVENT) in kept_back:
        raise UnknownEvent("No event of this journey has this id; its history lists them.")
