"""Telling a journey's past: from all that is recorded, without what is hidden, what is answered of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from journey.api.replay.shapes import Row, Teller, told_changes, told_values
from journey.domain.correction import History
from journey.domain.replay import (
    NOTHING,
    Axis,
    Moment,
    Walk,
    between,
    changes,
    is_said,
    learnt,
    reach,
    reasons,
    stood,
)
from journey.pathways import installed

PAGE = 100_000
"""Events folded at the most for one page of steps: of a journey of so many, a page holds fewer."""


class NotThereYet(Exception):
    """The journey was not opened by that time, or not known by then."""


class NoSuchField(Exception):
    """Nothing in an answer is called so."""


class Known(NamedTuple):
    """What is recorded of a journey, and which of it is hidden from who asks."""

    history: History
    hidden: frozenset[UUID] = frozenset()

    @property
    def shown(self) -> History:
        """What is left of it."""
        return History(tuple(each for each in self.history.recorded if each.event_id not in self.hidden))

    def until(self, version: int) -> "Known":
        """As it was at that version."""
        told = tuple(each for each in self.history.recorded if each.version <= version)
        return Known(History(told), self.hidden)


class Page(NamedTuple):
    """Some of a list, and the place behind them, where there are more."""

    rows: list[Row]
    next: int | None


def steps(known: Known, axis: Axis, begin: int, limit: int) -> Page:
    """The steps from a place on. Raises NotThereYet."""
    if not known.history.recorded:
        raise NotThereYet
    walk = Walk(known.history, axis, installed(), known.hidden)
    end = begin + min(limit, max(1, PAGE // len(known.history.recorded)))
    teller = Teller(known.history, known.hidden)
    rows = [teller.step(each) for each in walk.steps(begin, end)]
    return Page(rows, end if end < len(walk.events) else None)


def difference(known: Known, before: Moment, after: Moment, begin: int, limit: int) -> tuple[Row, Page]:
    """What is answered otherwise, and of what lies between, what is behind a version. Raises NotThereYet."""
    one, other = (stood(known.history, moment, installed(), known.hidden) for moment in (before, after))
    if one.answer == other.answer == NOTHING:
        raise NotThereYet
    teller = Teller(known.history, known.hidden)
    found = [each for each in between(known.history, one, other) if each.recorded.version > begin]
    head = {
        "before": {**before._asdict(), "there": one.answer != NOTHING},
        "after": {**after._asdict(), "there": other.answer != NOTHING},
        "changes": told_changes(changes(one.answer, other.answer)),
    }
    following = found[limit - 1].recorded.version if found[limit:] else None
    return head, Page([teller.between(each) for each in found[:limit]], following)


def why(known: Known, of: str, moment: Moment) -> Mapping[str, Any]:
    """What is answered at a path, and why. Raises NotThereYet, NoSuchField."""
    answer = stood(known.history, moment, installed(), known.hidden).answer
    if answer == NOTHING:
        raise NotThereYet
    if not is_said(answer, of):
        raise NoSuchField
    then = known.shown.known_at(moment.as_known_at)
    went, told = (Walk(then, axis, installed(), until=moment.as_of) for axis in (Axis.TRUE, Axis.KNOWN))
    teller = Teller(then)
    since = learnt(told, of)
    return {
        "of": of,
        **moment._asdict(),
        "values": told_values(answer.under(of)),
        "decided_by": [teller.reason(each) for each in reasons(then, answer, of, went)],
        "answered_since": since and teller.event(since.event_id),
        "complete": reach(told) >= len(told.events),
    }
