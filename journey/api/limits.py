"""Limits: how often a key may ask, and how often an address may guess. Each process counts for itself.

Who has guessed too often is answered without a look at what they send, so that guessing costs nothing and
finds nothing; callers who were let in from the same address before, perhaps that of a proxy, go on.
"""

from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from time import monotonic

from fastapi import Request

from journey.api.figures import Figures
from journey.api.problems import Problem

GUESSES_PER_SECOND, GUESSES = 1.0, 20.0
"""Failed attempts of one address, or of one network of IPv6: so many at once, and so many in the long run."""

REMEMBERED = 10_000
"""Keys, addresses and tokens kept in memory at most."""


class Buckets:
    """A bucket of tokens for each name: it holds `burst` at most, and fills by `rate` in a second."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, name: str) -> float:
        """Seconds until there is one; 0 where there is."""
        return max(0.0, 1.0 - self._now(name, monotonic())) / self._rate

    def take(self, name: str) -> float:
        """The same, and takes it where there is one."""
        now = monotonic()
        left = self._now(name, now)
        if left < 1.0:
            return (1.0 - left) / self._rate
        if name not in self._left and len(self._left) >= REMEMBERED:
            self._forget(now)
        self._left[name] = left - 1.0, now
        return 0.0

    def _now(self, name: str, now: float) -> float:
        left, then = self._left.get(name, (self._burst, now))
        return min(self._burst, left + (now - then) * self._rate)

    def _forget(self, now: float) -> None:
        """Those that would be full again; where there are none, all."""
        self._left = {
            name: (left, then)
            for name, (left, then) in self._left.items()
            if self._now(name, now) < self._burst
        }
        if len(self._left) >= REMEMBERED:
            self._left.clear()


class Limits:
    """What is counted of callers. A rate of 0 is none."""

    def __init__(self, figures: Figures, *, rate: float, burst: float) -> None:
        self._figures = figures
        self._asked = Buckets(rate, max(burst, 1.0)) if rate else None
        self._guessed = Buckets(GUESSES_PER_SECOND, GUESSES)
        self._let_in: dict[bytes, None] = {}

    def before(self, request: Request) -> None:
        """Raises Problem where the address has guessed too often."""
        seconds = self._guessed.wait(_peer(request))
        if seconds and _said(request) not in self._let_in:
            self._refuse("address", seconds, "Too many failed attempts came from your address.")

    def failed(self, request: Request) -> None:
        """Somebody was not let in."""
        self._guessed.take(_peer(request))

    def let_in(self, request: Request, caller: str) -> None:
        """Raises Problem where the caller asks too often."""
        said = _said(request)
        if said not in self._let_in:
            if len(self._let_in) >= REMEMBERED:
                self._let_in.clear()
            self._let_in[said] = None
        if self._asked and (seconds := self._asked.take(caller)):
            self._refuse("key", seconds, "Too many requests came with this key.")

    def _refuse(self, whose: str, seconds: float, sentence: str) -> None:
        self._figures.limited(whose)
        raise Problem(
            "too-many-requests",
            f"{sentence} Wait as long as Retry-After says.",
            headers={"Retry-After": str(ceil(seconds))},
        )


def _peer(request: Request) -> str:
    """Where they ask from. Of IPv6 the network: whoever has one address of it has all of them."""
    host = request.client.host if request.client else ""
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host)
    except ValueError:  # a proxy's word, which is no address
        return host
    return str(address.ipv4_mapped or IPv6Network((address.packed[:8] + bytes(8), 64)))


def _said(request: Request) -> bytes:
    """Who they say they are, as it can be kept."""
    return sha256(request.headers.get("authorization", "").encode()).digest()
