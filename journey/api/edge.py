"""The edge: what happens to every request on its way in and out, whichever route answers it.

It gets an id and is measured; its size and its time are bounded; a fault is logged once and answered without
details.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from math import inf
from time import perf_counter
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from journey import tracing
from journey.api import problems
from journey.api.figures import Figures
from journey.api.ids import identify
from journey.api.problems import Problem

Sent = tuple[bytes, bytes]
Shown = Callable[[Mapping[str, Any], Mapping[str, str]], Response]
"""A problem and its headers as a page."""

SECURE = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)

CLOSING = {"Connection": "close"}

SECURE_TOO = (*SECURE, (b"strict-transport-security", b"max-age=31536000"))
"""Where the request came by TLS, as a trusted proxy says: come so for a year."""

ALWAYS = ("/healthz", "/readyz", "/metrics")
"""What is answered though there are too many requests: whoever asks here has to know of them."""

STREAMED = ("/v1/journeys/import", "/v1/fhir")
"""What takes its body piece by piece and never holds it, however large it is; each line of it is bounded."""

LONGEST_ADDRESS = 8 * 1024
"""Bytes of path and query."""

LARGEST_HEADERS = 32 * 1024
"""Bytes of all headers together."""

PATIENCE = 60.0
"""Seconds from the last piece of a request to the begin of its answer: twice what anybody may ask for."""

logger = structlog.get_logger()


class BodyTooLarge(HTTPException):
    """The body is larger than this server accepts."""

    def __init__(self) -> None:
        super().__init__(413, headers=CLOSING)


class Going:
    """How far a request has come, and until when that may take."""

    def __init__(self) -> None:
        self.timeout: asyncio.Timeout
        self.answering = False
        self.listens = False
        """Whether a piece of the body is waited for."""

    @property
    def problem(self) -> Problem:
        """What it is that took too long."""
        if self.listens:
            return Problem(
                "request-timeout", "The body did not come in time; send it at once.", headers=CLOSING
            )
        return Problem("too-slow", "The answer took too long; ask for less, or try again.")

    def goes_on(self) -> None:
        """A piece of the body has come: the time begins anew."""
        if not self.answering and not self.timeout.expired():
            self.timeout.reschedule(asyncio.get_running_loop().time() + PATIENCE)

    def answers(self) -> None:
        """The answer has begun: it takes what it takes."""
        if not self.answering and not self.timeout.expired():
            self.timeout.reschedule(None)
        self.answering = True


class Edge:
    """ASGI middleware around everything else."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        max_requests: int,
        figures: Figures,
        page: Shown | None = None,
    ) -> None:
        """`page`: what a browser is shown that asks for pages, where something goes wrong here."""
        self._app = app
        self._page = page
        self._max_body_bytes = max_body_bytes
        self._max_requests = max_requests
        self._figures = figures
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ids = identify(headers := Headers(scope=scope))
        state: dict[str, Any] = scope.setdefault("state", {})
        state |= {
            "request_id": ids.request,
            "correlation_id": ids.correlation,
            "traceparent": ids.traceparent,
        }
        started, status = perf_counter(), 500

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message["headers"], ids.request, scope.get("scheme"))
            await send(message)

        around = structlog.contextvars.get_contextvars()
        structlog.contextvars.bind_contextvars(**ids.logged)
        counted = 1
        self._under_way += counted

        def goes_on() -> None:
            nonlocal counted
            self._under_way, counted = self._under_way - counted, 0

        state["goes_on"] = goes_on
        try:
            with tracing.request(headers.get("traceparent")) as span:
                structlog.contextvars.bind_contextvars(**tracing.ids(span))
                try:
                    await self._guarded(scope, receive, out, headers)
                finally:
                    tracing.answered(span, scope["method"], route_of(scope), status)
        finally:
            self._under_way -= counted
            self._note(scope, status, perf_counter() - started)
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(**around)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Answer, or say what kept it from being answered."""
        going = Going()

        async def out(message: Message) -> None:
            going.answers()
            await send(message)

        try:
            self._refuse_what_is_too_much(scope, headers)
            async with asyncio.timeout(PATIENCE) as going.timeout:
                await self._app(scope, self._bounded(receive, going, self._most(scope)), out)
                return
        except (Problem, BodyTooLarge) as error:
            problem = problems.problem_of(error)
        except Exception as error:
            if isinstance(error, TimeoutError) and going.timeout.expired():
                problem = going.problem
            else:
                logger.exception("request.failed", route=route_of(scope))
                problem = problems.problem_of(error)
            if going.answering:
                raise
        scope["state"]["problem"] = problem.code
        await self._told(problem, scope, headers)(scope, receive, send)

    def _told(self, problem: Problem, scope: Scope, headers: Headers) -> Response:
        request_id = scope["state"]["request_id"]
        if self._page is None or "text/html" not in headers.get("accept", ""):
            return problems.response(problem, request_id, scope["path"])
        return self._page(problems.document(problem, request_id), problems.headers(problem))

    def _refuse_what_is_too_much(self, scope: Scope, headers: Headers) -> None:
        """Raises Problem, BodyTooLarge."""
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
            raise Problem("address-too-long", "The address is too long; ask for less at once.")
        if sum(len(name) + len(value) for name, value in headers.raw) > LARGEST_HEADERS:
            raise Problem("headers-too-large", "The headers are too large; send fewer or shorter ones.")
        if self._declared(headers) > self._most(scope):
            raise BodyTooLarge
        if self._under_way > self._max_requests and scope["path"] not in ALWAYS:
            raise Problem("overloaded", "Too many requests are under way; try again.")

    def _declared(self, headers: Headers) -> int:
        length = headers.get("content-length", "")
        return int(length) if length.isascii() and length.isdigit() else 0

    def _most(self, scope: Scope) -> float:
        """Bytes that the body may have."""
        return inf if scope["path"] in STREAMED else self._max_body_bytes

    def _bounded(self, receive: Receive, going: Going, most: float) -> Receive:
        """The body as it streams in, until it is more than it may be."""
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            going.listens = True
            message = await receive()
            going.listens = False
            if message.get("more_body"):
                going.goes_on()
            taken += len(message.get("body", b""))
            if taken > most:
                raise BodyTooLarge
            return message

        return bounded

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """One line and one measurement. The address stays out: what is looked for may be a patient."""
        route, method, state = route_of(scope), scope["method"], scope["state"]
        problem, caller, admitted = state.get("problem"), state.get("caller"), state.get("admission")
        self._figures.request(method, route, status, seconds)
        if problem is not None:
            self._figures.problem(problem)
        said = {
            "problem": problem,
            "key_id": caller and caller.id,
            "journey_id": admitted and str(admitted.journey_id),
        }
        logger.info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            **{name: value for name, value in said.items() if value is not None},
        )


def _with_ours(given: Iterable[Sent], request_id: str, scheme: object) -> list[Sent]:
    """The headers of an answer; what the route says of its own stands."""
    headers = list(given)
    there = {name for name, _ in headers}
    ours = SECURE_TOO if scheme == "https" else SECURE
    headers += [each for each in ours if each[0] not in there]
    headers.append((b"x-request-id", request_id.encode("ascii")))
    return headers


def route_of(scope: Scope) -> str:
    """The template of the address, which names nobody."""
    return getattr(scope.get("route"), "path", None) or "unknown"
