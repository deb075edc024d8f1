"""Handling: what a person does about a message that was set aside: try it again, correct it, or let it be.

It is taken by what took it when it came; who did what, when and why is kept beside it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from journey.domain.event import Actor, Refused
from journey.ingest.answers import Done, Handled, Planned, Request, once
from journey.ingest.attempts import Attempt, Ended, Hand, Note, What, noted
from journey.ingest.fhir import item as fhir
from journey.ingest.fhir.receiver import Receiver as FhirReceiver
from journey.ingest.hl7v2.outcome import ended
from journey.ingest.hl7v2.receiver import Receiver as Hl7Receiver
from journey.ingest.hl7v2.receiver import Taken
from journey.ingest.parked import TO_TRY, Channel, State
from journey.ingest.routing import connected
from journey.ingest.turns import turns
from journey.store.store import Store

FIND = "SELECT key, channel, status FROM inbox WHERE key = ANY(%s) AND raw <> ''"
DISMISS = """
    UPDATE inbox SET status = 'dismissed', waits = false
     WHERE key = %s AND status <> 'applied' AND raw <> ''
    RETURNING channel, code, reason, places, sealed_for
    """
AWAIT_NO_MORE = "DELETE FROM fhir_awaited WHERE key = %s"


class NoSuchMessage(Exception):
    """No message that was set aside has this id, or it is erased."""

    def __init__(self) -> None:
        super().__init__(NoSuchMessage.__doc__)


class MessageApplied(Refused):
    """The message is applied: correct what it recorded, on the journey."""


class NotThatText(ValueError):
    """The corrected text cannot be taken; the sentence says why and quotes nothing from it."""


class By(NamedTuple):
    """Who does it, and with which settings messages are taken."""

    caller: str
    actor: Actor
    zone: ZoneInfo
    processing_ids: frozenset[str] = frozenset()
    asked: bytes | None = None
    """Of the request under whose Idempotency-Key they do it."""


class Place(NamedTuple):
    """Where a message stands among those that are tried again."""

    happened: str
    received: str
    key: bytes


FIRST = Place("-infinity", "-infinity", b"")


class Handling:
    """On behalf of one person."""

    def __init__(self, store: Store, by: By) -> None:
        self._store = store
        self._by = by

    def replay(self, keys: Sequence[bytes]) -> list[Handled]:
        """Try them again; what is applied already stays so, what is erased is left out. Raises
        StoreUnavailable.
        """
        found = self._found(keys)
        of = {channel: [key for key in found if found[key][0] == channel] for channel in Channel}
        done, hand = dict[bytes, Handled](), self._hand("replayed")
        if of[Channel.HL7V2]:
            for taken in self._hl7v2().retry(of[Channel.HL7V2], hand):
                done[taken.key] = _of_message(taken)
        if of[Channel.FHIR]:
            for item in self._fhir().retry(of[Channel.FHIR], hand):
                done.setdefault(item.key, _of_resource(item))
        for key, (_, status) in self._found([key for key in found if key not in done]).items():
            if status == "applied":
                done[key] = Handled(id=key.hex(), state=State.APPLIED)
        return [done[key] for key in keys if key in done]

    def to_try(
        self, channel: Channel | None, code: str | None, after: Sequence[Any] | None, limit: int
    ) -> list[Place]:
        """The parked messages of a reason that come next, in the order in which they happened. Raises
        StoreUnavailable.
        """
        happened, received, key = after or FIRST
        asked = {"channel": channel, "code": code, "happened": happened, "received": received, "key": key}
        with connected(self._store) as connection:
            rows = connection.execute(TO_TRY, {**asked, "limit": limit}).fetchall()
        return [Place(*row) for row in rows]

    def correct(self, key: bytes, text: str, why: str) -> Handled:
        """Take this text instead of the message. Raises NoSuchMessage, MessageApplied, NotThatText and
        StoreUnavailable.
        """
        channel, hand = self._open(key), self._hand("corrected")
        note = Note(actor=self._by.actor, why=why, text=text)
        try:
            if channel == Channel.HL7V2:
                if taken := self._hl7v2().correct(key, note, hand):
                    return _of_message(taken)
            else:
                _refuse_bundle(text)
                for item in self._fhir().retry([key], hand, note):
                    if item.key == key:
                        return _of_resource(item)
        except UnicodeEncodeError:
            raise NotThatText(
                "It has a character that the character set in MSH-18 lacks: name UNICODE UTF-8 there"
            ) from None
        self._open(key)
        raise NoSuchMessage

    def dismiss(self, key: bytes, why: str) -> Handled:
        """Let it be: it is kept, and waits for nobody. Raises NoSuchMessage, MessageApplied and
        StoreUnavailable.
        """
        with turns(self._store) as turn:
            turn.take([key])
            self._open(key)
            return self._dismissed(key, why)

    def _dismissed(self, key: bytes, why: str) -> Handled:
        with connected(self._store) as connection, connection.transaction():
            row = connection.execute(DISMISS, (key,)).fetchone()
            if row is None:
                raise NoSuchMessage
            channel, code, reason, at, sealed_for = row
            connection.execute(AWAIT_NO_MORE, (key,))
            ended = Ended("dismissed", code, reason, at)
            attempt = Attempt(key, self._hand("dismissed"), ended)
            noted(connection, attempt, Note(actor=self._by.actor, why=why), sealed_for)
        return Handled.of(key, channel, ended)

    def once(
        self,
        idempotency_key: str | None,
        asked: object,
        plan: Callable[[], Planned],
        work: Callable[["Handling", Sequence[bytes]], Sequence[Handled]],
    ) -> Done:
        """What came of the work; asked again under the same key, what came of it then. Raises KeyReused."""
        if idempotency_key is None:
            planned = plan()
            return Done(work(self, planned.keys), planned.following)
        request = Request(self._by.caller, idempotency_key, sha256(to_json(asked)).digest())
        marked = Handling(self._store, self._by._replace(asked=request.asked))
        return once(self._store, request, plan, partial(work, marked))

    def _found(self, keys: Sequence[bytes]) -> dict[bytes, tuple[str, str]]:
        """The channel and the status of each, in their order."""
        with connected(self._store) as connection:
            rows = connection.execute(FIND, (list(keys),)).fetchall()
        found = {key: (channel, status) for key, channel, status in rows}
        return {key: found[key] for key in keys if key in found}

    def _open(self, key: bytes) -> str:
        channel, status = self._found([key]).get(key, (None, None))
        if channel is None:
            raise NoSuchMessage
        if status == "applied":
            raise MessageApplied(str(MessageApplied.__doc__))
        return channel

    def _hand(self, what: What) -> Hand:
        return Hand(what, self._by.caller, self._by.actor.id, self._by.asked)

    def _hl7v2(self) -> Hl7Receiver:
        return Hl7Receiver(self._store, self._by.zone, processing_ids=self._by.processing_ids)

    def _fhir(self) -> FhirReceiver:
        return FhirReceiver(self._store, self._by.zone)


def _refuse_bundle(text: str) -> None:
    try:
        body = fhir.body_of(text)
    except ValueError:
        raise NotThatText("It is no JSON object: look for a missing comma, quote or bracket") from None
    if body.get("resourceType") == "Bundle":
        raise NotThatText("It is a Bundle: correct one resource here, and send a Bundle to /v1/fhir")


def _of_message(taken: Taken) -> Handled:
    return Handled.of(taken.key, Channel.HL7V2, ended(taken.outcome))


def _of_resource(item: fhir.Item) -> Handled:
    if item.outcome is None:
        raise ValueError("A resource that was tried has an outcome")
    return Handled.of(item.key, Channel.FHIR, item.outcome.ended)
