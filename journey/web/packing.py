"""Packing: what a browser fetches, compressed: what stands beside the pages once, a page as it is made.

Lengths tell what is in a compressed page to whoever can have something of their own written beside it, and
sees the line (BREACH). So a page is compressed only where its address asks nothing: then nothing of the
request stands in it. What others wrote into records does; for that the length is blurred (Heal the Breach).
"""

from collections.abc import Mapping
from functools import cache, cached_property
from gzip import GzipFile
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from mimetypes import guess_type
from pathlib import Path
from secrets import randbelow

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from journey.web.rendering import version
from journey.web.styles import STATIC, frontend

A_YEAR = "public, max-age=31536000, immutable"
LOOK_AGAIN = "public, no-cache"
SHORT = 1024
"""Bytes; what is shorter goes in one packet anyway."""

ONCE, EACH_TIME = 9, 4
"""How hard to try; above the latter a page takes twice as long, and is a twentieth shorter."""

BLUR = 100
"""Bytes by which a page is longer than it would be, at most."""


class Kept:
    """A file that browsers keep."""

    def __init__(self, name: str, content: bytes) -> None:
        self._content = content
        self._headers = {
            "Content-Type": guess_type(name)[0] or "application/octet-stream",
            "ETag": f'"{sha256(content).hexdigest()[:16]}"',
            "Vary": "Accept-Encoding",
        }

    def answered(self, request: Request, *, is_named: bool) -> Response:
        """`is_named`: it is asked for by its version, so that under this address it stays as it is."""
        headers = {**self._headers, "Cache-Control": A_YEAR if is_named else LOOK_AGAIN}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if takes_gzip(request) and len(self._packed) < len(self._content):
            return Response(self._packed, headers={**headers, "Content-Encoding": "gzip"})
        return Response(self._content, headers=headers)

    @cached_property
    def _packed(self) -> bytes:
        return _gzip(self._content, ONCE)


@cache
def _files() -> Mapping[str, Kept]:
    """All that stands beside the pages, by name."""
    folder = Path(str(STATIC))
    found = {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    every = {**found, "frontend.css": frontend().encode()}
    return {name: Kept(name, content) for name, content in every.items()}


async def static(request: Request) -> Response:
    """One of them. Raises HTTPException."""
    found = _files().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return found.answered(request, is_named=request.url.query == version())


def packed(request: Request, page: Response) -> Response:
    """The page as it goes out."""
    is_page = page.status_code == HTTPStatus.OK and page.media_type == "text/html"
    asks_nothing = request.method == "GET" and not request.url.query
    if is_page and asks_nothing and takes_gzip(request) and len(page.body) >= SHORT:
        page.body = _gzip(bytes(page.body), EACH_TIME, "-" * randbelow(BLUR + 1))
        page.headers["content-length"] = str(len(page.body))
        page.headers["content-encoding"] = "gzip"
    return page


def takes_gzip(request: Request) -> bool:
    """Whoever refuses it says so in a way that hardly anybody does: then it is not taken for granted."""
    said = request.headers.get("accept-encoding", "")
    return "gzip" in said and "gzip;" not in said.replace(" ", "")


def _gzip(content: bytes, level: int, name: str = "") -> bytes:
    out = BytesIO()
    with GzipFile(name, "wb", level, out, mtime=0) as file:
        file.write(content)
    return out.getvalue()
