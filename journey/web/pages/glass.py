"""Break-glass: another team's patient, opened in an emergency for a reason and a time, and closed again."""

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.onepatient import hidden, home, journey_of
from journey.web.page import HOME, Asked, Page, go, whole


async def open_it(asked: Asked) -> Response:
    """The record is open at once; the reason stands in the trail."""
    wanted = {
        "journey_id": journey_of(asked),
        "reason": {"code": asked.said("code"), "text": asked.said("text")},
        "minutes": whole(asked.said("minutes")),
    }
    try:
        await asked.api.post("/v1/break-glass", wanted)
    except Refusal as refusal:
        if refusal.code != "invalid":
            raise
        return hidden(asked, refusal.problem)
    return go(home(journey_of(asked)))


async def close_it(asked: Asked) -> Response:
    """Before its time. What has ended by itself meanwhile needs no closing."""
    answer = await asked.api.ask("DELETE", f"/v1/break-glass/{asked.request.path_params['glass_id']}")
    if not answer.is_success and answer.status != 404:  # noqa: PLR2004 - not found
        raise Refusal(answer.status, answer.json())
    return go(f"{HOME}/patients")


ONE = f"{HOME}/patients/{{journey_id:uuid}}/break-glass"
PAGES = (
    Page(ONE, open_it, methods=("POST",)),
    Page(f"{ONE}/{{glass_id:uuid}}/close", close_it, methods=("POST",)),
)
