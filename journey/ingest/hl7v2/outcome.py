"""Outcome: what became of a message, and what it led to."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from journey.ingest.attempts import Ended
from journey.ingest.hl7v2.reasons import places

Status = Literal["applied", "parked", "rejected", "dismissed"]


class Header(NamedTuple):
    """What is shown of a message: who sent it, under which id, and what it is."""

    sender: str | None = None
    control_id: str | None = None
    trigger: str | None = None


class Verdict(NamedTuple):
    """What became of a message, and why."""

    status: Status | Literal["duplicate"]
    code: str | None = None
    reason: str | None = None
    waits: bool = False
    """Whether another message of the same journey may change that, or complete what was applied."""


@dataclass
class Led:
    """What a message is about, and what it has led to so far."""

    header: Header = field(default_factory=Header)
    occurred_at: datetime | None = None
    journey_id: UUID | None = None
    version: int = 0
    """Of that journey, when it was decided."""
    journeys: int = 0
    """Opened by it."""
    events: int = 0
    """Recorded by it."""
    first: UUID | None = None
    """Of these."""
    visits: bool = False
    """Whether any of them is about a visit: what others wait for."""
    lacks: bool = False
    """Whether it says more than could be recorded before its visit is known."""


class Outcome(NamedTuple):
    """What became of a message, and what it led to."""

    verdict: Verdict
    led: Led
    reuses_id: bool = False
    """Whether another message came under its control id."""

    @property
    def status(self) -> str:
        return self.verdict.status


def ended(outcome: Outcome) -> Ended:
    """For its attempts."""
    verdict = outcome.verdict
    return Ended(
        verdict.status,
        verdict.code,
        verdict.reason,
        places(verdict.code, verdict.reason),
        waits=verdict.waits and verdict.status == "parked",
        events=outcome.led.events,
    )
