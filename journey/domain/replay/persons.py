"""Persons: which records were of one person at a moment, by the merges that held then."""

from collections.abc import Iterable
from uuid import UUID

from journey.domain.correction import History
from journey.domain.merge import MERGING, merges_of
from journey.domain.replay.difference import Moment


def same_person(patient_id: UUID, histories: Iterable[History], moment: Moment) -> frozenset[UUID]:
    """The patient, and every record that was merged with theirs, over any number of merges. The histories are
    those of all who were ever merged with them.
    """
    pairs = {pair for history in histories for pair in _pairs(history, moment)}
    same = {patient_id}
    while more := {each for pair in pairs if not same.isdisjoint(pair) for each in pair} - same:
        same |= more
    return frozenset(same)


def _pairs(history: History, moment: Moment) -> Iterable[tuple[UUID, UUID]]:
    told = History(tuple(each for each in history.recorded if type(each.event) in MERGING))
    known = told.known_at(moment.as_known_at)
    return [(each.survivor, each.retired) for each in merges_of(known.until(moment.as_of)).pairs]
