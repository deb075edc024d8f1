"""Pages: rows in the order of their positions, the next ones read while those in hand are worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

from psycopg import Connection

AT_ONCE = 4_000

Rows = list[tuple[Any, ...]]


def pages(connection: Connection[Any], statement: LiteralString, after: int) -> Iterator[Rows]:
    """The rows of a statement that takes the position after which to begin, and how many at most; the first
    column is the position.
    """

    def read(after: int) -> Rows:
        return connection.cursor(binary=True).execute(statement, (after, AT_ONCE)).fetchall()

    with ThreadPoolExecutor(1, "pages") as ahead:
        coming = ahead.submit(read, after)
        while rows := coming.result():
            coming = ahead.submit(read, rows[-1][0])
            yield rows


def dense(rows: Rows, after: int) -> Iterator[tuple[int, Rows]]:
    """Rows that follow one another, and how many are missing before them."""
    if rows[0][0] == after + 1 and rows[-1][0] == after + len(rows):
        yield 0, rows
        return
    start = 0
    for place, row in enumerate(rows):
        expected = rows[place - 1][0] + 1 if place else after + 1
        if row[0] == expected:
            continue
        if place > start:
            yield 0, rows[start:place]
            start = place
        yield row[0] - expected, []
    yield 0, rows[start:]
