"""OpenAPI: what the document says beyond the routes themselves: security, and every route's problems."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from journey.api.problems import CATALOGUE, MEDIA_TYPE, ProblemDocument

ALWAYS = (401, 403, 422, 500, 503)
"""What any guarded route may answer."""


def answers(model: type[BaseModel], *problems: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a guarded route: its own, and its problems."""
    return {status: {"model": model}, **{each: problem(each) for each in sorted({*ALWAYS, *problems})}}


def problem(status: int) -> dict[str, Any]:
    """The problems of a status, in one entry."""
    codes = [f"`{code}`" for code, kind in CATALOGUE.items() if kind.status == status]
    codes += ["or the code of the rule that refuses"] if status == HTTPStatus.CONFLICT else []
    return {
        "description": ", ".join(codes),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}}},
    }
