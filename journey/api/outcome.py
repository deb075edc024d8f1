"""Outcome: a problem as FHIR has it, for whoever asked under its address (R4 OperationOutcome)."""

from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from journey.fhir.data import CODES

BASE = "/v1/fhir"
MEDIA_TYPE = "application/fhir+json; fhirVersion=4.0"
PROBLEMS = f"{CODES}problem"

ISSUE = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    409: "business-rule",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    414: "too-long",
    415: "not-supported",
    422: "invalid",
    429: "throttled",
    431: "too-long",
    503: "transient",
    504: "timeout",
}
"""The type of issue (R4 value set issue-type) for each status."""


def is_fhir(path: str) -> bool:
    """Whether who asks there expects FHIR."""
    return path == BASE or path.startswith(f"{BASE}/")


def outcome(problem: dict[str, Any], headers: dict[str, str]) -> Response:
    """One issue for each field that is wrong, and for each blocker; or one for all."""
    status = problem["status"]
    code = ISSUE.get(status, "exception" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "processing")
    details = {"coding": [{"system": PROBLEMS, "code": problem["code"]}], "text": problem["detail"]}
    whole = {"severity": "error", "code": code, "details": details}
    errors = [
        {**whole, "diagnostics": each.message, "expression": [_path(each)]}
        for each in problem.get("errors", ())
    ]
    blockers = [{**whole, "diagnostics": f"{each.code}: {each.what}"} for each in problem.get("blockers", ())]
    told = {
        "resourceType": "OperationOutcome",
        "id": str(problem["request_id"]),
        "issue": [*errors, *blockers] or [whole],
    }
    return Response(to_json(told), status, headers, MEDIA_TYPE)


def _path(error: Any) -> str:
    """As FHIR names what was sent along: `http.name` is a parameter or a header (R4 section 3.1.0.1.2)."""
    return error.field if error.where == "body" else f"http.{error.field}"
