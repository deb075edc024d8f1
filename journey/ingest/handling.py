"""Handling: what a person does about a message that was set aside: try it again, correct it, or let it be.

It is taken by what took it when it came; who did what, when and why is kept beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from pydantic_core import to_json

from journey.domain.event import Actor, Refused
from journey.ingest.attempts import Attempt, Ended, Hand, Note, What, held, noted
from journey.ingest.fhir import item as fhir
from journey.ingest.fhir.receiver import Receiver as FhirReceiver
from journey.ingest.hl7v2 import inbox as hl7v2
from journey.ingest.hl7v2.reasons import places
from journey.ingest.hl7v2.receiver import Receiver as Hl7Receiver
from journey.ingest.parked import TO_TRY, Channel, State, to_do
from journey.ingest.routing import connected
from journey.store.errors import KeyReused
from journey.store.store import Store

FIND = "SELECT key, channel, status FROM inbox WHERE key = ANY(%s) AND raw <> ''"
DISMISS = """
    UPDATE inbox SET status = 'dismissed', waits = false WHERE key = %s AND status <> 'applied'
    RETURNING channel, code, reason, places, sealed_for
    """
AWAIT_NO_MORE = "DELETE FROM fhir_awaited WHERE key = %s"
ANSWERED = "SELECT asked_sha256, answer FROM inbox_answer WHERE caller = %s AND idempotency_key = %s"
ANSWER = """
    INSERT INTO inbox_answer (caller, idempotency_key, asked_sha256, answer, keys) VALUES (%s, %s, %s, %s, %s)
    """


class NoSuchMessage(Exception):
    """No message that was set aside has this id, or it is erased."""

    def __init__(self) -> None:
        super().__init__(NoSuchMessage.__doc__)


class MessageApplied(Refused):
    """The message is applied: correct what it recorded, on the journey."""


class NotThatText(ValueError):
    """The corrected text cannot be taken; the sentence says why and quotes nothing from it."""


class Handled(BaseModel):
    """What came of it."""

    id: str
    state: State
    code: str | None = None
    reason: str | None = None
    to_do: str | None = None
    places: tuple[str, ...] = ()
    events: int = Field(default=0, description="Recorded by it, now.")


class By(NamedTuple):
    """Who does it, and with which settings messages are taken."""

    caller: str
    actor: Actor
    zone: ZoneInfo
    processing_ids: frozenset[str] = frozenset()


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
        done: dict[bytes, Handled] = {
            key: Handled(id=key.hex(), state=State.APPLIED)
            for key, (_, status) in found.items()
            if status == "applied"
        }
        of = {
            channel: [key for key in found if found[key][0] == channel and key not in done]
            for channel in Channel
        }
        hand = self._hand("replayed")
        if of[Channel.HL7V2]:
            for taken in self._hl7v2().retry(of[Channel.HL7V2], hand):
                done[taken.key] = _of_message(taken.key, taken.outcome)
        if of[Channel.FHIR]:
            for item in self._fhir().retry(of[Channel.FHIR], hand):
                done[item.key] = _of_resource(item)
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
                    return _of_message(key, taken.outcome)
            else:
                _refuse_bundle(text)
                for item in self._fhir().retry([key], hand, note):
                    if item.key == key:
                        return _of_resource(item)
        except UnicodeEncodeError:
            raise NotThatText(
                "It has a character that the character set in MSH-18 lacks: name UNICODE UTF-8 there"
            ) from None
        raise MessageApplied(str(MessageApplied.__doc__))

    def dismiss(self, key: bytes, why: str) -> Handled:
        """Let it be: it is kept, and waits for nobody. Raises NoSuchMessage, MessageApplied and
        StoreUnavailable.
        """
        self._open(key)
        with held(self._store, [key]) as connection, connection.transaction():
            row = connection.execute(DISMISS, (key,)).fetchone()
            if row is None:
                raise MessageApplied(str(MessageApplied.__doc__))
            channel, code, reason, at, sealed_for = row
            connection.execute(AWAIT_NO_MORE, (key,))
            attempt = Attempt(key, self._hand("dismissed"), Ended("dismissed", code, reason, at))
            noted(connection, attempt, Note(actor=self._by.actor, why=why), sealed_for)
        to = to_do(channel, code)
        return Handled(id=key.hex(), state=State.DISMISSED, code=code, reason=reason, to_do=to, places=at)

    def once(
        self, idempotency_key: str | None, asked: object, work: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """What the work answers; asked again under the same key, what it answered. Raises KeyReused."""
        if idempotency_key is None:
            return work()
        digest, caller = sha256(to_json(asked)).digest(), self._by.caller
        name = sha256(f"{caller}\0{idempotency_key}".encode()).digest()
        with held(self._store, [name]) as connection:
            row = connection.execute(ANSWERED, (caller, idempotency_key)).fetchone()
            if row is None:
                answer = work()
                keys = [bytes.fromhex(each["id"]) for each in answer.get("messages", [answer])]
                said = to_json(answer).decode()
                connection.execute(ANSWER, (caller, idempotency_key, digest, said, keys))
                return answer
        if row[0] != digest:
            raise KeyReused
        kept: Mapping[str, Any] = row[1]
        return kept

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
        return Hand(what, self._by.caller, self._by.actor.id)

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


def _of_message(key: bytes, outcome: hl7v2.Outcome) -> Handled:
    verdict = outcome.verdict
    waits = verdict.waits and verdict.status == "parked"
    return Handled(
        id=key.hex(),
        state=State.WAITING if waits else State(verdict.status),
        code=verdict.code,
        reason=verdict.reason,
        to_do=to_do(Channel.HL7V2, verdict.code),
        places=places(verdict.code, verdict.reason),
        events=outcome.led.events,
    )


def _of_resource(item: fhir.Item) -> Handled:
    outcome = item.outcome
    if outcome is None:
        raise ValueError("A resource that was tried has an outcome")
    return Handled(
        id=item.key.hex(),
        state=State.WAITING if outcome.awaits else State(outcome.status),
        code=outcome.code,
        reason=outcome.reason,
        to_do=to_do(Channel.FHIR, outcome.code),
        places=tuple(outcome.ended.places),
        events=outcome.events,
    )
