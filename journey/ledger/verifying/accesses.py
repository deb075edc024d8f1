"""The trail, record by record, disclosures too: each leaf made anew from the stored row."""

from typing import Any

from journey.ledger.leaves import AccessRow, DisclosureRow, leaf
from journey.ledger.verifying.finding import Finding, Kind
from journey.ledger.verifying.pages import Rows
from journey.ledger.verifying.walk import Walk

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


class Accesses(Walk):
    """The pass over the trail."""

    page = PAGE

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
