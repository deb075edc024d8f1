"""The filter: what somebody wants to hear of. In memory, of one event, and in SQL it says the same.

Of each of its fields, one word has to fit; of all that are given, each. Whoever is not cleared for an event
does not hear from a filter what it is: where its type or its labels are asked for, SQL finds it nevertheless,
to be told of as withheld. Teams and pathways count as far as they are told of them (about.py).
"""

import re
from functools import cached_property
from typing import Annotated, LiteralString, get_args
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import to_json

from journey.alike import meant
from journey.conditions import Condition, all_of, joined
from journey.domain.codes import JourneyStatus
from journey.domain.episode import JourneyOpened
from journey.domain.episode.state import TRANSITIONS
from journey.domain.event import EVENTS, Event, Frozen, Recorded
from journey.domain.journey import ROOMS
from journey.domain.labels import Labels
from journey.feed.about import ACCOUNTABLE, FOLLOWED, About

MOST = 100
"""Words in one field."""

LONGEST = 100
"""Characters of the name of a type or a room."""

OF_ROOM = {
    name: frozenset(event.stored_as for event in get_args(room.events)) for name, room in ROOMS.items()
}
SAID = EVENTS.keys() | {f"{name.partition('.')[0]}.*" for name in EVENTS}
"""Every type, and all of each kind."""

LEADS_TO = {
    event.stored_as: JourneyStatus(status) for event, (_, status) in TRANSITIONS.items() if status is not None
}
"""Where each of these brings a journey; an opening says it itself."""

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def types_of(word: str) -> frozenset[str]:
    """The stored names that a word stands for: `visit.booked`, `visit.*`."""
    if word.endswith(".*"):
        return frozenset(each for each in EVENTS if each.startswith(word.removesuffix("*")))
    return frozenset({word} & EVENTS.keys())


def _type(word: str) -> str:
    if not types_of(word):
        raise ValueError(f"There is no such type of event, /v1/schemas lists them{meant(word, SAID)}")
    return word


def _room(word: str) -> str:
    if word not in ROOMS:
        raise ValueError(f"There is no such room, they are {', '.join(sorted(ROOMS))}{meant(word, ROOMS)}")
    return word


def _label(word: str) -> str:
    if not LABEL.fullmatch(word):
        raise ValueError("A label is letters and digits, such as PSY or 42CFRPart2")
    return word


Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Word = Annotated[str, StringConstraints(max_length=LONGEST)]
Type = Annotated[Word, AfterValidator(_type)]
Room = Annotated[Word, AfterValidator(_room)]
Label = Annotated[str, AfterValidator(_label)]

TYPES = "type = ANY(%s)"
CAME_TO: LiteralString = """
    (type = ANY(%s) OR type = 'journey.opened' AND coalesce(data->>'status', 'active') = ANY(%s))
    """
LABELLED = "coalesce((context->'labels')::jsonb, '[]') ?| %s"
JOURNEYS = "journey_id = ANY(%s)"
PATIENTS: LiteralString = """
    journey_id = ANY(ARRAY(
        SELECT opening.journey_id FROM event AS opening
         WHERE opening.type = 'journey.opened' AND opening.data->>'patient_id' IN (
               SELECT same::text FROM unnest(%s::uuid[]) AS asked, same_person(asked) AS same)))
    """
"""An array, so that it is looked up first: a few journeys, and not a log held against them."""

LAST: LiteralString = """
    lower((
        SELECT coalesce(told.data->>'team', told.data->>'pathway') FROM event AS told
         WHERE told.journey_id = event.journey_id AND told.version <= event.version AND told.type = ANY(%s)
           AND coalesce((told.context->'labels')::jsonb <@ %s::jsonb, true)
         ORDER BY told.version DESC LIMIT 1)) = ANY(%s)
    """
SHOWN: LiteralString = """
    EXISTS (SELECT FROM event AS opening
             WHERE opening.journey_id = event.journey_id AND opening.version = 1
               AND coalesce((opening.context->'labels')::jsonb <@ %s::jsonb, true))
    """
MAY_BE_WITHHELD: LiteralString = """
    EXISTS (SELECT FROM patient_status AS status
             WHERE status.journey_id = event.journey_id AND labels <> '{}' AND NOT labels <@ %s)
    """


class Filter(Frozen):
    """What is wanted; a field without a word wants everything. Its words are kept as they were said, so that
    `visit.*` will mean a type that is there from tomorrow on, too.
    """

    type: tuple[Type, ...] = Field(default=(), max_length=MOST)
    room: tuple[Room, ...] = Field(default=(), max_length=MOST)
    journey: tuple[UUID, ...] = Field(default=(), max_length=MOST)
    patient: tuple[UUID, ...] = Field(default=(), max_length=MOST)
    team: tuple[Name, ...] = Field(default=(), max_length=MOST)
    pathway: tuple[Name, ...] = Field(default=(), max_length=MOST)
    label: tuple[Label, ...] = Field(default=(), max_length=MOST)
    status: tuple[JourneyStatus, ...] = Field(default=(), max_length=MOST)

    @cached_property
    def types(self) -> frozenset[str] | None:
        """The stored names that are wanted; None for all."""
        wanted = [frozenset[str]().union(*map(types_of, self.type))] if self.type else []
        wanted += [frozenset[str]().union(*(OF_ROOM[each] for each in self.room))] if self.room else []
        return wanted[0].intersection(*wanted[1:]) if wanted else None

    @property
    def needs_about(self) -> bool:
        """Whether `holds` has to know of the journey."""
        return bool(self.patient or self.team or self.pathway)

    def hides(self, cleared: Labels | None) -> bool:
        """Whether it asks what a withheld event is not to tell."""
        return cleared is not None and (self.types is not None or bool(self.label or self.status))

    def holds(self, each: Recorded, about: About, cleared: Labels | None, *, withheld: bool = False) -> bool:
        """Whether it wants the event. `withheld`: from who is cleared for these labels (None: for all); then
        neither its type nor its labels decide.
        """
        return self._is_of(each, about, cleared) and (withheld or self._says(each))

    def condition(self, cleared: Labels | None) -> Condition:
        """Which rows of `event` it wants; and for who is cleared for these labels alone, which may be
        withheld from them: `holds` then decides of those.
        """
        says = self._says_sql
        if says and cleared is not None:
            says = [joined(" OR ", (all_of(says), Condition(MAY_BE_WITHHELD, (sorted(cleared),))))]
        return all_of([*says, *self._is_of_sql(cleared)])

    def _says(self, each: Recorded) -> bool:
        if self.types is not None and each.event.stored_as not in self.types:
            return False
        if self.status and came_to(each.event) not in self.status:
            return False
        return not self.label or not frozenset(self.label).isdisjoint(each.context.labels)

    def _is_of(self, each: Recorded, about: About, cleared: Labels | None) -> bool:
        """Whether it is of the journeys, patients, teams and pathways that are wanted."""
        if self.journey and each.journey_id not in self.journey:
            return False
        if self.patient and not (about.is_shown(cleared) and not about.people.isdisjoint(self.patient)):
            return False
        if self.team and about.team(each.version, cleared) not in _small(self.team):
            return False
        return not self.pathway or about.pathway(each.version, cleared) in _small(self.pathway)

    @property
    def _says_sql(self) -> list[Condition]:
        types = () if self.types is None else (Condition(TYPES, (sorted(self.types),)),)
        came = [each for each, status in LEADS_TO.items() if status in self.status]
        statuses = (Condition(CAME_TO, (came, list(self.status))),) if self.status else ()
        return [*types, *statuses, *((Condition(LABELLED, (list(self.label),)),) if self.label else ())]

    def _is_of_sql(self, cleared: Labels | None) -> list[Condition]:
        conditions = [Condition(JOURNEYS, (list(self.journey),))] if self.journey else []
        conditions += [Condition(PATIENTS, (list(self.patient),))] if self.patient else []
        for kinds, wanted in ((ACCOUNTABLE, self.team), (FOLLOWED, self.pathway)):
            if wanted:
                conditions.append(Condition(LAST, (list(kinds), _json(cleared), _small(wanted))))
        if cleared is not None and self.needs_about:
            conditions.append(Condition(SHOWN, (_json(cleared),)))
        return conditions


EVERYTHING = Filter()


def came_to(event: Event) -> JourneyStatus | None:
    """Where the event brought its journey; None where it is about something else."""
    return event.status if isinstance(event, JourneyOpened) else LEADS_TO.get(event.stored_as)


def _small(names: tuple[str, ...]) -> list[str]:
    return [each.lower() for each in names]


def _json(cleared: Labels | None) -> str | None:
    """What the labels are compared with in SQL; null for who sees all."""
    return None if cleared is None else to_json(sorted(cleared)).decode()
