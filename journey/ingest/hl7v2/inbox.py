"""The inbox: every message read, whole and sealed, with what became of it and why.

A message is known by its content: two with one control id (MSH-10) but different content are two messages,
for some senders count anew or send one id for all. Neither line ends nor the time of sending (MSH-7) make
another message of it: who gets no answer sends again, with the time of that.
"""

import re
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.ingest.attempts import (
    CAME,
    KEPT,
    Attempt,
    Hand,
    Kept,
    Note,
    kept,
    noted,
    record,
    seal_anew,
)
from journey.ingest.hl7v2.charset import decode, encoded
from journey.ingest.hl7v2.outcome import Outcome, Verdict, ended
from journey.ingest.hl7v2.reasons import places
from journey.ingest.routing import connected
from journey.store.boxes import Box
from journey.store.store import Store

_AROUND = b"\xef\xbb\xbf\x0b\x1c\r\n\t "
_LINE_END = re.compile(rb"[\r\n]+")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
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
    INSERT INTO inbox (key, status, code, reason, places, channel, sender, control_id, trigger, occurred_at,
                       applied_at, journey_id, waits, source, number, raw, sealed_for)
    VALUES (%(key)s, %(status)s, %(code)s, %(reason)s, %(places)s, 'hl7v2', %(sender)s,
            %(control_id)s, %(trigger)s, %(occurred_at)s,
            CASE %(status)s WHEN 'applied' THEN clock_timestamp() END, %(journey_id)s,
            %(waits)s, %(source)s, %(number)s, %(raw)s, %(sealed_for)s)
    ON CONFLICT (key) DO NOTHING
    RETURNING EXISTS (SELECT FROM inbox AS other
                       WHERE other.sender = %(sender)s AND other.control_id = %(control_id)s
                         AND other.key <> %(key)s)
    """
SETTLE = """
    UPDATE inbox
       SET status = %(status)s, code = %(code)s, reason = %(reason)s, places = %(places)s,
           trigger = %(trigger)s, occurred_at = %(occurred_at)s, journey_id = %(journey_id)s,
           waits = %(waits)s, raw = CASE WHEN sealed_for IS NULL THEN %(raw)s ELSE raw END,
           sealed_for = coalesce(sealed_for, %(sealed_for)s),
           corrected_by = coalesce(%(corrected_by)s, corrected_by),
           applied_at = CASE %(status)s WHEN 'applied' THEN clock_timestamp() END, attempts = attempts + 1
     WHERE key = %(key)s AND (status <> 'applied' OR waits) AND raw <> ''
    RETURNING key
    """
"""Corrected to be about another journey, it stays sealed by the key of the first: it tells of that one."""

THAT_WAIT = "SELECT key FROM inbox WHERE journey_id = %s AND waits AND raw <> ''"
WAITING = (
    KEPT
    + """
       AND inbox.journey_id = %s AND inbox.waits
     ORDER BY occurred_at, received_at, inbox.key
    """
)
PARKED = """
    SELECT key FROM inbox
     WHERE status = 'parked' AND channel = 'hl7v2' AND (code = %s OR %s::text IS NULL)
     ORDER BY occurred_at NULLS LAST, received_at, key
    """
GET = KEPT + " AND inbox.key = %s AND inbox.status <> 'applied'"
TRIED = "UPDATE inbox SET attempts = attempts + 1 WHERE key = %s AND raw <> '' RETURNING key"


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


class Seen(NamedTuple):
    """What the inbox knew of a message that came again."""

    others_wait_on: UUID | None
    """Its journey, if others wait for it still: whoever took it first did not come to try them again."""
    stands: Verdict
    """What has become of it by now."""


class TakenMeanwhile(Exception):
    """Somebody else has put it in, has seen to it, or erased it."""


class Inbox:
    """The table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seen(self, key: bytes) -> Seen | None:
        """Counts that the message came once more; None where it is new."""
        with connected(self._store) as connection:
            row = connection.execute(SEEN, (key,)).fetchone()
        return Seen(row[0], Verdict(*row[1:])) if row else None

    def put(self, connection: Connection[Any], *, message: Kept, outcome: Outcome, box: Box) -> bool:
        """Keep a message with what became of it; whether another came under its control id. Raises
        TakenMeanwhile.
        """
        values = {"key": message.key, "source": message.source, "number": message.number, **box._asdict()}
        row = connection.execute(PUT, values | _columns(outcome)).fetchone()
        if row is None:
            raise TakenMeanwhile
        if outcome.status != "applied":
            record(connection, [Attempt(message.key, CAME, ended(outcome))])
        return bool(row[0])

    def settle(
        self, connection: Connection[Any], *, message: Kept, outcome: Outcome, box: Box, hand: Hand
    ) -> None:
        """Say what became of a message when it was tried again, and by whom. Raises TakenMeanwhile."""
        if message.correction and outcome.led.journey_id:
            seal_anew(connection, message.key, message.correction, outcome.led.journey_id)
        self._settle(connection, message, outcome, box)
        if message.status != "applied":
            record(connection, [Attempt(message.key, hand, ended(outcome))])

    def correct(
        self,
        connection: Connection[Any],
        *,
        message: Kept,
        outcome: Outcome,
        box: Box,
        hand: Hand,
        note: Note,
    ) -> None:
        """Keep a correction with what became of it. One that is applied, or waits, is taken instead of the
        message from now on; of another the message knows no more than that it was tried. Raises
        TakenMeanwhile.
        """
        key = message.key
        attempt = noted(connection, Attempt(key, hand, ended(outcome)), note, outcome.led.journey_id)
        if outcome.status == "applied" or outcome.verdict.waits:
            self._settle(connection, message, outcome, box, attempt)
        elif connection.execute(TRIED, (key,)).fetchone() is None:
            raise TakenMeanwhile

    def _settle(
        self,
        connection: Connection[Any],
        message: Kept,
        outcome: Outcome,
        box: Box,
        corrected_by: int | None = None,
    ) -> None:
        values = {"key": message.key, "corrected_by": corrected_by, **box._asdict()}
        if connection.execute(SETTLE, values | _columns(outcome)).fetchone() is None:
            raise TakenMeanwhile

    def that_wait(self, journey_id: UUID) -> list[bytes]:
        """The keys of the messages that wait for others of this journey."""
        with connected(self._store) as connection:
            return [key for (key,) in connection.execute(THAT_WAIT, (journey_id,))]

    def waiting(self, journey_id: UUID) -> list[Kept]:
        """The messages that wait for others of this journey, in the order in which they happened."""
        with connected(self._store) as connection:
            return [kept(row) for row in connection.execute(WAITING, (journey_id,))]

    def parked(self, code: str | None = None) -> list[bytes]:
        """Every parked message, or those of one reason, in the order in which they happened."""
        with connected(self._store) as connection:
            return [key for (key,) in connection.execute(PARKED, (code, code))]

    def one(self, key: bytes) -> Kept | None:
        """A message that is not applied and can still be read."""
        with connected(self._store) as connection:
            row = connection.execute(GET, (key,)).fetchone()
        return kept(row) if row else None


def text_of(raw: bytes) -> str:
    """The message as people read it: a segment a line."""
    return _LINE_BREAK.sub("\n", decode(raw)[0])


def raw_of(text: str) -> bytes:
    """The message that is written so. Raises UnicodeEncodeError."""
    return encoded(_LINE_BREAK.sub("\r", text.strip("\r\n\ufeff")))


def _columns(outcome: Outcome) -> dict[str, object]:
    led, verdict = outcome.led, outcome.verdict
    return {
        **verdict._asdict(),
        **led.header._asdict(),
        "places": list(places(verdict.code, verdict.reason)),
        "occurred_at": led.occurred_at,
        "journey_id": led.journey_id,
    }
