"""Spelling: which name was probably meant by one that is not known."""

import types
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from journey.alike import meant


def no_such(what: str, given: str, known: Collection[str]) -> str:
    """That there is no such thing here, and what was meant, if anything is like it."""
    return f"There is no such {what} here{meant(given, known)}"


def known_at(shape: Any, path: Sequence[str | int]) -> set[str]:
    """The names of the fields at this place inside what has this shape."""
    shapes = [shape]
    for part in path:
        shapes = [inner for each in shapes for inner in _inside(each, part)]
    return {name for each in shapes for name in _names(each)}


def _plain(shape: Any) -> Iterator[Any]:
    """What it can be, without what is said about it."""
    origin = get_origin(shape)
    if origin is Annotated:
        yield from _plain(get_args(shape)[0])
    elif origin in {Union, types.UnionType}:
        for each in get_args(shape):
            yield from _plain(each)
    else:
        yield shape


def _inside(shape: Any, part: str | int) -> Iterator[Any]:
    for each in _plain(shape):
        if isinstance(part, int):
            yield from get_args(each)[:1]
        elif isinstance(each, type) and issubclass(each, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in each.model_fields.items()}
            if part in fields:
                yield fields[part]
            elif part == each.__name__:
                yield each


def _names(shape: Any) -> Iterator[str]:
    for each in _plain(shape):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield from (field.alias or name for name, field in each.model_fields.items())
