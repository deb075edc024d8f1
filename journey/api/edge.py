"""The edge: what happens to every request on its way in and out, whichever route answers it.

It gets an id and is measured; its body is bounded; a fault is logged once and answered without details.
"""

import re
from time import perf_counter
from typing import Any
from uuid import UUID, uuid5

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from journey.api import problems
from journey.api.figures import Figures
from journey.store.identifiers import uuid7

REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
NAMESPACE = UUID("6f1c1f0a-1b7f-5d0c-9c39-0d4b7d3f2a10")
"""Under which a request id that is no UUID becomes a correlation id."""

SECURE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

logger = structlog.get_logger()


class BodyTooLarge(HTTPException):
    """The body is larger than this server accepts."""

    def __init__(self) -> None:
        super().__init__(413, headers={"Connection": "close"})


def identify(headers: Headers) -> tuple[str, UUID]:
    """The request's id as it is echoed, and as it stands on events."""
    given = headers.get("x-request-id", "")
    if REQUEST_ID.fullmatch(given):
        try:
            return given, UUID(given)
        except ValueError:
            return given, uuid5(NAMESPACE, given)
    traced = TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    made = UUID(traced[1]) if traced and int(traced[1], 16) else uuid7()
    return str(made), made


class Edge:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, figures: Figures) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, correlation_id = identify(headers := Headers(scope=scope))
        state: dict[str, Any] = scope.setdefault("state", {})
        state |= {"request_id": request_id, "correlation_id": correlation_id}
        started, status = perf_counter(), 500

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                into = MutableHeaders(scope=message)
                into["X-Request-Id"] = request_id
                for name, value in SECURE.items():
                    into.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._guarded(scope, self._bounded(receive), out, headers)
            self._note(scope, status, perf_counter() - started)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        started = False

        async def out(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if self._declared(headers) > self._max_body_bytes:
                problem = problems.problem_of(BodyTooLarge())
            else:
                await self._app(scope, receive, out)
                return
        except Exception as error:
            logger.exception("request.failed", route=route_of(scope))
            if started:
                raise
            problem = problems.problem_of(error)
        scope["state"]["problem"] = problem.code
        await problems.response(problem, scope["state"]["request_id"])(scope, receive, out)

    def _declared(self, headers: Headers) -> int:
        length = headers.get("content-length", "")
        return int(length) if length.isascii() and length.isdigit() else 0

    def _bounded(self, receive: Receive) -> Receive:
        """The body as it streams in, until it is more than it may be."""
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body_bytes:
                raise BodyTooLarge
            return message

        return bounded

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """One line and one measurement. The address stays out: what is looked for may be a patient."""
        route, method = route_of(scope), scope["method"]
        self._figures.request(method, route, status, seconds)
        caller = scope["state"].get("caller")
        logger.info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            problem=scope["state"].get("problem"),
            key_id=caller and caller.id,
        )


def route_of(scope: Scope) -> str:
    """The template of the address, which names nobody."""
    return getattr(scope.get("route"), "path", None) or "unknown"
