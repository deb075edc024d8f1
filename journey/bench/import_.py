"""How many lines of an import are applied a second over HTTP, beside the same commands sent one at a time.

One API process, the simulated clinic's commands, new journeys each time. Mixed is the order of entering, as a
hospital's interface sends them; journey after journey is how an old system is emptied. The floor is one
connection that waits for each answer.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from http import HTTPStatus
from itertools import count, islice
from time import perf_counter
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit
from uuid import UUID

from journey.api.access import keys
from journey.api.access.table import Role
from journey.api.server import serve
from journey.bench.beside import beside
from journey.bench.figures import Figure, measured
from journey.bench.scratch import Scratch
from journey.database import Database
from journey.domain.episode import OpenJourney
from journey.ingest.ndjson.applying import ALONE
from journey.settings import Settings
from journey.simulate import simulate

LINES = 200
ROUNDS = 5
CONNECTIONS = 8
FLOOR = "commands, 1 connection"
ANSWERS = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.CONFLICT)
"""A rule refuses a few of them; that takes as long."""

COMPARED = (
    (FLOOR, ""),
    (f"commands, {CONNECTIONS} connections", FLOOR),
    ("import, journeys mixed", FLOOR),
    ("import, journey after journey", FLOOR),
    ("import, sent again", FLOOR),
)

_numbers = count(1)


class Asked(NamedTuple):
    """A command, and its body as it is sent."""

    journey: str
    name: str
    body: dict[str, Any]


def import_(server: Scratch) -> Iterator[Figure]:
    """The worker is at rest: what is measured is the way in."""
    url = server.database()
    token = keys.create(url, "bench", Role.INTEGRATOR).token
    asked = _asked()
    together = sorted(asked, key=lambda each: each.journey)
    with beside(_serve, database_url=url, port=0) as base, Client(base, token) as one:
        client = partial(Client, base, token)
        known = one.sent(asked, "known")
        if known["applied"] < LINES // 2:
            raise AssertionError(f"The commands are not what the store takes: {known}")
        works = {
            FLOOR: lambda: _rate(partial(_one_by_one, client, [asked])),
            COMPARED[1][0]: lambda: _rate(partial(_one_by_one, client, _shares(asked))),
            COMPARED[2][0]: lambda: _rate(partial(one.sent, asked)),
            COMPARED[3][0]: lambda: _rate(partial(one.sent, together)),
            COMPARED[4][0]: lambda: _rate(partial(one.sent, asked, "known")),
        }
        found = measured(works, rounds=ROUNDS)
    for name, against in COMPARED:
        yield found.figure(f"lines applied: {name}", name, "/s", against)


def _asked() -> list[Asked]:
    """The first commands of a simulated clinic that are about one journey each, in the order of entering."""
    steps = simulate(40, seed=1, months=2, until=date(2026, 11, 1))
    told = (step for step in steps if not isinstance(step.command, ALONE))
    return [
        Asked(
            str(step.journey_id),
            step.command.name(),
            _body(step.command.model_dump(mode="json", exclude_unset=True)),
        )
        for step in islice(told, LINES)
    ]


def _body(fields: dict[str, Any]) -> dict[str, Any]:
    """Without the journey that this one goes on from: it is another one in each round."""
    return {name: value for name, value in fields.items() if name != "continues"}


def _shares(asked: list[Asked]) -> list[list[Asked]]:
    """One for each connection; a journey keeps to its own."""
    shares: list[list[Asked]] = [[] for _ in range(CONNECTIONS)]
    for each in asked:
        shares[UUID(each.journey).int % CONNECTIONS].append(each)
    return shares


def _rate(work: "partial[Any]") -> float:
    started = perf_counter()
    work()
    return LINES / (perf_counter() - started)


def _one_by_one(client: "partial[Client]", shares: list[list[Asked]]) -> None:
    def tell(share: list[Asked]) -> None:
        with client() as one:
            one.told(share)

    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(tell, shares))


class Client:
    """One connection."""

    def __init__(self, base: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
        self._key = {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def told(self, asked: list[Asked]) -> None:
        """Command by command, on journeys of their own."""
        ids: dict[str, str] = {}
        for each in asked:
            opens = each.name == OpenJourney.name()
            path = "/v1/journeys" if opens else f"/v1/journeys/{ids[each.journey]}/{each.name}"
            answer = self._answer(path, json.dumps(each.body), "application/json")
            if opens:
                ids[each.journey] = json.loads(answer)["journey_id"]

    def sent(self, asked: list[Asked], name: str | None = None) -> dict[str, Any]:
        """All at once, under new names unless they are to be known; the counts."""
        name = name or str(next(_numbers))
        lines = (
            {"journey": f"{name} {each.journey}", "command": each.name, "id": str(number), "body": each.body}
            for number, each in enumerate(asked)
        )
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        answer = self._answer("/v1/journeys/import", text, "application/x-ndjson")
        counts: dict[str, Any] = json.loads(answer.splitlines()[-1])
        return counts

    def _answer(self, path: str, text: str, media_type: str) -> bytes:
        self._connection.request("POST", path, text, self._key | {"Content-Type": media_type})
        answer = self._connection.getresponse()
        if answer.status not in ANSWERS:
            raise AssertionError(f"{path} answered {answer.status}")
        return answer.read()


def _serve(settings: Settings, told: Callable[[str], None]) -> None:
    serve(settings, Database(settings.database_url or "", embedded=False), "api", told=told)
