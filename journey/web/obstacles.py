"""Obstacles: what is in the way, in people's words, each with the form that clears it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from journey.web.acts import Act, Acts
from journey.web.onepatient import OnePatient
from journey.web.page import Asked
from journey.web.rendering import words

WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class Obstacle(NamedTuple):
    """One thing, the form that it is cleared with where there is one, and the events that say so."""

    what: str
    link: str | None
    title: str
    event_ids: tuple[str, ...]


def obstacles(
    asked: Asked,
    one: OnePatient,
    blockers: Sequence[Mapping[str, Any]],
    acts: Acts,
    titles: Mapping[str, str],
) -> Iterator[Obstacle]:
    """A command that is named is offered. `titles`: what the pathway's milestones are called."""
    rooms = {
        each.get("id") or each["visit_id"]: room for room, its in one.stands["open"].items() for each in its
    }
    for each in blockers:
        named = [word for word in WORD.findall(each["what"]) if "-" in word and word in acts.by_name]
        act = acts.by_name[named[0]] if named and asked.who.can(acts.by_name[named[0]].permission) else None
        plain = each["what"].removesuffix(f": {named[0]}") if act else each["what"]
        what = WORD.sub(lambda found: titles.get(found[0], found[0]), plain)
        room = rooms.get(each["subject_id"]) if asked.who.can("write") else None
        link = (
            form_of(one, act, each["subject_id"]) if act else room and _of_it(one, room, each["subject_id"])
        )
        title = words(act.name) if act else "what can be done"
        why = tuple(one.stands["why"].get(f"blocked_by.{each['code']}", ()))
        yield Obstacle(what[:1].upper() + what[1:], link, title, why)


def form_of(one: OnePatient, act: Act, subject_id: str | None, **known: Any) -> str:
    """The form, with what is known filled in. It names things by their ids alone."""
    if subject_id is not None and act.subject is not None:
        known[act.subject] = subject_id
    return f"{one.home}/do/{act.name}" + (f"?{urlencode(known)}" if known else "")


def _of_it(one: OnePatient, room: str, subject_id: str) -> str:
    """All that may be recorded of it."""
    return f"{one.home}/do?{urlencode({'room': room, 'subject': subject_id})}"
