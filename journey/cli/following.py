"""Following: what is recorded, as it is, from the local database or from a server's stream.

Both go on from a cursor, and tell with each event the cursor to go on from behind it.
"""

import json
from collections.abc import Iterator
from threading import Event as Signal
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from journey.cli import terminal
from journey.cli.failure import Failed

if TYPE_CHECKING:
    import httpx2
    from psycopg import Connection

    from journey.feed.filter import Filter
    from journey.feed.place import Place

BEGINNING, NOW = "beginning", "now"

AT_ONCE = 200
"""Events that are read, and recorded as shown, at once."""

LISTEN_FOR = 1.0
"""Seconds of listening between looks at the log."""

AGAIN = 1.0
"""Seconds before a server that has hung up is asked again."""

SILENCE = 40.0
"""Seconds after which a server that says nothing, though its heart should beat, is taken for gone."""

NEW = """
    SELECT position, {columns} FROM log JOIN event USING (journey_id, version)
     WHERE position > %s AND position <= %s AND {condition}
     ORDER BY position LIMIT %s
    """
WHOSE = """
    SELECT journey_id, CASE type WHEN 'journey.opened' THEN (data->>'patient_id')::uuid END
      FROM event WHERE journey_id = ANY(%s) AND version = 1
    """
REWOUND = (
    "The log was put back to an earlier state. What was shown after this cursor is not in it: --after {}"
)


class Heard(NamedTuple):
    """A CloudEvent, and the cursor to go on from behind it."""

    event: dict[str, Any]
    cursor: str


class Server(NamedTuple):
    """Where a server answers, and the key that it is asked with."""

    url: str
    key: str

    @property
    def said(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def of_database(conninfo: str, wanted: "Filter", after: str) -> Iterator[Heard]:
    """Without end. What is about to be shown is recorded before. Raises Failed."""
    from journey.connection import OPERATING, opened
    from journey.store.recorder import LISTEN

    with opened(conninfo, OPERATING, "tail") as connection:
        connection.execute(LISTEN)
        place = _begins(connection, after)
        while True:
            found, place, more = _look(connection, wanted, place)
            _record(conninfo, connection, found)
            yield from found
            if not more:
                for _ in connection.notifies(timeout=LISTEN_FOR, stop_after=1):
                    pass


def of_server(server: Server, asked: dict[str, list[str]], after: str) -> Iterator[Heard]:
    """Without end: a server that hangs up is asked again, from where it stopped. Raises Failed."""
    import httpx2

    with httpx2.Client(headers=server.said, timeout=httpx2.Timeout(10, read=SILENCE)) as client:
        last = _first(client, server, after)
        while True:
            try:
                for each in _streamed(client, server, asked, last):
                    last = each.cursor
                    if each.event:
                        yield each
            except httpx2.TransportError:
                terminal.note("The server has hung up; it is asked again.")
            Signal().wait(AGAIN)


def _begins(connection: "Connection[Any]", after: str) -> "Place":
    from journey.cursors import ForeignCursor
    from journey.feed.place import told
    from journey.store.epoch import SELECT_LINE, line

    if after != NOW:
        try:
            return told(None if after == BEGINNING else after)
        except ForeignCursor:
            raise Failed(
                "--after is no cursor of the log: take one that `journey tail --json` told."
            ) from None
    now = line(connection.execute(SELECT_LINE).fetchall())
    return _at(connection, now, now.head)


def _look(
    connection: "Connection[Any]", wanted: "Filter", place: "Place"
) -> tuple[list[Heard], "Place", bool]:
    """What comes next, up to where was looked, and whether there is more."""
    from psycopg.sql import SQL

    from journey.feed.envelope import cloud_event
    from journey.feed.place import at, in_common
    from journey.store.epoch import SELECT_LINE, line
    from journey.store.mapper import recorded
    from journey.store.recorder import COLUMNS

    now = line(connection.execute(SELECT_LINE).fetchall())
    common = in_common(now, place, _at(connection, now, place.position))
    if common != place.position:
        raise Failed(REWOUND.format(_at(connection, now, common).cursor()))
    condition = wanted.condition(None)
    statement = SQL(NEW).format(columns=COLUMNS, condition=SQL(condition.sql))
    parameters = (place.position, now.head, *condition.parameters, AT_ONCE)
    rows = connection.cursor(binary=True).execute(statement, parameters).fetchall()
    events = [recorded(row[1:], row[0]) for row in rows]
    found = [Heard(cloud_event(each), at(now, each.position or 0, each.event_id).cursor()) for each in events]
    if len(found) < AT_ONCE:
        return found, _at(connection, now, now.head), False
    return found, at(now, rows[-1][0], events[-1].event_id), True


def _at(connection: "Connection[Any]", now: Any, where: int) -> "Place":
    from journey.feed.place import AT, at

    row = connection.execute(AT, (where,)).fetchone()
    return at(now, where, row[0] if row else None)


def _record(conninfo: str, connection: "Connection[Any]", found: list[Heard]) -> None:
    from journey.api.access.trail import Kind
    from journey.cli.recorded import Seen, recorded

    if found:
        journeys = list({each.event["subject"] for each in found})
        whose: list[tuple[UUID, UUID | None]] = connection.execute(WHOSE, (journeys,)).fetchall()
        recorded(conninfo, Kind.FEED, "tail", Seen.of(whose))


def _first(client: "httpx2.Client", server: Server, after: str) -> str:
    """The cursor to begin with: one that stays where it is, should the server hang up at once."""
    import httpx2

    if after != NOW:
        return "" if after == BEGINNING else after
    try:
        answer = client.get(f"{server.url}/v1/events?after={NOW}&limit=1")
    except (httpx2.TransportError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise Failed(f"Nobody answers at the address that --url names ({type(error).__name__}).") from None
    _refuse(answer)
    return str(answer.json()["next"])


def _streamed(
    client: "httpx2.Client", server: Server, asked: dict[str, list[str]], last: str
) -> Iterator[Heard]:
    """Each event, and with a heartbeat the cursor alone, until the server ends it."""
    from journey.feed.sse import heard

    said = {"Last-Event-ID": last} if last else {}
    address = f"{server.url}/v1/events/stream?{urlencode(asked, doseq=True)}"
    with client.stream("GET", address, headers=said) as answer:
        _refuse(answer)
        for each in heard(answer.iter_lines()):
            told = json.loads(each.data)
            match each.event:
                case "message":
                    yield Heard(told, each.id)
                case "heartbeat":
                    yield Heard({}, each.id)
                case "rewound":
                    raise Failed(REWOUND.format(told["next"]))
                case _ if told["reason"] == "key":
                    raise Failed("The key was revoked, or what it may see has changed.")
                case _:
                    pass


def _refuse(answer: "httpx2.Response") -> None:
    """Raises Failed, unless asking again may help."""
    import httpx2

    if answer.is_success:
        return
    problem = json.loads(answer.read())
    if answer.status_code in {429, 503}:
        raise httpx2.TransportError("The server is busy.")
    raise Failed(" ".join([problem["detail"], *(each["message"] for each in problem.get("errors", ()))]))
