"""An API that is subscribed to, a worker that sends, and a receiver that remembers what it heard."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from journey.api.access.owners import clearance
from journey.api.access.table import Role
from journey.api.commands import LABELS
from journey.bench.notified import Json, events, said
from journey.bench.receiver import Receiver
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.store import sequencer
from journey.subscriptions.topics import CANONICAL
from journey.subscriptions.way import KIND, Fhir
from journey.webhooks.deliveries import Deliveries, Terms
from journey.webhooks.pace import Pace
from journey.worker import Listener
from tests.served import TO_THIS_MACHINE, Api, served
from tests.waiting import until
from tests.webhooks.delivering import HERE, SWIFT, Inbox

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
ALL = "/v1/fhir/Subscription"
QUICK = replace(SWIFT, waits=(0.05,) * 3)


@dataclass
class World:
    api: Api
    inbox: Inbox
    receiver: Receiver

    def wanted(self, topic: str = "journey-status", content: str = "id-only", **more: Any) -> Json:
        channel = {
            "type": "rest-hook",
            "endpoint": self.receiver.url,
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": content}]},
            "header": ["Authorization: Bearer of the receiver"],
            **more.pop("channel", {}),
        }
        return {
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "to know",
            "criteria": CANONICAL + topic,
            "channel": channel,
            **more,
        }

    def ask(self, method: str, url: str, body: Json | None = None, **more: Any) -> Any:
        headers = {"Content-Type": "application/fhir+json", **more.pop("headers", {})}
        said = {} if body is None else {"content": json.dumps(body)}
        return self.api.ask(method, url, role=more.pop("role", Role.INTEGRATOR), headers=headers, **said)

    def read(self, url: str) -> Json:
        answer = self.ask("GET", url)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def subscribed(self, *said: Any, **more: Any) -> str:
        """The address of a new one."""
        answer = self.ask("POST", ALL, self.wanted(*said, **more))
        assert answer.status_code == 201, answer.text
        assert answer.json()["status"] == "requested"
        return f"{ALL}/{answer.json()['id']}"

    def active(self, *said: Any, **more: Any) -> str:
        found = self.subscribed(*said, **more)
        self.stands(found, "active")
        return found

    def stands(self, url: str, status: str) -> Json:
        """Wait until it does."""
        until(lambda: self.read(url)["status"] == status)
        return self.read(url)

    def again(self, url: str, **more: Any) -> Json:
        """Put back to be requested."""
        answer = self.ask("PUT", url, {**self.wanted(**more), "id": url.rpartition("/")[2]})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def opened(self, labels: str | None = None, **body: Any) -> str:
        """The id of a new journey, which is in the log."""
        headers = {LABELS: labels} if labels else {}
        answer = self.api.post("/v1/journeys", {"team": "ward 3", **body}, headers=headers)
        assert answer.status_code == 201, answer.text
        self.log()
        return str(answer.headers["location"].rpartition("/")[2])

    def told(self, journey: str, command: str, **body: Any) -> None:
        self.api.told(f"/v1/journeys/{journey}", command, **body)
        self.log()

    def log(self) -> None:
        sequencer.drain(self.api.conninfo)
        Projector(self.api.conninfo, PatientStatus()).catch_up()

    @property
    def heard(self) -> list[Json]:
        """What was taken."""
        return [json.loads(each.body) for each in self.inbox.taken]

    def of_type(self, type_: str) -> list[Json]:
        return [each for each in self.heard if said(each)["type"] == type_]

    def numbers(self) -> list[int]:
        """Of the events that were taken, in the order in which they were."""
        return [int(event(each)["event-number"]) for each in self.of_type("event-notification")]

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.rows("SELECT state FROM webhook_delivery"))

    def rows(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.api.conninfo, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    @contextmanager
    def sending(self, pace: Pace = QUICK) -> Iterator[None]:
        terms = Terms(clearance, HERE, pace=pace, ways={KIND: Fhir()})
        part = Deliveries(self.api.conninfo, terms)
        listener = Listener(self.api.conninfo, part.wake)
        part.start()
        listener.start()
        try:
            yield
        finally:
            listener.stop()
            part.stop()


@contextmanager
def world(conninfo: str, home: Path) -> Iterator[World]:
    inbox = Inbox()
    with (
        Receiver(inbox) as receiver,
        served(conninfo, home, with_worker=False, forgiving=True, **TO_THIS_MACHINE) as api,
    ):
        yield World(api, inbox, receiver)


def event(bundle: Json) -> Json:
    [found] = events(bundle)
    return found
