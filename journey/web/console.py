"""Console: the pages under /console, for whoever is signed in; everything else is the API's."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from journey.web import elsewhere, keeping, signing
from journey.web.calling import UNKNOWN, Refusal
from journey.web.cookies import keep
from journey.web.display import chosen, shown_as
from journey.web.every import PAGES
from journey.web.live import live
from journey.web.navigation import entry_of, navigation
from journey.web.packing import packed, static
from journey.web.page import HOME, Asked, Page, fields, go
from journey.web.rendering import render
from journey.web.sessions import Session
from journey.web.signing import LOCKED, Signed, cookie_of, to_sign_in

LARGEST_FORM = 256 * 1024
"""Bytes; what is written into a form is a few lines."""

WRONG = {
    404: ("There is no such page", "The pages there are stand at the head of each."),
    413: (
        "That is too much to send",
        "Nothing was recorded: a form has at most 256 kB. Write less.",
    ),
}
"""What is said where there is no answer, by status."""

OPENED = frozenset(each.path for each in PAGES if "GET" in each.methods)
NOT_THEIRS = {
    "title": "This page is not for you",
    "detail": "Your role does not include it. Ask whoever hands out keys for one that does.",
    "code": "forbidden",
}


class Beside:
    """ASGI: the console where it is asked for, the API everywhere else."""

    def __init__(self, api: ASGIApp, console: ASGIApp) -> None:
        self._api = api
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        is_page = path in {"/", HOME} or path.startswith(f"{HOME}/")
        await (self._console if is_page else self._api)(scope, receive, send)


def console(api: ASGIApp) -> ASGIApp:
    """The pages, made of what this API answers."""
    signed = Signed(api)
    router = Router(
        [
            Route("/", _to_the_console),
            Route(HOME, _first(signed)),
            *signing.routes(signed),
            *elsewhere.routes(signed),
            Route(LOCKED, _locked(signed), methods=["GET", "POST"]),
            Route(f"{HOME}/live", live(signed)),
            Route(f"{HOME}/static/{{name:path}}", static),
            *(_route(each, signed) for each in PAGES),
        ],
        redirect_slashes=False,
    )
    return _shown(ExceptionMiddleware(router, handlers={HTTPException: _not_there, Refusal: _refused}))


def _shown(pages: ASGIApp) -> ASGIApp:
    """Each as this browser has chosen it."""

    async def shown(scope: Scope, receive: Receive, send: Send) -> None:
        clinic = scope["app"].state.engine.settings.timezone
        with shown_as(chosen(Request(scope), clinic)):
            await pages(scope, receive, send)

    return shown


async def _to_the_console(_request: Request) -> Response:
    return go(HOME)


def _first(signed: Signed) -> Callable[[Request], Awaitable[Response]]:
    """The first page of those that whoever is signed in has."""

    async def first(request: Request) -> Response:
        session = await signed.session(request)
        if session is None:
            return to_sign_in(request)
        return go(navigation(await signed.who(signed.api(request, session.held.token)))[0].address)

    return first


def _route(page: Page, signed: Signed) -> Route:
    """The page, for whoever is signed in and sends forms that were made here."""

    async def handle(request: Request) -> Response:
        session = await signed.session(request)
        form = await _form(request) if request.method == "POST" else {}
        if session is None:
            return await keeping.left(signed, request, form, can_be_opened=page.path in OPENED)
        if request.method == "POST" and not session.made((form.get("csrf") or [""])[-1]):
            return await keeping.out_of_date(signed, request, form, can_be_opened=page.path in OPENED)
        now = await signed.renewed(request, session)
        response = await _answered(page, signed, request, now, form)
        if now.secret != session.secret:
            keep(request, response, cookie_of(request), now.secret)
        return packed(request, response)

    return Route(page.path, handle, methods=list(page.methods), name=page.path)


async def _answered(
    page: Page, signed: Signed, request: Request, session: Session, form: Mapping[str, list[str]]
) -> Response:
    api = signed.api(request, session.held.token)
    kept = await keeping.kept(signed, request, session)
    asked = Asked(request, session, await signed.who(api), api, form, kept)
    entry = entry_of(page.path)
    if entry is not None and not asked.who.can(entry.permission):
        return asked.page("refused.html", 403, problem={**UNKNOWN, **NOT_THEIRS})
    if not asked.is_fragment and asked.who.can("read"):
        await request.app.state.engine.caught_up()  # a page shows what was recorded before it was asked for
    try:
        response = await page.handler(asked)
    except Refusal as refusal:
        if refusal.code == "unauthorized":
            return to_sign_in(request)
        return asked.page("refused.html", refusal.status, problem=refusal.problem)
    if kept and response.status_code == HTTPStatus.OK:
        await keeping.given(signed, request, response)
    return response


def _locked(signed: Signed) -> Callable[[Request], Awaitable[Response]]:
    """The way from a screen that nobody used, by its script or an address."""

    async def locked(request: Request) -> Response:
        return await keeping.locked(signed, request, await _form(request))

    return locked


async def _form(request: Request) -> dict[str, list[str]]:
    """What was filled in. Raises HTTPException."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            raise HTTPException(413)
    try:
        return fields(bytes(body))
    except ValueError:
        raise HTTPException(400) from None


async def _refused(request: Request, error: Exception) -> Response:
    """Who is signed in was not even told who they are: the key holds no more, or the server has no time."""
    if isinstance(error, Refusal) and error.code != "unauthorized":
        problem = error.problem
        return render("problem.html", error.status, title=problem["title"], said=problem["detail"])
    return to_sign_in(request)


def fault(problem: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """What went wrong before a page could answer, or within one, as a page."""
    said, request_id = problem["detail"], problem["request_id"]
    page = render("problem.html", problem["status"], title=problem["title"], said=said, request_id=request_id)
    page.headers.update(headers)
    return page


async def _not_there(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title, said = WRONG.get(status, ("That cannot be done", "Go back, and try it from the page."))
    return render("problem.html", status, title=title, said=said)
