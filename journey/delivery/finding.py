"""Finding: which events of the log somebody who follows it wants, of those that they may hear of."""

from collections.abc import Collection, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL

from journey.conditions import Condition, all_of
from journey.delivery.follower import Clearance, Follower
from journey.delivery.withheld import hidden
from journey.domain.event import EVENTS, Recorded
from journey.feed import about
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS

WINDOW = 5000
"""Positions that are looked through at once."""

KNOWN = "SELECT position FROM checkpoint WHERE name = 'patient_status'"
"""Up to where it is known whose journey each is."""

FOUND = SQL("""
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE position > %s AND position <= %s AND {condition}
     ORDER BY position LIMIT %s
    """)
BARE = SQL("journey_id, event_id")
THEIRS: LiteralString = """
    EXISTS (SELECT FROM patient_status AS status
             WHERE status.journey_id = event.journey_id AND status.teams && %s)
    """
TYPES: LiteralString = "type = ANY(%s)"


def known_to(connection: Connection[Any], of: Follower, clearance: Clearance, head: int) -> int:
    """Up to where what is asked of the log is known."""
    if clearance.teams is None and not of.wanted.hides(clearance.labels):
        return head
    row = connection.execute(KNOWN).fetchone()
    return min(head, int(row[0])) if row else 0


Found = list[tuple[int, UUID, UUID]]


class Window(NamedTuple):
    """What is looked through: what stands behind `after`, and no further than `known`."""

    after: int
    known: int
    limit: int

    @property
    def until(self) -> int:
        return min(self.after + WINDOW, self.known)


def found(
    connection: Connection[Any], of: Follower, clearance: Clearance, window: Window
) -> tuple[Found, int]:
    """Position, journey and event of each that is wanted, and up to where was looked."""
    condition, hides = _condition(of, clearance), of.wanted.hides(clearance.labels)
    statement = FOUND.format(columns=COLUMNS if hides else BARE, condition=SQL(condition.sql))
    cursor = connection.cursor(binary=True)
    rows = cursor.execute(
        statement, (window.after, window.until, *condition.parameters, window.limit)
    ).fetchall()
    reached = rows[-1][0] if len(rows) == window.limit else window.until
    if not hides:
        return rows, reached
    kept = _chosen(connection, of, clearance, [recorded(row[1:], row[0]) for row in rows])
    return [(each.position or 0, each.journey_id, each.event_id) for each in kept], reached


def _condition(of: Follower, clearance: Clearance) -> Condition:
    asked = [of.wanted.condition(clearance.labels)]
    if clearance.teams is not None:
        asked.append(Condition(THEIRS, (sorted(clearance.teams),)))
    if clearance.types is not None:
        asked.append(Condition(TYPES, (sorted(clearance.types & EVENTS.keys()),)))
    return all_of(asked)


def _chosen(
    connection: Connection[Any], of: Follower, clearance: Clearance, looked_at: Sequence[Recorded]
) -> list[Recorded]:
    """Those that are wanted, and those that are withheld: nothing is told by leaving one of them out."""
    journeys: Collection[UUID] = {each.journey_id for each in looked_at}
    kept_back = hidden(connection, journeys, clearance.labels)
    known = about.about(connection.execute(about.SELECT, (list(journeys), about.TELLING)).fetchall())
    return [
        each
        for each in looked_at
        if of.wanted.holds(
            each,
            known.get(each.journey_id, about.NOTHING),
            clearance.labels,
            withheld=each.event_id in kept_back,
        )
    ]
