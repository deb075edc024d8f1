"""Ended at any statement, before or after it, and by SIGKILL in the middle: taken again, nothing is lost and
nothing is doubled.
"""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from tests.ingest.fhir.feeding import Feed, Json
from tests.ingest.fhir.written import appointment, bundle, encounter, episode, patient, referral, task
from tests.ingest.hl7v2.test_ingest_killed import Ended, ending
from tests.processes import processes
from tests.waiting import until

PEOPLE, EACH = 30, 7
NAMED = EACH - 1
"""Kept under a name of their own: all but the Patient."""


def story(n: int) -> list[Json]:
    """What waits for its patient, the patient, and what comes later: three documents."""
    of = {"reference": f"Patient/p{n}"}
    asked = {**task(f"t{n}", focus=f"ServiceRequest/r{n}"), "for": of}
    early = [encounter(f"e{n}", subject=of), asked]
    person = [patient(f"M{n}", f"p{n}"), referral(f"r{n}", subject=of)]
    later = [
        episode(f"s{n}", patient=of),
        encounter(f"f{n}", subject=of, episodeOfCare=[{"reference": f"EpisodeOfCare/s{n}"}]),
        appointment(f"a{n}", participant=[{"actor": of}]),
    ]
    return [bundle(*each, kind="collection") for each in (early, person, later)]


def left(feed: Feed, n: int) -> Sequence[Any]:
    """Everything recorded and kept of a story, but for ids and versions."""
    events = feed.rows(
        """
        SELECT type, CASE type WHEN 'journey.opened' THEN NULL ELSE occurred_at END AS at FROM event
         WHERE journey_id IN (SELECT journey_id FROM routing WHERE value ~ %s) ORDER BY 1, 2
        """,
        rf"^(M|[A-Za-z]+/[a-z]){n}\M",
    )
    kept = feed.rows(
        "SELECT trigger, status FROM inbox WHERE control_id ~ %s ORDER BY 1, 2", rf"^[A-Za-z]+/[a-z]{n}\M"
    )
    waiting = feed.rows("SELECT value FROM fhir_awaited WHERE value ~ %s", rf"/[a-z]{n}\M")
    return [tuple(map(str, row.values())) for row in (*events, *kept, *waiting)]


def test_a_run_that_ended_at_any_statement_is_completed_by_the_next(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.take(*story(0))
    whole = left(feed, 0)
    assert [row[1] for row in whole].count("applied") == NAMED

    for statement in count(1):
        try:
            with ending(monkeypatch, statement):
                feed.take(*story(statement))
            break
        except Ended:
            feed.take(*story(statement))
        assert left(feed, statement) == whole, f"at statement {statement}"
    assert statement > 30


def run(url: str) -> None:
    """Take everything into the database at this address."""
    feed = Feed(url)
    for n in range(PEOPLE):
        feed.take(*story(n))


@pytest.mark.crash
def test_a_run_that_was_killed_again_and_again_is_completed(feed: Feed) -> None:
    def taken() -> int:
        return int(feed.rows("SELECT count(*) AS n FROM inbox")[0]["n"])

    for goal in range(20, PEOPLE * EACH, 60):
        process = processes.Process(target=run, args=(feed.url,), daemon=True)
        process.start()
        until(lambda goal=goal: taken() >= goal, timeout=60)  # type: ignore[misc]  # bound to this round
        process.kill()
        process.join()

    run(feed.url)
    assert taken() == PEOPLE * EACH
    first, *others = [left(feed, n) for n in range(PEOPLE)]
    assert [n for n, other in enumerate(others, start=1) if other != first] == []
    assert json.dumps(first).count("applied") == NAMED
