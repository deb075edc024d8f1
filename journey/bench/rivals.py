"""The rivals of an answer: the same row looked up as one is told to with FastAPI, and as barely as can be."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event as Signal
from time import monotonic
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI, HTTPException
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from journey.domain.standing import Standing

POOL = 8
SELECT = "SELECT standing FROM patient_status WHERE journey_id = %s"
SELECT_TEXT = "SELECT standing::text FROM patient_status WHERE journey_id = %s"


def pool(url: str) -> AsyncConnectionPool[Any]:
    settings = {"autocommit": True, "prepare_threshold": 0}
    return AsyncConnectionPool(url, min_size=1, max_size=POOL, kwargs=settings, open=False)


def idiomatic(url: str) -> FastAPI:
    """A typed route whose model validates and writes the answer; no key is asked for, nothing recorded."""
    connections = pool(url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with connections:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/journeys/{journey_id}", response_model=Standing)
    async def find(journey_id: UUID) -> Any:
        async with connections.connection() as connection:
            row = await (await connection.execute(SELECT, (journey_id,))).fetchone()
        if row is None:
            raise HTTPException(404)
        return row[0]

    return app


def bare(url: str) -> Starlette:
    """The database's own JSON, sent as it comes."""
    connections = pool(url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with connections:
            yield

    async def find(request: Request) -> Response:
        async with connections.connection() as connection:
            key = request.path_params["journey_id"]
            row = await (await connection.execute(SELECT_TEXT, (key,))).fetchone()
        return Response(row[0] if row else "", 200 if row else 404, media_type="application/json")

    return Starlette(routes=[Route("/v1/journeys/{journey_id}", find)], lifespan=lifespan)


LONGEST_START = 30.0
LOOK = 0.05

APPS = {"idiomatic FastAPI": idiomatic, "bare Starlette": bare}


def wait_until_up(address: tuple[str, int]) -> None:
    """Raises OSError where nobody listens in time."""
    deadline = monotonic() + LONGEST_START
    while True:
        try:
            socket.create_connection(address).close()
        except OSError:
            if monotonic() > deadline:
                raise
            Signal().wait(LOOK)
        else:
            return


def serve(name: str, url: str, port: int) -> None:
    """A rival in a process of its own."""
    run(APPS[name](url), port)


def run(app: FastAPI | Starlette, port: int) -> None:
    """On the same loop and parser as Journey is."""
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_config=None, access_log=False)
