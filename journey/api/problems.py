"""Problems: what goes wrong with a request, and the document that it is answered with (RFC 9457).

`code` is stable and for programs; `detail` is for the person who asked, and quotes nothing of the request.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from journey.api.access.issuer import IssuerUnavailable
from journey.api.access.keys import NameTaken, NoSuchKey
from journey.api.catalogue import catalogue
from journey.api.outcome import is_fhir, outcome
from journey.api.reads import Overloaded, TooSlow
from journey.api.spelling import known_at, no_such
from journey.cursors import ForeignCursor
from journey.database import DatabaseUnavailable
from journey.domain.event import Blocker, Refused
from journey.errands.errand import UnderWay
from journey.ingest.handling import NoSuchMessage
from journey.store.errors import Contended, KeyReused, OutcomeUnknown, StaleVersion, StoreUnavailable
from journey.store.vault import CannotBeOpened
from journey.webhooks.registry import NoSuchWebhook, TooManyWebhooks

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"
"""Seconds; what answers 503 passes."""


class FieldError(BaseModel):
    """What is wrong with one field."""

    where: str
    field: str
    message: str


class ProblemDocument(BaseModel):
    """What every error answers, as application/problem+json (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: UUID | str | None = None
    blockers: tuple[Blocker, ...] | None = None
    errors: tuple[FieldError, ...] | None = None
    position: int | None = None
    epoch: int | None = None
    next: str | None = None


class Problem(Exception):
    """A request cannot be answered as asked."""

    def __init__(
        self, code: str, detail: str = "", *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.more = more


CODE_OF: dict[type[Exception], str] = {
    ForeignCursor: "bad-cursor",
    StaleVersion: "stale-version",
    KeyReused: "key-reused",
    Contended: "contended",
    OutcomeUnknown: "outcome-unknown",
    StoreUnavailable: "store-unavailable",
    TooSlow: "too-slow",
    Overloaded: "overloaded",
    IssuerUnavailable: "issuer-unavailable",
    CannotBeOpened: "key-missing",
    NameTaken: "name-taken",
    NoSuchKey: "no-such-key",
    NoSuchWebhook: "no-such-webhook",
    NoSuchMessage: "no-such-message",
    TooManyWebhooks: "too-many-webhooks",
    UnderWay: "under-way",
}
"""The errors whose own sentence is for the person who asked."""

HANDLED = (Problem, Refused, RequestValidationError, HTTPException, DatabaseUnavailable, *CODE_OF)
"""What is answered as a problem; everything else is a fault, and the edge logs it."""


def problem_of(error: Exception) -> Problem:
    """The problem that an error is to whoever asked."""
    match error:
        case Problem():
            return error
        case Refused():
            return Problem(error.code, error.sentence, blockers=error.blockers or None, errors=_blamed(error))
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _http(error)
        case DatabaseUnavailable():  # its own sentence is for the operator, and names the database
            return Problem("store-unavailable", str(StoreUnavailable()))
        case _:
            codes = [CODE_OF[kind] for kind in type(error).__mro__ if kind in CODE_OF]
            return Problem(codes[0], str(error)) if codes else Problem("internal")


def _blamed(refusal: Refused) -> tuple[FieldError, ...] | None:
    """The field of the body that a rule refuses, where it is one."""
    if not refusal.field:
        return None
    return (FieldError(where="body", field=refusal.field, message=refusal.sentence),)


def _http(error: HTTPException) -> Problem:
    """What the framework itself refuses."""
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            return Problem("unknown-route", "There is nothing under this address; /docs lists what there is.")
        case 405:
            return Problem("method-not-allowed", "This address answers other methods.", headers=headers)
        case 413:
            return Problem("body-too-large", "The body is too large; send less at once.", headers=headers)
        case _:
            return Problem("malformed-json", "The body is not JSON in UTF-8.")


def _invalid(error: RequestValidationError, expected: object = None) -> Problem:
    """Each wrong field by its name. The shape that was expected tells what a wrong name was meant for."""
    errors = tuple(_field(each, expected) for each in error.errors()[:20])
    return Problem("invalid", "Something has the wrong form; each field is named below.", errors=errors)


def _field(error: dict[str, Any], expected: object) -> FieldError:
    """Where and what, without what was sent: a parsing message may quote a character of it.

    What a whole command complains of names the field itself: `appointment.start: the year …`.
    """
    where, *path = (str(part)[:100] for part in error["loc"])
    field, message = ".".join(path), str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        *above, name = error["loc"][1:]
        message = no_such("field", str(name)[:100], known_at(expected, above))
    elif error["type"].endswith("_parsing"):
        message = message.partition(",")[0]
    elif error["type"] == "value_error" and not field:
        field, _, message = message.rpartition(": ")
    return FieldError(where=where, field=field, message=message)


def document(problem: Problem, request_id: str) -> dict[str, Any]:
    """The problem in full."""
    kind = catalogue()[problem.code]
    return {
        "type": f"/docs#{problem.code}",
        "title": problem.code.replace("-", " ").capitalize(),
        "status": kind.status,
        "code": problem.code,
        "detail": problem.detail or kind.meaning,
        "request_id": request_id,
        **{name: value for name, value in problem.more.items() if value is not None},
    }


def headers(problem: Problem) -> dict[str, str]:
    """Those that go with it."""
    is_later = catalogue()[problem.code].status == HTTPStatus.SERVICE_UNAVAILABLE
    return {**({"Retry-After": RETRY_AFTER} if is_later else {}), **problem.headers}


def response(problem: Problem, request_id: str, path: str) -> Response:
    """The problem as it goes out to who asked under this address."""
    body = document(problem, request_id)
    if is_fhir(path):
        return outcome(body, headers(problem))
    return Response(to_json(body), body["status"], headers(problem), MEDIA_TYPE)


async def answer(request: Request, error: Exception) -> Response:
    """The exception handler for all of the above."""
    match error:
        case RequestValidationError():
            problem = _invalid(error, _expected(request))
        case HTTPException(status_code=HTTPStatus.METHOD_NOT_ALLOWED):
            problem = problem_of(error)
            problem.headers["Allow"] = ", ".join(_allowed(request))
        case _:
            problem = problem_of(error)
    request.state.problem = problem.code
    return response(problem, request.state.request_id, request.url.path)


def _expected(request: Request) -> object:
    """The shape that the body of this route has."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return field and field.field_info.annotation


def _allowed(request: Request) -> list[str]:
    """The methods that are answered under this address, by whichever route."""
    routes = (route for route in request.app.state.routes if route.path_regex.match(request.url.path))
    return sorted({method for route in routes for method in route.methods})
