"""Page: what a page of the console is made with: who is signed in, what the API answers, and a template."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from journey.web.calling import Api
from journey.web.rendering import render
from journey.web.sessions import Session

if TYPE_CHECKING:
    from journey.web.keeping import Kept

HOME = "/console"
DIGITS = 9
"""Of the largest number that a page or form is asked with."""


class Who(NamedTuple):
    """Who is signed in, as the API says."""

    name: str
    role: str
    team: str | None
    """The team whose day it is, where they are of one."""

    may: Mapping[str, str]
    """For each permission, how far it goes."""

    id: str
    """Of the key, or the subject of the token."""

    def can(self, permission: str) -> bool:
        return self.may.get(permission, "none") != "none"


@dataclass
class Asked:
    """One request of somebody who is signed in."""

    request: Request
    session: Session
    who: Who
    api: Api
    form: Mapping[str, list[str]] = field(default_factory=dict)
    kept: "Kept | None" = None
    """What was typed here before the session ended."""

    @cached_property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def is_fragment(self) -> bool:
        """Whether only a part of the page is wanted: it replaces itself."""
        return self.request.headers.get("hx-request") == "true"

    def said(self, name: str) -> str:
        """A field of the form, as it was filled in; empty where it was not."""
        return (self.form.get(name) or [""])[-1].strip()

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """The page; of a fragment's request, the template's own part."""
        return render(
            template,
            status,
            asked=self,
            who=self.who,
            csrf=self.session.csrf,
            now=self.now,
            path=self.request.url.path,
            whole=not self.is_fragment,
            **context,
        )

    def link(self, **changed: str | None) -> str:
        """The same page with other parameters; None leaves one out. What was asked as empty stays: it is not
        what is shown unasked.
        """
        given = {**self.query, **{name: value or None for name, value in changed.items()}}
        kept = {name: value for name, value in given.items() if value is not None}
        return self.request.url.path + (f"?{urlencode(kept)}" if kept else "")


def whole(text: str, otherwise: int = 0) -> int:
    """A number as people write one."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS else otherwise


def go(address: str) -> Response:
    """What follows a form: another page, read anew."""
    return RedirectResponse(address, 303)


Handler = Callable[[Asked], Awaitable[Response]]


class Page(NamedTuple):
    """An address of the console. `title` puts it into the navigation of whoever has the permission."""

    path: str
    handler: Handler
    permission: str | None = None
    title: str | None = None
    methods: tuple[str, ...] = ("GET",)


def fields(body: bytes) -> dict[str, list[str]]:
    """A form that was sent. Raises ValueError."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=500):
        found.setdefault(name, []).append(value)
    return found
