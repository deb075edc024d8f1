"""Elsewhere: the way of a browser to the issuer and back; and out, here and there."""

import re
from collections.abc import Awaitable, Callable
from secrets import token_urlsafe
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from journey.web.calling import Refusal
from journey.web.cookies import keep
from journey.web.issuer import Issuer, Journeying, NotSignedIn
from journey.web.page import HOME, go
from journey.web.rendering import render
from journey.web.sessions import SECRET_BYTES, Session
from journey.web.signing import (
    SIGN_IN,
    Signed,
    cookie_of,
    forget,
    form_of,
    inside,
    is_from_here,
)

AWAY, BACK = f"{HOME}/oidc", f"{HOME}/oidc/callback"
COOKIE = "journey_oidc"
SAFE_COOKIE = "__Host-journey_oidc"
SECONDS = 600
"""That signing in at the issuer may take."""

ERROR = re.compile(r"[a-z_]{1,40}")
OVER = "This sign-in is over, or was begun in another browser. Begin again."

logger = structlog.get_logger()


def routes(signed: Signed) -> list[Route]:
    async def away(request: Request) -> Response:
        issuer = signed.issuer(request)
        if issuer is None:
            return go(SIGN_IN)
        journeying = Journeying(token_urlsafe(SECRET_BYTES))
        try:
            address = await issuer.address(journeying, _back(request))
        except NotSignedIn as error:
            return _failed(signed, request, error)
        response = go(address)
        wanted = inside(request.query_params.get("next", ""))
        keep(request, response, _cookie(request), f"{journeying.secret} {wanted}", SECONDS)
        return response

    async def back(request: Request) -> Response:
        """Whatever it leads to, the way is at its end: an answer counts once."""
        issuer = signed.issuer(request)
        secret, _, wanted = request.cookies.get(_cookie(request), "").partition(" ")
        if issuer is None or not secret or not _is_answer(request, issuer, Journeying(secret)):
            return form_of(signed, request, OVER, 400)
        try:
            response = await _signed_in(signed, issuer, request, Journeying(secret), wanted)
        except NotSignedIn as error:
            response = _failed(signed, request, error)
        except Refusal as refusal:
            response = form_of(signed, request, str(refusal.problem["detail"]), refusal.status)
        response.delete_cookie(_cookie(request), path="/", secure=_is_safe(request), httponly=True)
        return response

    return [Route(AWAY, away), Route(BACK, back), Route(f"{HOME}/sign-out", _out(signed), methods=["POST"])]


def _out(signed: Signed) -> Callable[[Request], Awaitable[Response]]:
    async def out(request: Request) -> Response:
        """Whoever signed in at the issuer is signed out there, too, where that is possible: the next one at
        this screen is not them. Another site signs nobody out.
        """
        if not is_from_here(request):
            return go(HOME)
        session = await signed.ended(request)
        there = await _farewell(signed, request, session) if session else None
        response = go(SIGN_IN)
        if there is not None:  # a form may lead nowhere else, a page may
            response = render("signed_out.html", there=there, issuer=urlsplit(there).hostname)
            response.headers["Refresh"] = f"0; url={there}"
        forget(request, response)
        await signed.end(request, response)
        return response

    return out


async def _farewell(signed: Signed, request: Request, session: Session) -> str | None:
    """Where to be signed out there; None where that cannot be."""
    issuer = signed.issuer(request)
    if issuer is None or session.held.id_token is None:
        return None
    try:
        return await issuer.farewell(session.held, _here(request, SIGN_IN))
    except NotSignedIn as error:
        logger.warning("console.not_signed_out_there", reason=error.why)
        return None


async def _signed_in(
    signed: Signed, issuer: Issuer, request: Request, journeying: Journeying, wanted: str
) -> Response:
    """Raises NotSignedIn, Refusal."""
    given = request.query_params
    if "error" in given:
        known = ERROR.fullmatch(given["error"])
        raise NotSignedIn(f"it says {known[0] if known else 'no'}")
    held = await issuer.exchanged(journeying, given.get("code", ""), _back(request))
    who = await signed.who(signed.api(request, held.token))
    response = go(inside(wanted))
    await signed.end(request, response)
    keep(
        request, response, cookie_of(request), (await signed.begin(request, held._replace(id=who.id))).secret
    )
    return response


def _is_answer(request: Request, issuer: Issuer, journeying: Journeying) -> bool:
    """To what this browser asked, from whom it asked."""
    given = request.query_params
    is_from_it = "iss" not in given or issuer.is_named(given["iss"])
    return is_from_it and journeying.is_answered_by(given.get("state", ""))


def _failed(signed: Signed, request: Request, error: NotSignedIn) -> Response:
    logger.warning("console.not_signed_in", reason=error.why)
    return form_of(signed, request, str(error), 403)


def _back(request: Request) -> str:
    """As the issuer knows it: registered there for this client."""
    return _here(request, BACK)


def _here(request: Request, path: str) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{path}"


def _cookie(request: Request) -> str:
    return SAFE_COOKIE if _is_safe(request) else COOKIE


def _is_safe(request: Request) -> bool:
    return request.url.scheme == "https"
