"""What stands against an erasure, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from journey.domain.custody.events import ErasureRequested, LegalHoldPlaced, ProcessingRestricted
from journey.domain.event import Fact, Refused


@dataclass(frozen=True, slots=True)
class Custody:
    """What stands against an erasure, and what came of it."""

    holds: Mapping[UUID, LegalHoldPlaced] = field(default_factory=dict)
    restricted: ProcessingRestricted | None = None
    requested: ErasureRequested | None = None
    erased: Fact | None = None


class UnderLegalHold(Refused):
    """A dispute goes on for which it is needed."""


class StillRetained(Refused):
    """The time for which it must be kept has not passed."""


class SecondPersonNeeded(Refused):
    """Nobody decides on what they asked for themselves."""


class ErasureNotRequested(Refused):
    """Nobody has asked for it."""


class SubjectIsErased(Refused):
    """What was personal is gone, and nothing new is told of it here."""
