"""The inbox: every message read, whole and sealed, with what became of it and why.

A message is known by its content: two with one control id (MSH-10) but different content are two messages,
for some senders count anew or send one id for all. Neither line ends nor the time of sending (MSH-7) make
another message of it: who gets no answer sends again, with the time of that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple
from uuid import UUID

from journey.ingest.routing import connected
from journey.ingest.sealing import Box, boxed, unboxed
from journey.store.store import Store

Status = Literal["applied", "parked", "rejected"]

_AROUND = b"\xef\xbb\xbf\x0b\x1c\r\n\t "
_LINE_END = re.compile(rb"[\r\n]+")
_MSH_7, _MSH_10 = 6, 9  # once the header is split: MSH-1 is the separator itself

SEEN = """
    WITH durability AS (
        SELECT set_config('synchronous_commit', 'off', true)
    )
    UPDATE inbox SET seen = seen + 1 FROM durability WHERE key = %s
    RETURNING CASE WHEN status = 'applied'
                    AND EXISTS (SELECT FROM inbox AS other
                                 WHERE other.journey_id = inbox.journey_id AND other.waits)
              THEN journey_id END,
              status, code, reason
    """
PUT = """
    WITH durability AS (
        SELECT set_config('synchronous_commit', 'off', true)
         WHERE %(status)s = 'applied' AND NOT %(waits)s
    )
    INSERT INTO inbox (key, status, code, reason, channel, sender, control_id, trigger, occurred_at,
                       applied_at, journey_id, waits, source, number, raw, sealed_for)
    VALUES (%(key)s, %(status)s, %(code)s, %(reason)s, 'hl7v2', %(sender)s, %(control_id)s, %(trigger)s,
            %(occurred_at)s, CASE %(status)s WHEN 'applied' THEN clock_timestamp() END, %(journey_id)s,
            %(waits)s, %(source)s, %(number)s, %(raw)s, %(sealed_for)s)
    ON CONFLICT (key) DO UPDATE SET seen = inbox.seen + 1
    RETURNING xmax = 0,
              EXISTS (SELECT FROM inbox AS other
                       WHERE other.sender = %(sender)s AND other.control_id = %(control_id)s
                         AND other.key <> %(key)s),
              EXISTS (SELECT FROM inbox AS other
                       WHERE other.journey_id = %(journey_id)s AND other.waits AND other.key <> %(key)s),
              status, code, reason,
              (SELECT count(*) FROM durability)
    """
"""What was applied whole does not wait for the disk a second time: its events are there. A server that loses
its power may forget that it took the last few such messages; taken again, they lead to nothing new.
"""
SETTLE = """
    UPDATE inbox
       SET status = %(status)s, code = %(code)s, reason = %(reason)s, trigger = %(trigger)s,
           occurred_at = %(occurred_at)s, journey_id = %(journey_id)s, waits = %(waits)s,
           raw = %(raw)s, sealed_for = %(sealed_for)s,
           applied_at = CASE %(status)s WHEN 'applied' THEN clock_timestamp() END, attempts = attempts + 1
     WHERE key = %(key)s AND (status = 'parked' OR waits)
    """
WAITING = """
    SELECT key, raw, sealed_for, wrapped, source, number, status
      FROM inbox LEFT JOIN data_key ON data_key.journey_id = sealed_for
     WHERE inbox.journey_id = %s AND waits AND raw <> '' AND wrapped IS DISTINCT FROM ''
     ORDER BY occurred_at, received_at, key
    """
PARKED = """
    SELECT key FROM inbox
     WHERE status = 'parked' AND channel = 'hl7v2' AND (code = %s OR %s::text IS NULL)
     ORDER BY occurred_at NULLS LAST, received_at, key
    """
GET = """
    SELECT key, raw, sealed_for, wrapped, source, number, status
      FROM inbox LEFT JOIN data_key ON data_key.journey_id = sealed_for
     WHERE key = %s AND status = 'parked' AND raw <> '' AND wrapped IS DISTINCT FROM ''
    """


def message_key(raw: bytes) -> bytes:
    """The message's name among all messages; see this module's docstring."""
    header, *rest = _LINE_END.split(raw.strip(_AROUND))
    if header.startswith(b"MSH"):
        separator = header[3:4] or b"|"
        fields = header.split(separator)
        if len(fields) > _MSH_10 and fields[_MSH_10].strip():
            fields[_MSH_7] = b""
        header = separator.join(fields)
    return sha256(b"\r".join((header, *rest))).digest()


class Header(NamedTuple):
    """What is shown of a message: who sent it, under which id, and what it is."""

    sender: str | None = None
    control_id: str | None = None
    trigger: str | None = None


class Verdict(NamedTuple):
    """What became of a message, and why."""

    status: Status | Literal["duplicate"]
    code: str | None = None
    reason: str | None = None
    waits: bool = False
    """Whether another message of the same journey may change that, or complete what was applied."""


@dataclass
class Led:
    """What a message is about, and what it has led to so far."""

    header: Header = field(default_factory=Header)
    occurred_at: datetime | None = None
    journey_id: UUID | None = None
    version: int = 0
    """Of that journey, when it was decided."""
    journeys: int = 0
    """Opened by it."""
    events: int = 0
    """Recorded by it."""
    visits: bool = False
    """Whether any of them is about a visit: what others wait for."""
    lacks: bool = False
    """Whether it says more than could be recorded before its visit is known."""


class Outcome(NamedTuple):
    """What became of a message, and what it led to."""

    verdict: Verdict
    led: Led
    reuses_id: bool = False
    """Whether another message came under its control id."""

    @property
    def status(self) -> str:
        return self.verdict.status


class Kept(NamedTuple):
    """A message as the inbox keeps it."""

    key: bytes
    raw: bytes
    source: str
    number: int
    status: str = ""
    """What it was when it was asked for; "" where it is new."""


class Seen(NamedTuple):
    """What the inbox knew of a message that came again."""

    others_wait_on: UUID | None
    """Its journey, if others wait for it still: whoever took it first did not come to try them again."""
    stands: Verdict
    """What has become of it by now."""


class Put(NamedTuple):
    """What the inbox knew when a message was put in."""

    is_new: bool
    reuses_id: bool
    others_wait: bool
    stands: Verdict
    """What has become of it; of one that somebody else put in meanwhile, by them."""


class Inbox:
    """The table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seen(self, key: bytes) -> Seen | None:
        """Counts that the message came once more; None where it is new."""
        with connected(self._store) as connection:
            row = connection.execute(SEEN, (key,)).fetchone()
        return Seen(row[0], Verdict(*row[1:])) if row else None

    def put(self, message: Kept, outcome: Outcome) -> Put:
        """Keep a message with what became of it."""
        with connected(self._store) as connection:
            box = boxed(connection, message.key, message.raw, outcome.led.journey_id)
            kept = {**message._asdict(), **box._asdict(), **_columns(outcome)}
            row = connection.execute(PUT, kept).fetchone()
        if row is None:
            raise ValueError("An insert that is settled either way answers a row")
        is_new, reuses_id, others_wait, *stands, _ = row
        return Put(is_new, reuses_id, others_wait, Verdict(*stands))

    def settle(self, message: Kept, outcome: Outcome) -> None:
        """Say what became of a parked message when it was tried again."""
        with connected(self._store) as connection:
            box = boxed(connection, message.key, message.raw, outcome.led.journey_id)
            kept = {"key": message.key, **box._asdict(), **_columns(outcome)}
            connection.execute(SETTLE, kept)

    def waiting(self, journey_id: UUID) -> list[Kept]:
        """The messages that wait for others of this journey, in the order in which they happened."""
        with connected(self._store) as connection:
            return [_read(row) for row in connection.execute(WAITING, (journey_id,))]

    def parked(self, code: str | None = None) -> Iterator[Kept]:
        """Every parked message, or those of one reason, in the order in which they happened."""
        with connected(self._store) as connection:
            keys = [key for (key,) in connection.execute(PARKED, (code, code))]
        for key in keys:
            with connected(self._store) as connection:
                row = connection.execute(GET, (key,)).fetchone()
            if row:  # nobody else has settled it meanwhile
                yield _read(row)


def _read(row: tuple[Any, ...]) -> Kept:
    key, raw, sealed_for, wrapped, *more = row
    return Kept(key, unboxed(key, Box(raw, sealed_for), wrapped), *more)


def _columns(outcome: Outcome) -> dict[str, object]:
    led = outcome.led
    return {
        **outcome.verdict._asdict(),
        **led.header._asdict(),
        "occurred_at": led.occurred_at,
        "journey_id": led.journey_id,
    }
