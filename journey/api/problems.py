"""Problems: all that can go wrong with a request, each with a status, a code and a sentence (RFC 9457).

`code` is stable and for programs; `detail` is for the person who asked, and quotes nothing of the request.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from journey.api.access.issuer import IssuerUnavailable
from journey.api.access.keys import NameTaken, NoSuchKey
from journey.api.reads import Overloaded, TooSlow
from journey.api.spelling import known_at, no_such
from journey.database import DatabaseUnavailable
from journey.domain.event import WORDS, Blocker, Refused
from journey.store.across import NotTheirJourney
from journey.store.deciding import OccursInTheFuture
from journey.store.errors import Contended, KeyReused, OutcomeUnknown, StaleVersion, StoreUnavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"
"""Seconds; what answers 503 passes."""


class Kind(NamedTuple):
    """A code's status, and when it is answered."""

    status: int
    meaning: str


CATALOGUE: dict[str, Kind] = {
    "malformed-json": Kind(400, "The body is not JSON in UTF-8."),
    "malformed-request": Kind(400, "What came is not a request of HTTP/1.1."),
    "unauthorized": Kind(401, "The request has no API key or token, or one that does not hold (any more)."),
    "forbidden": Kind(403, "The caller's role, or what it was narrowed down to, does not allow this."),
    "withheld": Kind(403, "All that is recorded there bears labels that the caller is not cleared for."),
    "unknown-route": Kind(404, "There is nothing under this address."),
    "no-such-journey": Kind(404, "No journey has this id."),
    "no-such-patient": Kind(404, "No journey was opened for this patient."),
    "not-there-yet": Kind(404, "The journey was not opened by that time, or not known by then."),
    "no-such-pathway": Kind(404, "No pathway of this id, or of this version, is at hand."),
    "no-such-break-glass": Kind(404, "You have no break-glass of this id open."),
    "no-such-key": Kind(404, "No API key in use has this id."),
    "method-not-allowed": Kind(405, "The address answers other methods; `Allow` lists them."),
    "request-timeout": Kind(408, "The body of the request did not come in time."),
    "name-taken": Kind(409, "An API key of this name is in use."),
    "store-rewound": Kind(
        410, "The log was put back to an earlier state; `position` is the last in common, `next` leads on."
    ),
    "stale-version": Kind(412, "The journey has moved on from the version in If-Match."),
    "body-too-large": Kind(413, "The body is larger than this server accepts."),
    "address-too-long": Kind(414, "The address is longer than this server accepts."),
    "unsupported-media-type": Kind(415, "The body is not sent as the type that the address takes."),
    "invalid": Kind(422, "Something in the request has the wrong form; `errors` names each field."),
    "bad-cursor": Kind(422, "The cursor belongs to another list, another filter or another log."),
    "key-reused": Kind(422, "The Idempotency-Key was used on this journey for another request."),
    "too-many-requests": Kind(429, "The key asks, or the address guesses, more often than it may."),
    "headers-too-large": Kind(431, "The headers are larger than this server accepts."),
    "internal": Kind(500, "Something went wrong here; it is logged under the request id."),
    "store-unavailable": Kind(503, "The database cannot be reached; nothing was recorded."),
    "issuer-unavailable": Kind(503, "The issuer of access tokens does not answer; API keys are accepted."),
    "outcome-unknown": Kind(503, "The database was lost while it recorded; ask again with the same key."),
    "contended": Kind(503, "Others kept writing to the journey first."),
    "overloaded": Kind(503, "More requests are waiting than can be answered soon."),
    "too-slow": Kind(503, "The answer took too long."),
    "version-not-reached": Kind(503, "The journey has not reached min_version in time."),
}
"""Every problem that is no refusal. The refusals add themselves: see `catalogue`."""


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


def refusals(base: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Every way in which a rule refuses."""
    for kind in base.__subclasses__():
        yield kind
        yield from refusals(kind)


def catalogue() -> dict[str, Kind]:
    """Every code that can be answered."""
    refused = {
        WORDS.sub("-", kind.__name__).lower(): Kind(409, " ".join((kind.__doc__ or "").split()))
        for kind in {*refusals(), OccursInTheFuture, NotTheirJourney}  # the ones that are not of the domain
    }
    return refused | CATALOGUE


CODE_OF: dict[type[Exception], str] = {
    StaleVersion: "stale-version",
    KeyReused: "key-reused",
    Contended: "contended",
    OutcomeUnknown: "outcome-unknown",
    StoreUnavailable: "store-unavailable",
    TooSlow: "too-slow",
    Overloaded: "overloaded",
    IssuerUnavailable: "issuer-unavailable",
    NameTaken: "name-taken",
    NoSuchKey: "no-such-key",
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
            return Problem(error.code, error.sentence, blockers=error.blockers or None)
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _http(error)
        case DatabaseUnavailable():  # its own sentence is for the operator, and names the database
            return Problem("store-unavailable", str(StoreUnavailable()))
        case _:
            codes = [CODE_OF[kind] for kind in type(error).__mro__ if kind in CODE_OF]
            return Problem(codes[0], str(error)) if codes else Problem("internal")


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


def response(problem: Problem, request_id: str) -> Response:
    """The problem as it goes out."""
    kind = catalogue()[problem.code]
    later = {"Retry-After": RETRY_AFTER} if kind.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    body = {
        "type": f"/docs#{problem.code}",
        "title": problem.code.replace("-", " ").capitalize(),
        "status": kind.status,
        "code": problem.code,
        "detail": problem.detail or kind.meaning,
        "request_id": request_id,
        **{name: value for name, value in problem.more.items() if value is not None},
    }
    return Response(to_json(body), kind.status, {**later, **problem.headers}, MEDIA_TYPE)


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
    return response(problem, request.state.request_id)


def _expected(request: Request) -> object:
    """The shape that the body of this route has."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return field and field.field_info.annotation


def _allowed(request: Request) -> list[str]:
    """The methods that are answered under this address, by whichever route."""
    routes = (route for route in request.app.state.routes if route.path_regex.match(request.url.path))
    return sorted({method for route in routes for method in route.methods})
