"""The application: every route, the edge around them, and the engine that runs while it is served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ExceptionHandler

from journey.api import commands, problems, whereabouts
from journey.api.edge import Edge
from journey.api.engine import running
from journey.api.figures import Figures
from journey.settings import Settings


def create_app(settings: Settings, conninfo: str, *, with_worker: bool) -> FastAPI:
    """The API on this database; `with_worker` runs sequencer and read models in the same process."""
    figures = Figures()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, conninfo, figures, with_worker=with_worker) as engine:
            app.state.engine = engine
            yield

    app = FastAPI(
        title="Journey",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    handler: ExceptionHandler = problems.answer
    for kind in problems.HANDLED:
        app.add_exception_handler(kind, handler)
    app.add_middleware(Edge, max_body_bytes=settings.max_body_bytes, figures=figures)
    app.include_router(whereabouts.router)
    app.include_router(commands.router())
    return app
