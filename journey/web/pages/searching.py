"""Patients: found while typing, by name, number or birth date, in any order and but for a typing error.

The question goes in a form's body, never in an address: it names somebody.
"""

from starlette.responses import Response

from journey.web.page import HOME, Asked, Page

FEW = 20
SHORTEST = 2
"""Letters from which on it is looked for."""


async def searching(asked: Asked) -> Response:
    """Nobody yet, or who is found."""
    wanted = asked.said("q")
    rows, more = [], False
    if len(wanted) >= SHORTEST:
        found = await asked.api.get("/v1/journeys", q=wanted[:200], limit=FEW)
        rows, more = found["journeys"], found["next"] is not None
    return asked.page("search.html", rows=rows, more=more, wanted=wanted, shortest=SHORTEST)


PAGES = (Page(f"{HOME}/patients", searching, methods=("GET", "POST")),)
