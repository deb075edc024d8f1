"""My team today: what is next, overdue and blocked, the most urgent first; one click from the patient."""

from starlette.responses import Response

from journey.web.page import HOME, Asked, Page

FEW = 50
FILTERS = {"overdue": "Overdue", "blocked": "Blocked", "all": "Everything"}


async def today(asked: Asked) -> Response:
    """The worklist of one team, or of all that are theirs."""
    wanted = asked.query.get("show", "all")
    team = asked.query.get("team", asked.who.team or "")
    filters = {each: "true" for each in ("overdue", "blocked") if each == wanted}
    found = await asked.api.get(
        "/v1/worklist", team=team, cursor=asked.query.get("cursor"), limit=FEW, **filters
    )
    return asked.page(
        "today.html", rows=found["worklist"], next=found["next"], team=team, wanted=wanted, filters=FILTERS
    )


PAGES = (Page(f"{HOME}/today", today),)
