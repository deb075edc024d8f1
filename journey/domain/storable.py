"""What can be kept at all, whatever it means."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

EARLIEST, LATEST = datetime(1800, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)
"""Times outside are slips of the pen, and near the ends of what a computer can count with."""

LONGEST = 10_000
"""Characters of one text: a page or two. What is longer is a document, and is kept elsewhere."""


def unstorable(value: Any, path: str = "") -> Iterator[str]:
    """What in a value could never be kept, each with where it stands."""
    match value:
        case str():
            if "\0" in value:
                yield f"{path}: a NUL character cannot be kept; leave it out"
            if len(value) > LONGEST:
                yield f"{path}: too long to be kept; {LONGEST} characters at most"
        case datetime():
            if not EARLIEST <= value < LATEST:
                yield f"{path}: the year should be from {EARLIEST.year} to {LATEST.year - 1}"
        case BaseModel():
            for name, each in value:
                yield from unstorable(each, f"{path}.{name}".lstrip("."))
        case tuple() | list():
            for each in value:
                yield from unstorable(each, path)
        case dict():
            for name, each in value.items():
                yield from unstorable(name, path)
                yield from unstorable(each, f"{path}.{name}")
        case _:
            pass
