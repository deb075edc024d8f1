"""OpenAPI: what the document says beyond the routes themselves: the key, and every route's problems."""

from http import HTTPStatus
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from journey.api.problems import CATALOGUE, MEDIA_TYPE, ProblemDocument

ALWAYS = (401, 403, 422, 500, 503)
"""What any guarded route may answer."""

REF = "#/components/schemas/{model}"
ABOUT = """Every request carries `Authorization: Bearer jk_…`. Times are UTC, RFC 3339. Every error is an
`application/problem+json` with a stable `code`. Every answer carries `X-Request-Id`."""
PROBLEMS = {"content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model=ProblemDocument.__name__)}}}}


def answers(model: type[BaseModel], *problems: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a guarded route: its own, and its problems."""
    return {status: {"model": model}, **{each: problem(each) for each in sorted({*ALWAYS, *problems})}}


def problem(status: int) -> dict[str, Any]:
    """The problems of a status, in one entry."""
    codes = [f"`{code}`" for code, kind in CATALOGUE.items() if kind.status == status]
    codes += ["the code of the rule that refuses"] if status == HTTPStatus.CONFLICT else []
    return {"description": " or ".join(codes), **PROBLEMS}


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
