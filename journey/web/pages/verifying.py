"""Verifying: everything made anew and held to what is signed, when somebody asks; what came of it before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.course import STATES, UNDER_WAY
from journey.web.page import HOME, Asked, Page, go

Row = Mapping[str, Any]
ASK = "/v1/log/verification"
HERE = f"{HOME}/proof/verification"
SHOWN = 50


class Result(NamedTuple):
    """One that has ended, in words. `kind`: the colour of its verdict."""

    at: str
    by: str
    what: str
    much: str
    kind: str
    verdict: str
    fault: str
    holds: bool | None
    """None where there is no verdict."""

    is_whole: bool


async def verification(asked: Asked) -> Response:
    """How far the one under way is, and the last results."""
    return await _shown(asked)


async def verify(asked: Asked) -> Response:
    """Begun by a worker; the page tells how far it is."""
    try:
        await asked.api.post(ASK, {"whole": asked.said("whole") == "yes"})
    except Refusal as refusal:
        if refusal.code != "under-way":
            raise
        return await _shown(asked, refusal.problem, refusal.status)
    return go(HERE)


async def stop(asked: Asked) -> Response:
    await asked.api.delete(ASK)
    return go(HERE)


async def _shown(asked: Asked, problem: Row | None = None, status: int = 200) -> Response:
    running, results = await verifications(asked)
    return asked.page("verification.html", status, running=running, results=results, problem=problem)


async def verifications(asked: Asked) -> tuple[Row | None, tuple[Result, ...]]:
    """The one under way, and what came of the last ones."""
    found = (await asked.api.get(ASK, limit=SHOWN))["verifications"]
    running = next((each for each in found if each["state"] in UNDER_WAY), None)
    return running, tuple(_results(found))


def standing(results: Sequence[Result]) -> Result | None:
    """The one that counts: a fault stands until all was verified from the beginning and holds."""
    told = [each for each in results if each.holds is not None]
    for each in told:
        if not each.holds:
            return each
        if each.is_whole:
            break
    return next(iter(told), None)


def _results(found: list[Row]) -> Iterator[Result]:
    for each in found:
        if each["state"] in UNDER_WAY:
            continue
        kind, verdict = STATES[each["state"]]
        what = "everything" if each["whole"] else "what came since the last time"
        much, fault, holds, is_whole = "", each["said"] or "", None, False
        if result := each["result"]:
            holds, is_whole = result["verdict"] == "holds", not result["since"]
            kind, verdict = ("good", "holds") if holds else ("late", "does not hold")
            what = f"since checkpoint {result['since']}" if result["since"] else "from the beginning"
            much = f"{result['events']:,} events, {result['accesses']:,} records of the trail"
            fault = result["faults"][0]["said"] if result["faults"] else ""
        at, by = each["ended_at"] or each["began_at"], each["asked_by"]
        yield Result(at, by, what, much, kind, verdict, fault, holds, is_whole)


PAGES = (
    Page(HERE, verification),
    Page(HERE, verify, methods=("POST",)),
    Page(f"{HERE}/stop", stop, methods=("POST",)),
)
