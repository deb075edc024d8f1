"""A hospital to look at: as many journeys as a page meets in one, with what each page of the console tells.

Most are rows of the read models, made in the database; some are journeys with all their events, which are the
ones that a page about one patient is asked of.
"""

from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID, uuid5

import psycopg

from journey.bench import lists, ward
from journey.bench.scratch import Scratch
from journey.projections import READ_MODELS
from journey.projections.projector import Projector

WHOLE = 20
"""Journeys with all their events, on a pathway."""

LENGTH = 50
FLOWED: tuple[LiteralString, ...] = (
    """
    INSERT INTO flow_stage
    SELECT md5(n::text)::uuid, 'inpatient-sepsis', '1.0.0', 'team-' || n %% 50, each + 1,
           (ARRAY['arrived', 'in-care', 'in-hospital'])[1 + each], each, 1, entered,
           CASE WHEN each < 2 OR n %% 2 = 0 THEN entered + (n %% 97) * interval '1 hour' END
      FROM generate_series(1, %(journeys)s) AS n, generate_series(0, 2) AS each,
           LATERAL (SELECT %(now)s - n %% 250000 * interval '1 minute' + each * interval '9 hours'
                        AS entered) AS at
    """,
    """
    INSERT INTO flow_milestone
    SELECT md5(n::text)::uuid, 'inpatient-sepsis', '1.0.0', 'team-' || n %% 50, 'milestone-' || each, each,
           began, began + took * each, began + interval '30 hours' * each, n %% 53 > 30, began, 0, NULL,
           'milestone-' || each - 1, began + took * (each - 1)
      FROM generate_series(1, %(journeys)s) AS n, generate_series(1, 4) AS each,
           LATERAL (SELECT %(now)s - n %% 250000 * interval '1 minute' AS began,
                           n %% 53 * interval '1 hour' AS took) AS at
    """,
    """
    INSERT INTO flow_clock
    SELECT md5(n::text)::uuid, 'inpatient-sepsis', '1.0.0', 'team-' || n %% 50, 'antibiotics', 1,
           CASE n %% 2 WHEN 0 THEN 'stopped' ELSE 'running' END, started,
           CASE n %% 2 WHEN 0 THEN started + (n %% 90) * interval '1 minute' END,
           started + interval '1 hour', 0.9
      FROM generate_series(1, %(journeys)s) AS n,
           LATERAL (SELECT %(now)s - n %% 250000 * interval '1 minute' AS started) AS at
    """,
    """
    INSERT INTO flow_visit
    SELECT md5(n::text)::uuid, md5('v' || n)::uuid, 'inpatient-sepsis', 'team-' || n %% 50,
           %(now)s - n %% 250000 * interval '1 minute', true, n %% 7 > 0, (n %% 7 = 0)::int, false
      FROM generate_series(1, %(journeys)s) AS n
    """,
    """
    INSERT INTO access_event
           (access_id, at, kind, outcome, caller, name, role, method, route, journeys, patients)
    SELECT md5('x' || n)::uuid, %(now)s - n * interval '1 minute', 'read', 'done', md5('c' || n %% 40),
           'nurse-' || n %% 40, 'clinician', 'GET', '/v1/journeys/{journey_id}', ARRAY[md5(n::text)::uuid],
           ARRAY[md5('p' || n)::uuid]
      FROM generate_series(1, %(journeys)s) AS n
    """,
)
"""Columns are in the order of their tables."""


class Clinic(NamedTuple):
    """A filled database, and whom its pages are asked of."""

    url: str
    named: dict[str, UUID]
    """By their place in an address: a journey with a long record; one that is handed over, and what."""


def filled(server: Scratch, journeys: int) -> Clinic:
    """As of now: what is due today is due today."""
    url = server.database()
    whole = [ward.sepsis(number, LENGTH) for number in range(WHOLE)]
    offered = [ward.handed_over(number) for number in range(WHOLE)]
    ward.fill(url, (each for journey in (*whole, *offered) for each in journey))
    projected(url)
    given: dict[str, Any] = {"now": datetime.now(UTC), "journeys": journeys}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (*lists.FILL, *FLOWED):
            connection.execute(statement, given)
        connection.execute("VACUUM ANALYZE")
    journey_id, handoff_id = handed_over(0)
    return Clinic(url, {"journey": whole[0][0].journey_id, "handed_over": journey_id, "handoff": handoff_id})


def board(server: Scratch, handoffs: int) -> str:
    """A hospital in which so many patients are being handed over, and nothing else goes on."""
    url = server.database()
    ward.fill(url, (each for number in range(handoffs) for each in ward.handed_over(number)))
    projected(url)
    return url


def handed_over(number: int) -> tuple[UUID, UUID]:
    """The journey of this number that is handed over, and its handoff."""
    journey_id = uuid5(ward.WARD, f"handed over {number}")
    return journey_id, uuid5(journey_id, "handoff")


def projected(url: str) -> None:
    for model in READ_MODELS:
        Projector(url, model).catch_up()
