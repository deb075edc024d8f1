"""Attempts: what was done with a message that could not be applied at once, by whom, and what came of it.

The message itself stays as it came. A correction is kept beside it, whole, with who made it, when and why,
and sealed as the message is.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic import BaseModel

from journey.domain.event import Actor
from journey.store.boxes import Box, boxed, unboxed

What = Literal["came", "released", "replayed", "corrected", "dismissed"]

RECORD = """
    WITH last AS (
        SELECT attempt FROM inbox_attempt WHERE key = %(key)s ORDER BY attempt DESC LIMIT 1
    ), again AS (
        UPDATE inbox_attempt
           SET times = times + 1, at = clock_timestamp(), asked = coalesce(%(asked)s, asked)
          FROM last
         WHERE inbox_attempt.attempt = last.attempt AND said = '' AND what = %(what)s
           AND (caller, name, status, code, reason, waits, events)
               IS NOT DISTINCT FROM
               (%(caller)s, %(name)s, %(status)s, %(code)s, %(reason)s, %(waits)s, %(events)s)
        RETURNING inbox_attempt.attempt
    )
    INSERT INTO inbox_attempt (key, what, caller, name, asked, status, code, reason, places, waits, events,
                               said)
    SELECT %(key)s, %(what)s, %(caller)s, %(name)s, %(asked)s, %(status)s, %(code)s, %(reason)s, %(places)s,
           %(waits)s, %(events)s, ''
     WHERE NOT EXISTS (SELECT FROM again)
    """
"""Done again with the same end, it is counted: what is tried each night makes no row each night."""

NOTE = """
    INSERT INTO inbox_attempt (key, what, caller, name, asked, status, code, reason, places, waits, events,
                               said, sealed_for)
    VALUES (%(key)s, %(what)s, %(caller)s, %(name)s, %(asked)s, %(status)s, %(code)s, %(reason)s, %(places)s,
            %(waits)s, %(events)s, %(raw)s, %(sealed_for)s)
    RETURNING attempt
    """
SEAL_ANEW = "UPDATE inbox_attempt SET said = %(raw)s, sealed_for = %(sealed_for)s WHERE attempt = %(attempt)s"
KEPT: LiteralString = """
    SELECT inbox.key, raw, inbox.sealed_for, of_it.wrapped, source, number, inbox.status,
           corrected_by, said, correction.sealed_for, of_that.wrapped
      FROM inbox LEFT JOIN data_key AS of_it ON of_it.journey_id = inbox.sealed_for
           LEFT JOIN inbox_attempt AS correction ON attempt = corrected_by
           LEFT JOIN data_key AS of_that ON of_that.journey_id = correction.sealed_for
     WHERE raw <> '' AND of_it.wrapped IS DISTINCT FROM ''
    """
"""Messages that can be read, each with the correction that is taken instead of it, if there is one."""


class Hand(NamedTuple):
    """What is done with a message, and who does it; nobody, where it is done by itself."""

    what: What
    caller: str | None = None
    name: str | None = None
    asked: bytes | None = None
    """The request that it is done for, where that may be asked again."""


CAME, RELEASED = Hand("came"), Hand("released")
AT_THE_COMMAND_LINE = Hand("replayed", "command-line", "the command line")
TOGETHER = 50
"""Messages that are looked up at a time."""


class Note(BaseModel, frozen=True):
    """What a person says of a message: why they do it and, where they correct it, how it should read."""

    actor: Actor
    why: str
    text: str | None = None


class Ended(NamedTuple):
    """What came of it."""

    status: str
    code: str | None
    reason: str | None
    places: Sequence[str] = ()
    waits: bool = False
    """Whether it is tried again by itself."""
    events: int = 0
    """Recorded by it."""


class Attempt(NamedTuple):
    """One of them."""

    key: bytes
    hand: Hand
    ended: Ended

    def row(self) -> dict[str, Any]:
        ended = self.ended
        return {"key": self.key, **self.hand._asdict(), **ended._asdict(), "places": list(ended.places)}


class Correction(NamedTuple):
    """What is taken instead of the message."""

    note: Note
    attempt: int | None = None
    """None until it has been tried."""

    @property
    def text(self) -> str:
        return self.note.text or ""


def record(connection: Connection[Any], attempts: Iterable[Attempt]) -> None:
    """That these messages were tried."""
    rows = [each.row() for each in attempts]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(RECORD, rows)


def noted(connection: Connection[Any], attempt: Attempt, note: Note, journey_id: UUID | None) -> int:
    """Record what somebody did and said of a message; the attempt's number."""
    box = boxed(connection, _name(attempt.key), note.model_dump_json().encode(), journey_id)
    row = connection.execute(NOTE, attempt.row() | box._asdict()).fetchone()
    if row is None:
        raise ValueError("An insert answers a row")
    return int(row[0])


def seal_anew(connection: Connection[Any], key: bytes, correction: Correction, journey_id: UUID) -> None:
    """By the key of the journey that it led to."""
    box = boxed(connection, _name(key), correction.note.model_dump_json().encode(), journey_id)
    connection.execute(SEAL_ANEW, box._asdict() | {"attempt": correction.attempt})


class Kept(NamedTuple):
    """A message as the inbox keeps it."""

    key: bytes
    raw: bytes
    source: str
    number: int
    status: str = ""
    """What it was when it was asked for; "" where it is new."""

    correction: Correction | None = None


def kept(row: tuple[Any, ...]) -> Kept:
    """A row of KEPT. Raises CannotBeOpened."""
    key, raw, sealed_for, wrapped, source, number, status, attempt, said, said_for, said_wrapped = row
    note = note_in(key, Box(said, said_for), said_wrapped) if attempt else None
    correction = Correction(note, attempt) if note else None
    return Kept(key, unboxed(key, Box(raw, sealed_for), wrapped), source, number, status, correction)


def note_in(key: bytes, box: Box, wrapped: bytes | None) -> Note | None:
    """What was said; None where nothing was, or it is erased. Raises CannotBeOpened."""
    if not box.raw or wrapped == b"":
        return None
    return Note.model_validate_json(unboxed(_name(key), box, wrapped))


def _name(key: bytes) -> bytes:
    """What its seal is bound to: no attempt's text can be put in the message's place."""
    return key + b" attempt"
