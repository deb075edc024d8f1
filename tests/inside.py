"""A client in the application's own process. A request goes over to the loop that serves it once, and comes
back once, answered: Starlette's own client goes over eight times for each.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI


@dataclass(frozen=True)
class Inside:
    portal: BlockingPortal
    """To the loop."""
    client: httpx2.AsyncClient

    def request(self, method: str, url: str, *, content: Any = None, **more: Any) -> httpx2.Response:
        if isinstance(content, Iterator):
            content = _pieces(content)
        return self.portal.call(partial(self.client.request, method, url, content=content, **more))

    def get(self, url: str, **more: Any) -> httpx2.Response:
        return self.request("GET", url, **more)


async def _pieces(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


@contextmanager
def inside(app: FastAPI) -> Iterator[Inside]:
    """While it is started. A fault is answered as a server answers it."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False, client=("testclient", 50000))
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
        portal.wrap_async_context_manager(
            httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        ) as client,
    ):
        yield Inside(portal, client)
