"""Parting: what an event says of a person, apart from the rest of it.

    {"item": "consent", "reason": "her own words"}  ->  {"item": "consent", "reason": "[erased]"}
                                                     +  {"reason": "her own words"}

The first part is how the event reads once the person is erased: its ids, codes and times stay.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from journey.domain.event import EVENTS, Event
from journey.domain.personal import ERASED, Marked

Said = dict[str, Any]
"""An event's fields as they are written in JSON."""

LEFT_OUT = object()


class Place(NamedTuple):
    """Where in a model something personal stands: here, or further in."""

    marked: Marked | None
    within: Mapping[str, "Place"]
    required: bool = False


class Parts(NamedTuple):
    """What may always be read, and what only the key opens: whole fields, that stand in for those."""

    lasting: Said
    personal: Said


@cache
def places(model: type[BaseModel]) -> Mapping[str, Place]:
    """The fields of a model that are personal, or have something personal in them."""
    found = {
        name: _place((field.annotation, *field.metadata), field.is_required())
        for name, field in model.model_fields.items()
    }
    return {name: place for name, place in found.items() if place.marked or place.within}


def _place(annotations: tuple[Any, ...], required: bool = False) -> Place:
    """What stands in any of these types, and in what they are made of."""
    marked: Marked | None = None
    within: dict[str, Place] = {}
    for each in annotations:
        if isinstance(each, Marked):
            marked = each
        elif isinstance(each, type) and issubclass(each, BaseModel):
            within.update(places(each))
        else:
            inner = _place((*get_args(each), *getattr(each, "__metadata__", ())))
            marked = marked or inner.marked
            within.update(inner.within)
    return Place(marked, within, required)


def parted(event: Event) -> Parts:
    """The event as it is stored, in its two parts."""
    said = event.__pydantic_serializer__.to_python(event, mode="json", exclude_none=True)
    lasting = _lasting(said, _of(type(event), said))
    return Parts(lasting, {name: value for name, value in said.items() if lasting.get(name) != value})


def _of(event: type[Event], said: Said) -> Mapping[str, Place]:
    """A correction is as personal as the event that it corrects."""
    found = places(event)
    if event.stored_as == "correction.corrected":
        target = EVENTS.get(said["of"])
        data = Place(Marked(), {}) if target is None else Place(None, places(target))
        return {**found, "data": data}
    return found


def _lasting(said: Said, personal: Mapping[str, Place]) -> Said:
    kept = {name: _kept(value, personal[name]) if name in personal else value for name, value in said.items()}
    return {name: value for name, value in kept.items() if value is not LEFT_OUT}


def _kept(value: Any, place: Place) -> Any:
    match value:
        case _ if place.marked:
            return _nothing(value) if place.required else LEFT_OUT
        case dict():
            return _lasting(value, place.within)
        case list():
            return [_kept(each, place) for each in value]
        case _:
            return value


def _nothing(value: Any) -> Any:
    return [] if isinstance(value, list) else ERASED


def told(event: Event) -> Iterator[tuple[Marked, str]]:
    """Every personal text of the event, with its mark."""
    said = event.__pydantic_serializer__.to_python(event, mode="json", exclude_none=True)
    yield from _told(said, Place(None, _of(type(event), said)))


def _told(value: Any, place: Place) -> Iterator[tuple[Marked, str]]:
    match value:
        case str() if place.marked:
            yield place.marked, value
        case dict() if place.marked:
            for each in value.values():
                yield from _told(each, place)
        case dict():
            for name, each in value.items():
                if name in place.within:
                    yield from _told(each, place.within[name])
        case list():
            for each in value:
                yield from _told(each, place)
        case _:
            pass
