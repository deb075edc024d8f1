"""Access: what each role may, and which teams there are: who is of each, and how many journeys are theirs."""

from starlette.responses import Response

from journey.web.page import HOME, Asked, Page

KEYS = f"{HOME}/keys"


async def roles(asked: Asked) -> Response:
    """The table by which every request is checked."""
    found = await asked.api.get("/v1/access")
    permissions = found["permissions"]
    return asked.page(
        "roles.html", permissions=permissions, roles=tuple(permissions[0]["reach"]), reaches=found["reaches"]
    )


async def teams(asked: Asked) -> Response:
    found = await asked.api.get("/v1/teams")
    return asked.page("teams.html", teams=found["teams"], every_team=found["every_team"])


PAGES = (
    Page(f"{KEYS}/roles", roles),
    Page(f"{KEYS}/teams", teams),
)
