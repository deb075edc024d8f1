"""Reaching the patient: reminders and what comes back of them, calls, and results that are passed on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from journey.domain.communication import (
    ChangeContactPreference,
    QueueMessage,
    RecordCall,
    RecordMessageDelivery,
    RecordMessageFailure,
    RecordMessageRead,
    RecordMessageReply,
    RelayResult,
    SendMessage,
)
from journey.domain.communication.events import CallOutcome, ContactChannel, MessagePurpose
from journey.domain.result import ReviewResult
from journey.domain.visit.commands import BookVisit, CancelVisit, RemoveVisit, RescheduleVisit
from journey.simulate.dice import Weighted
from journey.simulate.matters import word
from journey.simulate.step import COORDINATORS, MESSENGER, PATIENT
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

SHARE_REMINDED, SHARE_PASSED_ON, SHARE_WITH_A_WISH, SHARE_OPTED_OUT = 0.3, 0.06, 0.08, 0.3
WRITTEN = (ContactChannel.SMS, ContactChannel.EMAIL, ContactChannel.PORTAL)
BEFORE = timedelta(days=2)
TOO_SOON = timedelta(days=7)
ASIDE = timedelta(days=4)
YES, UNKNOWN_ADDRESS = word("confirmed", "Confirmed"), word("unknown-address", "Unknown address")
C = CallOutcome


def reaches(story: Story, told: Told, opened: datetime) -> None:
    """What is said to the patient about the visits and results of the journey, once these are told."""
    dice = story.dice
    ways: tuple[ContactChannel, ...] = WRITTEN
    if dice.chance(SHARE_WITH_A_WISH):
        ways = () if dice.chance(SHARE_OPTED_OUT) else (dice.one(WRITTEN),)
        wish = ChangeContactPreference(
            occurred_at=opened + dice.minutes(0.2, 0.9), channels=ways or None, opted_out=not ways
        )
        story.say(told, wish, PATIENT)
    moved = _not_as_booked(story, told)
    for step in tuple(story.steps):
        if step.journey_id != told.journey_id:
            continue
        match step.command:
            case BookVisit(visit_id=visit_id, appointment=agreed, occurred_at=booked) if (
                visit_id not in moved and agreed.start and booked and agreed.start - booked > TOO_SOON
            ):
                if ways and dice.seldom("reminded", SHARE_REMINDED):
                    _reminded(story, told, agreed.start - BEFORE, visit_id, dice.one(ways))
            case ReviewResult(result_id=result_id, occurred_at=read) if read:
                if dice.chance(SHARE_PASSED_ON):
                    _passed_on(story, told, read, result_id)
            case _:
                pass


def _not_as_booked(story: Story, told: Told) -> set[UUID]:
    return {
        step.command.visit_id
        for step in story.steps
        if isinstance(step.command, CancelVisit | RescheduleVisit | RemoveVisit)
        and step.journey_id == told.journey_id
    }


# --- In writing


def _reminded(story: Story, told: Told, at: datetime, visit_id: UUID, way: ContactChannel) -> None:
    thread = Thread(story, told, at, {"communication_id": story.dice.uuid()}, day_and_night=True)
    story.dice.dealt(REMINDERS)(thread, way, visit_id)


def _sent(thread: Thread, way: ContactChannel, about: UUID) -> None:
    thread.now(
        SendMessage,
        MESSENGER,
        channel=way,
        purpose=MessagePurpose.REMINDER,
        template="visit-in-two-days",
        about=about,
    )


def _came(thread: Thread, way: ContactChannel, about: UUID) -> None:
    _sent(thread, way, about)
    thread.then(RecordMessageDelivery, MESSENGER, 0.001, 0.1)


def _was_read(thread: Thread, way: ContactChannel, about: UUID) -> None:
    _came(thread, way, about)
    thread.then(RecordMessageRead, MESSENGER, 0.1, 10)


def _was_answered(thread: Thread, way: ContactChannel, about: UUID) -> None:
    _came(thread, way, about)
    thread.then(RecordMessageReply, PATIENT, 0.1, 12, answer=YES)


def _went_astray(thread: Thread, way: ContactChannel, about: UUID) -> None:
    _sent(thread, way, about)
    thread.then(RecordMessageFailure, MESSENGER, 0.01, 0.5, reason=UNKNOWN_ADDRESS)


def _was_put_aside(thread: Thread, way: ContactChannel, about: UUID) -> None:
    thread.at -= ASIDE
    thread.now(QueueMessage, MESSENGER, channel=way, purpose=MessagePurpose.REMINDER, about=about)
    thread.at += ASIDE
    _came(thread, way, about)


REMINDERS: Weighted[Callable[[Thread, ContactChannel, UUID], None]] = (
    (0.17, _sent),
    (0.15, _came),
    (0.15, _was_read),
    (0.15, _was_answered),
    (0.20, _went_astray),
    (0.18, _was_put_aside),
)

# --- By telephone


def _passed_on(story: Story, told: Told, read: datetime, result_id: UUID) -> None:
    """Somebody calls with the result."""
    dice, who = story.dice, story.dice.one(COORDINATORS)
    at = story.diary.in_hours(read + dice.hours(1, 30))
    call = _call(story, told, at, C.REACHED, purpose=MessagePurpose.RESULT, about=result_id)
    relay = RelayResult(
        occurred_at=at + timedelta(seconds=30),
        result_id=result_id,
        relayed_by=who.actor.id,
        communication_id=call,
    )
    story.say(told, relay, who)


def _call(story: Story, told: Told, at: datetime, outcome: C, **about: MessagePurpose | UUID) -> UUID:
    call = story.dice.uuid()
    command = RecordCall(occurred_at=at, communication_id=call, outcome=outcome, **about)
    story.say(told, command, story.dice.one(COORDINATORS))
    return call


def sought(story: Story, told: Told, at: datetime) -> datetime:
    """Called again and again about the visit that never was: when that ended."""
    dice = story.dice
    for outcome in dice.dealt(SEARCHES):
        at = story.diary.in_hours(at + dice.hours(3, 60))
        _call(story, told, at, outcome, purpose=MessagePurpose.OUTREACH)
    return story.settles(told, at)


SEARCHES: Weighted[tuple[CallOutcome, ...]] = (
    (0.35, (C.REACHED,)),
    (0.25, (C.NO_ANSWER, C.REACHED)),
    (0.20, (C.NO_ANSWER, C.LEFT_MESSAGE, C.NO_ANSWER)),
    (0.10, (C.WRONG_NUMBER,)),
    (0.10, (C.LEFT_MESSAGE, C.REFUSED)),
)
