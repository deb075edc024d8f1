"""The log, event by event: each leaf made anew from the stored row, each journey's versions in order."""

from hashlib import sha256
from typing import Any

from psycopg import Connection

from journey.ledger.completeness import NOTHING, Head
from journey.ledger.leaves import written
from journey.ledger.merkle import Hash
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.pages import Rows
from journey.ledger.verifying.walk import Walk

PAGE = """
    SELECT position, leaf, journey_id::text, version, type, data::text, event_id::text, schema_version,
           (occurred_at AT TIME ZONE 'UTC')::text, occurred_precision,
           (recorded_at AT TIME ZONE 'UTC')::text, context::text
      FROM log LEFT JOIN event USING (journey_id, version)
     WHERE position > %s ORDER BY position LIMIT %s
    """
BEFORE = """
    SELECT journey_id::text, leaf FROM log
     WHERE journey_id = ANY(%s::uuid[]) AND position <= %s ORDER BY journey_id, version
    """
ELSEWHERE = """
    SELECT (SELECT position FROM log WHERE journey_id = %(id)s AND version = %(version)s),
           EXISTS (SELECT FROM event WHERE journey_id = %(id)s AND version = %(version)s)
    """

NO_HEAD = (0, NOTHING)
Heads = dict[str, tuple[int, Hash]]


class Events(Walk):
    """The pass over the log. Journeys' heads are kept as of the last checkpoint that counts."""

    page = PAGE

    def __init__(self, connection: Connection[Any], findings: Findings, start: int, until: int) -> None:
        super().__init__(connection, findings, start)
        self._until = until
        self.heads: Heads = {}
        self.before: Heads = {}
        """The heads at the start, of the journeys that have more since."""
        self._beyond: dict[str, int] = {}
        """Versions that no checkpoint covers yet."""

    def _hold(self, rows: Rows) -> None:
        try:
            made: list[Hash | None] = [sha256(b"\0" + written(*row[2:])).digest() for row in rows]
        except (KeyError, TypeError):  # a row that is not there, or a time that is none
            made = [_made(row) for row in rows]
        if made != [row[1] for row in rows]:
            self._differ(rows, made)
        if self._start:
            self._recall(rows)
        covered = max(0, self._until - rows[0][0] + 1)
        self._chain(rows[:covered])
        for row in rows[covered:]:
            seen = self._beyond.get(row[2]) or self.heads.get(row[2], NO_HEAD)[0]
            if row[3] != seen + 1:
                self._jumps(row, seen + 1)
            self._beyond[row[2]] = row[3]

    def _chain(self, rows: Rows) -> None:
        heads = self.heads
        for row in rows:
            leaf, journey_id, version = row[1], row[2], row[3]
            seen, chain = heads.get(journey_id, NO_HEAD)
            if version != seen + 1:
                self._jumps(row, seen + 1)
            heads[journey_id] = version, sha256(chain + leaf).digest()

    def _recall(self, rows: Rows) -> None:
        """The heads at the start of journeys that go on; by the leaves, as they stand there now."""
        asked = {row[2] for row in rows if row[3] > 1} - self.heads.keys()
        if not asked:
            return
        leaves: dict[str, list[Hash]] = {}
        for journey_id, leaf in self._connection.cursor(binary=True).execute(
            BEFORE, (list(asked), self._start)
        ):
            leaves.setdefault(journey_id, []).append(leaf)
        for journey_id, found in leaves.items():
            self.before[journey_id] = self.heads[journey_id] = Head().grown(found)

    def _differ(self, rows: Rows, made: list[Hash | None]) -> None:
        for row, leaf in zip(rows, made, strict=True):
            position, stored, journey_id, version, type_, _, event_id, *_ = row
            if leaf == stored:
                continue
            if type_ is None:
                said = f"The event at position {position}, version {version} of its journey, is gone."
                self._add(Kind.DELETED, "event", position, said, journey_id)
            else:
                said = f"The event at position {position} is not the one that its leaf was made of."
                self._add(Kind.EDITED, "event", position, said, journey_id, event_id)

    def _lacks(self, missing: int) -> None:
        first, last = self.end + 1, self.end + missing
        said = f"Nothing stands at position {first}" + (f" up to {last}." if missing > 1 else ".")
        self._findings.add(Finding(Kind.DELETED, "log", first, last, said))

    def _jumps(self, row: tuple[Any, ...], expected: int) -> None:
        position, _, journey_id, version, _, _, event_id, *_ = row
        asked = {"id": journey_id, "version": expected}
        [(elsewhere, is_stored)] = self._connection.execute(ELSEWHERE, asked).fetchall()
        at = f"At position {position} stands version {version} of its journey, after version {expected - 1}"
        if elsewhere is not None or version < expected:
            self._add(Kind.REORDERED, "log", position, f"{at}.", journey_id, event_id)
        elif is_stored:
            said = f"{at}: version {expected} is stored, and its position is gone."
            self._add(Kind.DELETED, "log", position, said, journey_id, event_id)
        else:
            said = f"{at}: version {expected} is nowhere."
            self._add(Kind.VERSION_GAP, "log", position, said, journey_id, event_id)

    def _add(  # noqa: PLR0917 - a finding's own words
        self,
        kind: Kind,
        table: str,
        position: int,
        sentence: str,
        journey_id: str,
        event_id: str | None = None,
    ) -> None:
        self._findings.add(Finding(kind, table, position, position, sentence, journey_id, event_id))


def _made(row: tuple[Any, ...]) -> Hash | None:
    try:
        return sha256(b"\0" + written(*row[2:])).digest()
    except (KeyError, TypeError):
        return None
