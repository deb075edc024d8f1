"""Drawing: where things stand in the picture of a way: its stages as bands, its milestones as stops below."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import Any, NamedTuple

from journey.web.rendering import words

WIDE, WIDEST = 118, 200
"""Of one stop, in the picture's units: pixels, where there is room."""

WHOLE = 1150
"""What is filled where there are few stops."""

EDGE = 12
TALL = 184
LETTER = 8
"""Of a stage's name, with its share of the edges."""

LETTERS, LINES = 17, 3
"""To a line of a milestone's name, and lines."""

PAST = 8
"""Stops behind the patient that are drawn where no pathway says which matter."""


class Stop(NamedTuple):
    """A milestone: where it is drawn, and what it says. `state`: a word of SAID."""

    id: str
    title: str
    state: str
    at: str | None
    """When it was reached, or until when it should be."""

    owner: str | None = None
    event_id: str | None = None
    """The event that reached it."""

    x: int = 0
    lines: tuple[str, ...] = ()


class Band(NamedTuple):
    """A stage. `state`: past, here, ahead."""

    title: str
    state: str
    x: int
    width: int

    @property
    def lines(self) -> tuple[str, ...]:
        return _lines(self.title, self.width // LETTER, 2)


class Picture(NamedTuple):
    width: int
    height: int
    bands: tuple[Band, ...]
    stops: tuple[Stop, ...]
    done_to: int
    """How far the line is drawn through."""


OVER = frozenset({"finished", "cancelled", "entered-in-error"})
"""The statuses in which nothing more is owed."""

SAID = {
    "reached": "reached",
    "waived": "not needed",
    "late": "overdue",
    "soon": "at risk",
    "next": "next",
    "later": "later",
    "never": "not reached",
}


def picture(standing: Mapping[str, Any], pathway: Mapping[str, Any] | None) -> Picture:
    """Where the patient stands, on the pathway or by what happened."""
    if pathway is None:
        stops = _placed(tuple(_by_what_happened(standing)))
        return _drawn(stops, (_alone(standing, len(stops)),))
    stops = _placed(tuple(_on_the_way(standing, pathway)))
    return _drawn(stops, tuple(_bands(standing, pathway, stops)))


def _drawn(stops: tuple[Stop, ...], bands: tuple[Band, ...]) -> Picture:
    width = max(band.x + band.width for band in bands) + EDGE
    done = [stop.x for stop in stops if stop.state == "reached"]
    return Picture(width, TALL, bands, stops, max(done, default=EDGE))


def _on_the_way(standing: Mapping[str, Any], pathway: Mapping[str, Any]) -> Iterator[Stop]:
    """The milestones that everybody has, and those of branches that were taken."""
    reached = {each["milestone"]: each for each in standing["reached"]}
    waived = {each["milestone"] for each in standing["waived"]}
    steps = steps_of(standing)
    is_over = standing["status"] in OVER or standing["pathway"]["ended_at"] is not None
    branched = [each for branch in pathway["branches"] for each in branch["milestones"]]
    taken = [each for each in branched if each["id"] in reached or each["id"] in steps]
    for milestone in (*pathway["milestones"], *taken):
        name, title = milestone["id"], milestone["title"] or milestone["id"]
        if name in reached:
            yield Stop(name, title, "reached", reached[name]["at"], None, reached[name]["event_id"])
        elif name in waived:
            yield Stop(name, title, "waived", None)
        elif name in steps:
            step, state = steps[name]
            yield Stop(name, title, state, step["due"], step["owner"])
        else:
            yield Stop(name, title, "never" if is_over else "later", None, milestone["owner"])


def _by_what_happened(standing: Mapping[str, Any]) -> Iterator[Stop]:
    for each in standing["reached"][-PAST:]:
        name = each["milestone"]
        yield Stop(name, words(name), "reached", each["at"], None, each["event_id"])
    for step, state in steps_of(standing).values():
        yield Stop(step["step"], step["title"] or words(step["step"]), state, step["due"], step["owner"])


def steps_of(standing: Mapping[str, Any]) -> dict[str, tuple[Mapping[str, Any], str]]:
    """Each step, and how urgent it is; of several that are called the same, the first."""
    found: dict[str, tuple[Mapping[str, Any], str]] = {}
    for state, name in (("late", "overdue"), ("soon", "at_risk"), ("next", "next"), ("later", "later")):
        for step in standing[name]:
            found.setdefault(step["step"], (step, state))
    return found


def _placed(stops: Sequence[Stop]) -> tuple[Stop, ...]:
    wide = _wide(len(stops))
    return tuple(
        stop._replace(x=EDGE + place * wide + wide // 2, lines=_lines(stop.title, LETTERS, LINES))
        for place, stop in enumerate(stops)
    )


def _wide(stops: int) -> int:
    """One stop of so many."""
    return max(WIDE, min(WIDEST, WHOLE // max(stops, 1)))


def _lines(title: str, letters: int, most: int) -> tuple[str, ...]:
    """A name, over a few short lines."""
    return tuple(wrap(title, letters, max_lines=most, placeholder=" …", break_long_words=False))


def _bands(standing: Mapping[str, Any], pathway: Mapping[str, Any], stops: Sequence[Stop]) -> Iterator[Band]:
    """Each stage from the milestone that it is entered by to that of the next one."""
    place = {stop.id: index for index, stop in enumerate(stops)}
    stages = pathway["stages"]
    edges: list[int] = []
    for stage in stages:
        entered = min((place.get(name, 0) for name in stage["entered_by"]), default=0)
        edges.append(max(entered, edges[-1] + 1) if edges else 0)
    edges.append(max(len(stops), edges[-1] + 1))
    wide = _wide(len(stops))
    names = [stage["id"] for stage in stages]
    here = names.index(standing["stage"]) if standing["stage"] in names else None
    for index, (start, end) in enumerate(pairwise(edges)):
        is_entered = any(stops[place[each]].state == "reached" for each in _known(stages[index], place))
        state = _state(index, here, is_entered=is_entered or index == 0)
        title = stages[index]["title"] or words(stages[index]["id"])
        yield Band(title, state, EDGE + start * wide, (end - start) * wide)


def _known(stage: Mapping[str, Any], place: Mapping[str, int]) -> list[str]:
    return [name for name in stage["entered_by"] if name in place]


def _state(index: int, here: int | None, *, is_entered: bool) -> str:
    if here is None:
        return "past" if is_entered else "ahead"
    return "here" if index == here else "past" if index < here and is_entered else "ahead"


def _alone(standing: Mapping[str, Any], stops: int) -> Band:
    return Band(words(standing["stage"]), "here", EDGE, max(stops, 2) * _wide(stops))
