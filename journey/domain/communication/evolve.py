"""What is true of the communications after an event. Total: history is never refused."""

from dataclasses import replace
from typing import assert_never

from journey.domain.communication import events as happened
from journey.domain.communication.events import CallOutcome
from journey.domain.communication.state import (
    FURTHER,
    TRANSITIONS,
    Attempt,
    Communications,
    Message,
    MessageStatus,
    Preference,
    Relayed,
)
from journey.domain.event import Fact

REACHED = frozenset({CallOutcome.REACHED, CallOutcome.REFUSED})
MessageEvent = (
    happened.MessageQueued
    | happened.MessageSent
    | happened.MessageDelivered
    | happened.MessageRead
    | happened.MessageReplied
    | happened.MessageFailed
)


def evolve(communications: Communications, event: happened.CommunicationEvent, fact: Fact) -> Communications:
    """The communications after this event."""
    match event:
        case happened.CallAttempted():
            calls = {**communications.calls, event.communication_id: event}
            called = replace(communications, calls=calls)
            return _tried(called, event, Attempt(event.outcome in REACHED, fact))
        case happened.ContactPreferenceChanged():
            return replace(communications, preference=preferred(event))
        case happened.ResultRelayed():
            times = (*communications.relayed.get(event.result_id, ()), Relayed(event, fact))
            return replace(communications, relayed={**communications.relayed, event.result_id: times})
        case happened.MessageReplied():
            return _tried(_messaged(communications, event, fact), event, Attempt(reached=True, fact=fact))
        case happened.MessageFailed():
            after = _messaged(communications, event, fact)
            failed = after.by_id[event.communication_id].status is MessageStatus.FAILED
            return _tried(after, event, Attempt(reached=False, fact=fact)) if failed else after
        case (
            happened.MessageQueued()
            | happened.MessageSent()
            | happened.MessageDelivered()
            | happened.MessageRead()
        ):
            return _messaged(communications, event, fact)
        case _:
            assert_never(event)


def preferred(event: happened.ContactPreferenceChanged) -> Preference:
    """The ways that are allowed, in whatever order they were named."""
    channels = None if event.channels is None else frozenset(event.channels)
    return Preference(channels, event.opted_out)


def _tried(
    communications: Communications,
    event: happened.CallAttempted | happened.MessageReplied | happened.MessageFailed,
    attempt: Attempt,
) -> Communications:
    """It stands last: what is said of it now happened after all the others."""
    others = {key: each for key, each in communications.attempts.items() if key != event.communication_id}
    return replace(communications, attempts={**others, event.communication_id: attempt})


def _messaged(communications: Communications, event: MessageEvent, fact: Fact) -> Communications:
    """The messages after this event. One first heard of in the middle is there all the same."""
    after = message_after(communications.get(event.communication_id), event, fact)
    return communications.having(event.communication_id, after)


def message_after(known: Message | None, event: MessageEvent, fact: Fact) -> Message:
    """One message after this event."""
    sources, target = TRANSITIONS[type(event)]
    status = MessageStatus(target) if target is not None else MessageStatus.SENT
    if known is None:
        return _changed(Message(event.communication_id, status, fact), event, fact)
    after = _changed(known, event, fact)
    is_further = known.status in sources or FURTHER[status] > FURTHER[known.status]
    if status is known.status or not is_further:
        return after
    return after._replace(status=status, since=fact)


def _changed(message: Message, event: MessageEvent, fact: Fact) -> Message:
    """What the event says beyond the status."""
    match event:
        case happened.MessageQueued():
            return _described(message, event)
        case happened.MessageSent():
            before = message.sent if message.was_sent else None  # a sending that failed was none
            return _described(message, event)._replace(sent=before or fact)
        case happened.MessageReplied():
            return message._replace(told=event.answer)
        case happened.MessageFailed():
            return message._replace(told=event.reason)
        case happened.MessageDelivered() | happened.MessageRead():
            return message
        case _:
            assert_never(event)


def _described(message: Message, event: happened.MessageQueued | happened.MessageSent) -> Message:
    return message._replace(
        channel=event.channel,
        purpose=event.purpose or message.purpose,
        template=event.template or message.template,
        about=event.about or message.about,
    )
