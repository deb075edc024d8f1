"""Missed: what happened under which number, whether or not it was sent; and the numbers of what happens while
nothing is sent.

Who gets nothing, because their endpoint failed, or they switched it off, is not worked on by anybody. What
happened since is numbered when somebody asks, in the order of the log: the same numbers as at the time.
"""

from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from psycopg import Connection

from journey.delivery.follower import Clear, Clearance
from journey.delivery.telling import EVENTS, account
from journey.domain.event import Recorded
from journey.fhir.data import Json
from journey.store.epoch import SELECT_LINE, line
from journey.store.mapper import recorded
from journey.subscriptions.focusing import Telling, focused
from journey.subscriptions.notification import Said, Type, bundle
from journey.subscriptions.terms import Content, terms
from journey.subscriptions.way import GIVEN_UP, happening
from journey.webhooks.planning import plan
from journey.webhooks.subscription import Subscription, locked

AT_ONCE = 1000
"""Events in one answer."""

AHEAD = 1 << 62
LEASE = """
    SELECT lease FROM webhook JOIN fhir_subscription USING (id)
     WHERE id = %s AND state <> 'active' AND started FOR UPDATE OF webhook
    """
LEASED = "SELECT lease FROM webhook WHERE id = %s FOR UPDATE"
NUMBERED = """
    SELECT number, position, event_id FROM webhook_delivery
     WHERE webhook = %s AND number BETWEEN greatest(%s, 1) AND %s ORDER BY number LIMIT %s
    """
FIRST = "SELECT min(number) FROM webhook_delivery WHERE webhook = %s AND number > 0"
NOW = "SELECT clock_timestamp()"


class Range(NamedTuple):
    """Which events: both ends included."""

    since: int | None
    """None: from the first one on that is kept."""
    until: int
    content: Content | None = None
    """As much as is sent, if nothing is said."""


class Answer(NamedTuple):
    """The notification, and the journeys that it tells of."""

    body: Json
    journeys: frozenset[UUID]


class Forgotten(Exception):
    """What you ask for is not kept any more; the deliveries of a webhook and these are kept for as long."""

    def __init__(self) -> None:
        super().__init__(Forgotten.__doc__)


class NotCleared(Exception):
    """Your key may not follow the log any more."""

    def __init__(self) -> None:
        super().__init__(NotCleared.__doc__)


def count_up(connection: Connection[Any], key: UUID, clear: Clear) -> None:
    """Give numbers to what happened since nothing is sent, in the caller's transaction. Of one that is worked
    on, the worker does.
    """
    row = connection.execute(LEASE, (key,)).fetchone()
    if row is None:
        return
    head, more = line(connection.execute(SELECT_LINE).fetchall()).head, True
    while more:
        of = locked(connection, key, row[0])
        clearance = clear(connection, of.owner, of.purpose)
        more = clearance is not None and plan(connection, of, clearance, head, AHEAD).more
    connection.execute(GIVEN_UP, (key,))


def missed(connection: Connection[Any], key: UUID, asked: Range, clear: Clear) -> Answer:
    """The events of these numbers, as whoever subscribed may see them now. Raises Forgotten, NotCleared."""
    with connection.transaction():
        count_up(connection, key, clear)
        [(lease,)] = connection.execute(LEASED, (key,)).fetchall()
        of = locked(connection, key, lease)
        clearance = clear(connection, of.owner, of.purpose)
    if clearance is None:
        raise NotCleared
    with connection.transaction():  # without holding it: making resources takes its time
        return _answer(connection, of, clearance, asked)


def _answer(connection: Connection[Any], of: Subscription, clearance: Clearance, asked: Range) -> Answer:
    [known] = terms(connection, [of.id])
    positions, numbered = _numbered(connection, of, asked, known.events)
    content = asked.content or known.content
    telling = Telling(of, clearance, known.topic, content, _now(connection))
    events = _events(connection, positions)
    asked_for = {event_id for _, event_id in numbered}
    shown = focused(connection, telling, [each for each in events.values() if each.event_id in asked_for])
    account(connection, of, shown.back, [each for each in events.values() if each.event_id in shown.by_event])
    happened = [happening(number, events.get(event_id), shown) for number, event_id in numbered]
    body = bundle(known, Said(Type.QUERY_EVENT, known.events, happened), content, telling.now)
    return Answer(body, frozenset(each.journey_id for each in events.values()))


def _numbered(
    connection: Connection[Any], of: Subscription, asked: Range, last: int
) -> tuple[list[int], list[tuple[int, UUID]]]:
    """The positions, and the event of each number. Raises Forgotten."""
    first = _first(connection, of, last) if asked.since is None else max(asked.since, 1)
    end = min(asked.until, last, first + AT_ONCE - 1)
    rows = connection.execute(NUMBERED, (of.id, first, end, AT_ONCE)).fetchall()
    if len(rows) != max(end - first + 1, 0):
        raise Forgotten
    return [position for _, position, _ in rows], [(number, event_id) for number, _, event_id in rows]


def _first(connection: Connection[Any], of: Subscription, last: int) -> int:
    [(kept,)] = connection.execute(FIRST, (of.id,)).fetchall()
    return last + 1 if kept is None else int(kept)


def _events(connection: Connection[Any], positions: list[int]) -> dict[UUID, Recorded]:
    """By their ids: where the log was put back, another may stand at the position."""
    rows = connection.cursor(binary=True).execute(EVENTS, (positions,)).fetchall()
    return {each.event_id: each for each in (recorded(row[1:], row[0]) for row in rows)}


def _now(connection: Connection[Any]) -> datetime:
    [(now,)] = connection.execute(NOW).fetchall()
    return cast(datetime, now)
