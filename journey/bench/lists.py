"""How long a page of a list takes, and a search, as there are more and more journeys.

The read models' rows are made in the database, as many as so many journeys have: half of them are over, a
tenth is handed over. A page holds a hundred rows and is timed up to its JSON. Beside it the floor, a select
by primary key, in the same shuffled rounds; and both sizes in the same run, so that growth is a ratio.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import LiteralString
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection
from psycopg.sql import SQL
from pydantic_core import to_json

from journey.api.access.admission import theirs
from journey.api.access.asking import Asking
from journey.api.access.caller import Caller
from journey.api.access.table import Permission, Role
from journey.api.lists.every import LISTS
from journey.api.lists.listing import Asked, List
from journey.api.matching import LIKENESS, matching
from journey.bench.figures import Figure, percentile
from journey.bench.scratch import Scratch
from journey.conditions import Condition
from journey.projections.audience import WHOLE

SAMPLES = 200
PAGE = 100
MILLISECONDS = 1000
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NURSE = Asking(
    Caller("key", "nurse", Role.CLINICIAN, "team-1", frozenset({"team-1"})), Permission.SEARCH, "TREAT"
)
"""Who sees the journeys of one team in fifty, and nothing that bears a label."""

FLOOR = "select by primary key"
SELECT = "SELECT version FROM patient_status WHERE journey_id = md5('4711')::uuid"
SEARCHES = {"a name": "okafor 1970", "a name with a typing error": "okafro 1970", "a number": "MRN-0004711"}
FOUND = """
    SELECT {rank}, journey_id, family, given FROM patient_status AS status
     WHERE {condition} ORDER BY 1, journey_id LIMIT %s
    """

FILL: tuple[LiteralString, ...] = (
    """
    INSERT INTO patient_status
    SELECT md5(n::text)::uuid, 'everyone', 10, n, md5('p' || n)::uuid,
           CASE n %% 2 WHEN 0 THEN 'finished' ELSE 'active' END,
           'some-pathway', 'in-care', %(now)s - n * interval '1 minute', 'team-' || n %% 50, NULL,
           family, given, '1970-03-02', ARRAY['MRN-' || lpad(n::text, 7, '0')], %(now)s, json_build_object(
               'filling', (SELECT string_agg(md5((n + each)::text), '') FROM generate_series(1, 60) AS each)),
           lower(concat(' ', family, ' ', given, ' mrn', n, ' mrn ', n, ' 19', 50 + n %% 50, '0302 ')),
           ARRAY['team-' || n %% 50], '{}', %(now)s, %(now)s
      FROM generate_series(1, %(journeys)s) AS n,
           LATERAL (SELECT CASE WHEN n %% 4000 = 7 THEN 'Okafor' ELSE initcap(translate(
                        left(md5('f' || n), 7), '0123456789', 'aeiouklmnr')) END AS family,
                        initcap(translate(left(md5('g' || n %% 997), 6), '0123456789', 'aeioustvln'))
                        AS given) AS name
    """,
    """
    INSERT INTO worklist
    SELECT md5(n::text)::uuid, 'everyone', item, 'do-this', NULL, NULL,
           %(now)s + (n %% 20000 - 2000) * interval '1 minute',
           %(now)s + (n %% 20000 - 3000) * interval '1 minute', 'nurse', 'team-' || n %% 50, NULL, '{}',
           false, %(now)s - n * interval '1 minute', md5('e' || n || item)::uuid
      FROM generate_series(1, %(journeys)s, 2) AS n, generate_series(0, 1) AS item
    """,
    """
    INSERT INTO handoff_board
    SELECT md5(n::text)::uuid, 'everyone', md5('h' || n)::uuid, 'offered', 'shift',
           (ARRAY['unstable', 'watcher', 'stable'])[1 + n %% 3], 'nights', 'team-' || n %% 50, NULL, 0,
           %(now)s - n * interval '1 second', %(now)s + (n %% 2000 - 500) * interval '1 second',
           %(now)s - n * interval '1 second', 0, 0, md5('e' || n)::uuid
      FROM generate_series(1, %(journeys)s, 10) AS n
    """,
    """
    INSERT INTO open_referral
    SELECT md5(n::text)::uuid, 'everyone', md5('r' || n)::uuid, 'sent', NULL, 'Echo', 'routine', 'cardiology',
           NULL, 'team-' || n %% 50, %(now)s - n * interval '1 minute',
           CASE WHEN n %% 3 > 0 THEN %(now)s + (n %% 9000 - 900) * interval '1 minute' END, NULL,
           %(now)s - n * interval '1 minute', md5('e' || n)::uuid
      FROM generate_series(1, %(journeys)s, 4) AS n
    """,
    """
    INSERT INTO authorization_status
    SELECT md5(n::text)::uuid, 'everyone', md5('a' || n)::uuid, 'approved', NULL, 'Exercise',
           'payer-' || n %% 20, 'standard', 'team-' || n %% 50, %(now)s,
           CASE WHEN n %% 3 = 0 THEN %(now)s + n %% 900 * interval '1 hour' END,
           '2026-01-01', date '2026-03-01' + n %% 400, 12, n %% 12, 12 - n %% 12, 'visits',
           %(now)s - n * interval '1 minute', md5('e' || n)::uuid
      FROM generate_series(1, %(journeys)s, 4) AS n
    """,
    """
    INSERT INTO visit_list
    SELECT md5(n::text)::uuid, 'everyone', md5('v' || n || each)::uuid,
           (ARRAY['finished', 'finished', 'booked', 'noshow', 'proposed'])[1 + each], 'Physio', 'AMB', starts,
           NULL, NULL, 'team-' || n %% 50, NULL, NULL, starts, starts, md5('e' || n || each)::uuid, n %% 2 = 0
      FROM generate_series(1, %(journeys)s) AS n, generate_series(0, 2) AS each,
           LATERAL (SELECT %(now)s - n * interval '1 minute' + each * interval '30 days' AS starts) AS agreed
    """,
    """
    INSERT INTO open_barrier
    SELECT md5(n::text)::uuid, 'everyone', md5('b' || n)::uuid, 'identified', 'Z75.3', 'transport', '{}',
           NULL, 'team-' || n %% 50, NULL, %(now)s - n * interval '1 minute', md5('e' || n)::uuid
      FROM generate_series(1, %(journeys)s, 5) AS n
    """,
)
"""Columns are in the order of their tables."""

Work = Callable[[], object]


def lists(server: Scratch) -> Iterator[Figure]:
    """Each list, of everybody and of one team, and each search, at both sizes."""
    sizes = (server.journeys // 10, server.journeys)
    with ExitStack() as stack:
        works: dict[tuple[str, int], Work] = {}
        for size in sizes:
            connection = stack.enter_context(_filled(server.database(), size))
            works |= {(what, size): work for what, work in _questions(connection)}
        found = _timed(works)
    for what in dict.fromkeys(what for what, _ in works):
        yield from _figures(what, sizes, found)


def _figures(
    what: str, sizes: tuple[int, ...], found: dict[tuple[str, int], list[float]]
) -> Iterator[Figure]:
    for size in sizes:
        own, floor = found[what, size], found[FLOOR, size]
        label = f"{what}, {size:,} journeys"
        compared = ("", None) if what == FLOOR else (FLOOR, _ratio(own, floor))
        yield Figure(f"{label}: p50", percentile(own, 0.5) * MILLISECONDS, "ms", *compared)
        yield Figure(f"{label}: p99", percentile(own, 0.99) * MILLISECONDS, "ms")
    for fewer, more in pairwise(sizes):
        growth = _ratio(found[what, more], found[what, fewer])
        yield Figure(f"{what}: {more:,} against {fewer:,} journeys", growth, "times")


def _ratio(own: list[float], other: list[float]) -> float:
    """Within each round."""
    return median(one / another for one, another in zip(own, other, strict=True))


def _timed(works: dict[tuple[str, int], Work]) -> dict[tuple[str, int], list[float]]:
    """Seconds, in rounds in which everybody has a turn, each in another order; the first warm up."""
    dice = random.Random(0)  # noqa: S311 - no secret
    found: dict[tuple[str, int], list[float]] = {each: [] for each in works}
    warming_up = max(1, SAMPLES // 20)
    for number in range(SAMPLES + warming_up):
        for each in dice.sample(list(works), len(works)):
            started = perf_counter()
            works[each]()
            if number >= warming_up:
                found[each].append(perf_counter() - started)
    return found


@contextmanager
def _filled(url: str, journeys: int) -> Iterator[Connection[tuple[object, ...]]]:
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        for statement in FILL:
            connection.execute(statement, {"now": NOW, "journeys": journeys})
        connection.execute("VACUUM ANALYZE")
        connection.execute(SQL("SET " + LIKENESS))
        connection.execute("SET timezone = 'UTC'")
        yield connection


def _questions(connection: Connection[tuple[object, ...]]) -> Iterator[tuple[str, Work]]:
    yield FLOOR, lambda: connection.execute(SELECT).fetchall()
    asked = Asked(NOW, ZoneInfo("UTC"))
    for name, listing in LISTS.items():
        yield name, partial(_page, connection, listing, {}, asked)
        yield f"{name} of a team", partial(_page, connection, listing, {"team": "team-7"}, asked)
        yield f"{name} for its nurse", partial(_page, connection, listing, {}, asked, theirs(NURSE, ()))
    for name, text in SEARCHES.items():
        yield f"search for {name}", partial(_search, connection, text)


def _page(
    connection: Connection[tuple[object, ...]],
    listing: List,
    given: dict[str, object],
    asked: Asked,
    whose: Condition = WHOLE,
) -> bytes:
    found = connection.execute(*listing.statement(given, asked, None, PAGE, whose)).fetchall()
    return to_json(listing.page(found, asked, "", PAGE))


def _search(connection: Connection[tuple[object, ...]], text: str) -> bytes:
    match = matching(text)
    statement = SQL(FOUND).format(rank=SQL(match.rank.sql), condition=SQL(match.condition.sql))
    parameters = (*match.rank.parameters, *match.condition.parameters, PAGE)
    return to_json(connection.execute(statement, parameters).fetchall())
