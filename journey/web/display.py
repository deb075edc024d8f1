"""Display: how pages are shown to whoever is at this browser: light or dark, and in whose local time.

It is the browser's, not the person's: kept in a cookie, so that it holds before anybody signs in, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from starlette.requests import Request
from starlette.responses import Response

from journey.web.cookies import keep

UTC = ZoneInfo("UTC")
COOKIE = "journey_display"
A_YEAR = 365 * 24 * 3600

APPEARANCES = {"auto": "As this device is set", "light": "Light", "dark": "Dark"}
MEDIA = {"auto": "screen and (prefers-color-scheme: dark)", "dark": "screen"}
"""Where the dark sheet holds; light has none, and paper is always light."""

SCHEMES = {"auto": "light dark", "light": "light", "dark": "dark"}
"""What the browser paints before any sheet is there."""


class Display(NamedTuple):
    """What was chosen; `zone` is the clinic's where none was."""

    appearance: str
    zone: ZoneInfo
    clinic: ZoneInfo

    @property
    def media(self) -> str | None:
        return MEDIA.get(self.appearance)

    @property
    def scheme(self) -> str:
        return SCHEMES[self.appearance]


PLAIN = Display("auto", UTC, UTC)
_shown: ContextVar[Display] = ContextVar("display", default=PLAIN)


def display() -> Display:
    """That of the request which is being answered."""
    return _shown.get()


@contextmanager
def shown_as(chosen: Display) -> Iterator[None]:
    """Pages that are made within the block are shown so."""
    before = _shown.set(chosen)
    try:
        yield
    finally:
        _shown.reset(before)


def chosen(request: Request, clinic: str) -> Display:
    """What this browser says; whatever it says wrongly is as if it said nothing."""
    appearance, _, zone = request.cookies.get(COOKIE, "").partition(" ")
    its = ZoneInfo(clinic)
    return Display(
        appearance if appearance in APPEARANCES else "auto", ZoneInfo(zone) if zone in zones() else its, its
    )


def choose(request: Request, response: Response, appearance: str, zone: str) -> None:
    """For the next pages of this browser. What cannot be chosen is not."""
    kept = f"{appearance if appearance in APPEARANCES else 'auto'} {zone if zone in zones() else ''}"
    keep(request, response, COOKIE, kept, A_YEAR)


@cache
def zones() -> tuple[str, ...]:
    """Those that people live in, by name."""
    return tuple(
        sorted(each for each in available_timezones() if "/" in each and not each.startswith("Etc/"))
    )
