"""Intake as a clinic does it: most of it in one call, some of it waiting for papers that do not come."""

from datetime import datetime, timedelta

from journey.domain.codes import Channel, Priority
from journey.domain.episode import CancelJourney
from journey.domain.event import Coded
from journey.domain.identity import AssignIdentifier, ChangeDemographics, Demographics, Identifier
from journey.domain.intake import (
    AbandonIntake,
    AcknowledgeIntake,
    CaptureIntakeItem,
    CommunicationNeed,
    CompleteIntake,
    IntakeException,
    ReceiveIntakeForm,
    ReceiveIntakeInformation,
    RecordCommunicationNeeds,
    RecordInterpreterNeed,
    RejectIntake,
    RequestIntakeInformation,
    StartIntake,
    WaiveIntakeItem,
)
from journey.simulate.cases import INFORMATION
from journey.simulate.dice import Weighted
from journey.simulate.identifying import identified
from journey.simulate.people import NATIONAL, phone
from journey.simulate.step import COORDINATORS, DESK, PATIENT, RECORDS, Voice
from journey.simulate.story import Story, Told

CHANNELS: Weighted[Channel] = (
    (0.42, Channel.PHONE),
    (0.30, Channel.WEB),
    (0.18, Channel.FAX),
    (0.10, Channel.WALK_IN),
)
PRIORITIES: Weighted[Priority] = ((0.8, Priority.ROUTINE), (0.15, Priority.URGENT), (0.05, Priority.ASAP))
SHARE_ASKED = 0.32
SHARE_ANSWERED = 0.8
SHARE_GIVEN_UP = 0.4
SHARE_REJECTED = 0.025
SHARE_ACKNOWLEDGED, SHARE_DONE_WITHOUT, SHARE_ITEM_WAIVED = 0.15, 0.4, 0.015
SHARE_WITH_A_FORM, SHARE_WITH_NEEDS = 0.12, 0.06
SHARE_WITH_NATIONAL_NUMBER = 0.12
SHARE_CORRECTING_CONTACT = 0.07
SHARE_ENTERED_LATE = 0.04
GIVEN_UP_AFTER = 30  # days
HOURS_A_DAY = 24


def take_in(story: Story, told: Told, about: Coded, at: datetime) -> datetime | None:
    """From the first contact to a completed intake: when that was, or None for who is not taken on."""
    dice, desk = story.dice, story.dice.one(DESK)
    at += dice.minutes(1, 20)
    begin = StartIntake(
        occurred_at=at,
        channel=dice.by_share(CHANNELS),
        reason=about,
        priority=dice.by_share(PRIORITIES),
        required=told.case.required,
    )
    story.say(told, begin, desk)
    if dice.chance(SHARE_ACKNOWLEDGED):
        said = AcknowledgeIntake(occurred_at=at + dice.minutes(0.2, 0.9), channel=begin.channel)
        story.say(told, said, desk)
    if dice.seldom("rejected", SHARE_REJECTED):
        _turned_away(story, told, at)
        return None
    known = max(identified(story, told, at), _captured(story, told, at, desk))
    exceptions: tuple[IntakeException, ...] = ()
    if dice.chance(SHARE_ASKED):
        answered = _asked(story, told, at + dice.minutes(2, 15))
        if answered is None:
            if told.over or not dice.seldom("does without", SHARE_DONE_WITHOUT):
                return None
            exceptions = (IntakeException(item="intake-information", reason="it can be brought along"),)
            known, told.loose = at + dice.days(12, 20), False
        else:
            known = max(known, answered)
    done = story.diary.in_hours(known + dice.hours(0.1, 6))
    story.say(told, CompleteIntake(occurred_at=done, exceptions=exceptions), desk)
    story.settles(told, done)
    _particulars(story, told, at)
    return done


def take_in_quickly(story: Story, told: Told, about: Coded, at: datetime, by: Voice) -> None:
    """In the emergency department: what has to be known, while the patient is being seen."""
    dice = story.dice
    begin = StartIntake(
        occurred_at=at,
        channel=Channel.WALK_IN,
        reason=about,
        priority=Priority.STAT,
        required=told.case.required,
    )
    story.say(told, begin, by)
    known = _captured(story, told, at, by)
    done = story.say(told, CompleteIntake(occurred_at=known + dice.minutes(1, 40)), by)
    story.settles(told, done)
    _particulars(story, told, at)


def _captured(story: Story, told: Told, at: datetime, by: Voice) -> datetime:
    """One required item after the other; now and then one is typed in a while after it was told."""
    dice = story.dice
    late = timedelta()
    for item in told.case.required:
        at += dice.minutes(0.5, 6)
        late = dice.minutes(20, 50) if dice.chance(SHARE_ENTERED_LATE) else timedelta()
        if dice.seldom("item waived", SHARE_ITEM_WAIVED):
            reason = "to be seen without it"
            story.say(told, WaiveIntakeItem(occurred_at=at, item=item, reason=reason), by)
        else:
            story.say(told, CaptureIntakeItem(occurred_at=at, item=item), by, late=late)
    return at + timedelta(hours=1)


def _turned_away(story: Story, told: Told, at: datetime) -> None:
    at = story.diary.in_hours(at + story.dice.hours(1, 30))
    story.say(told, RejectIntake(occurred_at=at, reason="not for this service"), story.dice.one(COORDINATORS))
    over = CancelJourney(occurred_at=at + story.dice.minutes(1, 10), reason="referred elsewhere")
    story.say(told, over, story.dice.one(COORDINATORS))


def _asked(story: Story, told: Told, at: datetime) -> datetime | None:
    """Ask for what is missing: when the answer came, or None where it never does."""
    dice, who = story.dice, story.dice.one(COORDINATORS)
    what, asked_of = dice.one(INFORMATION)
    at = story.diary.in_hours(at)
    request_id = dice.uuid()
    ask = RequestIntakeInformation(
        occurred_at=at,
        request_id=request_id,
        what=what,
        asked_of=asked_of,
        due=story.diary.at(story.diary.working_day(story.diary.day_of(at + dice.days(4, 10))), 17 * 60),
    )
    story.say(told, ask, who)
    if dice.chance(SHARE_ANSWERED):
        days = dice.skewed(4, 0.9, least=0.1, most=40)
        came = story.diary.in_hours(at + dice.hours(0.9 * HOURS_A_DAY * days, HOURS_A_DAY * days))
        return story.say(told, ReceiveIntakeInformation(occurred_at=came, request_id=request_id), who)
    told.loose = True
    if dice.chance(SHARE_GIVEN_UP):
        gave_up = story.diary.in_hours(at + dice.days(GIVEN_UP_AFTER, GIVEN_UP_AFTER + 5))
        story.say(told, AbandonIntake(occurred_at=gave_up, reason="no answer in a month"), who)
        over = CancelJourney(
            occurred_at=gave_up + dice.minutes(2, 30), reason="the patient cannot be reached"
        )
        story.say(told, over, who)
        told.over = True
    return None


def _particulars(story: Story, told: Told, at: datetime) -> None:
    """What reception learns besides: another number, a new telephone, a language."""
    dice = story.dice
    language = story.person.demographics.language
    if story.person.needs_interpreter and language:
        need = RecordInterpreterNeed(occurred_at=at + dice.minutes(1, 9), language=language)
        story.say(told, need, dice.one(DESK))
    if dice.chance(SHARE_WITH_A_FORM):
        form = ReceiveIntakeForm(
            occurred_at=at + dice.minutes(1, 50),
            questionnaire="https://clinic.example/Questionnaire/first-visit|2",
            response_id=f"Q{dice.whole(10**6, 10**7)}",
        )
        story.say(told, form, PATIENT)
    if dice.chance(SHARE_WITH_NEEDS):
        needs = RecordCommunicationNeeds(
            occurred_at=at + dice.minutes(1, 9),
            needs=(dice.one(tuple(CommunicationNeed)),),
            prefers=Channel.PHONE,
        )
        story.say(told, needs, dice.one(DESK))
    if dice.chance(SHARE_WITH_NATIONAL_NUMBER):
        number = Identifier(system=NATIONAL, value=f"{dice.whole(1, 10**9 - 1):09}", type="NI")
        story.say(told, AssignIdentifier(occurred_at=at + dice.minutes(1, 9), identifier=number), RECORDS)
    if dice.chance(SHARE_CORRECTING_CONTACT):
        new = Demographics(phone=phone(dice))
        known = story.diary.in_hours(at + dice.days(1, 20))
        story.say(told, ChangeDemographics(occurred_at=known, demographics=new), dice.one(DESK))
        story.person.demographics = story.person.demographics.model_copy(update={"phone": new.phone})
