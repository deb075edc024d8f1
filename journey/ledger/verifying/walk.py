"""A walk over a tree's leaves by their positions: each row is held to its leaf, gaps are named."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, LiteralString

from psycopg import Connection

from journey.ledger.verifying.climb import Climb
from journey.ledger.verifying.finding import Findings
from journey.ledger.verifying.pages import Rows, dense, pages


class Walk(ABC):
    """From the position after `start` on; `end` is how far it has come."""

    page: LiteralString
    """Selects position, leaf and what the leaf was made of."""

    def __init__(self, connection: Connection[Any], findings: Findings, start: int) -> None:
        self._connection = connection
        self._findings = findings
        self._start = start
        self.end = start

    def read(self, climb: Climb, told: Callable[[int], None]) -> None:
        for page in pages(self._connection, self.page, self._start):
            for missing, rows in dense(page, self.end):
                if missing:
                    self._lacks(missing)
                    climb.skip(missing)
                else:
                    self._hold(rows)
                    climb.add([row[1] for row in rows])
                self.end += missing + len(rows)
            told(self.end)

    @abstractmethod
    def _hold(self, rows: Rows) -> None:
        """Rows that follow one another from `end` on."""

    @abstractmethod
    def _lacks(self, missing: int) -> None:
        """So many positions from `end` on have no row."""
