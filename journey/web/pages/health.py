"""Health: whether everything runs, in words; how far each part has come, and what fails."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.page import HOME, Asked, Page

FAR = 1000
"""Events behind the log at which a list is behind for people, too."""

STATES = {"pending": "Being sent", "waiting": "Behind another", "dead": "Dead letters"}


class Part(NamedTuple):
    """Something that follows the log. `kind`: good, soon, late."""

    name: str
    kind: str
    said: str
    at: int
    lag: int
    parked: int
    error: str | None


async def health(asked: Asked) -> Response:
    """As it is now; it looks again by itself."""
    answer = await asked.api.ask("GET", "/readyz")
    found: Mapping[str, Any] = answer.json()
    return asked.page(
        "health.html",
        found=found,
        parts=tuple(_parts(found)),
        brokers=found["brokers"],
        checkpoint=await _checkpoint(asked),
        deliveries=await _deliveries(asked),
        states=STATES,
    )


def _parts(found: Mapping[str, Any]) -> Iterator[Part]:
    """Those that need somebody first."""
    order = {"late": 0, "soon": 1, "good": 2}
    told = [_part(each, found) for each in found["projections"]]
    yield from sorted(told, key=lambda each: order[each.kind])


def _part(each: Mapping[str, Any], found: Mapping[str, Any]) -> Part:
    kind, said = _state(each, has_leader=each["name"] not in found["leaderless"])
    at = max(0, found["position"] - each["lag"])
    return Part(each["name"], kind, said, at, each["lag"], each["parked"], each["last_error"])


def _state(each: Mapping[str, Any], *, has_leader: bool) -> tuple[str, str]:
    if each["last_error"]:
        return "late", "fails"
    if not has_leader:
        return "late", "nobody works on it"
    if each["parked"]:
        return "soon", "some patients wait"
    return ("soon", "behind") if each["lag"] > FAR else ("good", "up to date")


async def _checkpoint(asked: Asked) -> Mapping[str, Any] | None:
    """The last one; None where there is none yet."""
    try:
        found: Mapping[str, Any] = await asked.api.get("/v1/log/checkpoint")
    except Refusal as refusal:
        if refusal.code != "not-in-the-ledger-yet":
            raise
        return None
    return found


async def _deliveries(asked: Asked) -> Mapping[str, int]:
    """To all who subscribed, by state."""
    answer = await asked.api.ask("GET", "/metrics")
    samples = (
        sample
        for family in text_string_to_metric_families(answer.body.decode())
        if family.name == "journey_webhook_deliveries"
        for sample in family.samples
    )
    return {sample.labels["state"]: int(sample.value) for sample in samples}


PAGES = (Page(f"{HOME}/health", health),)
