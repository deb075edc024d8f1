"""The delivery soak: events are written, over HTTP too, receivers behave badly, and API processes, workers,
receivers, the broker and the database are killed at random; then everything that was taken is held against
the log.

Each webhook must have been brought every event, each journey's in order, under numbers without a gap, and
whatever came twice under the same id and number. Of each FHIR Subscription every number must have come, or
been answered to who asked for it after an outage. Who follows over HTTP must have seen every position once,
and the broker's stream be the log. When nothing is killed any more, receivers are well again: what waits for
them has to arrive soon.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from time import monotonic

import psycopg

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.bench import checker, delivered, parts, published, receiving
from journey.bench.callers import Line, Target, Told, call, follow, listen
from journey.bench.checker import Entry, Outcome, Seen
from journey.bench.served import free_address
from journey.bench.serving import NotUp, keyed
from journey.bench.soak import LONGEST_DRAIN, SERVER_LIVES, Part, Report, processes
from journey.bench.subscribed import TYPES, Subscribed
from journey.subscriptions.terms import Content

APIS, ENDPOINTS, WORKERS, CALLERS, WRITING_THREADS = 2, 3, 2, 6, 2
CONTENTS = (Content.ID_ONLY, Content.FULL)
"""Of the FHIR Subscriptions."""

SOMETIMES = 0.5
"""How often their receivers are not well: four times on end is an error."""

CALM = (0.2, 0.8)
"""Seconds between two kills, drawn from between these."""

LOOK = 0.05
"""Seconds between looks at whether all is up, or all has arrived."""

ALLOWED = {
    "JOURNEY_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.0/8",
    "JOURNEY_WEBHOOK_PLAIN_HOSTS": "127.0.0.1",
    "JOURNEY_RATE_PER_SECOND": "1000000",
}
SERVED = ("journey.api.app", "journey.api.server", "journey.cli.serve")
"""What an API process imports."""

OPEN = """
    SELECT (SELECT count(*) FROM pending)
           + (SELECT count(*) FROM webhook_delivery
               WHERE number > 0 AND state NOT IN ('delivered', 'skipped'))
           + (SELECT count(*) FROM webhook WHERE position < (SELECT coalesce(max(position), 0) FROM log))
           + (SELECT count(*) FROM broker WHERE position < (SELECT coalesce(max(position), 0) FROM log)),
           (SELECT coalesce(max(position), 0) FROM log)
    """

Victim = Part | published.Server | Subscribed


class DeliverySoak:
    """Everything that runs, on one database. Without a nats-server there is no broker."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        seed: int,
        restart_server: Callable[[], None] | None = None,
        server_lives: float = SERVER_LIVES,
        few: bool = False,
    ) -> None:
        """`few` does without the other API and worker, which take their time to begin, and without a writer
        who goes on while no API answers.
        """
        self._url = url
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._restart_server = restart_server
        self._server_lives = server_lives
        made = keys.create(url, "soak", Role.INTEGRATOR, None, Grant())
        self._token = made.token
        self._lines: list[Line] = []
        self._targets = [free_address() for _ in range(1 if few else APIS)]
        surroundings = {**keyed(url), **ALLOWED}
        self._apis = [
            Part("api", receiving.api, (target, folder / f"api-{number}.log", surroundings))
            for number, target in enumerate(self._targets)
        ]
        self._broker = published.Server(folder) if published.installed() else None
        nats = self._broker and self._broker.url
        self._seed = seed
        self._receivers: list[Part] = []
        self._well: list[Part] = []
        self._files = [folder / f"taken-{number}" for number in range(ENDPOINTS)]
        self._ports = [self._receiving(path, receiving.event, 1.0)[0] for path in self._files]
        self._operator = self._line(0)
        self._subscribed = [
            self._subscriber(folder / f"told-{each}", each) for each in (CONTENTS[:1] if few else CONTENTS)
        ]
        self._workers = [
            Part("worker", receiving.worker, (url, made.key.id, nats)) for _ in range(1 if few else WORKERS)
        ]
        self._asked = folder / "asked"
        writing = (url, self._asked, WRITING_THREADS, seed)
        self._writers = [] if few else [Part("writer", parts.writer, writing)]
        self._told = Told()
        self._seen: dict[str, list[Entry]] = {"follower": [], "listener": []}
        self._turns: list[int] = []
        self._killed: Counter[str] = Counter()

    def run(self, seconds: float, progress: Callable[[float], None] = lambda _: None) -> Report:
        """Do it for so long once all is up, let everything arrive, and count."""
        processes.set_forkserver_preload([receiving.__name__, *SERVED])
        over, gone, given_up = Signal(), Signal(), Signal()
        with ExitStack() as stack:
            self._begin(stack)
            callers = [
                Thread(target=call, args=(self._line(number), self._told, over, given_up, number))
                for number in range(CALLERS)
            ]
            following = self._line(0), self._told, gone, self._seen["follower"]
            listening = self._targets, self._token, self._told, gone, self._seen["listener"]
            followers = [Thread(target=follow, args=following), Thread(target=listen, args=listening)]
            stack.callback(_ended, followers, gone)
            stack.callback(_ended, callers, over)
            stack.callback(given_up.set)
            stack.callback(self._hang_up)
            for each in (*callers, *followers):
                each.start()
            self._wait_for_the_first()
            started = monotonic()
            while (elapsed := monotonic() - started) < seconds or self._turns:
                progress(elapsed)
                self._disturb(started)
            self._bring_up()
            _ended(callers, over)
            wrong = [*filter(None, (each.stop() for each in self._writers))]
            self._let_all_arrive()
            _ended(followers, gone)
            wrong += self._complaints()
            wrong += filter(None, (each.stop() for each in (*self._workers, *self._well, *self._apis)))
            wrong += self._told.wrong
        return self._report(monotonic() - started, wrong)

    def _receiving(self, path: Path, noted: receiving.Noted, ill: float) -> tuple[int, Part]:
        """A port, and who takes in what comes there; one who is well takes their place in the end."""
        port = published.free_port()
        how = receiving.Taking(path, noted, ill, self._seed)
        ill_one, well_one = (
            Part("receiver", receiving.receiver, (port, each)) for each in (how, how._replace(ill=0.0))
        )
        self._receivers.append(ill_one)
        self._well.append(well_one)
        return port, ill_one

    def _subscriber(self, path: Path, content: Content) -> Subscribed:
        port, receiver = self._receiving(path, receiving.notice, SOMETIMES)
        return Subscribed(self._operator, port, path, content, receiver)

    def _line(self, number: int) -> Line:
        line = Line(self._targets, self._token, number)
        self._lines.append(line)
        return line

    def _hang_up(self) -> None:
        for each in self._lines:
            each.close()

    def _begin(self, stack: ExitStack) -> None:
        """All of it, and the subscriptions, which are asked for as everybody does."""
        for each in (*self._workers, *self._receivers, *self._well, *self._apis, *self._writers):
            stack.callback(each.kill)
        if self._broker is not None:
            stack.callback(self._broker.kill)
            self._broker.start()
        for each in self._apis:
            each.start()
        self._bring_up()
        for port in self._ports:
            asked = {"endpoint": f"http://127.0.0.1:{port}/hooks", "recipient": "soak", "after": ""}
            self._operator.ask("POST", "/v1/webhooks", asked)
        for subscribed in self._subscribed:
            subscribed.begin()
        for each in (*self._receivers, *self._workers, *self._writers):
            each.start()

    def _bring_up(self) -> None:
        """Every API. Raises NotUp."""
        deadline = monotonic() + LONGEST_DRAIN
        while not all(map(self._answers, self._targets)):
            if monotonic() > deadline:
                raise NotUp("api")
            for each in self._apis:
                each.keep_up()
            Signal().wait(LOOK)

    def _answers(self, target: Target) -> bool:
        with closing(Line([target], self._token, 0)) as line:
            return line.ask("GET", "/healthz") is not None

    def _disturb(self, started: float) -> None:
        """Kill somebody, and the server when it is its time."""
        Signal().wait(self._dice.uniform(*CALM))
        due = (self._killed["server"] + 1) * self._server_lives
        if self._restart_server is not None and monotonic() - started > due:
            self._restart_server()
            self._killed["server"] += 1
        victim = self._victim()
        victim.kill()
        victim.start()
        self._killed[victim.kind] += 1
        for each in self._apis:
            each.keep_up()
        self._enable()

    def _victim(self) -> Victim:
        """One of each kind before any has its turn again."""
        kinds: list[Sequence[Victim]] = [self._receivers, self._workers, self._apis, self._subscribed]
        kinds += [(self._broker,)] if self._broker else []
        if not self._turns:
            self._turns = self._dice.sample(range(len(kinds)), len(kinds))
        return self._dice.choice(kinds[self._turns.pop()])

    def _enable(self) -> bool:
        """Somebody sees to it that what is disabled or in error goes on; whether FHIR's does."""
        answer = self._operator.ask("GET", "/v1/webhooks")
        for each in answer.body.get("webhooks", ()) if answer else ():
            path = f"/v1/webhooks/{each['id']}/enable"
            if each["state"] != "active" and self._operator.ask("POST", path):
                self._told.answered["enabled again"] += 1
        return min([each.see_to_it() for each in self._subscribed])

    def _wait_for_the_first(self) -> None:
        """Until something was taken: before that there is nothing to disturb."""
        deadline = monotonic() + LONGEST_DRAIN
        while monotonic() < deadline and not any(receiving.taken(path) for path in self._files):
            Signal().wait(LOOK)

    def _let_all_arrive(self) -> None:
        """Until nothing is under way; what is by then is complained of."""
        for ill, well in zip(self._receivers, self._well, strict=True):
            ill.kill()
            well.start()
        deadline = monotonic() + LONGEST_DRAIN
        while monotonic() < deadline:
            goes_on = self._enable()
            with suppress(psycopg.OperationalError), psycopg.connect(self._url) as connection:
                [(waiting, end)] = connection.execute(OPEN).fetchall()
                if (
                    goes_on
                    and not waiting
                    and all(seen and seen[-1].position == end for seen in self._seen.values())
                ):
                    return
            Signal().wait(LOOK)

    def _complaints(self) -> Iterator[str]:
        with psycopg.connect(self._url) as connection:
            rows = connection.execute(delivered.EVENTS).fetchall()
            told = connection.execute(delivered.OF_TYPES, (list(TYPES),)).fetchall()
            seen = [Seen(name, entries) for name, entries in self._seen.items()]
            asked = [*self._told.asked, *parts.asked(self._asked)]
            yield from checker.complaints(asked, seen, checker.stored(connection))
        for path in self._files:
            wrong = delivered.of_a_receiver(rows, receiving.taken(path))
            yield from (f"{path.name}: {each}" for each in wrong)
        for each in self._subscribed:
            wrong = delivered.of_a_subscription(told, each.notices(), each.asked)
            yield from (f"{each.file.name}: {said}" for said in (*wrong, *each.complaints(len(told))))
        if self._broker is not None:
            yield from delivered.of_a_stream(rows, published.ids(self._broker.url))
        if not any(each.outcome is Outcome.OK for each in self._told.asked):
            yield "nothing was acknowledged, so nothing was tested"

    def _report(self, seconds: float, wrong: list[str]) -> Report:
        events, taken = len(self._seen["follower"]), sum(len(receiving.taken(path)) for path in self._files)
        again = taken - events * len(self._files)
        outcomes = self._told.answered + Counter({"taken": taken, "taken again": again})
        for each in self._subscribed:
            outcomes += each.figures()
        return Report(seconds, outcomes, events, self._killed, tuple(wrong))


def _ended(threads: list[Thread], over: Signal) -> None:
    """Let them end by themselves."""
    over.set()
    for each in threads:
        if each.ident is not None:
            each.join()
