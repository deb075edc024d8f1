"""What happens to a communication if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import cast

from journey.domain.communication import commands as ask
from journey.domain.communication import events as happened
from journey.domain.communication.evolve import MessageEvent, message_after, preferred
from journey.domain.communication.state import TRANSITIONS, Communications, Message
from journey.domain.event import Command, Event, Fact, Refused
from journey.domain.room import follow


class OptedOut(Refused):
    """The patient does not want to be written to, or not in this way."""


CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.QueueMessage: happened.MessageQueued,
    ask.SendMessage: happened.MessageSent,
    ask.RecordMessageDelivery: happened.MessageDelivered,
    ask.RecordMessageRead: happened.MessageRead,
    ask.RecordMessageReply: happened.MessageReplied,
    ask.RecordMessageFailure: happened.MessageFailed,
    ask.RecordCall: happened.CallAttempted,
    ask.ChangeContactPreference: happened.ContactPreferenceChanged,
    ask.RelayResult: happened.ResultRelayed,
}


def decide(
    communications: Communications, command: ask.CommunicationCommand
) -> Iterator[happened.CommunicationEvent]:
    """What happens if we do this now."""
    event = cast(happened.CommunicationEvent, CARRIES_OUT[type(command)](**command.facts()))
    match event:
        case happened.CallAttempted():
            if communications.calls.get(event.communication_id) != event:
                yield event
        case happened.ContactPreferenceChanged():
            if command.reported or preferred(event) != communications.preference:
                yield event  # a report stands, though it says what is so: an earlier one may come later
        case happened.ResultRelayed():
            times = communications.relayed.get(event.result_id, ())
            if all(each.fact.at != command.occurred_at or each.event != event for each in times):
                yield event
        case _:
            yield from _message(communications, command, event)


def _message(
    communications: Communications, command: ask.CommunicationCommand, event: MessageEvent
) -> Iterator[MessageEvent]:
    known = communications.get(event.communication_id)

    def after(event: MessageEvent, fact: Fact) -> Message:
        return message_after(known, event, fact)

    for each in follow(TRANSITIONS, known, after, event, command):
        if isinstance(command, ask.QueueMessage | ask.SendMessage) and not command.reported:
            _refuse_unwanted(communications, command)
        yield each


def _refuse_unwanted(communications: Communications, command: ask.QueueMessage | ask.SendMessage) -> None:
    if not communications.preference.allows(command.channel):
        raise OptedOut(
            f"The patient does not want to be written to by {command.channel}; take a way that they allow. "
            "When they say otherwise, change-contact-preference records it."
        )
