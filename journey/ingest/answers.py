"""Answers: what is asked under an Idempotency-Key is done once, and answered the same however often.

What it is about is kept before it is done, and each attempt names its request: whoever asks again after it
was ended in the middle is told what was done, and the rest is done then.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, Field, TypeAdapter

from journey.ingest.attempts import Ended
from journey.ingest.parked import Channel, State, to_do
from journey.ingest.routing import connected
from journey.ingest.turns import REQUESTS, turns
from journey.store.errors import KeyReused, StoreUnavailable
from journey.store.store import Store

BEGUN = """
    SELECT asked_sha256, keys, following, answer FROM inbox_answer
     WHERE caller = %s AND idempotency_key = %s
    """
BEGIN = """
    INSERT INTO inbox_answer (caller, idempotency_key, asked_sha256, keys, following)
    VALUES (%s, %s, %s, %s, %s)
    """
DONE = """
    SELECT DISTINCT ON (key) key, channel, inbox_attempt.status, inbox_attempt.code, inbox_attempt.reason,
           inbox_attempt.places, inbox_attempt.waits, events
      FROM inbox_attempt JOIN inbox USING (key)
     WHERE asked = %s
     ORDER BY key, attempt DESC
    """
ANSWER = """
    UPDATE inbox_answer SET answer = %s, answered_at = clock_timestamp()
     WHERE caller = %s AND idempotency_key = %s
    """
FORGET = "DELETE FROM inbox_answer WHERE caller = %s AND idempotency_key = %s"


class Handled(BaseModel):
    """What came of it."""

    id: str
    state: State
    code: str | None = None
    reason: str | None = None
    to_do: str | None = None
    places: tuple[str, ...] = ()
    events: int = Field(default=0, description="Recorded by it, now.")

    @classmethod
    def of(cls, key: bytes, channel: str, ended: Ended) -> Self:
        return cls(
            id=key.hex(),
            state=State.WAITING if ended.waits else State(ended.status),
            code=ended.code,
            reason=ended.reason,
            to_do=to_do(channel, ended.code),
            places=tuple(ended.places),
            events=ended.events,
        )


class Planned(NamedTuple):
    """The messages that a request is about, and where the next one goes on."""

    keys: Sequence[bytes]
    following: str | None = None


class Done(NamedTuple):
    """What came of each."""

    messages: Sequence[Handled]
    following: str | None


class Request(NamedTuple):
    """Who asks, under which key, and the digest of what they ask for."""

    caller: str
    key: str
    digest: bytes

    @property
    def name(self) -> bytes:
        """Of all that is asked under this key."""
        return sha256(f"{self.caller}\0{self.key}".encode()).digest()

    @property
    def asked(self) -> bytes:
        """What its attempts are marked with."""
        return sha256(self.name + self.digest).digest()


HANDLED = TypeAdapter(list[Handled])


def once(
    store: Store,
    request: Request,
    plan: Callable[[], Planned],
    work: Callable[[Sequence[bytes]], Sequence[Handled]],
) -> Done:
    """Raises KeyReused, StoreUnavailable and what the work raises: that is no answer, and not kept."""
    of = (request.caller, request.key)
    with turns(store, REQUESTS) as turn:
        turn.take([request.name])
        with connected(store) as connection:
            row = connection.execute(BEGUN, of).fetchone()
        if row is None:
            planned, done = plan(), dict[bytes, Handled]()
            with connected(store) as connection:
                connection.execute(BEGIN, (*request, list(planned.keys), planned.following))
        else:
            digest, keys, following, answer = row
            if digest != request.digest:
                raise KeyReused
            if answer is not None:
                return Done(HANDLED.validate_python(answer), following)
            planned, done = Planned(keys, following), _done(store, request)
        try:
            left = [key for key in planned.keys if key not in done]
            done |= {bytes.fromhex(each.id): each for each in (work(left) if left else ())}
        except StoreUnavailable:
            raise
        except Exception:
            with connected(store) as connection:
                connection.execute(FORGET, of)
            raise
        handled = [done[key] for key in planned.keys if key in done]
        with connected(store) as connection:
            connection.execute(ANSWER, (HANDLED.dump_json(handled).decode(), *of))
    return Done(handled, planned.following)


def _done(store: Store, request: Request) -> dict[bytes, Handled]:
    with connected(store) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(DONE, (request.asked,)).fetchall()
    return {key: Handled.of(key, Channel(channel), Ended(*ended)) for key, channel, *ended in rows}
