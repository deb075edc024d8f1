"""The difference between two moments, each with its two times: what is answered otherwise, and which events
lie between.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from journey.domain.correction import History
from journey.domain.event import Recorded
from journey.domain.journey import Journey, journey_at
from journey.domain.pathway import Pathways
from journey.domain.replay.answer import NOTHING, Answer
from journey.domain.standing import standing


class Moment(NamedTuple):
    """The world at `as_of`, by what was recorded by `as_known_at`."""

    as_of: datetime
    as_known_at: datetime


class Stood(NamedTuple):
    """What was so at one moment: the answer, and every event that held, by its id, as it read."""

    answer: Answer
    holding: Mapping[UUID, Recorded]
    known: frozenset[UUID]


class Between(NamedTuple):
    """An event that is not the same at both moments. Each pair says of the one and of the other."""

    recorded: Recorded
    known: tuple[bool, bool]
    holds: tuple[bool, bool]
    reads_otherwise: bool


def stood(
    history: History, moment: Moment, pathways: Pathways, hidden: frozenset[UUID] = frozenset()
) -> Stood:
    """What was so at that moment; nothing, where the journey was not there yet. What is `hidden` was known,
    and changes nothing.
    """
    seen = History(tuple(each for each in history.recorded if each.event_id not in hidden))
    journey = journey_at(seen, as_of=moment.as_of, as_known_at=moment.as_known_at)
    known = frozenset(each.event_id for each in history.known_at(moment.as_known_at).recorded)
    if journey is None:
        return Stood(NOTHING, {}, known)
    return Stood(
        _answer(journey, pathways, moment.as_of), {each.event_id: each for each in journey.recorded}, known
    )


def _answer(journey: Journey, pathways: Pathways, at: datetime) -> Answer:
    """With what was overdue by then."""
    return Answer(standing(journey, pathways).at(at), journey)


def between(history: History, one: Stood, other: Stood) -> Iterator[Between]:
    """What lies between, in the order of recording."""
    for each in history.recorded:
        known = (each.event_id in one.known, each.event_id in other.known)
        readings = (one.holding.get(each.event_id), other.holding.get(each.event_id))
        holds = (readings[0] is not None, readings[1] is not None)
        reads_otherwise = all(holds) and readings[0] != readings[1]
        if known[0] != known[1] or holds[0] != holds[1] or reads_otherwise:
            yield Between(each, known, holds, reads_otherwise)
