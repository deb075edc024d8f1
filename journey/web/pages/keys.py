"""Keys: who has one, what each may do; made, changed and revoked."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.page import HOME, Asked, Page, go
from journey.web.typed import Filled, listed, refused, typed

ALL = f"{HOME}/keys"
FIELDS = ("role", "team", "reach", "teams", "labels", "scopes")
ROLES = {
    "coordinator": "Coordinator: works with patients",
    "clinician": "Clinician: works with patients",
    "compliance": "Compliance: sees everything, decides on erasure",
    "integrator": "Integrator: another system",
    "admin": "Admin: hands out keys, sees no patient",
}
REACHES = {
    "own": "Journeys of their own team; without one, of every team",
    "named": "Journeys of the teams named below",
    "every": "Journeys of every team",
}


async def keys(asked: Asked) -> Response:
    """Those in use, or those that were."""
    show = asked.query.get("show", "")
    found = await asked.api.get("/v1/keys")
    rows = [each for each in found["keys"] if (each["revoked_at"] is None) is (show != "revoked")]
    return asked.page("keys.html", rows=rows, show=show)


async def blank(asked: Asked) -> Response:
    return _form(asked, Filled({"role": "coordinator", "reach": "own"}))


async def make(asked: Asked) -> Response:
    """The key stands in this answer, and nowhere else."""
    values = typed(asked, ("name", *FIELDS))
    try:
        made = await asked.api.post("/v1/keys", {"name": values["name"], **_wanted(values)})
    except Refusal as refusal:
        return _again(asked, values, refusal, None)
    return asked.page("key_made.html", token=made["token"], of=made["key"])


async def edit(asked: Asked) -> Response:
    of = await _of(asked)
    return _form(asked, Filled(_typed_as(of)), of)


async def change(asked: Asked) -> Response:
    values, of = typed(asked, FIELDS), await _of(asked)
    try:
        await asked.api.put(f"/v1/keys/{of['id']}", _wanted(values))
    except Refusal as refusal:
        return _again(asked, values, refusal, of)
    return go(ALL)


async def confirm(asked: Asked) -> Response:
    return asked.page("key_revoke.html", of=await _of(asked))


async def revoke(asked: Asked) -> Response:
    await asked.api.delete(f"/v1/keys/{asked.request.path_params['key_id']}")
    return go(ALL)


def _form(asked: Asked, filled: Filled, of: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    return asked.page("key_form.html", status, filled=filled, of=of, roles=ROLES, reaches=REACHES)


def _again(
    asked: Asked, values: Mapping[str, str], refusal: Refusal, of: Mapping[str, Any] | None
) -> Response:
    """The form once more, with all that was typed."""
    if refusal.code == "unauthorized":
        raise refusal
    filled = refused(values, refusal.problem)
    if refusal.code == "name-taken":
        filled = filled._replace(faults={"name": str(refusal.problem["detail"])})
    return _form(asked, filled, of, refusal.status)


async def _of(asked: Asked) -> Mapping[str, Any]:
    """The key of the address, in use. Raises Refusal, HTTPException."""
    found = await asked.api.get("/v1/keys")
    wanted = asked.request.path_params["key_id"]
    for each in found["keys"]:
        if each["id"] == wanted and each["revoked_at"] is None:
            key: Mapping[str, Any] = each
            return key
    raise HTTPException(404)


def _wanted(values: Mapping[str, str]) -> dict[str, Any]:
    """As the API takes it."""
    return {
        "role": values["role"],
        "team": values["team"] or None,
        **({"teams": listed(values["teams"])} if values["reach"] == "named" else {}),
        "every_team": values["reach"] == "every",
        "labels": listed(values["labels"]),
        "scopes": values["scopes"].replace(",", " ").split() or None,
    }


def _typed_as(of: Mapping[str, Any]) -> dict[str, str]:
    own = [of["team"]] if of["team"] else None
    return {
        "role": of["role"],
        "team": of["team"] or "",
        "reach": "own" if of["teams"] == own else "every" if of["teams"] is None else "named",
        "teams": "" if of["teams"] in (None, own) else ", ".join(of["teams"]),
        "labels": ", ".join(of["labels"]),
        "scopes": " ".join(of["scopes"] or ()),
    }


ONE = f"{ALL}/{{key_id}}"
PAGES = (
    Page(ALL, keys),
    Page(f"{ALL}/new", blank),
    Page(f"{ALL}/new", make, methods=("POST",)),
    Page(ONE, edit),
    Page(ONE, change, methods=("POST",)),
    Page(f"{ONE}/revoke", confirm),
    Page(f"{ONE}/revoke", revoke, methods=("POST",)),
)
