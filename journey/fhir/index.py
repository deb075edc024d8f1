"""Index: what of a resource it is found by, read from the resource itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from journey.fhir.data import Json
from journey.fhir.kind import Kind

LENGTH_OF_YEAR, LENGTH_OF_MONTH, LENGTH_OF_DAY = 4, 7, 10
LONGEST = 200
"""Characters of a text that an index can hold."""


class Entry(NamedTuple):
    """A resource in the index. Its date is a stretch of time; what has no end yet ends never."""

    type: str
    id: str
    status: str | None
    begins: datetime | None
    ends: datetime | None
    owner: str | None
    identifiers: tuple[str, ...]


def entry(kind: Kind, body: Json) -> Entry:
    begins, ends = _dates(body.get(kind.dated)) if kind.dated else (None, None)
    owner = body.get(kind.owned) if kind.owned else None
    status = body.get("status")
    return Entry(
        kind.type,
        body["id"],
        status,
        begins,
        ends,
        _short(_owner(owner)),
        tuple(_identifiers(body.get("identifier"))),
    )


def _dates(said: Any) -> tuple[datetime | None, datetime | None]:
    match said:
        case str():
            return reach(said)
        case {"start": str(start), "end": str(end)}:
            return reach(start)[0], reach(end)[1]
        case {"start": str(start)}:
            return reach(start)[0], None
        case _:
            return None, None


def reach(said: str) -> tuple[datetime, datetime]:
    """The first moment of a FHIR date or time, and the first one after it. Raises ValueError."""
    match len(said):
        case n if n == LENGTH_OF_YEAR:
            begins = datetime(int(said), 1, 1, tzinfo=UTC)
            return begins, begins.replace(year=begins.year + 1)
        case n if n == LENGTH_OF_MONTH:
            begins = datetime(int(said[:4]), int(said[5:]), 1, tzinfo=UTC)
            return begins, (begins + timedelta(days=31)).replace(day=1)
        case n if n == LENGTH_OF_DAY:
            begins = datetime.fromisoformat(said).replace(tzinfo=UTC)
            return begins, begins + timedelta(days=1)
        case _:
            begins = datetime.fromisoformat(said)
            return begins, begins + _unit(said)


def _unit(said: str) -> timedelta:
    """How exactly a time is told: to the minute, the second or finer."""
    if "." in said:
        return timedelta(microseconds=1)
    return timedelta(seconds=1) if said.count(":", 0, 19) > 1 else timedelta(minutes=1)


def _owner(said: Any) -> str | None:
    """By what a reference is known: where it leads, or a name."""
    if not isinstance(said, dict):
        return None
    return str(said.get("reference") or said.get("display") or "") or None


def _identifiers(said: Any) -> Iterator[str]:
    """Each as `system|value`, and by its value alone."""
    for each in (said if isinstance(said, list) else [said]) if said else ():
        yield f"{each.get('system', '')}|{each.get('value', '')}"[:LONGEST]
        yield str(each.get("value", ""))[:LONGEST]


def _short(text: str | None) -> str | None:
    return text and text[:LONGEST]
