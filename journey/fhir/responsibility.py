"""Responsibility: how a journey went as a whole: which status it had when, and who was accountable.

Visits move its status and handoffs its owner, so that its own events alone do not tell.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar, get_args

from journey.domain.codes import JourneyStatus
from journey.domain.episode import Episode, EpisodeEvent, JourneyOpened
from journey.domain.event import Event, Recorded
from journey.domain.handoff import HandoffAccepted
from journey.domain.rules import IN_CARE
from journey.domain.transfer import JourneyTransferAccepted
from journey.fhir.chart import Since
from journey.fhir.data import Json, filled, happened, span

T = TypeVar("T")

MOVING: frozenset[type[Event]] = frozenset(
    (*get_args(EpisodeEvent), *IN_CARE, HandoffAccepted, JourneyTransferAccepted)
)
"""The events after which its status or its owner may be another."""


def stretches(passed: Sequence[Since], of: Callable[[Episode], T]) -> Iterator[tuple[T, Json | None]]:
    """What was so, and from when until when; without an end where it still is."""
    changes = list[tuple[T, Recorded]]()
    for since in passed:
        what = of(since.episode)
        if not changes or changes[-1][0] != what:
            changes.append((what, since.by))
    for (what, begun), (_, ended) in pairwise(changes):
        yield what, between(begun, ended)
    for what, begun in changes[-1:]:
        yield what, between(begun, None)


def between(begun: Recorded, ended: Recorded | None) -> Json | None:
    """An opening may have been told as later than what came of it: then only the end is known."""
    if ended is not None and begun.occurred_at > ended.reaches:
        return filled({"end": happened(ended)}) or None
    return span(begun, ended)


def lasted(passed: Sequence[Since]) -> Json | None:
    """From the opening until it was over, where it is."""
    begun = next((each.by for each in passed if isinstance(each.by.event, JourneyOpened)), None)
    over = [each for each in passed if each.episode.since == each.by.fact][-1:]
    ended = over[0].by if over and over[0].episode.is_over else None
    return between(begun, ended) if begun is not None else None


def status_of(episode: Episode) -> JourneyStatus:
    return episode.status
