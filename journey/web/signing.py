"""Signing in and out: a key of the API becomes a session of the browser."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from urllib.parse import SplitResult, quote, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from journey.web.calling import Api, Refusal
from journey.web.cookies import keep
from journey.web.demo import ROLES, demo
from journey.web.issuer import Issuer, NotSignedIn
from journey.web.page import HOME, Who, fields, go
from journey.web.rendering import render
from journey.web.sessions import (
    BEGIN,
    END,
    ENDED,
    FORGET,
    HELD,
    LOOK,
    RELIEVED,
    RENEW,
    USE,
    Held,
    Session,
    digest,
    opened,
    sealed,
)

SIGN_IN, LOCKED = f"{HOME}/sign-in", f"{HOME}/locked"
COOKIE = "journey_session"
SAFE_COOKIE = "__Host-journey_session"
"""Where the way is TLS: bound to this host, and to no other."""

LEFT_COOKIE = "journey_left"
SAFE_LEFT_COOKIE = "__Host-journey_left"
LEFT_SECONDS = 3600
"""For which the session before is known, as long as the database knows it."""

LARGEST = 8 * 1024
SOON = timedelta(minutes=1)
"""Before a token expires it is renewed, so that no request meets an old one."""

logger = structlog.get_logger()


class Rows(Protocol):
    """The database, as far as sessions need it."""

    async def rows(self, statement: Any, parameters: Any = ()) -> Any: ...


class Terms(NamedTuple):
    """How long a session lasts: minutes without use, hours in all."""

    idle: int
    hours: int


class Signed:
    """Who is signed in. The application holds the database and the terms."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api
        self._issuer: Issuer | None = None

    async def session(self, request: Request) -> Session | None:
        """The session of this browser, which is used by that, if somebody asks and not the page by itself;
        None where there is none that holds.
        """
        secret = request.cookies.get(cookie_of(request))
        if not secret:
            return None
        statement = LOOK if asks_by_itself(request) else USE
        rows = await self.rows(request).rows(statement, (digest(secret), self.terms(request).idle))
        return opened(secret, *rows[0]) if rows else None

    async def ended(self, request: Request) -> Session | None:
        """The one of this browser, though it may be over: good to know whose it was."""
        return await self._known(request, cookie_of(request))

    async def that_made(self, request: Request, csrf: str) -> Session | None:
        """Of this browser's session and the one before it, the one that this form is from."""
        for cookie in (cookie_of(request), left_cookie_of(request)):
            session = await self._known(request, cookie)
            if session is not None and session.made(csrf):
                return session
        return None

    async def _known(self, request: Request, cookie: str) -> Session | None:
        secret = request.cookies.get(cookie)
        rows = await self.rows(request).rows(ENDED, (digest(secret),)) if secret else None
        return opened(secret, *rows[0]) if secret and rows else None

    async def begin(self, request: Request, held: Held, until: datetime | None = None) -> Session:
        """A new session, under a secret that nobody had before, until then at the latest. One whose token
        nothing renews ends with it.
        """
        held, hours = held.with_csrf(), self.terms(request).hours
        made = sealed(HELD.dump_json(held))
        latest = until if held.refresh else held.until
        await self.rows(request).rows(FORGET)
        [(ends_at,)] = await self.rows(request).rows(BEGIN, (made.digest, made.sealed, hours, latest))
        return Session(made.secret, held, ends_at)

    async def renewed(self, request: Request, session: Session) -> Session:
        """One with a younger token and another secret, where its own is about to expire and renews."""
        held, issuer = session.held, self.issuer(request)
        if not held.refresh or held.until is None or issuer is None or held.until > datetime.now(UTC) + SOON:
            return session
        if not await self.rows(request).rows(RENEW, (digest(session.secret),)):
            return session
        try:
            younger = await issuer.renewed(held)
        except NotSignedIn as error:
            logger.warning("console.not_renewed", reason=error.why)
            return session
        begun = await self.begin(request, younger._replace(id=held.id, csrf=held.csrf), session.ends_at)
        await self.rows(request).rows(RELIEVED, (digest(session.secret),))
        return begun

    def issuer(self, request: Request) -> Issuer | None:
        """Where people sign in, if anywhere but here."""
        settings = request.app.state.engine.settings
        if self._issuer is None and settings.console_oidc_client_id:
            self._issuer = Issuer(settings)
        return self._issuer

    async def end(self, request: Request, response: Response) -> None:
        """Whoever types still, in another tab, has it kept for them: the browser knows for an hour that the
        form is theirs, by what signs nobody in.
        """
        session = await self.ended(request)
        if session is not None:
            made = sealed(HELD.dump_json(session.held.over()), session.secret)
            await self.rows(request).rows(END, (made.sealed, made.digest))
            keep(request, response, left_cookie_of(request), session.secret, LEFT_SECONDS)

    def api(self, request: Request, token: str) -> Api:
        return Api(self._api, request.scope, token)

    async def who(self, api: Api) -> Who:
        """Raises Refusal: the key holds no more."""
        me = await api.get("/v1/me")
        return Who(me["name"], me["role"], me["team"], me["may"], me["id"])

    def terms(self, request: Request) -> Terms:
        settings = request.app.state.engine.settings
        return Terms(settings.console_idle, settings.console_hours)

    def rows(self, request: Request) -> Rows:
        rows: Rows = request.app.state.engine.reads
        return rows


def asks_by_itself(request: Request) -> bool:
    """Whether a page looks again, with nobody's doing."""
    headers = request.headers
    is_part = headers.get("hx-request") == "true" and request.method == "GET"
    return is_part or "text/event-stream" in headers.get("accept", "")


def forget(request: Request, response: Response) -> None:
    """Browsers drop it only where it is named as it was set."""
    is_safe = request.url.scheme == "https"
    response.delete_cookie(cookie_of(request), path="/", secure=is_safe, httponly=True, samesite="lax")


def cookie_of(request: Request) -> str:
    return SAFE_COOKIE if request.url.scheme == "https" else COOKIE


def left_cookie_of(request: Request) -> str:
    return SAFE_LEFT_COOKIE if request.url.scheme == "https" else LEFT_COOKIE


def to_sign_in(request: Request, wanted: str = HOME, *, unsent: bool = False) -> Response:
    """And back to where they wanted to go; where a form came too late, that is said. A fragment has its whole
    page locked, with all that was typed.
    """
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Trigger": "over"})
    if request.method == "GET":
        wanted = here(request)
    return go(f"{SIGN_IN}?next={quote(wanted)}{'&unsent=1' if unsent else ''}")


def here(request: Request) -> str:
    """The page that is asked for."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def routes(signed: Signed) -> list[Route]:
    async def form(request: Request) -> Response:
        return form_of(signed, request)

    async def sign_in(request: Request) -> Response:
        """A form of another site signs nobody in."""
        if not is_from_here(request):
            return form_of(signed, request, "This form came from another site. Fill in this one.", 403)
        try:
            given = fields((await request.body())[:LARGEST])
        except ValueError:
            given = {}
        token = _key(request, given)
        try:
            who = await signed.who(signed.api(request, token))
        except Refusal as refusal:
            said = str(refusal.problem.get("detail", "")) if refusal.code != "unauthorized" else NOT_IN_USE
            return form_of(signed, request, said, refusal.status)
        response = go(inside((given.get("next") or [""])[-1]))
        await signed.end(request, response)
        begun = await signed.begin(request, Held(token, id=who.id))
        keep(request, response, cookie_of(request), begun.secret)
        return response

    return [
        Route(f"{HOME}/used", _used(signed), methods=["POST"]),
        Route(SIGN_IN, form, methods=["GET"]),
        Route(SIGN_IN, sign_in, methods=["POST"]),
    ]


def _used(signed: Signed) -> Callable[[Request], Awaitable[Response]]:
    async def used(request: Request) -> Response:
        """Somebody types or reads, and asks for nothing else."""
        holds = is_from_here(request) and await signed.session(request) is not None
        return Response(status_code=204 if holds else 403)

    return used


def _key(request: Request, given: Mapping[str, list[str]]) -> str:
    """The one that was typed; in a demo, that of the role which was chosen."""
    role, here = (given.get("role") or [""])[-1], demo(request)
    return here.keys.get(role, "") if here and role else (given.get("key") or [""])[-1].strip()


NOT_IN_USE = "This key is not in use. Ask whoever hands out keys for one that is."


def form_of(
    signed: Signed, request: Request, said: str = "", status: int = 200, was: str | None = None
) -> Response:
    """The form to sign in with. `was`: the page that was locked."""
    wanted = inside(was or request.query_params.get("next", ""))
    there = signed.issuer(request)
    return render(
        "sign_in.html",
        status,
        said=said,
        next=wanted,
        locked=was is not None,
        unsent="unsent" in request.query_params,
        issuer=there.name if there else None,
        demo=demo(request),
        roles=ROLES,
    )


def left_page(request: Request) -> str:
    """The page before, where it is one of ours."""
    parts = _parts(request.headers.get("referer", ""))
    is_ours = parts.netloc == request.headers.get("host") and parts.path != LOCKED
    return parts.path + (f"?{parts.query}" if parts.query else "") if is_ours else ""


def inside(wanted: str) -> str:
    """A page of the console, and nowhere else."""
    parts = _parts(wanted)
    is_ours = not parts.scheme and not parts.netloc and "\\" not in wanted
    return wanted if is_ours and wanted.startswith(f"{HOME}/") else HOME


def _parts(address: str) -> SplitResult:
    """What is no address leads elsewhere."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("none", "none", "", "", "")


def is_from_here(request: Request) -> bool:
    """As browsers say it themselves (Fetch Metadata, Origin)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or _parts(origin).netloc == request.headers.get("host")
