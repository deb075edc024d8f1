"""Showing: how pages are shown at this browser: light or dark, and in whose local time."""

from collections.abc import Mapping
from itertools import groupby

from starlette.responses import Response

from journey.web.demo import done
from journey.web.display import APPEARANCES, choose, display, zones
from journey.web.page import HOME, Asked, Page, go
from journey.web.signing import inside

HERE = f"{HOME}/display"


async def showing(asked: Asked) -> Response:
    """What is chosen, and what else there is."""
    return asked.page(
        "showing.html",
        appearances=APPEARANCES,
        areas=_areas(),
        own=None if display().zone == display().clinic else display().zone.key,
        back=inside(asked.query.get("back", "")),
    )


async def chosen(asked: Asked) -> Response:
    """From the next page on; that is the one they came from."""
    response = go(inside(asked.said("back")))
    choose(asked.request, response, asked.said("appearance"), asked.said("zone"))
    return response


async def enough(asked: Asked) -> Response:
    """Of the first steps of a demo."""
    response = go(inside(asked.said("back")))
    done(asked.request, response, asked.who.role)
    return response


def _areas() -> Mapping[str, tuple[str, ...]]:
    """The zones by the part of the world that they are in."""
    return {area: tuple(each) for area, each in groupby(zones(), key=lambda zone: zone.partition("/")[0])}


PAGES = (
    Page(HERE, showing),
    Page(HERE, chosen, methods=("POST",)),
    Page(f"{HOME}/first-steps", enough, methods=("POST",)),
)
