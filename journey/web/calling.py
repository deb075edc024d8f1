"""Calling: asking the API within the process, as whoever is signed in."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pydantic_core import from_json, to_json
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope

Given = Mapping[str, Any]
Messages = asyncio.Queue[Message | None]
MOST = 500
"""Rows on a page, as many as the API gives."""


class Answer(NamedTuple):
    """What the API answered."""

    status: int
    headers: Headers
    body: bytes

    @property
    def is_success(self) -> bool:
        return _is_success(self.status)

    def json(self) -> Any:
        return from_json(self.body) if self.body else None


class File(NamedTuple):
    """What the API answers, while it answers."""

    headers: Headers
    pieces: AsyncIterator[bytes]


UNKNOWN: Mapping[str, Any] = {
    "title": "That cannot be done",
    "detail": "The server did not say why. Try again in a moment.",
    "code": "internal",
    "request_id": None,
    "blockers": (),
    "errors": (),
}
"""What a page says where the API says nothing."""


class Refusal(Exception):
    """The API refused; `problem` is its document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("code"))
        self.status = status
        self.problem = {**UNKNOWN, **problem}

    @property
    def code(self) -> str:
        return str(self.problem["code"])


class Api:
    """The API, to one caller, on behalf of one request."""

    def __init__(self, app: ASGIApp, scope: Scope, token: str) -> None:
        self._app = app
        self._scope = scope
        self._token = token

    async def ask(
        self,
        method: str,
        path: str,
        query: Given | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Whatever it answers."""
        started: list[Message] = []
        pieces: list[bytes] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                pieces.append(message.get("body", b""))

        await self._app(*self._request(method, path, query, body, headers), send)
        return _answer(started[0], pieces)

    async def file(self, method: str, path: str, query: Given | None = None, body: Any = None) -> File:
        """What it answers, piece by piece: each is made once the one before is taken. Raises Refusal."""
        queue: Messages = asyncio.Queue()

        async def send(message: Message) -> None:
            await queue.put(message)
            await queue.join()

        answering = asyncio.ensure_future(self._app(*self._request(method, path, query, body, None), send))
        answering.add_done_callback(lambda _: queue.put_nowait(None))
        messages = _taken(queue, answering)
        start = await anext(messages)
        if not _is_success(start["status"]):
            told(_answer(start, [each.get("body", b"") async for each in messages]))
        return File(Headers(raw=list(start["headers"])), (each.get("body", b"") async for each in messages))

    async def get(self, path: str, **query: Any) -> Any:
        """What is there. Raises Refusal."""
        return told(await self.ask("GET", path, query)).json()

    async def every(self, path: str, rows: str, **query: Any) -> AsyncIterator[Any]:
        """All that stands under `rows`, over as many pages as that takes. Raises Refusal."""
        cursor: str | None = ""
        while cursor is not None:
            page = await self.get(path, **query, limit=MOST, cursor=cursor)
            for each in page[rows]:
                yield each
            cursor = page["next"]

    async def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """What it led to. Raises Refusal."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return told(await self.ask("POST", path, body={} if body is None else body, headers=named)).json()

    async def put(self, path: str, body: Any) -> Any:
        """What it is now. Raises Refusal."""
        return told(await self.ask("PUT", path, body=body)).json()

    async def delete(self, path: str) -> Any:
        """What it was. Raises Refusal."""
        return told(await self.ask("DELETE", path)).json()

    def _request(
        self,
        method: str,
        path: str,
        query: Given | None,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> tuple[Scope, Receive]:
        """As it would come over the network."""
        from_page, sent = self._scope, b"" if body is None else to_json(body)
        said = {
            "authorization": f"Bearer {self._token}",
            "x-request-id": from_page["state"]["request_id"],
            "content-length": str(len(sent)),
            **({} if body is None else {"content-type": "application/json"}),
            **(headers or {}),
        }
        scope = {
            "type": "http",
            "asgi": from_page["asgi"],
            "http_version": "1.1",
            "method": method,
            "scheme": from_page["scheme"],
            "path": path,
            "raw_path": path.encode(),
            "query_string": _query(query or {}).encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in said.items()],
            "client": from_page.get("client"),
            "server": from_page.get("server"),
            "app": from_page["app"],
            "state": {},
        }
        return scope, _whole(sent)


def _whole(body: bytes) -> Receive:
    """A body in one piece."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not unread:  # who streams an answer listens for whoever asked to go away; nobody does
            await asyncio.Event().wait()
        return unread.pop()

    return receive


async def _taken(queue: Messages, answering: asyncio.Future[None]) -> AsyncIterator[Message]:
    """Each message that is sent. Taking no more of them ends the request. What went wrong is raised."""
    try:
        while (message := await queue.get()) is not None:
            yield message
            queue.task_done()
        answering.result()
    finally:
        answering.cancel()


def _answer(start: Message, pieces: Sequence[bytes]) -> Answer:
    return Answer(start["status"], Headers(raw=list(start["headers"])), b"".join(pieces))


def _is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - the class of statuses


def told(answer: Answer) -> Answer:
    """Raises Refusal."""
    if answer.is_success:
        return answer
    problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    raise Refusal(answer.status, problem)


def _query(given: Given) -> str:
    """What is not given is not asked for."""
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        many: Sequence[Any] = value if isinstance(value, list | tuple) else (value,)
        pairs += [(name.rstrip("_"), str(each)) for each in many if each not in {None, ""}]
    return urlencode(pairs)
