"""The application: every route, the edge around them, and the engine that runs while it is served."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from journey.api import (
    breakglass,
    codes,
    commands,
    erasures,
    flow,
    health,
    history,
    keyroutes,
    ledger,
    me,
    pathways,
    patients,
    problems,
    search,
    whereabouts,
)
from journey.api.audit.routes import ROUTERS as AUDIT
from journey.api.browsers import cors
from journey.api.bulk import routes as bulk
from journey.api.described import Described
from journey.api.edge import Edge, Shown
from journey.api.engine import running
from journey.api.errands import projections, verification
from journey.api.fhir import receiving
from journey.api.fhir import routes as fhir
from journey.api.figures import Figures
from journey.api.follow import page as following
from journey.api.follow import stream
from journey.api.inbox import routes as inbox
from journey.api.lane import Lane, Switch
from journey.api.lists import routes as lists
from journey.api.readiness import Readiness
from journey.api.replay import journey as replaying
from journey.api.replay import standings
from journey.api.webhooks import routes as webhooks
from journey.settings import Settings
from journey.web.console import Beside, console, fault

TITLE, VERSION = "Journey", "1"


def create_app(
    settings: Settings, conninfo: str, *, with_worker: bool, shared: Path | None = None
) -> FastAPI:
    """The API on this database; `with_worker` runs sequencer and read models in the same process. `shared` is
    where several processes keep the figures that they show together.
    """
    figures = Figures(shared)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, conninfo, figures, with_worker=with_worker) as engine:
            app.state.engine = engine
            yield

    app = FastAPI(
        title=TITLE,
        version=VERSION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.readiness = Readiness()
    for kind in problems.HANDLED:
        app.add_exception_handler(kind, problems.answer)
    routers = (
        whereabouts.router,
        history.router,
        replaying.router,
        standings.router,
        search.router,
        lists.router(),
        pathways.router,
        codes.router,
        bulk.router,
        commands.router(),
        patients.reading,
        patients.writing,
        flow.router,
        following.router,
        stream.router,
        webhooks.router,
        inbox.router,
        keyroutes.router,
        projections.router,
        verification.router,
        *AUDIT,
        ledger.public,
        ledger.proving,
        erasures.deciding,
        erasures.reading,
        breakglass.breaking,
        breakglass.reviewing,
        *fhir.ROUTERS,
        receiving.router,
        me.router,
        health.router,
        health.counting,
    )
    routes = [each for router in routers for each in router.routes if isinstance(each, APIRoute)]
    described = Described(TITLE, VERSION, routes)
    for router in (*routers, described.router()):
        app.router.routes.extend(router.routes)  # included, each would be made again for every application
    vars(app)["openapi"] = described.document
    app.state.routes = routes
    app.router.middleware_stack = Switch(app.router.app)
    app.middleware_stack = _around(app, routes, settings, figures)
    return app


def _around(app: FastAPI, routes: Sequence[APIRoute], settings: Settings, figures: Figures) -> ASGIApp:
    """What a request goes through: who may ask from a browser, the edge, the lane, the framework."""
    framework = ExceptionMiddleware(AsyncExitStackMiddleware(app.router), handlers=app.exception_handlers)

    def edge(inside: ASGIApp, page: Shown | None = None) -> Edge:
        return Edge(
            inside,
            max_body_bytes=settings.max_body_bytes,
            max_requests=settings.max_requests,
            figures=figures,
            page=page,
        )

    api = edge(Lane(routes, framework))
    pages = edge(console(api), fault)
    shared = CORSMiddleware(api, **cors(settings.cors_origins)) if settings.cors_origins else api
    return Beside(shared, pages)
