"""Labels: what of a journey only some may see (HL7 confidentiality and sensitivity; 42 CFR Part 2).

An event bears the labels that it was recorded with, those of anything else recorded on the same thing (a
referral, a visit), those of the event that it corrects, and those of the journey's opening: a journey that
was opened in such a programme is labelled as a whole, as is one whose processing is restricted. What somebody
may not see is left out before the journey is folded, so that nothing that follows from it shows either.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from types import MappingProxyType
from uuid import UUID

from journey.domain.consent.state import ORDINARY
from journey.domain.correction import EventCorrected, EventReinstated, EventVoided, TimelineRecomputed
from journey.domain.custody import ProcessingRestricted, RestrictionLifted
from journey.domain.event import Event, Recorded

Labels = frozenset[str]
NONE: Labels = frozenset()
RESTRICTED = "RESTRICTED"
"""The label of every event of a journey whose processing is restricted."""

RESTRICTING: frozenset[type[Event]] = frozenset((ProcessingRestricted, RestrictionLifted))
UNLABELLED: Mapping[UUID, Labels] = MappingProxyType({})


def labelled(recorded: Sequence[Recorded]) -> Mapping[UUID, Labels]:
    """The labels of each event of a journey that bears any."""
    told = {each.event_id: labels for each in recorded if (labels := _told(each))}
    restricted = is_restricted(recorded)
    if not told and not restricted:
        return UNLABELLED
    opening = NONE.union(*(told.get(each.event_id, NONE) for each in recorded if each.version == 1))
    if restricted:
        opening |= {RESTRICTED}
    stuck: defaultdict[UUID, Labels] = defaultdict(frozenset, told)
    linked = [(each.event_id, *_about(each.event)) for each in recorded]
    while _sticks(linked, stuck):
        pass
    borne = {each.event_id: opening | stuck[each.event_id] for each in recorded}
    return {event_id: labels for event_id, labels in borne.items() if labels}


def is_restricted(recorded: Iterable[Recorded]) -> bool:
    """Whether the last word on it is that the journey is only to be seen by who must (GDPR Art. 18)."""
    said = [(each.version, each.event) for each in recorded if type(each.event) in RESTRICTING]
    return bool(said) and type(max(said, key=itemgetter(0))[1]) is ProcessingRestricted


def _sticks(linked: Iterable[tuple[UUID, ...]], stuck: defaultdict[UUID, Labels]) -> bool:
    """Give an event and what it is about each other's labels; whether that was news."""
    news = False
    for together in linked:
        labels = NONE.union(*(stuck[each] for each in together))
        for each in together:
            news = news or stuck[each] != labels
            stuck[each] = labels
    return news


def of_journey(recorded: Sequence[Recorded]) -> Labels:
    """Every label that is borne by any of these events."""
    return NONE.union(*labelled(recorded).values())


def hidden(recorded: Sequence[Recorded], cleared: Labels | None) -> frozenset[UUID]:
    """The events of a journey that are kept from who is cleared for these labels; None: for all."""
    if cleared is None:
        return frozenset()
    return frozenset(event_id for event_id, labels in labelled(recorded).items() if not labels <= cleared)


def shown(recorded: Sequence[Recorded], cleared: Labels | None) -> Sequence[Recorded]:
    """What is left of a journey, in its order."""
    kept_back = hidden(recorded, cleared)
    return tuple(each for each in recorded if each.event_id not in kept_back) if kept_back else recorded


def _told(recorded: Recorded) -> Labels:
    """The labels that an event was recorded with, without those that keep nothing from anybody."""
    if '"labels":["' not in recorded.context_json:  # nearly always, and looking is cheaper than reading
        return NONE
    return frozenset(recorded.context.labels) - ORDINARY


def _about(event: Event) -> Iterator[UUID]:
    """The thing that the event is about, and the event that it is about."""
    match event:
        case EventVoided():
            yield event.voids
        case EventReinstated():
            yield event.reinstates
        case EventCorrected():
            yield event.corrects
        case TimelineRecomputed():
            yield from _known(change.subject_id for change in event.changes)
        case _:
            field = _thing(type(event))
            yield from _known((getattr(event, field),) if field else ())


def _known(ids: Iterable[UUID | None]) -> Iterator[UUID]:
    return (each for each in ids if each is not None)


@cache
def _thing(kind: type[Event]) -> str | None:
    """The field of an event that says which thing of its room it is about: the first id that it has."""
    return next((name for name in kind.model_fields if name.endswith("_id") and name not in OF_OTHERS), None)


OF_OTHERS = frozenset({"patient_id", "other_patient_id", "candidate_patient_id", "other_journey_id"})
"""Ids that are not of something on the journey."""
