"""OpenAPI: what the document says beyond the routes themselves: the key, and every route's problems."""

from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from journey.api.problems import CATALOGUE, MEDIA_TYPE, ProblemDocument

GUARDED = ("unauthorized", "forbidden", "invalid", "internal", "store-unavailable")
"""What any route with a key may answer."""

READING = ("too-slow", "no-such-journey")
LISTING = ("too-slow", "bad-cursor")
TAKING_A_BODY = ("malformed-json", "body-too-large", "unsupported-media-type")
WRITING = (*TAKING_A_BODY, "key-reused", "contended", "outcome-unknown", "overloaded")

REF = "#/components/schemas/{model}"
ABOUT = """Every request carries `Authorization: Bearer jk_…`. Times are UTC, RFC 3339. Every error is an
`application/problem+json` with a stable `code`. Every answer carries `X-Request-Id`."""
PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model=ProblemDocument.__name__)}}}}


def answers(
    model: type[BaseModel], *codes: str, status: int = 200, refused: bool = False
) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a guarded route: its own, and its problems by status."""
    by_status: dict[int, list[str]] = {409: ["the code of the rule that refuses"]} if refused else {}
    for code in (*GUARDED, *codes):
        by_status.setdefault(CATALOGUE[code].status, []).append(f"`{code}`")
    documented: dict[int | str, dict[str, Any]] = {status: {"model": model, "description": "Done."}}
    for each, said in sorted(by_status.items()):
        documented[each] = {"description": " or ".join(said), **PROBLEM}
    return documented


def document(title: str, version: str, routes: list[BaseRoute]) -> dict[str, Any]:
    """The whole document."""
    made = get_openapi(title=title, version=version, description=ABOUT, routes=routes)
    _, problems = models_json_schema([(ProblemDocument, "serialization")], ref_template=REF)
    components = made["components"]
    components["schemas"] = dict(sorted({**components["schemas"], **problems["$defs"]}.items()))
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key: `jk_<id>.<secret>`."}
    }
    for path, operations in made["paths"].items():
        for operation in operations.values():
            operation["security"] = [{"key": []}] if path.startswith("/v1/") else []
    return made


def operation_id(route: APIRoute) -> str:
    """The route's name, in the kebab case of the commands."""
    return route.name.replace("_", "-")
