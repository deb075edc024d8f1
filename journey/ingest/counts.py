"""Counts: what became of everything that one run took in, whatever it came as.

messages read = applied + duplicate + parked + rejected
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from journey.ingest.files import Unreadable

COUNTED = ("messages", "applied", "duplicate", "parked", "rejected", "journeys", "events")


@dataclass
class Counts:
    """As it stands now."""

    messages: int = 0
    applied: int = 0
    duplicate: int = 0
    parked: int = 0
    rejected: int = 0
    journeys: int = 0
    """Opened."""
    events: int = 0
    """Recorded."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why messages were parked or rejected, by code."""
    unreadable: list[Unreadable] = field(default_factory=list)
    """Files that could not be read, or not to their end."""
    stopped: str | None = None
    """Why the run ended before the messages did: a sentence. What is counted is done; run it again."""

    def include(self, other: "Counts") -> None:
        """Add what became of what came in another form."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.unreadable += other.unreadable
        self.stopped = self.stopped or other.stopped

    def figures(self) -> dict[str, Any]:
        """For programs."""
        unreadable = [{"source": each.source, "reason": each.reason} for each in self.unreadable]
        counted = {name: getattr(self, name) for name in COUNTED}
        return counted | {"reasons": dict(+self.reasons), "unreadable": unreadable}
