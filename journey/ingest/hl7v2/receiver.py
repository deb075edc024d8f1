"""Taking one message: known already, applied to the journeys it is about, or set aside with its reason.

    seen before? -> read -> route its numbers -> tell the journeys -> keep it -> try again those that waited

Killed between any two of these steps, the same message taken again goes on where that ended: numbers stay
claimed, a journey is told a message once (by its key), and what is not in the inbox was not taken yet.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError

from journey.domain.correction import NothingToCancel
from journey.domain.event import Actor, Refused
from journey.ingest.aside import Unapplied, place, sentence
from journey.ingest.attempts import RELEASED, Correction, Hand, Kept, Note
from journey.ingest.hl7v2.applying import CHANNEL, Applying, header
from journey.ingest.hl7v2.er7 import Unparseable, parse
from journey.ingest.hl7v2.inbox import Inbox, message_key, raw_of
from journey.ingest.hl7v2.mapping import parts, refuse_foreign
from journey.ingest.hl7v2.outcome import Led, Outcome, Verdict
from journey.ingest.hl7v2.reasons import PARKED, NothingToApply
from journey.ingest.hl7v2.said import clean
from journey.ingest.routing import Routing
from journey.ingest.turns import turns
from journey.store.errors import Contended, StoreUnavailable
from journey.store.store import Store

FEED = Actor(id=CHANNEL, kind="system")

DUPLICATE = Outcome(Verdict("duplicate"), Led())

AGAIN = ":completed"
"""Ends the name under which a journey is told the rest of what was applied before its visit was known."""

logger = structlog.get_logger()


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
        outcome = self._applied(message)
        put = self.inbox.put(message, outcome)
        if not put.is_new:
            return Taken(key, DUPLICATE, first=put.stands)
        outcome = outcome._replace(reuses_id=put.reuses_id)
        return Taken(key, outcome, tuple(self._released(outcome, others_wait=put.others_wait)))

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
        put = self.inbox.put(message, outcome)
        return Taken(message.key, outcome if put.is_new else DUPLICATE, first=put.stands)

    def retry(self, keys: Sequence[bytes], hand: Hand) -> Iterator[Taken]:
        """Try messages again that are not applied and can still be read. Raises as `take` does."""
        with turns(self._store) as turn:
            for key in keys:
                turn.take([key])
                if message := self.inbox.one(key):
                    outcome = self._applied(message)
                    self.inbox.settle(message, outcome, hand)
                    turn.leave()
                    yield self._with_released(message, outcome)

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
            outcome = self._applied(message._replace(correction=Correction(note)))
            self.inbox.correct(message, outcome, hand, note)
        return self._with_released(message, outcome)

    def _with_released(self, message: Kept, outcome: Outcome) -> Taken:
        others_wait = outcome.status == "applied"
        return Taken(message.key, outcome, tuple(self._released(outcome, others_wait=others_wait)))

    def _released(self, outcome: Outcome, *, others_wait: bool) -> Iterator[Released]:
        """Those that waited for this one; itself too, where what it waits for came in meanwhile."""
        verdict, led = outcome.verdict, outcome.led
        if led.journey_id is None:
            return
        if verdict.status == "applied":
            tries = others_wait and led.visits
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
                    outcome = self._applied(message)
                    if not outcome.verdict.waits:
                        self.inbox.settle(message, outcome, RELEASED)
                        yield Released(message.key, message.status, outcome)
                        progress = True

    def _applied(self, message: Kept) -> Outcome:
        led = Led()
        try:
            return Outcome(self._apply(message, led), led)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it does to us, it is kept and the next one taken
            return Outcome(_set_aside(error), led)

    def _apply(self, message: Kept, led: Led) -> Verdict:
        raw, key, actor = message.raw, message.key, self._actor
        if message.correction:
            raw, actor = raw_of(message.correction.text), message.correction.note.actor
            key = message_key(raw)  # journeys hear another text as another message
        parsed = parse(raw)
        led.header = header(parsed)
        refuse_foreign(parsed, self._processing_ids)
        for number, part in enumerate(parts(parsed, self._zone)):
            led.occurred_at = part.at.at
            name = f"{key.hex()[:32]}:{number}{AGAIN if message.status == 'applied' else ''}"
            Applying(self._store, self._routing, actor, part, name, key, led).tell()
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
