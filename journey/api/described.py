"""Described: the document and the page made from it, made once, off the loop, kept as they go out."""

import asyncio
import gzip
import re
from collections.abc import Sequence
from hashlib import blake2b
from threading import Lock
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Header, Response
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from journey.api import docs, openapi
from journey.api.tags import has_it
from journey.feed import asyncapi, schemas
from journey.feed.envelope import SCHEMAS, Payload

GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)")
HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
"""Nothing in them is anybody's: they may be kept, and are asked for again with their tag."""

Asked = Annotated[str | None, Header()]


class Page(NamedTuple):
    """Something to be read, plain and packed."""

    plain: bytes
    packed: bytes
    tag: str


def page(plain: bytes) -> Page:
    return Page(plain, gzip.compress(plain, mtime=0), blake2b(plain, digest_size=12).hexdigest())


class Described:
    """What the routes of the application are."""

    def __init__(self, title: str, version: str, routes: Sequence[APIRoute]) -> None:
        self._about = title, version, routes
        self._lock = Lock()
        self._made: tuple[dict[str, Any], Page, Page] | None = None

    def document(self) -> dict[str, Any]:
        return self._all()[0]

    def _all(self) -> tuple[dict[str, Any], Page, Page]:
        with self._lock:
            if self._made is None:
                document = openapi.document(*self._about)
                self._made = document, page(to_json(document)), page(docs.page(document).encode())
            return self._made

    def router(self) -> APIRouter:
        """Where it is read, by programs and by people."""
        routes = APIRouter(include_in_schema=False)

        @routes.get("/openapi.json")
        async def for_programs(accept_encoding: Asked = None, if_none_match: Asked = None) -> Response:
            _, document, _ = await asyncio.to_thread(self._all)
            return _answer(document, accept_encoding, if_none_match, {"Content-Type": "application/json"})

        @routes.get("/docs")
        async def for_people(accept_encoding: Asked = None, if_none_match: Asked = None) -> Response:
            _, _, read = await asyncio.to_thread(self._all)
            kind = {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": docs.CONTENT_SECURITY_POLICY,
            }
            return _answer(read, accept_encoding, if_none_match, kind)

        @routes.get("/asyncapi.json")
        async def for_receivers(accept_encoding: Asked = None, if_none_match: Asked = None) -> Response:
            document = page(to_json(asyncapi.document(*self._about[:2])))
            return _answer(document, accept_encoding, if_none_match, {"Content-Type": "application/json"})

        @routes.get(SCHEMAS)
        async def every_schema() -> Response:
            return Response(to_json({"schemas": schemas.known()}), media_type="application/json")

        @routes.get(f"{SCHEMAS}/{{stored_as}}/{{version}}")
        async def whole(stored_as: str, version: str) -> Response:
            return _schema(stored_as, version, Payload.FULL)

        @routes.get(f"{SCHEMAS}/{{stored_as}}/{{version}}/thin")
        async def thin(stored_as: str, version: str) -> Response:
            return _schema(stored_as, version, Payload.THIN)

        return routes


def _schema(stored_as: str, version: str, payload: Payload) -> Response:
    """Raises HTTPException: there is none."""
    number = int(version) if version.isascii() and version.isdigit() else 0
    found = schemas.found(stored_as, number, payload)
    if found is None:
        raise HTTPException(404)
    return Response(to_json(found), media_type="application/schema+json")


def _answer(
    found: Page, accept_encoding: str | None, if_none_match: str | None, kind: dict[str, str]
) -> Response:
    packed = bool(GZIP.search(accept_encoding or ""))
    tag = f'"{found.tag}{"-gzip" if packed else ""}"'
    headers = {**HEADERS, "ETag": tag}
    if has_it(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    headers |= kind | ({"Content-Encoding": "gzip"} if packed else {})
    return Response(found.packed if packed else found.plain, headers=headers)
