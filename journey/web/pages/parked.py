"""Parked messages: what other systems sent and could not be taken in: why, what to do, and doing it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.marking import marked
from journey.web.page import HOME, Asked, Page, go
from journey.web.rendering import words
from journey.web.times import instant
from journey.web.typed import Filled, refused, typed

ALL = f"{HOME}/parked"
ONE = f"{ALL}/{{message_id:str}}"
FEW = 50
NOT_HERE = frozenset({401, 403, 404})
"""The statuses of what is told on a page of its own."""

AT_ONCE, TIMES = 500, 10
"""Messages that are tried again with one request, and how many requests a form makes."""

TO_BE_TYPED = 200_000
"""Bytes of a form: a longer message is corrected at the command line."""

STATES = {
    "parked": "To be seen to",
    "waiting": "Waiting for others",
    "rejected": "Nothing to apply",
    "dismissed": "Left",
    "corrected": "Corrected",
}
CHANNELS = {"": "HL7 v2 and FHIR", "hl7v2": "HL7 v2", "fhir": "FHIR"}
TITLES = {
    "unparseable": "It cannot be read",
    "no-mapping": "Nothing here is made of it yet",
    "unsupported-version": "A version of HL7 that is not taken",
    "other-processing-id": "Sent for training or a test",
    "no-patient": "No patient is named",
    "two-patients": "Its numbers are two patients'",
    "no-visit": "It is not clear which visit is meant",
    "no-time": "Nothing says when it happened",
    "bad-time": "A time cannot be read",
    "bad-value": "A value has the wrong form",
    "missing-field": "Something that it is about is empty",
    "missing-element": "Something that it is about is empty",
    "nothing-to-cancel": "What it cancels has not come",
    "awaits-reference": "What it refers to has not come",
    "occurs-in-the-future": "It says that it happens later",
    "too-fine": "Finer than can be recorded",
    "unknown-code": "A code that is not known here",
    "label-alone": "A label with nothing new under it",
    "contended": "Others kept writing first",
    "unavailable": "The database was away",
    "internal": "A mistake of ours",
    "not-fhir": "No FHIR resource",
    "not-r4": "Not FHIR R4",
    "not-supported": "Asks for something else than to be taken in",
    "acknowledgement": "An acknowledgement",
    "question": "A question",
    "answer": "An answer",
    "no-type": "It does not say what it is",
}
"""Why, in a few plain words; a rule that refused says so by its own name."""


def title(code: str | None) -> str:
    return TITLES.get(code or "", words(code))


async def parked(asked: Asked) -> Response:
    """How many by reason, and those of the reason that is chosen."""
    return await _listed(asked)


async def replay(asked: Asked) -> Response:
    """Those of a reason, one page after the other; what came of them stands above the list."""
    wanted = {"code": asked.said("code"), "channel": asked.said("channel"), "limit": AT_ONCE}
    applied = left = 0
    cursor: str | None = None
    for number in range(TIMES):
        done = await asked.api.post(
            "/v1/inbox/replay", wanted | {"cursor": cursor}, idempotency_key=f"{asked.said('once')}-{number}"
        )
        states = [each["state"] for each in done["messages"]]
        applied += states.count("applied")
        left += len(states) - states.count("applied")
        cursor = done["next"]
        if cursor is None:
            break
    return go(asked.link(applied=str(applied), left=str(left)))


async def _listed(asked: Asked) -> Response:
    state = asked.query.get("state", "parked")
    filters = {name: asked.query.get(name, "") for name in ("channel", "code", "from", "to")}
    counts = (await asked.api.get("/v1/inbox/counts"))["counts"]
    problem: Mapping[str, Any] | None = None
    found: Mapping[str, Any] = {"messages": (), "next": None}
    try:
        times = {f"received_{name}": filters[name] and instant(filters[name]) for name in ("from", "to")}
        found = await asked.api.get(
            "/v1/inbox",
            state=state,
            channel=filters["channel"],
            code=filters["code"],
            cursor=asked.query.get("cursor"),
            limit=FEW,
            **times,
        )
    except Refusal as refusal:
        if refusal.status in NOT_HERE:
            raise
        problem = refusal.problem
    return asked.page(
        "parked.html",
        200 if problem is None else 422,
        rows=found["messages"],
        next=found["next"],
        problem=problem,
        state=state,
        states={each: (said, _of(counts, each)) for each, said in STATES.items()},
        reasons=sorted(
            (each for each in counts if each["state"] == state), key=lambda each: -each["messages"]
        ),
        filters=filters,
        channels=CHANNELS,
        title=title,
        once=uuid4(),
    )


def _of(counts: Sequence[Mapping[str, Any]], state: str) -> int | None:
    """How many; of those that were corrected there is no end."""
    return (
        None if state == "corrected" else sum(each["messages"] for each in counts if each["state"] == state)
    )


async def one(asked: Asked) -> Response:
    return await _shown(asked)


async def act(asked: Asked) -> Response:
    """What a button of the page asks for; what is refused, or still wrong, is said above what was typed."""
    do, values = asked.said("do"), typed(asked, ("text", "why"))
    bodies = {"replay": {}, "correct": values, "dismiss": {"why": values["why"]}}
    try:
        done = await asked.api.post(f"{_address(asked)}/{do}", bodies[do], idempotency_key=asked.said("once"))
    except KeyError:
        return await _shown(asked)
    except Refusal as refusal:
        if refusal.status in NOT_HERE:
            raise
        return await _shown(asked, values, problem=refusal.problem, status=refusal.status)
    if do == "correct" and done["state"] not in {"applied", "waiting"}:
        return await _shown(asked, values, wrong=done, status=422)
    return go(f"{asked.request.url.path}?done={do}")


async def _shown(
    asked: Asked,
    values: Mapping[str, str] | None = None,
    *,
    problem: Mapping[str, Any] | None = None,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    of = await asked.api.get(_address(asked))
    text = of["text"] or ""
    last = next((each for each in reversed(of["history"]) if each["text"]), None)
    start = values or {"text": last["text"] if last else text, "why": ""}
    filled = refused(start, problem) if problem else Filled(start)
    return asked.page(
        "parked_one.html",
        status,
        of=of,
        lines=marked(of["channel"], text, of["places"]),
        typed_lines=marked(of["channel"], values["text"], wrong["places"]) if values and wrong else (),
        wrong=wrong,
        problem=problem,
        filled=filled,
        is_long=len(quote_plus(text)) > TO_BE_TYPED,
        states=STATES,
        channels=CHANNELS,
        title=title,
        done=of["history"][-1] if asked.query.get("done") else None,
        once=uuid4(),
    )


def _address(asked: Asked) -> str:
    return f"/v1/inbox/{asked.request.path_params['message_id']}"


PAGES = (
    Page(ALL, parked),
    Page(ALL, replay, methods=("POST",)),
    Page(ONE, one),
    Page(ONE, act, methods=("POST",)),
)
