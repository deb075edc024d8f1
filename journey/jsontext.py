"""JSON text: what it says, and what is wrong with that.

It is in UTF-8 (RFC 8259), says each thing once, and can be kept.

A name that is given twice is a fault: whichever of the two was meant, something that was said would be lost.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, NoReturn

DEEPEST = 32
"""Levels of nesting. No command has ten."""

MOST = 20
"""Faults that are told."""

HALF = re.compile("[\ud800-\udfff]")
"""Half a character: what an escape of one surrogate leaves."""

HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")


class Malformed(ValueError):
    """It is not JSON in UTF-8."""


class Fault(NamedTuple):
    """What is wrong with something, and where that stands: names by dots."""

    path: str
    what: str


class TooLarge(ValueError):
    """A number is too large to be kept."""


class Repeating(dict[str, Any]):
    """An object in which names are given more than once."""

    repeated: tuple[str, ...] = ()


def read(text: bytes) -> tuple[Any, list[Fault]]:
    """What it says, and what is wrong with that. Raises Malformed."""
    repeating: list[Repeating] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        twice = Repeating(found)
        twice.repeated = tuple(
            name for name, times in Counter(name for name, _ in pairs).items() if times > 1
        )
        repeating.append(twice)
        return twice

    try:
        value = json.loads(
            text.decode(), object_pairs_hook=made, parse_constant=_no_number, parse_float=_finite
        )
    except TooLarge as error:
        return None, [Fault("", str(error).rstrip("."))]
    except (ValueError, RecursionError):
        raise Malformed from None
    may_be_deep = text.count(b"{") + text.count(b"[") > DEEPEST
    if repeating or may_be_deep or HALF_ESCAPED.search(text):
        return value, list(islice(_faults(value, ()), MOST))
    return value, []


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _finite(text: str) -> float | int:
    """JSON has one kind of number: 3.0 is as whole as 3."""
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise TooLarge(TooLarge.__doc__)
    return int(number) if number.is_integer() else number


def _faults(value: Any, path: tuple[str, ...]) -> Iterator[Fault]:
    """What is wrong with it, each with where it stands."""
    if len(path) > DEEPEST:
        yield Fault(_told(path), f"It is nested more than {DEEPEST} levels deep")
        return
    match value:
        case dict():
            if isinstance(value, Repeating):
                yield from (
                    Fault(_told((*path, name)), "It is given more than once") for name in value.repeated
                )
            for name, each in value.items():
                if HALF.search(name):
                    yield Fault(_told((*path, name)), "Its name holds half a character")
                yield from _faults(each, (*path, name))
        case list():
            for index, each in enumerate(value):
                yield from _faults(each, (*path, str(index)))
        case str() if HALF.search(value):
            yield Fault(_told(path), "It holds half a character")


def _told(path: tuple[str, ...]) -> str:
    return HALF.sub("�", ".".join(part[:100] for part in path[:DEEPEST]))
