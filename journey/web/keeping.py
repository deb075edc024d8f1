"""Keeping: what was typed while a session came to its end, for whoever typed it, once they are back. It may
have ended by time, or because they signed out, in another tab.

It is kept as a session is: the browser holds a secret, the database its digest and the text, sealed with the
secret. It is shown once, on the page where it was typed, to nobody else.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from journey.web.cookies import keep
from journey.web.page import fields
from journey.web.rendering import render
from journey.web.sessions import Session, digest, sealed, unsealed
from journey.web.signing import (
    Signed,
    forget,
    form_of,
    here,
    inside,
    is_from_here,
    left_page,
    to_sign_in,
)

COOKIE = "journey_kept"
SAFE_COOKIE = "__Host-journey_kept"
HOURS = 12
OPEN_AGAIN = "Open the page again: what was typed stands there for whoever typed it."
OF_THE_FORM = frozenset({"csrf", "key", "seen", "do"})
"""What nobody typed."""

KEEP = """
    INSERT INTO console_kept (digest, sealed, ends_at)
    VALUES (%s, %s, clock_timestamp() + make_interval(hours => %s))
    RETURNING 1
    """
FIND = "SELECT sealed FROM console_kept WHERE digest = %s AND ends_at > clock_timestamp()"
GIVE = "DELETE FROM console_kept WHERE digest = %s RETURNING 1"


class Kept(NamedTuple):
    """Who typed it, on which page, where the form goes, and what its fields said."""

    owner: str
    page: str
    action: str
    said: tuple[tuple[str, str], ...]

    @property
    def csrf(self) -> str:
        return dict(self.said).get("csrf", "")

    @property
    def typed(self) -> tuple[tuple[str, str], ...]:
        """What people see of it."""
        return tuple((name, value) for name, value in self.said if name not in OF_THE_FORM and value.strip())

    @property
    def sent(self) -> tuple[tuple[str, str], ...]:
        """What the form sends again; each session makes its own token for forms."""
        return tuple((name, value) for name, value in self.said if name != "csrf")


KEPT = TypeAdapter(Kept)


async def left(
    signed: Signed, request: Request, form: Mapping[str, list[str]], *, can_be_opened: bool
) -> Response:
    """The session is over: to the sign-in, and then back to the page, with what the form said."""
    typed = _typed(request, form, can_be_opened=can_be_opened)
    response = to_sign_in(request, typed.page, unsent=request.method == "POST")
    await _keep(signed, request, response, typed)
    return response


async def locked(signed: Signed, request: Request, form: Mapping[str, list[str]]) -> Response:
    """Whoever comes back signs in again, and is where they were, with what they had typed."""
    page = (form.get("page") or [left_page(request)])[-1]
    response = form_of(signed, request, was=inside(page))
    if is_from_here(request):
        said = _pairs(fields((form.get("said") or [""])[-1].encode()))
        action = inside((form.get("action") or [""])[-1])
        kept = Kept("", inside(page), action, said)
        if not await _is_left_over(signed, request, kept):
            await signed.end(request, response)
            forget(request, response)
        await _keep(signed, request, response, kept)
    return response


async def out_of_date(
    signed: Signed, request: Request, form: Mapping[str, list[str]], *, can_be_opened: bool
) -> Response:
    """The form is of no session that holds, and somebody is signed in: it may be of the one before."""
    response = render("problem.html", 403, title="This form is out of date", said=OPEN_AGAIN)
    await _keep(signed, request, response, _typed(request, form, can_be_opened=can_be_opened))
    return response


def _typed(request: Request, form: Mapping[str, list[str]], *, can_be_opened: bool) -> Kept:
    """What the form said, on its page: where it goes can be opened, or it came from another one."""
    page = here(request) if can_be_opened else inside(left_page(request))
    return Kept("", page, request.url.path, _pairs(form))


async def _is_left_over(signed: Signed, request: Request, kept: Kept) -> bool:
    """Typed in the session before the one that is under way, which goes on."""
    now = await signed.session(request)
    made = await signed.that_made(request, kept.csrf)
    return now is not None and made is not None and made.secret != now.secret


async def _keep(signed: Signed, request: Request, response: Response, kept: Kept) -> None:
    """Only what somebody typed who was signed in, into a form that was made for them."""
    session = await signed.that_made(request, kept.csrf) if kept.typed else None
    if session is None:
        return
    made = sealed(KEPT.dump_json(kept._replace(owner=session.held.id)))
    await signed.rows(request).rows(KEEP, (made.digest, made.sealed, HOURS))
    keep(request, response, _cookie(request), made.secret, HOURS * 3600)


async def kept(signed: Signed, request: Request, session: Session) -> Kept | None:
    """What they had typed on this page."""
    secret = request.cookies.get(_cookie(request))
    if not secret or request.method != "GET" or request.headers.get("hx-request") == "true":
        return None
    rows = await signed.rows(request).rows(FIND, (digest(secret),))
    told = unsealed(secret, rows[0][0]) if rows else None
    found = KEPT.validate_json(told) if told else None
    return found if found and found.owner == session.held.id and found.page == here(request) else None


async def given(signed: Signed, request: Request, response: Response) -> None:
    """It is on the page: nothing is kept any more."""
    await signed.rows(request).rows(GIVE, (digest(request.cookies[_cookie(request)]),))
    response.delete_cookie(_cookie(request), path="/", secure=request.url.scheme == "https", httponly=True)


def _pairs(form: Mapping[str, list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, every in form.items() for value in every)


def _cookie(request: Request) -> str:
    return SAFE_COOKIE if request.url.scheme == "https" else COOKIE
