"""Turn: one transaction of whoever publishes. It looks at what comes next, decides how much of it may go, and
accounts for that before it leaves.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from psycopg import Connection
from pydantic_core import to_json

from journey.audit.disclosures import Basis, Channel
from journey.broker import leases
from journey.broker.leases import Lease
from journey.broker.port import Message
from journey.broker.subjects import REWOUND, WITHHELD, subject
from journey.cursors import ForeignCursor
from journey.delivery.finding import Window, found, known_to
from journey.delivery.follower import Clear, Clearance
from journey.delivery.telling import EVENTS, account, body
from journey.delivery.withheld import Kept, kept
from journey.domain.event import Recorded
from journey.feed import about
from journey.feed.envelope import Payload, rewound_cloud_event
from journey.feed.filter import Filter
from journey.feed.place import AT, Place, at, in_common, told
from journey.store.epoch import IDENTITY, SELECT_LAST, SELECT_LINE, Line, line
from journey.store.identifiers import uuid7
from journey.store.mapper import recorded

NOW = "SELECT clock_timestamp()"

logger = structlog.get_logger()


class Terms(NamedTuple):
    """What is published, on behalf of which key, and to whom it is accounted for."""

    clear: Clear
    owner: str
    recipient: str
    purpose: str
    basis: Basis
    payload: Payload
    wanted: Filter
    reference: str
    """The stream."""
    recipient_address: str | None = None
    channel: Channel = Channel.BROKER


class OwnerRevoked(Exception):
    """The key on whose behalf events are published holds no more, or may not follow the log."""

    def __init__(self) -> None:
        super().__init__(OwnerRevoked.__doc__)


class Turn(NamedTuple):
    """What is to be published, and the place that is reached once it is. `more`: there is more to look
    through; `later`: a read model has yet to tell whose the next ones are.
    """

    messages: list[Message]
    place: Place
    stored: int | None
    more: bool = False
    later: bool = False


def resume(connection: Connection[Any], lease: Lease, last: str | None) -> None:
    """Go on behind the last message of the stream, where that is known: what was stored and not noted is not
    sent again, and what was noted and is lost is. Raises LeaseLost.
    """
    with connection.transaction():
        known = leases.kept(connection, lease)
        place = _read(last)
        if place is None or known.stored <= place.position <= known.place.position:
            return
        if place.position < known.stored:
            logger.warning("broker.has_lost", broker=lease.name, noted=known.stored, found=place.position)
        leases.move(connection, lease, place, place.position)


def take_turn(connection: Connection[Any], lease: Lease, terms: Terms, limit: int) -> Turn:
    """Raises LeaseLost, OwnerRevoked, psycopg.Error: nothing was done, and it may be done again."""
    with connection.transaction():
        known = leases.kept(connection, lease)
        log_line = line(connection.execute(SELECT_LINE).fetchall())
        there = _at(connection, log_line, known.place.position)
        common = in_common(log_line, known.place, there)
        if common < known.place.position:
            return _rewound(connection, lease, log_line, known.place, common)
        clearance = terms.clear(connection, terms.owner, terms.purpose)
        if clearance is None:
            raise OwnerRevoked
        window = Window(common, known_to(connection, terms, clearance, log_line.head), limit)
        later = window.known < log_line.head
        if window.after >= window.known:
            return Turn([], known.place, None, later=later)
        rows, until = found(connection, terms, clearance, window)
        events = _events(connection, [position for position, _, _ in rows])
        [(now,)] = connection.execute(NOW).fetchall()
        back = kept(connection, terms, clearance, events, now)
        account(connection, terms, back, [each for each in events if _position(each) > known.disclosed])
        leases.account(connection, lease, max(until, known.disclosed))
        teams = _teams(connection, events, clearance)
        messages = [_message(terms, back, log_line, each, teams[each.event_id]) for each in events]
        stored = _position(events[-1]) if events else None
        place = _at(connection, log_line, until)
        return Turn(messages, place, stored, more=until < window.known, later=later)


def _events(connection: Connection[Any], positions: Sequence[int]) -> list[Recorded]:
    """In the order of the log."""
    rows = connection.cursor(binary=True).execute(EVENTS, (positions,)).fetchall()
    return sorted((recorded(row[1:], row[0]) for row in rows), key=_position)


def _teams(
    connection: Connection[Any], events: Sequence[Recorded], clearance: Clearance
) -> dict[UUID, str | None]:
    """Who was accountable when each was recorded, as far as that may be told."""
    journeys = list({each.journey_id for each in events})
    known = about.about(connection.execute(about.SELECT, (journeys, about.TELLING)).fetchall())
    return {
        each.event_id: known.get(each.journey_id, about.NOTHING).team(each.version, clearance.labels)
        for each in events
    }


def _message(terms: Terms, back: Kept, log_line: Line, each: Recorded, team: str | None) -> Message:
    is_withheld = each.event_id in back.events or each.journey_id in back.journeys
    return Message(
        WITHHELD if is_withheld else subject(each, team),
        each.journey_id,
        str(each.event_id),
        at(log_line, _position(each), each.event_id).cursor(),
        body(terms, back, each),
    )


def _rewound(connection: Connection[Any], lease: Lease, log_line: Line, place: Place, common: int) -> Turn:
    """The log was put back. Until it is known which epoch it is in, it is not known to where."""
    if (
        log_line.epochs
        and connection.execute(SELECT_LAST).fetchone() != connection.execute(IDENTITY).fetchone()
    ):
        return Turn([], place, None, later=True)
    back = _at(connection, log_line, common)
    leases.account(connection, lease, common)
    logger.warning("broker.rewound", from_=place.position, to=common)
    return Turn([_told_of(back, log_line)], back, common, more=True)


def _told_of(back: Place, log_line: Line) -> Message:
    """What those are told who have read beyond: as a problem says it to who asks for pages."""
    key = uuid7()
    said = {"position": back.position, "epoch": log_line.now and log_line.now.number, "next": back.cursor()}
    event = rewound_cloud_event(key, said)
    return Message(REWOUND, None, str(key), back.cursor(), to_json(event))


def _read(last: str | None) -> Place | None:
    """Where the stream ends; None where its last message is not ours."""
    if last is None:
        return None
    try:
        return told(last)
    except ForeignCursor:
        return None


def _at(connection: Connection[Any], log_line: Line, position: int) -> Place:
    row = connection.execute(AT, (position,)).fetchone()
    return at(log_line, position, row[0] if row else None)


def _position(each: Recorded) -> int:
    return each.position or 0
