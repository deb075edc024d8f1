"""Ended at any statement, and by SIGKILL in the middle of a file: taken again, nothing is lost and nothing is
doubled.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
import pytest

from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.written import evn, message, pv1
from tests.processes import processes
from tests.waiting import until

PATIENTS, EACH = 24, 7


def at(hour: int) -> str:
    return evn(f"20260301{hour:02}0000+0000")


def story(n: int) -> list[bytes]:
    """A stay, its discharge cancelled and its place changed before they are told, and two merges."""
    pid = f"PID|||M{n}-1^^^HOSP^MR~N{n}^^^NHS^NH||Doe"
    other = f"PID|||M{n}-2^^^HOSP^MR"
    told = [
        ("A13", 11, pid, pv1(f19=f"V{n}")),
        ("A08", 8, other, pv1(f19=f"W{n}", f2="E", f3="BAY7")),
        ("A01", 8, pid, pv1(f19=f"V{n}")),
        ("A04", 7, other, pv1(f19=f"W{n}", f2="E")),
        ("A40", 9, pid, f"MRG|M{n}-2^^^HOSP^MR"),
        ("A40", 10, pid, f"MRG|M{n}-3^^^HOSP^MR"),
        ("A03", 11, pid, pv1(f19=f"V{n}")),
    ]
    return [
        message(f"ADT^{trigger}", at(hour), who, rest, control_id=f"{n}-{index}")
        for index, (trigger, hour, who, rest) in enumerate(told)
    ]


def left(feed: Feed, n: int) -> list[tuple[Any, ...]]:
    """Everything recorded and kept of a story, but for ids and the order between its journeys."""
    events = feed.rows(
        """
        SELECT type, occurred_at, version,
               data::jsonb - '{sealed,patient_id,visit_id,survivor,retired,voids,evidence,identifier}'::text[]
          FROM event
         WHERE journey_id IN (SELECT journey_id FROM routing WHERE value ~ %s)
         ORDER BY type, occurred_at, version
        """,
        rf"^[MVWN]{n}\M",
    )
    own = rf"^{n}-"
    kept = feed.rows("SELECT trigger, status FROM inbox WHERE control_id ~ %s ORDER BY 1, 2", own)
    return [tuple(map(str, row.values())) for row in (*events, *kept)]


class Ended(BaseException):
    """The process is no more."""


@contextmanager
def ending(monkeypatch: pytest.MonkeyPatch, statement: int) -> Iterator[None]:
    """End before the statement of this number is asked. What is not committed then is as if it had not been
    asked: to end when a statement was carried out is to end before another.
    """
    numbers = count(1)
    execute = psycopg.Cursor.execute

    def executing(cursor: Any, *arguments: Any, **more: Any) -> Any:
        if next(numbers) == statement:
            raise Ended
        return execute(cursor, *arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", executing)
        yield


def test_a_run_that_ended_at_any_statement_is_completed_by_the_next(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.take_all(story(0))
    whole = left(feed, 0)
    assert [row[1] for row in whole].count("applied") == EACH

    for statement in count(1):
        try:
            with ending(monkeypatch, statement):
                feed.take_all(story(statement))
            break
        except Ended:
            feed.take_all(story(statement))
        assert left(feed, statement) == whole, f"at statement {statement}"
    assert statement > 30


def run(url: str) -> None:
    """Take everything into the database at this address."""
    feed = Feed(url)
    feed.take_all(raw for n in range(PATIENTS) for raw in story(n))


@pytest.mark.crash
def test_a_file_whose_taking_was_killed_again_and_again_is_taken_whole(feed: Feed) -> None:
    def taken() -> int:
        return int(feed.rows("SELECT count(*) AS n FROM inbox")[0]["n"])

    for goal in range(30, PATIENTS * EACH, 45):
        process = processes.Process(target=run, args=(feed.url,), daemon=True)
        process.start()
        until(lambda goal=goal: taken() >= goal, timeout=30)  # type: ignore[misc]  # bound to this round
        process.kill()
        process.join()

    run(feed.url)
    assert taken() == PATIENTS * EACH
    first, *others = [left(feed, n) for n in range(PATIENTS)]
    assert [n for n, other in enumerate(others, start=1) if other != first] == []
