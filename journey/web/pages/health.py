"""Health: whether everything runs, in words; how far each part has come, what fails, and what mends it."""

from asyncio import gather
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.course import STATES as COURSES
from journey.web.course import UNDER_WAY, lasting
from journey.web.page import HOME, Asked, Page, go, whole

HERE = f"{HOME}/health"
FAR = 1000
"""Events behind the log at which a list is behind for people, too."""

STATES = {"pending": "Being sent", "waiting": "Behind another", "dead": "Dead letters"}
SAID = {
    "blocked": ("late", "stuck at an error"),
    "stopped": ("late", "nobody works on it"),
    "rebuilding": ("blue", "is made anew"),
}
"""Of each state that needs a word: its colour, and what it is called."""

Row = Mapping[str, Any]


class Part(NamedTuple):
    """Something that follows the log. `kind`: good, blue, soon, late."""

    name: str
    kind: str
    said: str
    since: str | None
    at: int
    lag: int
    seconds: str | None
    parked: int
    error: str | None
    rebuild: Row | None

    @property
    def is_under_way(self) -> bool:
        return self.rebuild is not None and self.rebuild["state"] in UNDER_WAY


async def health(asked: Asked) -> Response:
    """As it is now; it looks again by itself."""
    answer, known, checkpoint, deliveries = await gather(
        asked.api.ask("GET", "/readyz"), _known(asked), _checkpoint(asked), asked.api.get("/v1/deliveries")
    )
    found: Row = answer.json()
    return asked.page(
        "health.html",
        found=found,
        parts=tuple(_parts(_seen(found) if known is None else known)),
        operates=known is not None,
        courses=COURSES,
        brokers=found["brokers"],
        checkpoint=checkpoint,
        deliveries=deliveries,
        states=STATES,
        retried=_retried(asked),
    )


async def rebuild(asked: Asked) -> Response:
    await asked.api.post(_address(asked, "rebuild"))
    return go(HERE)


async def stop(asked: Asked) -> Response:
    await asked.api.delete(_address(asked, "rebuild"))
    return go(HERE)


async def retry(asked: Asked) -> Response:
    """What came of it stands in the address, so that it is said once."""
    came = await asked.api.post(_address(asked, "retry"))
    return go(f"{HERE}?taken_up={came['taken_up']}&blocked={came['blocked']}")


def _address(asked: Asked, what: str) -> str:
    return f"/v1/projections/{asked.request.path_params['name']}/{what}"


def _retried(asked: Asked) -> Mapping[str, int] | None:
    """How many are taken up, and how many are not."""
    if "taken_up" not in asked.query:
        return None
    return {name: whole(asked.query.get(name, "")) for name in ("taken_up", "blocked")}


async def _known(asked: Asked) -> Iterable[Row] | None:
    """The read models, to whoever operates them."""
    if not asked.who.can("operate"):
        return None
    found: Iterable[Row] = (await asked.api.get("/v1/projections"))["projections"]
    return found


def _seen(found: Row) -> Iterator[Row]:
    """What everybody may know of the read models."""
    for each in found["projections"]:
        state = "stopped" if each["name"] in found["leaderless"] else "running"
        yield {
            "name": each["name"],
            "state": "blocked" if each["last_error"] else state,
            "since": None,
            "position": max(0, found["position"] - each["lag"]),
            "lag_events": each["lag"],
            "lag_seconds": 0,
            "blocked": each["parked"],
            "last_error": each["last_error"],
            "rebuild": None,
        }


def _parts(rows: Iterable[Row]) -> Iterator[Part]:
    """Those that need somebody first."""
    order = {"late": 0, "soon": 1, "blue": 2, "good": 3}
    yield from sorted(map(_part, rows), key=lambda each: order[each.kind])


def _part(each: Row) -> Part:
    kind, said = SAID.get(each["state"]) or _running(each)
    return Part(
        each["name"],
        kind,
        said,
        each["since"],
        each["position"],
        each["lag_events"],
        lasting(each["lag_seconds"]) if each["lag_seconds"] else None,
        each["blocked"],
        each["last_error"],
        each["rebuild"],
    )


def _running(each: Row) -> tuple[str, str]:
    if each["blocked"]:
        return "soon", "some patients wait"
    return ("soon", "behind") if each["lag_events"] > FAR else ("good", "up to date")


async def _checkpoint(asked: Asked) -> Row | None:
    """The last one; None where there is none yet."""
    try:
        found: Row = await asked.api.get("/v1/log/checkpoint")
    except Refusal as refusal:
        if refusal.code != "not-in-the-ledger-yet":
            raise
        return None
    return found


PAGES = (
    Page(HERE, health),
    Page(f"{HERE}/{{name}}/rebuild", rebuild, methods=("POST",)),
    Page(f"{HERE}/{{name}}/stop", stop, methods=("POST",)),
    Page(f"{HERE}/{{name}}/retry", retry, methods=("POST",)),
)
