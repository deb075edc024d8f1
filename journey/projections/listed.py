"""Lists: what many journeys have of one kind, a row each, made from where their patients stand.

They are written with the standing, in its transaction, and read with its row, where name and version are. A
journey's rows are made anew when what they are made of has changed, and left alone otherwise.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, ClassVar, NamedTuple, Protocol

from psycopg.sql import SQL, Identifier

from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.projections.model import Change, Write

INDEXED = 200
"""Characters of a text that lists find it by; an index holds no more than about 2,700 bytes. The standing has
the whole.
"""

FORGET = SQL("""
    DELETE FROM {table} USING json_to_recordset(%(rows)s) AS gone (journey_id uuid)
     WHERE {table}.journey_id = gone.journey_id
    """)
ADD = SQL("""
    INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %(rows)s)
    """)

Row = dict[str, Any]


class Listing(Protocol):
    """One list. `made_of`: the rooms that its rows are made of; of everything where none are named."""

    table: ClassVar[str]
    made_of: ClassVar[tuple[str, ...]] = ()

    def rows(self, journey: Journey, stands: Standing) -> Iterator[Row]:
        """The journey's rows, without its id."""
        ...


def listed(listing: Listing, change: Change, stands: Standing, **common: Any) -> Iterator[Write]:
    """What the change writes to a list; `common` stands in each of the rows."""
    if _is_as_before(listing, change):
        return
    yield from replaced(listing.table, change, listing.rows(change.journey, stands), **common)


def replaced(table: str, change: Change, rows: Iterable[Row], **common: Any) -> Iterator[Write]:
    """The journey's rows in a table, in the place of those that it had."""
    forget, add = _statements(table)
    yield Write(forget, {"journey_id": change.journey_id})
    for row in rows:
        yield Write(add, {"journey_id": change.journey_id, **common, **row})


class Statements(NamedTuple):
    """The two that every such table needs."""

    forget: str
    add: str


@cache
def _statements(table: str) -> Statements:
    return Statements(*(each.format(table=Identifier(table)).as_string(None) for each in (FORGET, ADD)))


def _is_as_before(listing: Listing, change: Change) -> bool:
    """A room that nothing happened in is the very same object."""
    before, journey = change.before, change.journey
    if before is None or not listing.made_of:
        return False
    return all(getattr(before, room) is getattr(journey, room) for room in listing.made_of)


def short(text: str | None) -> str | None:
    """What of a text an index can hold."""
    return text and text[:INDEXED]
