"""The API on a database of its own, asked as its clients would. One serves many tests."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from httpx2 import Response
from psycopg.sql import SQL, Identifier

from journey.api import limits
from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.api.app import create_app
from journey.api.engine import Engine
from journey.api.follow.channel import ROUTE as STREAM
from journey.embedded import Cluster
from journey.settings import Settings
from tests.inside import Inside, inside

_numbers = count(1)


TO_THIS_MACHINE: dict[str, Any] = {
    "webhook_private_addresses": "127.0.0.0/8",
    "webhook_plain_hosts": "127.0.0.1",
}
"""What lets it send here."""


@dataclass(frozen=True)
class Api:
    """A client for each role."""

    app: FastAPI
    client: Inside
    conninfo: str
    tokens: dict[Role, str]

    @property
    def engine(self) -> Engine:
        return cast(Engine, self.app.state.engine)

    def ask(
        self,
        method: str,
        url: str,
        *,
        role: Role | None = Role.COORDINATOR,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Response:
        key = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        if url == STREAM:  # a client in this process hears a stream when it has ended
            more["params"] = {"lasting": 0, **more.get("params", {})}
        return self.client.request(method, url, headers=key | (headers or {}), **more)

    def get(self, url: str, **more: Any) -> Response:
        return self.ask("GET", url, **more)

    def post(self, url: str, body: Any = None, **more: Any) -> Response:
        return self.ask("POST", url, json={} if body is None else body, **more)

    def opened(self, **body: Any) -> str:
        """The address of a journey that has just been opened."""
        answer = self.post("/v1/journeys", {"team": "ward 3", **body})
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    def told(self, journey: str, command: str, **body: Any) -> dict[str, Any]:
        """What a command led to."""
        answer = self.post(f"{journey}/{command}", body)
        assert answer.status_code == 200, answer.text
        return cast("dict[str, Any]", answer.json())


@contextmanager
def database(cluster: Cluster, template: str) -> Iterator[str]:
    name = f"served_{next(_numbers)}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                Identifier(name), Identifier(template)
            )
        )
        yield cluster.url(name)
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def served(
    conninfo: str,
    home: Path,
    *,
    with_worker: bool = True,
    tokens: dict[Role, str] | None = None,
    forgiving: bool = False,
    **chosen: Any,
) -> Iterator[Api]:
    """The API in this process, with the worker and a key for each role: those given, or new ones. One that is
    forgiving lets an address guess without end; those of a test come all from one.
    """
    if tokens is None:
        tokens = {role: keys.create(conninfo, f"some {role}", role, "ward 3", Grant()).token for role in Role}
    settings = Settings.load(database_url=conninfo, home=home, **chosen)
    app = create_app(settings, conninfo, with_worker=with_worker)
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            if forgiving:
                patch.setattr(limits, "GUESSES", 1e9)
            client = stack.enter_context(inside(app))
        yield Api(app, client, conninfo, tokens)


def number(of: int) -> str:
    """An id that is the same in each run."""
    return str(UUID(int=of))
