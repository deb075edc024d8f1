"""How long a FHIR resource and a page of them take the API, with the database beside.

The floor sends the same JSON, made beforehand, from the same framework: it asks for no key, looks at no
journey, makes nothing and records nobody.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request as Wanted
from urllib.request import urlopen
from uuid import uuid5

from fastapi import FastAPI
from starlette.responses import Response

from journey.api.outcome import MEDIA_TYPE
from journey.bench import rivals, ward
from journey.bench.callers import Target
from journey.bench.figures import Figure, measured
from journey.bench.requests import Request, asked, request
from journey.bench.scratch import Scratch
from journey.bench.serve import At, beside, filled, served

JOURNEYS, LENGTH = 200, 10
"""Of as many events each. How many more there are is nothing to who reads one, or a page."""

CONNECTIONS, TURN, ROUNDS = 8, 0.5, 3
MILLISECONDS = 1000
PAGE = "/v1/fhir/Encounter?status=finished&_count=50"
QUESTIONS = {"a resource by its id": "/v1/fhir/Encounter/{}", "a search, a page of 50": PAGE}


def fhir(server: Scratch) -> Iterator[Figure]:
    """Each question, beside its floor."""
    dice = random.Random(0)  # noqa: S311 - no secret
    with ExitStack() as stack:
        url, events = filled(server, JOURNEYS * LENGTH), JOURNEYS * LENGTH
        at, _ = stack.enter_context(served(url, events, with_worker=False))
        folder = stack.enter_context(TemporaryDirectory())
        for number, path in enumerate(QUESTIONS.values()):
            Path(folder, str(number)).write_bytes(_answer(at, path.format(_visit(0))))
        floor = at._replace(address=stack.enter_context(beside(serve_ready, folder)))
        found = measured(
            {
                name: partial(_time, where.address, asking)
                for number, (what, path) in enumerate(QUESTIONS.items())
                for name, where, asking in (
                    (f"{what}: floor", floor, _always(f"/{number}")),
                    (f"{what}: ours", at, _anybody(at, path, dice)),
                )
            },
            rounds=ROUNDS,
        )
    for what in QUESTIONS:
        floor_of = f"{what}: floor"
        yield found.figure(floor_of, floor_of, "ms", scale=MILLISECONDS)
        yield found.figure(f"{what}: ours", f"{what}: ours", "ms", floor_of, scale=MILLISECONDS)


def ready(folder: str) -> FastAPI:
    """What was made beforehand."""
    app = FastAPI()
    made = {each.name: each.read_bytes() for each in Path(folder).iterdir()}

    @app.get("/{name}")
    async def find(name: str) -> Response:
        return Response(made[name], media_type=MEDIA_TYPE)

    return app


def serve_ready(folder: str, port: int) -> None:
    """The floor, in a process of its own."""
    rivals.run(ready(folder), port)


def _visit(number: int) -> str:
    return str(uuid5(uuid5(ward.WARD, str(number)), "visit"))


def _answer(at: At, path: str) -> bytes:
    """What is answered, which has to be what was asked for."""
    host, port = at.address
    wanted = Wanted(f"http://{host}:{port}{path}", headers={"Authorization": f"Bearer {at.token}"})
    with urlopen(wanted) as answer:  # noqa: S310 - as above
        return bytes(answer.read())


def _always(path: str) -> Request:
    return lambda _: request("GET", path, "")


def _anybody(at: At, path: str, dice: random.Random) -> Request:
    return lambda _: request("GET", path.format(_visit(dice.randrange(at.journeys))), at.token)


def _time(address: Target, next_one: Request) -> float:
    """Seconds from one answer to the next, where it is asked for without a pause."""
    found = asked(address, next_one, connections=CONNECTIONS, seconds=TURN)
    if found.statuses.keys() != {HTTPStatus.OK}:
        raise ValueError(f"Not all was answered: {dict(found.statuses)}")
    return 1 / found.rate
