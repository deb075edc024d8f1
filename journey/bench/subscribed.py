"""Subscribed: one FHIR Subscription as a client holds it, and its receiver, that stays away at times.

Where it is in error the client asks for it again; of what had happened by the handshake that comes then, it
asks for what it has not: for exactly those numbers.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from threading import Event as Signal
from time import monotonic
from typing import NamedTuple

from journey.bench import notified
from journey.bench.callers import Line
from journey.bench.notified import Event, Json, Notice
from journey.bench.parts import lines
from journey.bench.serving import NotUp
from journey.bench.soak import LONGEST_DRAIN, Part
from journey.subscriptions.missed import AT_ONCE
from journey.subscriptions.notification import BACKPORT
from journey.subscriptions.terms import Content, Status
from journey.subscriptions.topics import CANONICAL, TOPICS

ALL = "/v1/fhir/Subscription"
TOPIC = TOPICS[f"{CANONICAL}journey-status"]
TYPES = TOPIC.types
HEARTBEAT = 10
LOOK = 0.05
"""Seconds between looks at how it stands."""


class Asked(NamedTuple):
    """What was asked for by number, both ends included, and what was answered."""

    since: int
    until: int
    events: tuple[Event, ...]


class Subscribed:
    """`receiver` may be killed like any part: then it stays away until its subscription is in error, which is
    for an event that it missed: all was well before.
    """

    kind = "subscriber"

    def __init__(self, line: Line, port: int, file: Path, content: Content, receiver: Part) -> None:
        self.file = file
        self.receiver = receiver
        self.reactivated = 0
        self.asked: list[Asked] = []
        self._line = line
        self._wanted = _wanted(port, content)
        self._id = ""

    def begin(self) -> None:
        """Raises NotUp."""
        answer = self._line.ask("POST", ALL, self._wanted)
        if answer is None or answer.status != HTTPStatus.CREATED:
            raise NotUp(self.kind)
        self._id = answer.body["id"]

    def kill(self) -> None:
        """Once all is well its receiver stays away, until it is in error. Raises NotUp where it never is."""
        self._wait_until(self.see_to_it)
        self.receiver.kill()
        self._wait_until(lambda: self._stands() == Status.ERROR)

    def start(self) -> None:
        self.receiver.start()

    def see_to_it(self) -> bool:
        """Ask for it again where it is in error, and for what did not come; whether all is well."""
        match self._stands():
            case Status.ACTIVE:
                gaps = list(self._gaps())
                for since, until in gaps:
                    self._ask_for(since, until)
                return not gaps
            case Status.ERROR:
                again = {**self._wanted, "id": self._id}
                answer = self._line.ask("PUT", f"{ALL}/{self._id}", again)
                self.reactivated += answer is not None and answer.status == HTTPStatus.OK
        return False

    def complaints(self, events: int) -> Iterator[str]:
        """What is wrong with how it stands in the end, after so many events."""
        answer = self._line.ask("GET", f"{ALL}/{self._id}/$status")
        said = notified.said(answer.body) if answer and answer.status == HTTPStatus.OK else {}
        stands = said.get("status"), said.get("events-since-subscription-start")
        if stands != (Status.ACTIVE, str(events)):
            yield f"it stands at {' '.join(map(str, stands))}, after {events} events"

    def figures(self) -> Counter[str]:
        """What was notified, and what it took."""
        notices = [each.event for each in self.notices() if each.event]
        asked = sum(len(each.events) for each in self.asked)
        return Counter({"notified": len(notices), "asked for": asked, "reactivated": self.reactivated})

    def notices(self) -> list[Notice]:
        """What was taken, in order."""
        return [notified.noticed(line) for line in lines(self.file)]

    def _wait_until(self, so: Callable[[], bool]) -> None:
        deadline = monotonic() + LONGEST_DRAIN
        while not so():
            if monotonic() > deadline:
                raise NotUp(self.kind)
            Signal().wait(LOOK)

    def _stands(self) -> str | None:
        answer = self._line.ask("GET", f"{ALL}/{self._id}")
        return answer.body["status"] if answer and answer.status == HTTPStatus.OK else None

    def _gaps(self) -> Iterator[tuple[int, int]]:
        """What has not come of what had happened by the last handshake: by itself it comes no more."""
        notices = self.notices()
        told = max((each.events for each in notices if each.type == notified.HANDSHAKE), default=0)
        there = {each.event.number for each in notices if each.event}
        there |= {event.number for each in self.asked for event in each.events}
        missing = [number for number in range(1, told + 1) if number not in there]
        for _, run in groupby(enumerate(missing), lambda each: each[1] - each[0]):
            numbers = [number for _, number in run]
            yield from ((since, min(since + AT_ONCE, numbers[-1] + 1) - 1) for since in numbers[::AT_ONCE])

    def _ask_for(self, since: int, until: int) -> None:
        """What is not answered is asked for again."""
        numbers = f"eventsSinceNumber={since}&eventsUntilNumber={until}"
        answer = self._line.ask("GET", f"{ALL}/{self._id}/$events?{numbers}")
        if answer is not None and answer.status == HTTPStatus.OK:
            self.asked.append(Asked(since, until, tuple(notified.happened(answer.body))))


def _wanted(port: int, content: Content) -> Json:
    told = {"url": f"{BACKPORT}backport-payload-content", "valueCode": content}
    beats = {"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": HEARTBEAT}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "soak",
        "criteria": TOPIC.url,
        "channel": {
            "extension": [beats],
            "type": "rest-hook",
            "endpoint": f"http://127.0.0.1:{port}/hooks",
            "payload": "application/fhir+json",
            "_payload": {"extension": [told]},
        },
    }
