"""What is true of the communications of a journey: only what a rule or the patient's standing reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import takewhile
from typing import NamedTuple, Self
from uuid import UUID

from journey.domain.communication import events as happened
from journey.domain.communication.events import ContactChannel, MessagePurpose
from journey.domain.event import Blocker, Coded, Fact
from journey.domain.room import Milestone, Step, Things, Transitions, milestone, step

ATTEMPTS = 3
"""So many attempts without reaching the patient, and somebody has to think of another way."""


class MessageStatus(StrEnum):
    """How far a message got."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    REPLIED = "replied"


S = MessageStatus
FURTHER = {status: number for number, status in enumerate(S)}
"""What is told out of order takes no message back: who has read it has had it delivered."""

TRANSITIONS: Transitions = {
    happened.MessageQueued: (frozenset({None, S.QUEUED, S.FAILED}), S.QUEUED),
    happened.MessageSent: (frozenset({None, S.QUEUED, S.FAILED}), S.SENT),
    happened.MessageDelivered: (frozenset({S.SENT}), S.DELIVERED),
    happened.MessageRead: (frozenset({S.SENT, S.DELIVERED}), S.READ),
    happened.MessageReplied: (frozenset({S.SENT, S.DELIVERED, S.READ, S.REPLIED}), S.REPLIED),
    happened.MessageFailed: (frozenset({S.QUEUED, S.SENT}), S.FAILED),
}


class Message(NamedTuple):
    """One message. `since` is the event that gave it its status, `told` what came back of it."""

    communication_id: UUID
    status: MessageStatus
    since: Fact
    channel: ContactChannel | None = None
    purpose: MessagePurpose | None = None
    template: str | None = None
    about: UUID | None = None
    sent: Fact | None = None
    told: Coded | None = None

    @property
    def was_sent(self) -> bool:
        return self.status not in {S.QUEUED, S.FAILED}


class Attempt(NamedTuple):
    """One try to reach the patient, and whether it did."""

    reached: bool
    fact: Fact


class Preference(NamedTuple):
    """By which ways the patient may be written to; None: by any."""

    channels: frozenset[ContactChannel] | None = None
    opted_out: bool = False

    def allows(self, channel: ContactChannel) -> bool:
        return not self.opted_out and (self.channels is None or channel in self.channels)


class Relayed(NamedTuple):
    """That a result was told."""

    event: happened.ResultRelayed
    fact: Fact


@dataclass(frozen=True, slots=True)
class Communications(Things[Message]):
    """Every message, and what else was said. `attempts` stand in the order in which they happened."""

    calls: Mapping[UUID, happened.CallAttempted] = field(default_factory=dict)
    attempts: Mapping[UUID, Attempt] = field(default_factory=dict)
    preference: Preference = Preference()
    relayed: Mapping[UUID, tuple[Relayed, ...]] = field(default_factory=dict)

    def having(self, key: UUID, thing: Message) -> Self:
        """The same, and this message under its id."""
        return replace(self, by_id={**self.by_id, key: thing})

    def in_vain(self) -> list[UUID]:
        """The attempts since the patient was last reached, the latest first."""
        latest_first = reversed(tuple(self.attempts.items()))
        return [key for key, _ in takewhile(lambda each: not each[1].reached, latest_first)]

    def reached(self) -> Iterator[Milestone]:
        contacts = (each.fact for each in self.attempts.values() if each.reached)
        yield from milestone("patient-reached", next(contacts, None))
        for each in self:
            if each.purpose is MessagePurpose.REMINDER and each.was_sent:
                yield from milestone("reminder-sent", each.sent, each.about)
        for result_id, times in self.relayed.items():
            yield from milestone("result-relayed", times[-1].fact, result_id)

    def steps(self) -> Iterator[Step]:
        """What waits to be sent, and what failed since the patient was last reached."""
        in_vain = frozenset(self.in_vain())
        for key, each in self.by_id.items():
            if each.status is S.QUEUED or (each.status is S.FAILED and key in in_vain):
                yield step("send-message", each.since, None, key)

    def blockers(self) -> Iterator[Blocker]:
        tries = len(self.in_vain())
        if tries >= ATTEMPTS:
            what = f"{tries} attempts since the patient was last reached: find another way"
            yield Blocker(code="unable-to-reach", what=what)
