"""The callers of a soak: over HTTP, each request asked again under its key until it is answered."""

import http.client
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from threading import Event as Signal
from threading import Lock
from time import time
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from journey.bench.checker import Asked, Entry, Outcome
from journey.feed.sse import heard
from journey.store.identifiers import uuid7

HOT, HOT_FOR = 4, 3.0
"""Journeys that everybody tells of at once, and the seconds after which they are left for new ones."""

PATIENCE = 30.0
"""Seconds for an answer; a process that was killed is noticed at once."""

PAUSE = 0.05
"""Seconds before a request is asked again."""

BREATH = 0.03
"""Seconds between two requests, so that what was killed can begin beside them."""

LISTENED = 2
"""Seconds that a stream lasts, until who listens connects anew."""

Target = tuple[str, int]


class Answer(NamedTuple):
    """What a server said."""

    status: int
    body: Any


class Line:
    """A connection to whichever server answers: to another one after each that did not."""

    def __init__(self, targets: Sequence[Target], token: str, start: int) -> None:
        self._targets = targets
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._turn = start
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer | None:
        """None where nobody has answered."""
        if self._connection is None:
            host, port = self._targets[self._turn % len(self._targets)]
            self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        try:
            text = None if body is None else json.dumps(body)
            self._connection.request(method, path, text, self._headers | headers)
            answer = self._connection.getresponse()
            return Answer(answer.status, json.loads(answer.read()))
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._turn += 1


class Told:
    """What all callers asked, and what they were told."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answered: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._lock = Lock()

    def note(self, asked: Asked, again: int) -> None:
        with self._lock:
            self.asked.append(asked)
            self.answered[str(asked.outcome)] += 1
            self.answered["asked again"] += again

    def complain(self, sentence: str) -> None:
        with self._lock:
            self.wrong.append(sentence)


def call(line: Line, told: Told, closed: Signal, given_up: Signal, seed: int) -> None:
    """Open journeys and tell of them until closed. What was asked then is asked until it is answered."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    own = [uuid7()]
    while not closed.is_set():
        if dice.random() < 0.5:  # noqa: PLR2004 - half of all
            opening = uuid5(UUID(int=HOT), f"{dice.randrange(HOT)} {time() // HOT_FOR}")
        else:
            if dice.random() < 0.2:  # noqa: PLR2004 - one in five
                own.append(uuid7())
            opening = own[-1]
        body = {"patient_id": str(opening), "team": "soak"}
        opened = _until_answered(line, told, given_up, "/v1/journeys", body, key=str(opening))
        for _ in range(dice.randrange(4)):
            if opened is None or closed.is_set():
                break
            command, said = _told_of(dice)
            path = f"/v1/journeys/{opened['journey_id']}/{command}"
            _until_answered(line, told, given_up, path, said)
            closed.wait(BREATH)


def _told_of(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """A command that any journey takes, and what is said."""
    assigned = {"team": str(uuid7())}
    return dice.choice(
        [("assign-owner", assigned), ("put-on-hold", {"reason": "soak"}), ("resume-journey", {})]
    )


def _until_answered(
    line: Line, told: Told, given_up: Signal, path: str, body: dict[str, Any], *, key: str | None = None
) -> dict[str, Any] | None:
    """One request, under one id and one key however often it is asked."""
    request, again = uuid7(), 0
    headers = {"X-Request-Id": str(request), "Idempotency-Key": key or str(request)}
    while not given_up.is_set():
        answer = line.ask("POST", path, body, **headers)
        match answer and answer.status:
            case HTTPStatus.OK | HTTPStatus.CREATED if answer is not None:
                events = tuple(UUID(each["event_id"]) for each in answer.body["events"])
                told.note(Asked(request, Outcome.OK, events), again)
                return dict(answer.body)
            case HTTPStatus.CONFLICT:
                told.note(Asked(request, Outcome.FAIL), again)
                return None
            case None | HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.TOO_MANY_REQUESTS:
                again += 1
                given_up.wait(PAUSE)
            case status:
                told.complain(f"request {request} was answered {status}")
                told.note(Asked(request), again)
                return None
    told.complain(f"request {request} was not answered")
    told.note(Asked(request), again)
    return None


def follow(line: Line, told: Told, closed: Signal, seen: list[Entry]) -> None:
    """Everything in the order of positions, page after page, from whichever server answers."""
    after = ""
    while not closed.is_set():
        answer = line.ask("GET", f"/v1/events?limit=500&wait=1{after}")
        if answer is not None and answer.status == HTTPStatus.OK:
            seen.extend(_entries(answer.body["events"]))
            after = f"&after={answer.body['next']}"
        elif answer is not None and answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
            told.complain(f"a follower was answered {answer.status}")
            return
        else:
            closed.wait(PAUSE)


def listen(targets: Sequence[Target], token: str, told: Told, closed: Signal, seen: list[Entry]) -> None:
    """The stream, from whichever server answers, and on behind the last event from the next one."""
    last, turn = "", 0
    while not closed.is_set():
        connection = http.client.HTTPConnection(*targets[turn % len(targets)], timeout=PATIENCE)
        turn += 1
        headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": last} if last else {})}
        try:
            connection.request("GET", f"/v1/events/stream?lasting={LISTENED}", headers=headers)
            answer = connection.getresponse()
            if answer.status not in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE):
                told.complain(f"a listener was answered {answer.status}")
                return
            for each in heard(line.decode().rstrip("\r\n") for line in answer):
                if each.event == "message":
                    seen.extend(_entries([json.loads(each.data)]))
                    last = each.id
        except (OSError, http.client.HTTPException):
            closed.wait(PAUSE)
        finally:
            connection.close()


def _entries(events: list[dict[str, Any]]) -> Iterator[Entry]:
    for each in events:
        yield Entry(int(each["sequence"]), UUID(each["subject"]), each["journeyversion"], UUID(each["id"]))
