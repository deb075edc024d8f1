"""The trail, record by record: each leaf made anew from the stored row."""

from collections.abc import Callable
from typing import Any

from psycopg import Connection

from journey.ledger.leaves import AccessRow, leaf
from journey.ledger.verifying.climb import Climb
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.pages import dense, pages

PAGE = """
    SELECT position, leaf, access_log.access_id, access_event.access_id,
           CASE WHEN at >= '0001-01-02Z' AND at < '9999-12-31Z' THEN at END, basis, caller, correlation_id,
           detail::text, journeys, kind, method, name, outcome, patients, peer, purpose, request_id, role,
           route, team
      FROM access_log LEFT JOIN access_event USING (access_id)
     WHERE position > %s ORDER BY position LIMIT %s
    """


class Accesses:
    """The pass over the trail."""

    def __init__(self, connection: Connection[Any], findings: Findings, start: int) -> None:
        self._connection = connection
        self._findings = findings
        self._start = start
        self.end = start

    def read(self, climb: Climb, told: Callable[[int], None]) -> None:
        for page in pages(self._connection, PAGE, self._start):
            for missing, rows in dense(page, self.end):
                if missing:
                    self._lacks(missing)
                    climb.skip(missing)
                else:
                    for row in rows:
                        self._hold(row)
                    climb.add([row[1] for row in rows])
                self.end += missing + len(rows)
            told(self.end)

    def _hold(self, row: tuple[Any, ...]) -> None:
        position, stored, access_id, there, *columns = row
        if there is None:
            said = f"The record of the trail at position {position} is gone."
            self._add(Kind.DELETED, position, said, access_id)
        elif leaf(AccessRow(there, *columns)) != stored:
            said = f"The record of the trail at position {position} is not the one that its leaf was made of."
            self._add(Kind.EDITED, position, said, access_id)

    def _lacks(self, missing: int) -> None:
        first, last = self.end + 1, self.end + missing
        said = f"Nothing stands at position {first} of the trail" + (
            f" up to {last}." if missing > 1 else "."
        )
        self._findings.add(Finding(Kind.DELETED, "access_log", first, last, said))

    def _add(self, kind: Kind, position: int, sentence: str, access_id: object) -> None:
        self._findings.add(Finding(kind, "access_event", position, position, sentence, id=str(access_id)))
