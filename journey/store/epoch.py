"""Epochs: the log's history is one line, and a restore, a copy or a promotion bends it.

Whoever follows the log must notice, for what they have seen may not be in it any more. So the database says
who it is: its system identifier, its own number there, and the timeline of its write-ahead log. When that is
not what it was, the sequencer begins an epoch before it gives the next position:

    epoch 1   1 ······ 100 ··· 140       140 positions were given; a backup was made at 100
    epoch 2             └ 101 ······     the backup was restored: what was 101 to 140 is something else now

A position that was given in an epoch stands where it stood as long as no later epoch began before it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from psycopg import Connection

from journey.store import log

# The timeline is that of the place it writes to: that of its last checkpoint is late after a promotion.
IDENTITY = """
    SELECT (SELECT system_identifier FROM pg_control_system()),
           (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
           ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
    """
SELECT_LAST = """
    SELECT system_identifier, database, timeline FROM store_epoch ORDER BY number DESC LIMIT 1
    """
SELECT_LINE = """
    SELECT coalesce((SELECT max(position) FROM log), 0), number, id, began_after
      FROM (VALUES (true)) AS one LEFT JOIN store_epoch ON true ORDER BY number
    """
BEGIN = """
    INSERT INTO store_epoch (number, began_after, system_identifier, database, timeline)
    SELECT coalesce(max(number), 0) + 1, %s, %s, %s, %s FROM store_epoch
    RETURNING number
    """
BEFORE_ALL = UUID(int=0)
"""Stands for the time before the first epoch began."""

logger = structlog.get_logger()


class Identity(NamedTuple):
    """Which database this is, and on which line of its history."""

    system_identifier: int
    database: int
    timeline: int


class Epoch(NamedTuple):
    """A stretch of the log's history without a restore, a copy or a promotion in it."""

    number: int
    id: UUID
    began_after: int


class Line(NamedTuple):
    """The last position of the log, and the epochs in which its positions were given."""

    head: int
    epochs: tuple[Epoch, ...]

    @property
    def now(self) -> Epoch | None:
        return self.epochs[-1] if self.epochs else None

    def given_in(self, position: int) -> UUID:
        """The epoch in which a position was given."""
        before = (each.id for each in reversed(self.epochs) if each.began_after < position)
        return next(before, BEFORE_ALL)

    def in_common(self, position: int, epoch: str) -> int:
        """Up to where this log is the one that somebody read to a position that was given in that epoch: that
        position, where nothing has bent the line before it; 0 where nothing is certain.

        The epoch is told by the last digits of its id.
        """
        known = [BEFORE_ALL, *(each.id for each in self.epochs)]
        ends = [*(each.began_after for each in self.epochs), None]
        for each, end in zip(known, ends, strict=True):
            if each.hex.endswith(epoch):
                if end is None:
                    return position if position <= self.head else 0
                return min(position, end)
        return 0


def line(rows: Sequence[tuple[Any, ...]]) -> Line:
    """What SELECT_LINE found."""
    return Line(rows[0][0], tuple(Epoch(*row[1:]) for row in rows if row[1] is not None))


def take_up(connection: Connection[Any], given: int = 0) -> int:
    """Begin an epoch where the database is not what it was; the last position of the log.

    The caller holds the sequencer's lock. `given` is the last position that it gave itself: a log that does
    not reach so far was put back beneath it.
    """
    [row] = connection.execute(IDENTITY).fetchall()
    last = connection.execute(SELECT_LAST).fetchone()
    head = log.end(connection)
    if row != last or head < given:
        [(number,)] = connection.execute(BEGIN, (head, *Identity(*row))).fetchall()
        logger.info("epoch.begun", number=number, began_after=head)
    return head
