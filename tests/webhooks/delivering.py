"""A world with a log, a subscription, a worker that delivers, and a receiver that remembers what it got."""

import base64
import hmac
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import psycopg

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.owners import clearance
from journey.api.access.table import Role
from journey.audit.disclosures import Basis
from journey.bench.receiver import TAKEN, Received, Receiver, Reply
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Actor, Command, Context, Source
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING, Filter
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.store import sequencer
from journey.store.identifiers import uuid7
from journey.store.store import Store
from journey.webhooks import registry
from journey.webhooks.addresses import Where
from journey.webhooks.deliveries import Deliveries, Terms
from journey.webhooks.history import END
from journey.webhooks.pace import Pace
from journey.webhooks.planning import plan
from journey.webhooks.registry import Wanted, Webhook
from journey.webhooks.subscription import locked
from journey.worker import Listener
from tests.waiting import until

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
CONTEXT = Context(actor=Actor(id="clerk", kind="human"), source=Source(system="test", channel="test"))
HERE = Where(private=(ip_network("127.0.0.0/8"),), plain=("127.0.0.1",))
SWIFT = Pace(
    waits=(0.05,) * 4,
    timeout=2.0,
    longest_wait=0.3,
    first_pause=0.05,
    longest_pause=0.2,
    lease=3.0,
    idle=1.0,
)


@dataclass
class Inbox:
    """What came in, in order. `answers` says what to answer."""

    answers: Callable[[Received], Reply] = lambda _: TAKEN
    got: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, request: Received) -> Reply:
        with self._lock:
            self.got.append(request)
            reply = self.answers(request)
            if 200 <= reply.status < 300 and not reply.hangs_up:
                self.taken.append(request)
            return reply

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in self.taken]

    @property
    def numbers(self) -> list[int]:
        return sorted({int(each.headers["journey-delivery"]) for each in self.taken})

    @property
    def ids(self) -> Counter[str]:
        return Counter(each.headers["webhook-id"] for each in self.taken)

    @property
    def in_order(self) -> bool:
        """Whether each journey's events came first in the order of their versions."""
        versions = defaultdict[str, list[int]](list)
        for each in self.bodies:
            if each["journeyversion"] not in versions[each["subject"]]:
                versions[each["subject"]].append(each["journeyversion"])
        return all(found == sorted(found) for found in versions.values())


@dataclass
class World:
    url: str
    store: Store
    owner: str
    inbox: Inbox
    receiver: Receiver

    def journeys(self, many: int, events: int = 1) -> list[UUID]:
        """So many journeys of so many events, in the log."""
        found = [uuid7() for _ in range(many)]
        for number in range(events):
            for journey_id in found:
                first = OpenJourney(patient_id=uuid7())
                self.tell(journey_id, first if number == 0 else AssignOwner(team=f"team {number}"))
        self.log()
        return found

    def tell(self, journey_id: UUID, command: Command, **context: Any) -> None:
        self.store.handle(journey_id, command, CONTEXT.model_copy(update=context))

    def log(self) -> None:
        """Everything gets its position, and is known."""
        sequencer.drain(self.url)
        Projector(self.url, PatientStatus()).catch_up()

    def subscribed(self, wanted: Filter = EVERYTHING, *, position: int | None = 0, **changed: Any) -> Webhook:
        asked = Wanted(self.receiver.url, "", wanted, Payload.THIN, "Payer", None, "TREAT", Basis.TREATMENT)
        with self.connection() as connection:
            found, _ = registry.create(connection, self.owner, asked._replace(**changed), position)
            return found

    def secrets(self, webhook: Webhook) -> tuple[bytes, ...]:
        with self.connection() as connection:
            return registry.secrets(connection, webhook.id)

    def now(self, webhook: Webhook) -> Webhook:
        with self.connection() as connection:
            return registry.read(connection, self.owner, webhook.id)

    def planned(self, webhook: Webhook) -> None:
        """Everything that is wanted by now gets its number, and is not sent."""
        with self.connection() as connection, connection.transaction():
            allowed = clearance(connection, self.owner, webhook.purpose)
            assert allowed is not None
            [(head,)] = connection.execute(END).fetchall()
            plan(connection, locked(connection, webhook.id, 0), allowed, head, SWIFT.ahead)

    def replayed(self, webhook: Webhook) -> list[int]:
        with self.connection() as connection:
            return registry.replay(connection, self.owner, webhook.id, None)

    def skipped(self, webhook: Webhook, numbers: list[int]) -> list[int]:
        with self.connection() as connection:
            return registry.skip(connection, self.owner, webhook.id, numbers)

    def enabled(self, webhook: Webhook) -> None:
        with self.connection() as connection:
            registry.enable(connection, self.owner, webhook.id)

    def rewound(self, webhook: Webhook, position: int) -> None:
        with self.connection() as connection:
            registry.rewind(connection, self.owner, webhook.id, position)

    def rotated(self, webhook: Webhook, hours: float = 24) -> None:
        with self.connection() as connection:
            registry.rotate(connection, self.owner, webhook.id, hours)

    def paused(self, webhook: Webhook) -> None:
        with self.connection() as connection:
            registry.pause(connection, self.owner, webhook.id)

    def deleted(self, webhook: Webhook) -> None:
        with self.connection() as connection:
            registry.delete(connection, self.owner, webhook.id)

    def revoked(self) -> None:
        keys.revoke(self.url, self.owner)

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.rows("SELECT state FROM webhook_delivery"))

    def rows(self, statement: Any, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self.connection() as connection:
            return connection.execute(statement, parameters).fetchall()

    def connection(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)

    @contextmanager
    def delivering(self, pace: Pace = SWIFT) -> Iterator[Deliveries]:
        part = Deliveries(self.url, Terms(clearance, HERE, pace=pace))
        listener = Listener(self.url, part.wake)
        part.start()
        listener.start()
        try:
            yield part
        finally:
            listener.stop()
            part.stop()

    def arrived(self, many: int, pace: Pace = SWIFT) -> None:
        """Deliver until so many different events were taken."""
        with self.delivering(pace):
            until(lambda: len(self.inbox.ids) >= many)
            until(lambda: not self.states()["pending"] and not self.states()["waiting"])


@contextmanager
def world(url: str, grant: Grant | None = None) -> Iterator[World]:
    owner = keys.create(url, "payer", Role.INTEGRATOR, None, grant or Grant()).key.id
    inbox = Inbox()
    with Receiver(inbox) as receiver, closing(Store(url)) as store:
        yield World(url, store, owner, inbox, receiver)


def signed(secret: bytes, request: Received) -> bool:
    """Whether one of the signatures is of this secret."""
    told = request.headers
    text = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + request.body
    mine = base64.b64encode(hmac.digest(secret, text, "sha256")).decode()
    return f"v1,{mine}" in told["webhook-signature"].split(" ")


def receiver_of_the_docs() -> dict[str, Any]:
    """What the receiver that stands in docs/webhooks.md defines."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    said: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(found[1], "docs/webhooks.md", "exec"), said)  # noqa: S102 - it is our own page
    return said
