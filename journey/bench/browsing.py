"""A browser, as far as a server sees it: it signs in, keeps its cookie, and asks for what is compressed."""

import gzip
import re
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlencode

from journey.bench.callers import Target

FORM = "application/x-www-form-urlencoded"
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
LINKED = re.compile(r'(?:href|src)="(/console/static/[^"]+)"')


class Fetched(NamedTuple):
    """What came: of how many bytes on the way, and what was in them."""

    status: int
    headers: Mapping[str, str]
    on_the_way: int
    text: str


class Browser:
    """Somebody who is signed in."""

    def __init__(self, address: Target, token: str) -> None:
        self._address = address
        self._cookie = ""
        answer = self.send("/console/sign-in", key=token)
        self._cookie = answer.headers["set-cookie"].partition(";")[0]

    def fetch(self, path: str, **more: str) -> Fetched:
        """A page, or a part of one."""
        return self._fetched("GET", path, b"", more)

    def send(self, path: str, **form: str) -> Fetched:
        return self._fetched("POST", path, urlencode(form).encode(), {})

    def asking(self, path: str, body: bytes = b"", **more: Any) -> bytes:
        """The same as bytes, to be sent as often as one likes."""
        lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "Host: journey"]
        lines += (f"{name}: {value}" for name, value in self._said(body, more).items())
        return "\r\n".join((*lines, "", "")).encode() + body

    def csrf(self, path: str) -> str:
        """What stands in the page's form."""
        found = CSRF.search(self.fetch(path).text)
        return found[1] if found else ""

    def _fetched(self, method: str, path: str, body: bytes, more: Mapping[str, str]) -> Fetched:
        connection = HTTPConnection(*self._address)
        connection.request(method, path, body or None, self._said(body, more))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        plain = gzip.decompress(content) if headers.get("content-encoding") == "gzip" else content
        return Fetched(answer.status, headers, len(content), plain.decode())

    def _said(self, body: bytes, more: Mapping[str, Any]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        said = {"Cookie": self._cookie, "Accept-Encoding": "gzip", **named}
        return {**said, "Content-Type": FORM, "Content-Length": str(len(body))} if body else said


def linked(page: str) -> tuple[str, ...]:
    """What a browser fetches beside the page."""
    return tuple(dict.fromkeys(LINKED.findall(page)))
