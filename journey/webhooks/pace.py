"""Pace: when something is tried again, and how fast an endpoint is sent to. Pure: no clock, no dice.

A delivery that fails is tried again over three days. An endpoint at which several journeys fail with nothing
getting through is down: it is left alone, then probed with one delivery at a time, and once one gets through
it is sent more by and by.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self
from uuid import UUID

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, if nothing else is said."""

    waits: tuple[float, ...] = (
        5,
        5 * MINUTE,
        30 * MINUTE,
        *(hours * HOUR for hours in (2, 5, 10, 14, 20, 24)),
    )
    """Between a failed attempt and the next; after the last, the delivery is a dead letter."""
    jitter: float = 0.2
    """The share of a wait that may come on top of it."""
    timeout: float = 15.0
    """For one attempt, from the first byte of the connection to the end of the answer."""
    longest_wait: float = 24 * HOUR
    """As long as a `Retry-After` is heeded."""
    failing: int = 5
    """Journeys that fail one after another until the endpoint counts as down."""
    first_pause: float = 5.0
    longest_pause: float = 5 * MINUTE
    """Between two probes of an endpoint that is down; doubled each time."""
    given_up: float = 72 * HOUR
    """For as long as an endpoint may be down until the subscription is suspended."""
    slow: int = 8
    """Deliveries under way at once to begin with; after an outage, one."""
    most: int = 64
    ahead: int = 2000
    """Numbers given ahead of what was sent."""
    lease: float = 10.0
    idle: float = 30.0
    """Between looks, though nobody said that there is something to do."""

    def wait(self, attempts: int, dice: float) -> float | None:
        """Seconds until the next attempt after so many; None: there is none. `dice`: from 0 to 1."""
        if attempts > len(self.waits):
            return None
        return self.waits[attempts - 1] * (1 + self.jitter * dice)

    def pause(self, trips: int, dice: float) -> float:
        """Seconds until an endpoint is probed that was found down so many times on end."""
        doubled = self.first_pause * 2.0 ** min(trips - 1, 30)
        return min(doubled, self.longest_pause) * (1 + self.jitter * dice)

    def heeded(self, retry_after: str | None, now: datetime) -> float:
        """Seconds that a `Retry-After` asks for, in seconds or as a date; 0 where it says nothing."""
        if retry_after is None:
            return 0.0
        if retry_after.isascii() and retry_after.isdecimal():
            return min(float(retry_after[:9]), self.longest_wait)
        try:
            at = parsedate_to_datetime(retry_after)
        except ValueError:
            return 0.0
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max((at - now).total_seconds(), 0.0), self.longest_wait)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is known of whom is sent to: a circuit breaker."""

    allowance: int
    """Deliveries that may be under way at once."""
    failing: frozenset[UUID] = field(default=frozenset())
    """Journeys that have failed since anything got through."""
    trips: int = 0
    """Probes that failed on end, and the failure before them; 0: it is not down."""
    shut_until: datetime | None = None
    down_since: datetime | None = None

    @property
    def is_down(self) -> bool:
        return self.trips > 0

    def answered(self, pace: Pace) -> Self:
        """Something got through."""
        if self.is_down:
            return replace(self, allowance=2, failing=frozenset(), trips=0, shut_until=None, down_since=None)
        return replace(self, allowance=min(self.allowance + 1, pace.most), failing=frozenset())

    def failed(self, journey: UUID, now: datetime, pace: Pace, dice: float) -> Self:
        """Something did not. Deliveries that were under way when it was found down change nothing."""
        if self.is_down and self.shut_until is not None and now < self.shut_until:
            return self
        failing = self.failing | {journey}
        if not self.is_down and len(failing) < pace.failing:
            return replace(self, allowance=max(self.allowance - 1, 1), failing=failing)
        trips = self.trips + 1
        shut_until = now + timedelta(seconds=pace.pause(trips, dice))
        return replace(
            self,
            allowance=1,
            failing=failing,
            trips=trips,
            shut_until=shut_until,
            down_since=self.down_since or now,
        )

    def asked_to_wait(self, seconds: float, now: datetime) -> Self:
        """It said itself that it wants nothing for so long."""
        until = now + timedelta(seconds=seconds)
        return replace(self, allowance=1, shut_until=max(until, self.shut_until or until))

    def room(self, now: datetime) -> int:
        """How many may be under way now."""
        return 0 if self.shut_until is not None and now < self.shut_until else self.allowance

    def is_given_up(self, now: datetime, pace: Pace) -> bool:
        return self.down_since is not None and (now - self.down_since).total_seconds() > pace.given_up
