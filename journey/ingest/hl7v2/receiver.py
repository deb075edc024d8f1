"""Taking one message: known already, applied to the journeys it is about, or set aside with its reason.

    seen before? -> read -> route its numbers -> tell the journeys, keep it -> try again those that waited

It is kept in the transaction that tells the journey, where it tells but one, and after them where it tells
several. Killed at any moment, the same message taken again goes on where that ended: numbers stay claimed, a
journey is told a message once (by its key), and what is not in the inbox was not taken yet.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from psycopg import Connection
from pydantic import ValidationError

from journey.domain.correction import NothingToCancel
from journey.domain.event import Actor, Refused
from journey.ingest.aside import Unapplied, place, sentence
from journey.ingest.attempts import RELEASED, Correction, Hand, Kept, Note
from journey.ingest.hl7v2.applying import CHANNEL, Applying, header
from journey.ingest.hl7v2.er7 import Unparseable, parse
from journey.ingest.hl7v2.inbox import Inbox, TakenMeanwhile, message_key, raw_of
from journey.ingest.hl7v2.mapping import parts, refuse_foreign
from journey.ingest.hl7v2.outcome import Led, Outcome, Verdict
from journey.ingest.hl7v2.reasons import PARKED, NothingToApply
from journey.ingest.hl7v2.said import clean
from journey.ingest.routing import Routing, connected
from journey.ingest.turns import turns
from journey.store.boxes import Box, box, boxed
from journey.store.errors import Contended, StoreUnavailable
from journey.store.mapper import Along, StoredRow
from journey.store.store import Store

FEED = Actor(id=CHANNEL, kind="system")

DUPLICATE = Outcome(Verdict("duplicate"), Led())

AGAIN = ":completed"
"""Ends the name under which a journey is told the rest of what was applied before its visit was known."""

logger = structlog.get_logger()

K_co = TypeVar("K_co", covariant=True)


class Keep(Protocol[K_co]):
    """What is done to keep what became of a message; `box` holds the message. Raises TakenMeanwhile."""

    def __call__(self, connection: Connection[Any], *, outcome: Outcome, box: Box) -> K_co: ...


class Released(NamedTuple):
    """A message that had waited, what it was until then, and what became of it now."""

    key: bytes
    was: str
    outcome: Outcome


class Taken(NamedTuple):
    """What became of a message, and of others that had waited for it."""

    key: bytes
    outcome: Outcome
    released: tuple[Released, ...] = ()
    first: Verdict | None = None
    """Of a duplicate: what has become of the message when it came first, or since."""

    @property
    def stands(self) -> Verdict:
        """What is true of the message by now: applied, parked or rejected."""
        later = [each.outcome.verdict for each in self.released if each.key == self.key]
        return later[-1] if later else self.first or self.outcome.verdict


class Receiver:
    """Takes messages one after the other. Not for several threads at once: each has its own."""

    def __init__(
        self,
        store: Store,
        zone: ZoneInfo,
        *,
        actor: Actor = FEED,
        processing_ids: frozenset[str] = frozenset(),
    ) -> None:
        self.inbox = Inbox(store)
        self._processing_ids = processing_ids
        self._store = store
        self._zone = zone
        self._actor = actor
        self._routing = Routing(store)

    def take(self, raw: bytes, source: str, number: int) -> Taken:
        """Take a message from a file or a connection. Raises StoreUnavailable alone: it is not taken then."""
        key = message_key(raw)
        if seen := self.inbox.seen(key):
            waited_on = seen.others_wait_on
            released = tuple(self._release(waited_on)) if waited_on else ()
            return Taken(key, DUPLICATE, released, seen.stands)
        message = Kept(key, raw, clean(source), number)
        try:
            outcome, reuses_id = self._keeping(message, partial(self.inbox.put, message=message))
        except TakenMeanwhile:
            return self.take(raw, source, number)
        return Taken(key, outcome._replace(reuses_id=reuses_id), tuple(self._released(key, outcome)))

    def take_or_keep(self, raw: bytes, source: str, number: int) -> Taken:
        """Take a message on which the database failed; keep it where it does so again, being there."""
        message, code = Kept(message_key(raw), raw, clean(source), number), "unavailable"
        self.inbox.seen(message.key)  # raises StoreUnavailable where the database is away for all of them
        with suppress(StoreUnavailable):
            return self.take(raw, source, number)
        led = Led()
        with suppress(Unparseable):
            led.header = header(parse(raw))
        outcome = Outcome(Verdict("parked", code, PARKED[code]), led)
        try:
            self._keep(message, outcome, partial(self.inbox.put, message=message))
        except TakenMeanwhile:
            return self.take(raw, source, number)
        return Taken(message.key, outcome)

    def retry(self, keys: Sequence[bytes], hand: Hand) -> Iterator[Taken]:
        """Try messages again that are not applied and can still be read. Raises as `take` does."""
        with turns(self._store) as turn:
            for key in keys:
                turn.take([key])
                message = self.inbox.one(key)
                if message is None:
                    continue
                settle = partial(self.inbox.settle, message=message, hand=hand)
                with suppress(TakenMeanwhile):
                    outcome, _ = self._keeping(message, settle)
                    turn.leave()
                    yield Taken(key, outcome, tuple(self._released(key, outcome)))

    def correct(self, key: bytes, note: Note, hand: Hand) -> Taken | None:
        """Take a corrected text instead of a message; None where there is none to correct. Raises as `take`
        does, and UnicodeEncodeError.
        """
        raw_of(note.text or "")
        with turns(self._store) as turn:
            turn.take([key])
            message = self.inbox.one(key)
            if message is None:
                return None
            correct = partial(self.inbox.correct, message=message, hand=hand, note=note)
            try:
                outcome, _ = self._keeping(message._replace(correction=Correction(note)), correct)
            except TakenMeanwhile:
                return None
        return Taken(key, outcome, tuple(self._released(key, outcome)))

    def _released(self, key: bytes, outcome: Outcome) -> Iterator[Released]:
        """Those that waited for this one; itself too, where what it waits for came in meanwhile."""
        verdict, led = outcome.verdict, outcome.led
        if led.journey_id is None:
            return
        if verdict.status == "applied":
            tries = led.visits and any(each != key for each in self.inbox.that_wait(led.journey_id))
        else:
            tries = verdict.waits and self._store.load(led.journey_id).version != led.version
        if tries:
            yield from self._release(led.journey_id)

    def _release(self, journey_id: UUID) -> Iterator[Released]:
        """Try those that wait, in the order in which they happened, until none of them can be applied."""
        progress = True
        with turns(self._store) as turn:
            while progress:
                progress = False
                turn.take(self.inbox.that_wait(journey_id))
                for message in self.inbox.waiting(journey_id):
                    if message.key not in turn:
                        continue  # who put it in since looks for what came meanwhile
                    with suppress(TakenMeanwhile):
                        outcome, _ = self._keeping(message, partial(self._settle, message=message))
                        if not outcome.verdict.waits:
                            yield Released(message.key, message.status, outcome)
                            progress = True

    def _settle(self, connection: Connection[Any], *, message: Kept, outcome: Outcome, box: Box) -> None:
        if not outcome.verdict.waits:
            self.inbox.settle(connection, message=message, outcome=outcome, box=box, hand=RELEASED)

    def _keeping(self, message: Kept, keep: Keep[K_co]) -> tuple[Outcome, K_co]:
        """Apply it, and keep what became of it: in the transaction that records what it says, where there is
        but one, so that a server that is killed forgets both or neither. Raises TakenMeanwhile.
        """
        led, done = Led(), dict[UUID, K_co]()

        def along(connection: Connection[Any], rows: Sequence[StoredRow]) -> None:
            outcome = Outcome(Verdict("applied", waits=led.lacks), replace(led, events=len(rows)))
            sealed = box(message.key, message.raw, led.journey_id, rows[-1].key)
            done[rows[0].event_id] = keep(connection, outcome=outcome, box=sealed)

        outcome = self._applied(message, led, along)
        if led.first in done:
            return outcome, done[led.first]
        return outcome, self._keep(message, outcome, keep)

    def _keep(self, message: Kept, outcome: Outcome, keep: Keep[K_co]) -> K_co:
        with connected(self._store) as connection, connection.transaction():
            sealed = boxed(connection, message.key, message.raw, outcome.led.journey_id)
            return keep(connection, outcome=outcome, box=sealed)

    def _applied(self, message: Kept, led: Led, along: Along) -> Outcome:
        try:
            return Outcome(self._apply(message, led, along), led)
        except (StoreUnavailable, TakenMeanwhile):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it does to us, it is kept and the next one taken
            return Outcome(_set_aside(error), led)

    def _apply(self, message: Kept, led: Led, along: Along) -> Verdict:
        raw, key, actor = message.raw, message.key, self._actor
        if message.correction:
            raw, actor = raw_of(message.correction.text), message.correction.note.actor
            key = message_key(raw)  # journeys hear another text as another message
        parsed = parse(raw)
        led.header = header(parsed)
        refuse_foreign(parsed, self._processing_ids)
        every = parts(parsed, self._zone)
        is_one = len(every) == 1 and every[0].other is None
        for number, part in enumerate(every):
            led.occurred_at = part.at.at
            name = f"{key.hex()[:32]}:{number}{AGAIN if message.status == 'applied' else ''}"
            Applying(
                self._store, self._routing, actor, part, name, key, led, along if is_one else None
            ).tell()
        return Verdict("applied", waits=led.lacks)


def _set_aside(error: Exception) -> Verdict:
    """Why it cannot be applied, or not now."""
    verdict = Verdict("parked", "internal", f"{type(error).__name__}: {PARKED['internal']}")
    match error:
        case NothingToApply():
            verdict = Verdict("rejected", error.code, error.sentence)
        case Unapplied():
            verdict = Verdict("parked", error.code, error.sentence, error.waits)
        case Refused():
            verdict = Verdict("parked", error.code, error.sentence, isinstance(error, NothingToCancel))
        case Unparseable():
            verdict = Verdict("parked", "unparseable", str(error))
        case ValidationError():
            verdict = Verdict("parked", "bad-value", sentence(error))
        case Contended():
            verdict = Verdict("parked", "contended", str(error), waits=True)
        case _:
            logger.error("ingest.internal", error=type(error).__name__, place=place(error))
    return verdict
