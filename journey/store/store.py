"""Loading, deciding and appending: what every write goes through, whoever asks."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import count
from threading import Event as Signal
from time import monotonic
from typing import NamedTuple, Never, cast
from uuid import UUID

from journey import tracing
from journey.domain.correction import History
from journey.domain.decision import decide
from journey.domain.event import Command, Context, Recorded
from journey.pathways import installed
from journey.store.deciding import decided, timed
from journey.store.errors import Contended, KeyReused, OutcomeUnknown, StaleVersion, StoreUnavailable
from journey.store.identifiers import uuid7
from journey.store.mapper import Along
from journey.store.memory import collect_rarely
from journey.store.recorder import (
    ConnectionLost,
    Datastore,
    IdempotencyKey,
    VersionConflict,
    event_store,
)
from journey.store.vault import vault

ATTEMPTS = 12
"""How often a command is decided anew because somebody else wrote to the journey first."""

PATIENCE = 10.0
"""Seconds for which an append whose outcome is unknown is looked for and tried again."""


class AppendedEvent(NamedTuple):
    """One event of an append."""

    event_id: UUID
    type: str
    version: int


class Appended(NamedTuple):
    """What a command led to; `events` is empty where there was nothing to do."""

    journey_id: UUID
    version: int
    events: tuple[AppendedEvent, ...]


class Store:
    """The only write path. Thread-safe; `appended` is set after each append, to wake a sequencer nearby.

    `counted` hears what became of each try to append: `appended`, `raced` where another was first, `retried`
    where the connection was lost.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        pool_size: int = 4,
        timeout: float = 5.0,
        counted: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._counted = counted
        self.datastore = Datastore(conninfo, pool_size=pool_size, timeout=timeout)
        self.events = event_store(self.datastore)
        self.appended = Signal()
        installed()  # so that a mistake in a definition shows now, and the first command does not wait
        vault()  # … and a missing key
        collect_rarely()

    def close(self) -> None:
        self.datastore.close()

    def load(self, journey_id: UUID) -> History:
        """Everything recorded on the journey; empty where there is none."""
        return History(cast(tuple[Recorded, ...], tuple(self.events.get(journey_id))))

    def handle(
        self,
        journey_id: UUID,
        command: Command,
        context: Context,
        *,
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Appended:
        """Load, decide, append; again when somebody else was first, unless the caller named a version.

        Raises Refused, StaleVersion, KeyReused, Contended, StoreUnavailable and OutcomeUnknown.
        """
        key = digested(idempotency_key, command) if idempotency_key is not None else None
        return self._write(
            journey_id,
            lambda _: (command,),
            context,
            key,
            expected_version=expected_version,
            nothing_too=True,
        )

    def consider(self, journey_id: UUID, command: Command, expected_version: int | None = None) -> None:
        """Raise what handling it now would raise. Nothing is recorded."""
        history = self.load(journey_id)
        _refuse_stale(expected_version, history.version)
        tuple(decide(history, timed(command, history), installed()))

    def adopt(self, journey_id: UUID, fact: Recorded, context: Context) -> Appended:
        """Record here, once, what was recorded on another journey: the same event, of the same time.

        Its `attributed_from` names that one. Raises Contended, StoreUnavailable and OutcomeUnknown.
        """
        attributed = context.model_copy(update={"attributed_from": fact.event_id})
        for attempt in range(ATTEMPTS):
            history = self.load(journey_id)
            if any(each.context.attributed_from == fact.event_id for each in history.recorded):
                return answered(journey_id, history.version, ())
            adopted = replace(
                fact,
                journey_id=journey_id,
                version=history.version + 1,
                event_id=uuid7(),
                recorded_at=datetime.now(UTC),
                context_json=attributed.model_dump_json(exclude_none=True),
                key=history.recorded[-1].key,
            )
            try:
                put = partial(self._put, journey_id, history.version, (adopted,), None)
                return self.append(journey_id, history.version, (adopted,), put)
            except VersionConflict:
                pause(attempt)
        raise Contended(journey_id)

    def tell(
        self,
        journey_id: UUID,
        commands: Callable[[History], Iterable[Command]],
        context: Context,
        key: IdempotencyKey,
        along: Along | None = None,
    ) -> Appended:
        """All that a message says, or nothing: each command decided on top of the one before, one append.

        `commands` reads the journey as it is when they are decided; `along` is done with the append, or not
        at all, and as often as that is tried. Raises what `handle` raises, and what those two do.
        """
        return self._write(journey_id, commands, context, key, along=along)

    def _write(
        self,
        journey_id: UUID,
        commands: Callable[[History], Iterable[Command]],
        context: Context,
        key: IdempotencyKey | None,
        *,
        expected_version: int | None = None,
        nothing_too: bool = False,
        along: Along | None = None,
    ) -> Appended:
        """Load, decide and append, again and again while others are first.

        A request seldom comes twice, so its key is looked up only where it cannot be done: what stands in the
        way may be its own first doing. `nothing_too`: that there was nothing to do is an answer to keep.
        """
        for attempt in range(ATTEMPTS):
            before = history = self.load(journey_id)
            try:
                _refuse_stale(expected_version, before.version)
                for command in commands(before):
                    recorded = decided(journey_id, history, command, context)
                    history = history.followed_by(recorded)
                added = history.recorded[len(before.recorded) :]
                keyed = key if added or nothing_too else None
                put = partial(self._put, journey_id, before.version, added, keyed, along)
                return self.append(journey_id, before.version, added, put)
            except StoreUnavailable:
                raise
            except Exception as problem:
                if earlier := self._answered(journey_id, key):
                    return earlier
                if not isinstance(problem, VersionConflict):
                    raise
            pause(attempt)
        raise Contended(journey_id)

    def append(
        self, journey_id: UUID, version: int, recorded: Sequence[Recorded], put: Callable[[], None]
    ) -> Appended:
        """Append once, whatever happens to the connection. `put` is the statement."""
        with tracing.span("append", journey=journey_id, events=len(recorded)):
            try:
                self._put_once(journey_id, recorded, put)
            except VersionConflict:
                self._counted("raced")
                raise
        self._counted("appended")
        self.appended.set()
        return answered(journey_id, version, recorded)

    def _put_once(self, journey_id: UUID, recorded: Sequence[Recorded], put: Callable[[], None]) -> None:
        """Look before trying again.

        The event ids are the same on each try and the version is a primary key, so that a statement which
        still runs on a lost connection cannot be doubled: either it or the next try finds the other there.
        """
        deadline = monotonic() + PATIENCE
        lost = False
        for attempt in count():
            try:
                if not (lost and self._stored(journey_id, recorded)):
                    put()
            except VersionConflict:
                if not (lost and self._stored(journey_id, recorded)):
                    raise
            except (ConnectionLost, StoreUnavailable) as error:
                lost = lost or isinstance(error, ConnectionLost)
                if not lost:
                    raise
                if monotonic() > deadline:
                    raise OutcomeUnknown from None
                self._counted("retried")
                pause(attempt)
                continue
            return

    def _put(
        self,
        journey_id: UUID,
        version: int,
        recorded: Sequence[Recorded],
        key: IdempotencyKey | None,
        along: Along | None = None,
    ) -> None:
        if recorded:
            self.events.put(cast(Sequence[Never], recorded), idempotency=key, along=along)
        elif key is not None:
            self.datastore.remember(journey_id, key, version)

    def _stored(self, journey_id: UUID, recorded: Sequence[Recorded]) -> bool:
        """Whether these very events are there."""
        if not recorded:
            return False
        first, last = recorded[0].version, recorded[-1].version
        found = self.events.get(journey_id, gt=first - 1, lte=last)
        return [cast(Recorded, each).event_id for each in found] == [each.event_id for each in recorded]

    def _answered(self, journey_id: UUID, key: IdempotencyKey | None) -> Appended | None:
        """What the same request was answered the first time."""
        if key is None:
            return None
        remembered = self.datastore.remembered(journey_id, key.key)
        if remembered is None:
            return None
        body_sha256, first, last = remembered
        if body_sha256 != key.body_sha256:
            raise KeyReused
        found = cast(Sequence[Recorded], tuple(self.events.get(journey_id, gt=first - 1, lte=last)))
        return answered(journey_id, last, found)


def pause(attempt: int) -> None:
    """Longer from try to try, and never as long as the others who try again."""
    Signal().wait(random.uniform(0, 0.002 * 2 ** min(attempt, 6)))  # noqa: S311 - spreads writers, no secret


def answered(journey_id: UUID, version: int, recorded: Sequence[Recorded]) -> Appended:
    events = tuple(AppendedEvent(each.event_id, each.event.stored_as, each.version) for each in recorded)
    return Appended(journey_id, events[-1].version if events else version, events)


def digested(key: str, command: Command) -> IdempotencyKey:
    body = f"{command.name()} {command.model_dump_json(exclude_unset=True)}"
    return IdempotencyKey(key, sha256(body.encode()).digest())


def _refuse_stale(expected: int | None, actual: int) -> None:
    if expected is not None and expected != actual:
        raise StaleVersion(expected, actual)
