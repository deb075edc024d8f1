"""What a pathway listens for: events by their stored names, what their fields say, and how often.

A trigger and a condition are data. They are matched, never evaluated as a program.
CMMN: sentry.
"""

from collections.abc import Callable
from operator import ge, gt, le, lt
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag, model_validator

from journey.domain.event import Event, Frozen


def _as_word(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise ValueError("is a word, a number, true or false")  # noqa: TRY004 - pydantic's own way to refuse
    return value


Word = Annotated[str | int | float | bool, BeforeValidator(_as_word)]


class Range(Frozen):
    """What a field may be, where it is not simply one of some words."""

    gte: float | None = Field(default=None, description="At least.")
    gt: float | None = Field(default=None, description="Over.")
    lte: float | None = Field(default=None, description="At most.")
    lt: float | None = Field(default=None, description="Under.")
    exists: bool | None = Field(default=None, description="Whether there is anything.")
    unlike: tuple[Word, ...] | None = Field(default=None, description="Anything that is there but these.")

    @property
    def bounded(self) -> bool:
        """Whether it asks for a number."""
        return any(bound is not None for bound in (self.gte, self.gt, self.lte, self.lt))


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def one_of(**kinds: Callable[[Any], bool]) -> Discriminator:
    """Tell by its look which of some shapes a value is meant to be, so that mistakes are named as of that."""

    def told(value: Any) -> str | None:
        return next((kind for kind, looks_like in kinds.items() if looks_like(value)), None)

    return Discriminator(told)


def mapping(value: Any) -> bool:
    return isinstance(value, dict | Frozen)


def anything(_: Any) -> bool:
    return True


Match = Annotated[
    Annotated[Range, Tag("range")] | Annotated[tuple[Word, ...], BeforeValidator(_as_list), Tag("words")],
    one_of(range=mapping, words=anything),
]
"""A word, a list of which one is enough, or a range."""


class Listening(Frozen):
    """An event of one type whose fields match."""

    event: str = Field(description="The event's stored name, as in the catalogue: referral.sent.")
    where: dict[str, Match] = Field(default={}, description="Path into the event's data -> what it may be.")


class Earlier(Listening):
    """What was said before of the same thing: a no-show says which visit, its booking what for."""

    same: str = Field(description="The field in which both name the thing: visit_id.")


class Trigger(Listening):
    """An event of one type whose fields match; with `count`, the nth of them."""

    count: int = Field(default=1, ge=1, description="It hears from the nth on.")
    of: tuple[Earlier, ...] = Field(default=(), description="What must have been said before, all of it.")


def _as_trigger(value: Any) -> Any:
    return {"event": value} if isinstance(value, str) else value


def _as_triggers(value: Any) -> Any:
    return [_as_trigger(each) for each in (value if isinstance(value, list | tuple) else [value])]


Triggers = Annotated[
    tuple[Trigger, ...],
    BeforeValidator(_as_triggers),
    Field(min_length=1, description="One trigger, or several of which any is enough."),
]
"""One trigger or several of which any is enough; an event's name alone is a trigger too."""


class Condition(Frozen):
    """What must hold: something has occurred, or a combination of such conditions."""

    occurred: Triggers | None = Field(default=None, description="One of these triggers has heard something.")
    all: "tuple[Condition, ...] | None" = Field(default=None, min_length=1, description="All of these hold.")
    any: "tuple[Condition, ...] | None" = Field(default=None, min_length=1, description="One of these holds.")
    unless: "Condition | None" = Field(default=None, description="This does not hold.")

    @model_validator(mode="before")
    @classmethod
    def _a_trigger_is_a_condition(cls, value: Any) -> Any:
        if isinstance(value, str) or (isinstance(value, dict) and "event" in value):
            return {"occurred": value}
        return value

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Condition":
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError("a condition says one of: occurred, all, any, unless")
        return self


# --- Matching


def at_path(value: Any, path: tuple[str, ...]) -> tuple[Any, ...]:
    """All that stands there: a list on the way stands for each of its parts."""
    found: tuple[Any, ...] = (value,)
    for name in path:
        found = tuple(part for each in found for part in _parts(each, name))
    return found


def _parts(value: Any, name: str) -> tuple[Any, ...]:
    inner = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    if inner is None:
        return ()
    return tuple(inner) if isinstance(inner, tuple | list | frozenset) else (inner,)


def test(listening: Listening) -> Callable[[Event], bool]:
    """Whether the fields of an event of that type match."""
    asked = [(tuple(path.split(".")), _matcher(match)) for path, match in listening.where.items()]
    if not asked:
        return lambda _: True
    return lambda event: all(matches(at_path(event, path)) for path, matches in asked)


def _matcher(match: Match) -> Callable[[tuple[Any, ...]], bool]:
    if not isinstance(match, Range):
        words = frozenset(map(str, match))
        return lambda found: any(str(each) in words for each in found)
    return lambda found: _in_range(match, found)


def _in_range(match: Range, found: tuple[Any, ...]) -> bool:
    if match.exists is not None and bool(found) is not match.exists:
        return False
    if match.unlike is not None and not any(str(each) not in map(str, match.unlike) for each in found):
        return False
    bounds = match.model_dump(include={"gte", "gt", "lte", "lt"}, exclude_none=True)
    return not bounds or any(_between(each, bounds) for each in found)


def _between(value: Any, bounds: dict[str, float]) -> bool:
    return isinstance(value, int | float) and all(
        COMPARES[name](value, bound) for name, bound in bounds.items()
    )


COMPARES: dict[str, Callable[[float, float], bool]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}


def kinds_at(model: type[Event], path: tuple[str, ...]) -> set[Any]:
    """The types of what can stand there in such an event's data; none where the path leads nowhere."""
    kinds: set[Any] = {model}
    for name in path:
        if dict in kinds:
            return {dict}
        models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        kinds = {
            each
            for kind in models
            if name in kind.model_fields
            for each in _kinds(kind.model_fields[name].annotation)
        }
    return kinds


def _kinds(annotation: Any) -> set[Any]:
    if get_origin(annotation) is dict:
        return {dict}
    arguments = get_args(annotation)
    if not arguments:
        return {annotation} - {NoneType}
    return {kind for argument in arguments for kind in _kinds(argument)}
