"""Runner: works on one subscription for as long as the lease is held, in an event loop.

Attempts are under way while the outcomes of those before are written, batch by batch. A killed runner leaves
attempts of which nobody knows the outcome; they are made again, under the same id.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from time import monotonic, time
from typing import Any
from uuid import UUID

import structlog

from journey.connection import UNAVAILABLE
from journey.delivery.follower import LeaseLost
from journey.webhooks import signing
from journey.webhooks.leases import AT_LEAST
from journey.webhooks.pace import Endpoint, Pace
from journey.webhooks.sending import BUSY, GONE, Answer, Sender
from journey.webhooks.subscription import Subscription
from journey.webhooks.telling import Message
from journey.webhooks.turn import GONE as ENDPOINT_GONE
from journey.webhooks.turn import UNREACHABLE, Order, Turn
from journey.webhooks.ways import NO_OTHER, Ending, Outcome, Ways

IN_HAND = 16
"""Messages that are at hand for each that is under way."""

FRESH = 5.0
"""Seconds for which it is believed that a message may go; what was at hand for longer is asked for again."""

TOGETHER = 0.05
"""Seconds that outcomes wait for others, to be written with them, while there is more at hand to send."""

LOST = 0.5
"""Seconds before a lost database is tried again."""

TakeTurn = Callable[[Order], Awaitable[Turn]]

dice = SystemRandom()
logger = structlog.get_logger()


@dataclass
class Runner:
    """`take_turn` carries out an order in the database. `holds_until` is when the lease ends, by the clock
    that only goes forward; `stopping` lets what is under way end.
    """

    webhook: UUID
    lease: int
    take_turn: TakeTurn
    sender: Sender
    pace: Pace
    holds_until: float
    ways: Ways = field(default_factory=lambda: NO_OTHER)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    _low: asyncio.Event = field(default_factory=asyncio.Event)
    _endpoint: Endpoint | None = None
    _of: Subscription | None = None
    _at_hand: deque[tuple[float, Message]] = field(default_factory=deque)
    _under_way: set[int] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _failure: BaseException | None = None
    _outcomes: list[Outcome] = field(default_factory=list)
    _ending: Ending | None = None

    async def run(self) -> None:
        """Until the lease is lost, the subscription ends, or it is told to stop."""
        try:
            while not self._is_done:
                if self._failure is not None:
                    raise self._failure
                turn = await self._turn()
                if turn is None:
                    await asyncio.sleep(LOST)
                    continue
                if turn.ended:
                    self.stop()
                self._begin()
                if not (turn.more and self._room()) and not self._is_done:
                    await self._wait(turn.next_due)
        except LeaseLost:
            logger.info("webhook.lease_lost", webhook=str(self.webhook))
        finally:
            for each in self._tasks:
                each.cancel()

    @property
    def _is_done(self) -> bool:
        return self.stopping and not self._outcomes and not self._under_way

    @property
    def _is_low(self) -> bool:
        """Whether what is at hand is soon used up: what comes next has to be on its way by then."""
        return self._endpoint is None or len(self._at_hand) <= IN_HAND // 2 * self._endpoint.allowance

    def stop(self) -> None:
        """Begin nothing new; what is under way ends, and is written down."""
        self.stopping = True
        self.woken.set()
        self._low.set()

    async def _turn(self) -> Turn | None:
        """Raises LeaseLost. None: the database is not there."""
        outcomes, self._outcomes = self._outcomes, []
        self.woken.clear()
        order = Order(
            self.webhook,
            self.lease,
            self._endpoint,
            outcomes,
            [*self._under_way, *(each.number for _, each in self._at_hand)],
            0 if self.stopping else self._room(),
            self.pace.ahead,
            self.pace.lease,
            self._ending,
        )
        asked = monotonic()
        try:
            turn = await self.take_turn(order)
        except UNAVAILABLE as error:
            logger.warning("webhook.database_lost", webhook=str(self.webhook), error=type(error).__name__)
            self._outcomes = [*outcomes, *self._outcomes]
            return None
        self.holds_until = max(self.holds_until, asked + self.pace.lease * AT_LEAST)
        if self._endpoint is None:
            way = self.ways.get(turn.subscription.kind)
            self.pace = self.pace if way is None else way.pace(self.pace)
            self._endpoint = turn.subscription.breaker(self.pace)
        self._of = turn.subscription
        self._at_hand.extend((asked, each) for each in turn.messages)
        return turn

    def _room(self) -> int:
        """How many more deliveries to take."""
        if self._endpoint is None:
            return self.pace.slow
        allowed = self._endpoint.room(datetime.now(UTC))
        wanted = 1 if allowed == 1 else IN_HAND * allowed
        return max(wanted - len(self._at_hand) - len(self._under_way), 0) if allowed else 0

    def _begin(self) -> None:
        """Send as much at once as may be under way now."""
        while message := self._next():
            task = asyncio.create_task(self._one_after_another(message))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _next(self) -> Message | None:
        """The next one, if it may go now. Once the lease has run out, somebody else sends."""
        endpoint = self._endpoint
        allowed = endpoint.room(datetime.now(UTC)) if endpoint and not self.stopping else 0
        if not allowed or self._ending is not None or monotonic() > self.holds_until:
            self._at_hand.clear()
        if self._at_hand and monotonic() > self._at_hand[0][0] + FRESH:
            self._at_hand.clear()
        if not self._at_hand or len(self._under_way) >= allowed:
            return None
        _, message = self._at_hand.popleft()
        self._under_way.add(message.number)
        return message

    async def _one_after_another(self, following: Message | None) -> None:
        """Whoever has an answer goes on at once, on the connection that is free then. Many that began at once
        would each look through all that are.
        """
        while following is not None:
            await self._attempt(following)
            following = self._next()
        self._begin()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            self._failure = task.exception()
            self.woken.set()

    async def _attempt(self, message: Message) -> None:
        if self._of is None or self._endpoint is None:
            return
        at, probing = datetime.now(UTC), self._endpoint.is_down
        secrets, said = self._of.secrets, message.body
        signed = signing.headers(secrets, message.message_id, int(time()), said) if secrets else {}
        answer = await self.sender.send(
            self._of.endpoint, {**signed, **message.headers}, said, self.pace.timeout
        )
        self._outcomes.append(self._outcome(message, answer, at, probing=probing))
        self._under_way.discard(message.number)
        self.woken.set()
        if self._is_low or self.stopping:
            self._low.set()

    def _outcome(self, message: Message, answer: Answer, at: datetime, *, probing: bool) -> Outcome:
        now, before = datetime.now(UTC), self._endpoint or Endpoint(self.pace.slow)
        said: dict[str, Any] = {
            "tried_at": at,
            "milliseconds": round(answer.seconds * 1000),
            "status": answer.status,
            "error": answer.error,
        }
        number, journey_id = message.number, message.journey_id
        if answer.is_taken:
            self._endpoint = before.answered(self.pace)
            return Outcome(number, journey_id, "delivered", message.attempts + 1, due_at=now, **said)
        known = before.failed(journey_id, now, self.pace, dice.random())
        heeded = self.pace.heeded(answer.retry_after, now)
        if heeded and answer.status in BUSY:
            known = known.asked_to_wait(heeded, now)
        self._endpoint = known
        if known.is_given_up(now, self.pace):
            self._ending = UNREACHABLE
        if answer.status == GONE:
            self._ending = ENDPOINT_GONE
        if probing or self._ending:  # it says something of the endpoint, and nothing of the delivery
            due = max(now + timedelta(seconds=heeded), known.shut_until or now)
            return Outcome(number, journey_id, "pending", message.attempts, due_at=due, **said)
        attempts = message.attempts + 1
        wait = self.pace.wait(attempts, dice.random())
        due = now + timedelta(seconds=max(wait or 0.0, heeded))
        state = "dead" if wait is None else "pending"
        return Outcome(number, journey_id, state, attempts, due_at=due, **said)

    async def _wait(self, next_due: float | None) -> None:
        """Until something ended, the log grew, or something is due."""
        now, endpoint = datetime.now(UTC), self._endpoint
        until = self.pace.idle
        if next_due is not None:
            until = min(until, max(next_due, 0.0))
        if self._under_way and not self._room():
            until = self.pace.idle
        if endpoint and endpoint.shut_until and now < endpoint.shut_until:
            until = min(self.pace.idle, (endpoint.shut_until - now).total_seconds())
        await self._woken_within(until)
        if self._outcomes and not self._is_low and not self.stopping:
            self._low.clear()
            await self._woken_within(TOGETHER, self._low)

    async def _woken_within(self, seconds: float, by: asyncio.Event | None = None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await (by or self.woken).wait()
