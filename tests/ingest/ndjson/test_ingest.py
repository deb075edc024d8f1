"""Files of commands read to their end, or to where the database is lost."""

import json
from contextlib import closing

import pytest

from journey.ingest.counts import Counts
from journey.ingest.files import Found, Unreadable
from journey.ingest.ndjson.ingest import ingest
from journey.ingest.ndjson.result import Result
from journey.store.store import Store

pytestmark = pytest.mark.database


def found(number: int, command: str = "open-journey", **body: str) -> Found:
    line = {"journey": f"j{number % 3}", "command": command, "body": body}
    return Found(json.dumps(line).encode(), "legacy.ndjson", number)


def taken(url: str, *, closed: bool = False) -> tuple[Counts, list[tuple[int, str]]]:
    rejected: list[tuple[int, str]] = []

    def add(each: Found, result: Result) -> None:
        rejected.append((each.number, result.code or ""))

    lines: list[Found | Unreadable] = [
        *map(found, range(3)),
        Unreadable("missing", "It cannot be read."),
        *(found(n, "assign-owner", team=f"team {n}") for n in range(3, 600)),
        found(600, "fly"),
    ]
    with closing(Store(url)) as store:
        if closed:
            store.close()
        return ingest(store, lines, longest=1000, rejected=add, source="legacy"), rejected


def test_every_line_of_every_file_is_counted(database_url: str) -> None:
    counts, rejected = taken(database_url)
    assert (counts.messages, counts.applied, counts.rejected) == (601, 600, 1)
    assert (counts.journeys, counts.events, len(counts.unreadable), counts.stopped) == (3, 600, 1, None)
    assert rejected == [(600, "invalid")]
    again, _ = taken(database_url)
    assert (again.applied, again.duplicate, again.events) == (0, 600, 0)


def test_a_database_that_is_gone_is_where_it_stops(database_url: str) -> None:
    counts, rejected = taken(database_url, closed=True)
    assert (counts.messages, rejected) == (0, [])
    assert counts.stopped
