"""Audit: who saw or did what, by every element of it; saved queries, reports, and what was reviewed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.display import display
from journey.web.handing import handed
from journey.web.page import HOME, Asked, Page, go
from journey.web.rendering import words
from journey.web.times import instant

Row = Mapping[str, Any]
HERE = f"{HOME}/audit"
FEW = 50
PERIOD = ("from", "to")
WHO = ("name", "role", "team", "caller")
WHOM = ("patient", "journey")
WHAT = ("type", "version", "method", "route", "id")
WHY = ("purpose", "basis")
WHENCE = ("source", "peer", "request_id", "correlation_id")
KINDS = (
    *("read", "search", "feed", "audit", "export", "print", "evidence", "review", "disclosure-suspended"),
    *("query-saved", "query-removed", "write", "login", "glass-broken", "glass-closed"),
    *("key-created", "key-changed", "key-revoked", "message-read", "message-handled", "operation"),
    *("verification", "recorded", "disclosed"),
)
OUTCOMES = ("done", "refused", "denied")
CHOSEN = {"kind": KINDS, "outcome": OUTCOMES}
FIELDS = (*PERIOD, *CHOSEN, *WHO, *WHOM, *WHAT, *WHY, *WHENCE, "sort")
SORTABLE = ("at", *CHOSEN, *WHO, "patients", "journeys", *WHAT, *WHY, *WHENCE)
LABELS = {
    "from": "From",
    "to": "Before",
    "kind": "What was done",
    "outcome": "How it ended",
    "name": "Who, by name",
    "caller": "Key or holder",
    "patient": "Patient's id",
    "journey": "Journey's id",
    "type": "Type of event",
    "id": "This entry's id",
    "basis": "Why it was possible",
    "source": "Channel",
    "peer": "From or to where",
}
FORMATS = {"csv": "CSV", "fhir": "FHIR", "text": "Text, to be printed"}
ENDS = {"csv": "csv", "fhir": "json", "text": "txt"}


async def audit(asked: Asked) -> Response:
    """The entries that are asked for; what is asked wrongly is said beside the fields."""
    return await _shown(asked)


async def _shown(asked: Asked, problem: Row | None = None, status: int = 200) -> Response:
    given = _typed(asked.query)
    rows: list[Row] = []
    following = None
    try:
        given = _given(asked.query)
        found = await asked.api.get("/v1/audit", **given, cursor=asked.query.get("cursor"), limit=FEW)
        rows, following = found["audit"], found["next"]
    except Refusal as refusal:
        if refusal.code not in {"invalid", "bad-cursor"}:
            raise
        problem, status = problem or refusal.problem, 422
    saved = await asked.api.get("/v1/audit/queries")
    return asked.page(
        "audit.html",
        status,
        rows=rows,
        next=following,
        given=given,
        query=urlencode(given),
        queries=[{**each, "address": f"{HERE}?{urlencode(each['query'])}"} for each in saved["queries"]],
        problem=problem,
        unreviewed=(await asked.api.get("/v1/audit/unreviewed"))["unreviewed"],
        chosen=CHOSEN,
        groups=(WHO, WHOM, WHAT, WHY, WHENCE),
        label=label,
        sortable=SORTABLE,
        formats=FORMATS,
    )


async def report(asked: Asked) -> Response:
    """All that is asked for, as a file."""
    form = asked.query.get("format", "csv")
    file = await asked.api.file("GET", "/v1/audit", {**_given(asked.query), "format": form})
    return handed(file, f"audit.{ENDS.get(form, 'txt')}")


async def save(asked: Asked) -> Response:
    """The query that is shown, under a name."""
    query = _given(dict(parse_qsl(asked.said("query"))))
    try:
        await asked.api.put(f"/v1/audit/queries/{_name(asked.said('name'))}", {"query": query})
    except Refusal as refusal:
        if refusal.code != "invalid":
            raise
        return await _shown(asked, refusal.problem, 422)
    return go(f"{HERE}?{urlencode(query)}")


async def remove(asked: Asked) -> Response:
    await asked.api.delete(f"/v1/audit/queries/{_name(asked.said('name'))}")
    return go(HERE)


async def reviews(asked: Asked) -> Response:
    return await _reviews(asked)


async def review(asked: Asked) -> Response:
    """It is signed off: what was looked at, of which period, and what was found."""
    wanted: dict[str, Any] = {
        "scope": asked.said("scope"),
        "findings": asked.said("findings"),
        "break_glasses": asked.form.get("break_glasses", []),
    }
    try:
        wanted["period"] = {name: instant(asked.said(name)) for name in ("begins", "ends")}
        await asked.api.post("/v1/audit/reviews", wanted)
    except Refusal as refusal:
        if refusal.code != "invalid":
            raise
        return await _reviews(asked, refusal.problem, 422)
    return go(f"{HERE}/reviews")


async def _reviews(asked: Asked, problem: Row | None = None, status: int = 200) -> Response:
    found = await asked.api.get("/v1/audit/reviews", cursor=asked.query.get("cursor"), limit=FEW)
    waiting = await asked.api.get("/v1/audit/unreviewed", limit=500)
    return asked.page(
        "audit_reviews.html",
        status,
        reviews=found["reviews"],
        next=found["next"],
        unreviewed=waiting["unreviewed"],
        problem=problem,
    )


def label(field: str) -> str:
    named = LABELS.get(field, words(field))
    return f"{named} ({display().zone})" if field in PERIOD else named


def _typed(said: Mapping[str, str]) -> dict[str, str]:
    return {name: said[name].strip() for name in FIELDS if said.get(name, "").strip()}


def _given(said: Mapping[str, str]) -> dict[str, str]:
    """What is asked for, as the API takes it. Raises NoSuchTime."""
    return {name: instant(value) if name in PERIOD else value for name, value in _typed(said).items()}


def _name(said: str) -> str:
    """As it may stand in an address; what may not is refused there."""
    return "-".join(said.lower().split()).replace("/", "-") or "-"


PAGES = (
    Page(HERE, audit),
    Page(f"{HERE}/report", report),
    Page(f"{HERE}/queries", save, methods=("POST",)),
    Page(f"{HERE}/queries/remove", remove, methods=("POST",)),
    Page(f"{HERE}/reviews", reviews),
    Page(f"{HERE}/reviews", review, methods=("POST",)),
)
