"""The trail, record by record, disclosures too: each leaf made anew from the stored row."""

from collections.abc import Callable
from typing import Any

from psycopg import Connection

from journey.ledger.leaves import AccessRow, DisclosureRow, leaf
from journey.ledger.verifying.climb import Climb
from journey.ledger.verifying.finding import Finding, Findings, Kind
from journey.ledger.verifying.pages import Rows, dense, pages

PAGE = """
    SELECT position, leaf, access_log.access_id, access_event.access_id,
           CASE WHEN at >= '0001-01-02Z' AND at < '9999-12-31Z' THEN at END, basis, caller, correlation_id,
           detail::text, journeys, kind, method, name, outcome, patients, peer, purpose, request_id, role,
           route, team
      FROM access_log LEFT JOIN access_event USING (access_id)
     WHERE position > %s ORDER BY position LIMIT %s
    """

DISCLOSURES = """
    SELECT CASE WHEN at >= '0001-01-02Z' AND at < '9999-12-31Z' THEN at END, basis, channel, consent_id,
           description, disclosure_id, journeys, labels, notice, patient_id, positions, purpose, recipient,
           recipient_address, reference
      FROM disclosure WHERE disclosure_id = ANY(%s)
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
                    self._hold(rows)
                    climb.add([row[1] for row in rows])
                self.end += missing + len(rows)
            told(self.end)

    def _hold(self, rows: Rows) -> None:
        disclosed = self._disclosed([row[2] for row in rows if row[3] is None])
        for position, stored, id_, access_id, *columns in rows:
            there = disclosed.get(id_) if access_id is None else AccessRow(access_id, *columns)
            if there is None:
                said = f"The record of the trail at position {position} is gone."
                self._add(Kind.DELETED, position, said, id_)
            elif leaf(there) != stored:
                said = f"The record of the trail at position {position} is not the one of its leaf."
                table = "disclosure" if id_ in disclosed else "access_event"
                self._add(Kind.EDITED, position, said, id_, table)

    def _disclosed(self, ids: list[Any]) -> dict[Any, DisclosureRow]:
        """Those of the records that are disclosures."""
        rows = self._connection.execute(DISCLOSURES, (ids,)).fetchall() if ids else []
        found = map(DisclosureRow._make, rows)
        return {each.disclosure_id: each for each in found}

    def _lacks(self, missing: int) -> None:
        first, last = self.end + 1, self.end + missing
        said = f"Nothing stands at position {first} of the trail" + (
            f" up to {last}." if missing > 1 else "."
        )
        self._findings.add(Finding(Kind.DELETED, "access_log", first, last, said))

    def _add(self, kind: Kind, position: int, said: str, id_: object, table: str = "access_event") -> None:
        self._findings.add(Finding(kind, table, position, position, said, id=str(id_)))
