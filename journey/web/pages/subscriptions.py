"""Subscriptions: where events are sent, what became of each, and what can be done about those not taken."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.page import HOME, Asked, Page, go
from journey.web.times import instant
from journey.web.typed import Filled, listed, refused, typed

ALL = f"{HOME}/subscriptions"
FEW = 50
LISTS = ("type", "room", "team", "pathway", "label", "status", "journey", "patient")
FIELDS = (
    *("endpoint", "description", "recipient", "recipient_address", "purpose", "basis", "payload"),
    *(f"filter.{each}" for each in LISTS),
)
STATES = {
    "": "All",
    "pending": "Being sent",
    "waiting": "Behind another",
    "dead": "Dead letters",
    "delivered": "Taken",
    "skipped": "Given up",
}
REASONS = {
    "paused": "paused by hand",
    "owner-revoked": "its key was revoked",
    "unreachable": "nothing was taken for three days",
    "gone": "the endpoint said that it is gone",
}


async def subscriptions(asked: Asked) -> Response:
    """Those of the key that is signed in with."""
    found = await asked.api.get("/v1/webhooks")
    return asked.page("subscriptions.html", rows=found["webhooks"], reasons=REASONS)


async def blank(asked: Asked) -> Response:
    return asked.page("subscription_form.html", filled=Filled({"purpose": "TREAT"}), of=None)


async def make(asked: Asked) -> Response:
    """The secret stands in this answer, and nowhere else."""
    values = typed(asked, (*FIELDS, "start"))
    start = {"after": ""} if values["start"] == "beginning" else {}
    try:
        made = await asked.api.post("/v1/webhooks", {**_wanted(values), **start})
    except Refusal as refusal:
        return _again(asked, values, refusal, None)
    return asked.page("subscription_secret.html", secret=made["secret"], of=made["webhook"], anew=False)


async def one(asked: Asked) -> Response:
    return await _shown(asked)


async def act(asked: Asked) -> Response:
    """What a button of the page asks for; what is refused is said above it."""
    do, address = asked.said("do"), _address(asked)
    try:
        if do in {"pause", "enable"}:
            await asked.api.post(f"{address}/{do}")
        elif do == "rotate":
            made = await asked.api.post(f"{address}/rotate", {"hours": asked.said("hours") or 24})
            return asked.page(
                "subscription_secret.html", secret=made["secret"], of=made["webhook"], anew=True
            )
        elif do == "test":
            return await _shown(asked, tested=await asked.api.post(f"{address}/test"))
        elif do in {"replay", "skip"}:
            await asked.api.post(f"{address}/{do}", {"numbers": asked.form.get("numbers") or []})
        elif do == "replay-all":
            await asked.api.post(f"{address}/replay")
        elif do == "rewind":
            await asked.api.post(f"{address}/rewind", _place(asked))
    except Refusal as refusal:
        if refusal.code == "unauthorized":
            raise
        return await _shown(asked, problem=refusal.problem, status=refusal.status)
    return go(f"{ALL}/{_id(asked)}")


async def edit(asked: Asked) -> Response:
    found = await asked.api.get(_address(asked))
    return asked.page("subscription_form.html", filled=Filled(_typed_as(found)), of=found)


async def change(asked: Asked) -> Response:
    values = typed(asked, FIELDS)
    try:
        await asked.api.put(_address(asked), _wanted(values))
    except Refusal as refusal:
        return _again(asked, values, refusal, await asked.api.get(_address(asked)))
    return go(f"{ALL}/{_id(asked)}")


async def confirm(asked: Asked) -> Response:
    return asked.page("subscription_delete.html", of=await asked.api.get(_address(asked)))


async def delete(asked: Asked) -> Response:
    await asked.api.delete(_address(asked))
    return go(ALL)


async def _shown(
    asked: Asked,
    problem: Mapping[str, Any] | None = None,
    tested: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    state = asked.query.get("state", "")
    of = await asked.api.get(_address(asked))
    found = await asked.api.get(
        f"{_address(asked)}/deliveries", state=state, cursor=asked.query.get("cursor"), limit=FEW
    )
    return asked.page(
        "subscription.html",
        status,
        of=of,
        rows=found["deliveries"],
        next=found["next"],
        state=state,
        states=STATES,
        reasons=REASONS,
        problem=problem,
        tested=tested,
    )


def _again(
    asked: Asked, values: Mapping[str, str], refusal: Refusal, of: Mapping[str, Any] | None
) -> Response:
    """The form once more, with all that was typed."""
    if refusal.code == "unauthorized":
        raise refusal
    filled = refused(values, refusal.problem)
    return asked.page("subscription_form.html", refusal.status, filled=filled, of=of)


def _wanted(values: Mapping[str, str]) -> dict[str, Any]:
    """As the API takes it; what was left empty is left out."""
    said = {name: value for name, value in values.items() if value and "." not in name and name != "start"}
    given = {name: listed(values[f"filter.{name}"]) for name in LISTS}
    return {
        "endpoint": "",
        "recipient": "",
        **said,
        "filter": {name: each for name, each in given.items() if each},
    }


def _typed_as(found: Mapping[str, Any]) -> dict[str, str]:
    lists = {f"filter.{name}": ", ".join(found["filter"].get(name) or ()) for name in LISTS}
    return {**{name: found[name] or "" for name in FIELDS if name in found}, **lists}


def _place(asked: Asked) -> dict[str, Any]:
    """A position, or a time. Raises NoSuchTime."""
    position, time = asked.said("position"), asked.said("time")
    return {
        **({"position": position} if position else {}),
        **({"time": instant(time)} if time else {}),
    }


def _id(asked: Asked) -> str:
    return str(asked.request.path_params["webhook_id"])


def _address(asked: Asked) -> str:
    return f"/v1/webhooks/{_id(asked)}"


ONE = f"{ALL}/{{webhook_id:uuid}}"
PAGES = (
    Page(ALL, subscriptions),
    Page(f"{ALL}/new", blank),
    Page(f"{ALL}/new", make, methods=("POST",)),
    Page(ONE, one),
    Page(ONE, act, methods=("POST",)),
    Page(f"{ONE}/change", edit),
    Page(f"{ONE}/change", change, methods=("POST",)),
    Page(f"{ONE}/delete", confirm),
    Page(f"{ONE}/delete", delete, methods=("POST",)),
)
