"""The figures of the flow: one statement over what the read model keeps, so that all are of one moment."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, LiteralString, NamedTuple

from psycopg.sql import SQL, Composed

from journey.api.flowmodels import Bucket, FlowFigures
from journey.pathways import installed


class Asked(NamedTuple):
    """What is asked: all where nothing is said. In the order of the statement's parameters."""

    pathway: str | None
    team: str | None
    begins: datetime | None
    ends: datetime | None
    bucket: Bucket
    zone: str
    now: datetime

    def complaint(self) -> tuple[str, str] | None:
        """What is wrong with it: the parameter, and a sentence."""
        if self.pathway is not None and not installed().versions(self.pathway):
            return "pathway", "No such pathway is at hand; GET /v1/pathways or journey pathway list shows all"
        if self.begins is not None and self.ends is not None and self.begins >= self.ends:
            return "to", "It should be later than from"
        return None


def figures(found: list[tuple[Any, ...]]) -> FlowFigures:
    """What the statement has found."""
    [(text,)] = found
    return FlowFigures.model_validate_json(text)


# --- Pieces


class Filters(NamedTuple):
    """Which filters there are. Only these are in the statement, so that an index is used for them."""

    pathway: bool
    team: bool
    begins: bool
    ends: bool

    def those(self, table: LiteralString) -> Composed:
        """The journeys that are asked about."""
        said = (SQL("{}.pathway = asked.pathway"), self.pathway), (SQL("{}.team = asked.team"), self.team)
        return self._all(said, table)

    def within(self, at: LiteralString) -> Composed:
        """The time that is asked about."""
        return self._all(((SQL("{} >= asked.begins"), self.begins), (SQL("{} < asked.ends"), self.ends)), at)

    @staticmethod
    def _all(said: Sequence[tuple[SQL, bool]], of: LiteralString) -> Composed:
        return SQL(" AND ").join([SQL("true"), *(each.format(SQL(of)) for each, given in said if given)])


def _spread(seconds: LiteralString) -> Composed:
    pieces = SQL("""json_build_object(
               'n', count({seconds}),
               'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY {seconds}),
               'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY {seconds}))""")
    return pieces.format(seconds=SQL(seconds))


def _listed(rows: Composed | SQL) -> Composed:
    return SQL("(SELECT coalesce(json_agg(to_json(each)), '[]') FROM ({rows}) AS each)").format(rows=rows)


# --- Rows; of seconds, date_part makes a number in one step, which extract does in two

FOUND = SQL("""
    asked AS (
        SELECT %s::text AS pathway, %s::text AS team, %s::timestamptz AS begins, %s::timestamptz AS ends,
               %s::text AS bucket, %s::text AS zone, %s::timestamptz AS now
    ),
    stay AS (
        SELECT journey_id, flow_stage.pathway, stage, number, nth, entered_at, left_at,
               date_part('epoch', left_at - entered_at) AS seconds,
               {entered} AS begun, left_at IS NOT NULL AND {left} AS over,
               date_trunc(bucket, entered_at, zone) AS begun_in, date_trunc(bucket, left_at, zone) AS over_in
          FROM flow_stage, asked WHERE {of_stages}
    ),
    staying AS (
        SELECT pathway, stage, min(number) AS number, grouping(begun_in) = 1 AS ever, begun_in AS begins,
               count(*) AS stays, count(*) FILTER (WHERE left_at IS NULL) AS here, count(seconds) AS n,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
               percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
          FROM stay WHERE begun GROUP BY GROUPING SETS ((pathway, stage), (pathway, stage, begun_in))
    ),
    queueing AS MATERIALIZED (
        SELECT pathway, stage, begins, sum(arrivals)::int AS arrivals, sum(departures)::int AS departures
          FROM (SELECT pathway, stage, begun_in AS begins, count(*) AS arrivals, 0 AS departures
                  FROM stay WHERE begun GROUP BY 1, 2, 3
                 UNION ALL
                SELECT pathway, stage, over_in, 0, count(*) FROM stay WHERE over GROUP BY 1, 2, 3) AS moved
         GROUP BY 1, 2, 3
    ),
    reached AS NOT MATERIALIZED (
        SELECT flow_milestone.pathway, milestone, number, due, late, earlier,
               date_part('epoch', reached_at - earlier_at) AS since_earlier,
               greatest(date_part('epoch', reached_at - began_at), 0) AS since_start,
               greatest(date_part('epoch', reached_at - counted_from), 0) AS since_base
          FROM flow_milestone, asked WHERE reached_at IS NOT NULL AND {reached} AND {of_milestones}
    ),
    ran AS (
        SELECT flow_clock.pathway, clock, state, standard,
               due IS NOT NULL AND state = 'stopped' AS measured,
               due IS NOT NULL AND state = 'running' AS measuring,
               coalesce(due < coalesce(stopped_at, now), false) AS beyond,
               CASE WHEN state = 'stopped'
                    THEN date_part('epoch', stopped_at - started_at) END AS seconds
          FROM flow_clock, asked WHERE {started} AND {of_clocks}
    ),
    visit AS (SELECT flow_visit.* FROM flow_visit, asked WHERE {visited} AND {of_visits}),
    decision AS (SELECT flow_decision.* FROM flow_decision, asked WHERE {decided} AND {of_decisions})
    """)

# --- Figures

CENSUS = SQL("""
    SELECT patient_status.pathway, stage, patient_status.team, status, count(*) AS patients,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY waiting.seconds) AS waiting_median,
           max(waiting.seconds) AS waiting_max
      FROM patient_status, asked,
           LATERAL (SELECT greatest(date_part('epoch', now - since), 0) AS seconds) AS waiting
     WHERE audience <> 'uncleared' AND status IN ('planned', 'waitlist', 'active', 'onhold')
       AND {of_those}
     GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """)
STAGES = SQL("""
    SELECT pathway, stage, stays, here, json_build_object('n', n, 'median', median, 'p90', p90) AS time,
           (SELECT coalesce(json_agg(to_json(piece) ORDER BY begins), '[]') FROM staying AS piece
             WHERE NOT ever AND (piece.pathway, piece.stage) = (staying.pathway, staying.stage)) AS trend
      FROM staying WHERE ever ORDER BY pathway, number, stage
    """)
MILESTONES = SQL("""
    SELECT pathway, milestone, count(*) AS reached, count(due) AS due, count(*) FILTER (WHERE late) AS late,
           {from_start} AS from_start, {from_base} AS from_due_base
      FROM reached GROUP BY pathway, milestone ORDER BY pathway, min(number), milestone
    """).format(from_start=_spread("since_start"), from_base=_spread("since_base"))
STEPS = SQL("""
    SELECT pathway, earlier, milestone AS later, {time} AS time
      FROM reached WHERE earlier IS NOT NULL
     GROUP BY pathway, earlier, milestone ORDER BY pathway, count(*) DESC, earlier, milestone
    """).format(time=_spread("since_earlier"))
QUEUES = SQL("""
    SELECT pathway, stage, count(*) FILTER (WHERE left_at IS NULL) AS length,
           count(*) FILTER (WHERE begun) AS arrivals, count(*) FILTER (WHERE over) AS departures,
           (SELECT coalesce(json_agg(to_json(piece) ORDER BY begins), '[]') FROM queueing AS piece
             WHERE (piece.pathway, piece.stage) = (stay.pathway, stay.stage)) AS trend
      FROM stay GROUP BY pathway, stage ORDER BY pathway, min(number), stage
    """)
STAGE_REWORK = SQL("""
    SELECT pathway, stage, count(*) AS journeys, sum(times - 1) AS again
      FROM (SELECT pathway, stage, min(number) AS number, count(*) AS times
              FROM stay
             WHERE begun AND (journey_id, stage) IN (SELECT journey_id, stage FROM stay WHERE nth > 1)
             GROUP BY pathway, stage, journey_id HAVING count(*) > 1) AS returned
     GROUP BY pathway, stage ORDER BY pathway, min(number), stage
    """)
MILESTONE_REWORK = SQL("""
    SELECT flow_milestone.pathway, milestone, count(*) AS journeys, sum(undone) AS undone
      FROM flow_milestone, asked WHERE undone > 0 AND {undone} AND {of_those}
     GROUP BY 1, 2 ORDER BY 1, min(number), 2
    """)
CLOCKS = SQL("""
    SELECT pathway, clock, count(*) AS runs,
           count(*) FILTER (WHERE state = 'running') AS running,
           count(*) FILTER (WHERE state = 'stopped') AS stopped,
           count(*) FILTER (WHERE state = 'nullified') AS nullified,
           count(*) FILTER (WHERE state = 'restarted') AS restarted,
           count(*) FILTER (WHERE state = 'unfinished') AS unfinished,
           count(*) FILTER (WHERE (measured OR measuring) AND beyond) AS breached,
           count(*) FILTER (WHERE measuring AND beyond) AS breached_running,
           avg((NOT beyond)::int) FILTER (WHERE measured)::float8 AS within_stopped,
           avg((NOT beyond)::int) FILTER (WHERE measuring)::float8 AS within_running,
           max(standard) AS standard, {time} AS time
      FROM ran GROUP BY pathway, clock ORDER BY pathway, clock
    """).format(time=_spread("seconds"))
VISITS = SQL("""
    (SELECT to_json(each) FROM (
        SELECT due, missed, missed::float8 / nullif(due, 0) AS no_show_rate,
               came, left_unseen, left_unseen::float8 / nullif(came, 0) AS left_unseen_rate
          FROM (SELECT coalesce(sum(missed + (booked AND came)::int), 0) AS due,
                       coalesce(sum(missed), 0) AS missed,
                       count(*) FILTER (WHERE came) AS came,
                       count(*) FILTER (WHERE came AND left_unseen) AS left_unseen
                  FROM visit) AS counted
    ) AS each)
    """)
DENIALS = SQL(
    "count(*) AS decided, count(*) FILTER (WHERE denied) AS denied, avg(denied::int)::float8 AS denial_rate"
)
AUTHORIZATIONS = SQL("""
    (SELECT to_json(each) FROM (SELECT {denials}, {services} AS services FROM decision) AS each)
    """).format(
    denials=DENIALS,
    services=_listed(
        SQL("SELECT service, {denials} FROM decision GROUP BY 1 ORDER BY 1").format(denials=DENIALS)
    ),
)
ANSWER = SQL("""
    WITH {found}
    SELECT json_build_object(
               'as_of', now, 'pathway', pathway, 'team', team, 'from', begins, 'to', ends,
               'bucket', bucket, 'zone', zone,
               'census', {census}, 'stages', {stages}, 'milestones', {milestones}, 'steps', {steps},
               'queues', {queues},
               'rework', json_build_object('stages', {stage_rework}, 'milestones', {milestone_rework}),
               'clocks', {clocks}, 'visits', {visits}, 'authorizations', {authorizations})::text
      FROM asked
    """)


@lru_cache(maxsize=16)
def _composed(filters: Filters) -> Composed:
    found = FOUND.format(
        of_stages=filters.those("flow_stage"),
        of_milestones=filters.those("flow_milestone"),
        of_clocks=filters.those("flow_clock"),
        of_visits=filters.those("flow_visit"),
        of_decisions=filters.those("flow_decision"),
        entered=filters.within("entered_at"),
        left=filters.within("left_at"),
        reached=filters.within("reached_at"),
        started=filters.within("started_at"),
        visited=filters.within("at"),
        decided=filters.within("decided_at"),
    )
    undone = MILESTONE_REWORK.format(
        undone=filters.within("undone_at"), of_those=filters.those("flow_milestone")
    )
    return ANSWER.format(
        found=found,
        census=_listed(CENSUS.format(of_those=filters.those("patient_status"))),
        stages=_listed(STAGES),
        milestones=_listed(MILESTONES),
        steps=_listed(STEPS),
        queues=_listed(QUEUES),
        stage_rework=_listed(STAGE_REWORK),
        milestone_rework=_listed(undone),
        clocks=_listed(CLOCKS),
        visits=VISITS,
        authorizations=AUTHORIZATIONS,
    )


def statement(asked: Asked) -> Composed:
    """What finds it; its parameters are what is asked."""
    return _composed(Filters(*(each is not None for each in asked[:4])))
