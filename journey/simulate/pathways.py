"""The ways patients take through the clinic, each a story told from its first step."""

from collections.abc import Callable
from datetime import datetime, timedelta

from journey.domain.codes import EncounterClass
from journey.domain.correction import CancelAdmission
from journey.domain.episode import (
    ActivateJourney,
    AssignOwner,
    CancelJourney,
    PutOnHold,
    ReopenJourney,
    ResumeJourney,
    UnassignOwner,
    WaitlistJourney,
)
from journey.domain.visit.commands import AdmitPatient, BookVisit, RescheduleVisit
from journey.domain.visit.events import Appointment
from journey.simulate.booking import see
from journey.simulate.cases import (
    CARDIOLOGY,
    CHILD_EXAMINATION,
    EMERGENCY,
    ORTHOPAEDICS,
    SURGERY,
    TREATED,
    WELLNESS,
    Case,
    place,
)
from journey.simulate.dice import Weighted
from journey.simulate.emergency import comes_back_within_a_month, comes_unannounced
from journey.simulate.intake import take_in
from journey.simulate.results import comes_back
from journey.simulate.stay import bed, stay
from journey.simulate.step import COORDINATORS, DESK
from journey.simulate.story import Story, Told

SHARE_TESTED = 0.55
SHARE_RESTING = 0.09
SHARE_WITHOUT_OWNER = 0.04
SHARE_REOPENED = 0.05
SHARE_WITHDRAWN = 0.03
SHARE_OPERATED = 0.25
SHARE_SENT_HOME_UNOPERATED = 0.07
REASONS_TO_REST = ("travelling", "waiting for physiotherapy elsewhere", "insurance is being clarified")
ADULT = 18

Way = Callable[[Story, datetime], None]


def _begin(
    story: Story, at: datetime, case: Case, continues: Told | None = None
) -> tuple[Told, datetime | None]:
    """Open and take in: the journey, and when the clinic knew enough (None: the patient is not taken on)."""
    about = story.dice.one(case.concerns)
    if case is WELLNESS and _is_child(story, at):
        about = CHILD_EXAMINATION
    told = story.open(at, case, about, story.dice.one(DESK), continues=continues)
    return told, take_in(story, told, about, at)


def _is_child(story: Story, at: datetime) -> bool:
    born = story.person.demographics.birth_date or "1900"
    return at.year - int(born[:4]) < ADULT


def _tests(story: Story, told: Told, at: datetime) -> None:
    for code in told.case.tests:
        if story.dice.chance(SHARE_TESTED):
            comes_back(story, told, at, code, visit_id=None)


def _followed(
    story: Story, told: Told, known: datetime, visits: int, *, every: float, virtual: float
) -> None:
    """Visit after visit, with tests, changes of hands and rests in between; then the end."""
    dice = story.dice
    over = see(story, told, known, days=told.case.lead)
    while over is not None:
        _tests(story, told, over)
        story.hand_on(told, story.diary.in_hours(over + dice.hours(0.5, 40)))
        visits -= 1
        if visits <= 0:
            break
        over = see(story, told, _rested(story, told, over), days=every, virtual=virtual)
    closed = story.close(told, TREATED)
    if dice.chance(SHARE_REOPENED) and over is not None and not told.loose:
        _reopened(story, told, closed)


def _rested(story: Story, told: Told, over: datetime) -> datetime:
    """When the next visit is asked for: at the desk on the way out, or after care has rested."""
    dice, desk = story.dice, story.dice.one(COORDINATORS)
    at = over + dice.minutes(3, 25)
    if dice.chance(SHARE_RESTING):
        reason = dice.one(
            ("travelling", "waiting for physiotherapy elsewhere", "insurance is being clarified")
        )
        rests = story.diary.in_hours(at + dice.hours(2, 60))
        story.say(told, PutOnHold(occurred_at=rests, reason=reason), desk)
        at = story.diary.in_hours(rests + dice.days(10, 60))
        story.say(told, ResumeJourney(occurred_at=at), desk)
        story.settles(told, at)
    elif dice.chance(SHARE_WITHOUT_OWNER):
        left = story.diary.in_hours(at + dice.hours(2, 60))
        gone = UnassignOwner(occurred_at=left, reason="the clinician has left the clinic")
        story.say(told, gone, desk)
        found = story.diary.in_hours(left + dice.days(2, 20))
        story.say(told, AssignOwner(occurred_at=found, team=told.case.team), desk)
        story.settles(told, found)
    return story.settles(told, at)


def _reopened(story: Story, told: Told, closed: datetime) -> None:
    """The same problem again, soon after it was closed."""
    dice, by = story.dice, story.staff(told.case.team)
    at = story.diary.in_hours(closed + dice.days(4, 30))
    again = ReopenJourney(occurred_at=at, reason="the complaint is back", authorised_by=by.actor.id)
    story.say(told, again, by)
    story.settles(told, at)
    see(story, told, at, days=7)
    story.close(told, TREATED)


# --- The ways


def referred_to_orthopaedics(story: Story, at: datetime) -> None:
    """A referral, a visit or two, images; some are operated on."""
    dice = story.dice
    told, known = _begin(story, at, ORTHOPAEDICS)
    if known is None:
        return
    _followed(story, told, known, dice.whole(1, 3), every=21, virtual=0.15)
    if dice.chance(SHARE_OPERATED):
        operated_on(story, story.diary.in_hours(told.settled + dice.days(13, 20)), continues=told)


def followed_by_cardiology(story: Story, at: datetime) -> None:
    """Seen again and again, in the clinic or by video; now and then the heart does not wait."""
    dice = story.dice
    told, known = _begin(story, at, CARDIOLOGY)
    if known is not None:
        _followed(story, told, known, dice.whole(2, 5), every=22, virtual=0.35)


def examined(story: Story, at: datetime) -> None:
    """A check-up with blood tests, and a call about them for some."""
    told, known = _begin(story, at, WELLNESS)
    if known is not None:
        _followed(story, told, known, story.dice.by_share(((0.7, 1), (0.3, 2))), every=12, virtual=0.5)


def brought_in(story: Story, at: datetime) -> None:
    """An emergency."""
    comes_unannounced(story, at)


def operated_on(story: Story, at: datetime, continues: Told | None = None) -> None:
    """An operation that was planned: on the list, assessed, in hospital for days, seen once more."""
    dice = story.dice
    told, known = _begin(story, at, SURGERY, continues)
    if known is None:
        return
    who = dice.one(COORDINATORS)
    listed = story.say(told, WaitlistJourney(occurred_at=known + dice.minutes(5, 90)), who)
    if dice.chance(SHARE_WITHDRAWN):
        withdrawn = story.diary.in_hours(listed + dice.days(3, 40))
        story.say(told, CancelJourney(occurred_at=withdrawn, reason="the patient decided against it"), who)
        return
    called = story.diary.in_hours(listed + dice.days(2, 25))
    story.say(told, ActivateJourney(occurred_at=called), who)
    told.begun = True
    assessed = see(story, told, called + dice.minutes(2, 30), days=9, virtual=0.2)
    if assessed is None:
        story.close(told, None)
        return
    _tests(story, told, assessed)
    _in_hospital(story, told, assessed + dice.minutes(5, 60))


def _in_hospital(story: Story, told: Told, asked: datetime) -> None:
    dice, visit_id = story.dice, story.dice.uuid()
    asked = story.diary.in_hours(asked)
    day = story.diary.working_day(story.diary.day_of(asked + dice.days(5, 40)))
    planned = story.diary.at(day, 7 * 60)
    expected = Appointment(
        start=planned,
        end=planned + timedelta(days=2),
        service=told.case.service,
        encounter_class=EncounterClass.INPATIENT,
        location=place("SURGICAL ADMISSIONS"),
    )
    desk = dice.one(DESK)
    story.say(told, BookVisit(occurred_at=asked, visit_id=visit_id, appointment=expected), desk)
    where = bed(story)
    admitted = planned + dice.minutes(-25, 50)
    if dice.chance(SHARE_SENT_HOME_UNOPERATED):
        story.say(told, AdmitPatient(occurred_at=admitted, visit_id=visit_id, location=where), desk)
        undone = admitted + dice.hours(1, 4)
        no_theatre = CancelAdmission(occurred_at=undone, visit_id=visit_id, reason="no theatre time")
        story.say(told, no_theatre, desk)
        day = story.diary.working_day(day + timedelta(days=dice.whole(5, 15)))
        planned = story.diary.at(day, 7 * 60)
        moved = RescheduleVisit(
            occurred_at=undone + dice.hours(0.5, 2),
            visit_id=visit_id,
            start=planned,
            end=planned + timedelta(days=2),
        )
        story.say(told, moved, desk)
        admitted = planned + dice.minutes(-25, 50)
    story.say(told, AdmitPatient(occurred_at=admitted, visit_id=visit_id, location=where), desk)
    left = stay(story, told, visit_id, admitted, where, days=2.4)
    if left.is_alive:
        see(story, told, left.at - timedelta(hours=3), days=14, virtual=0.1)
        story.close(told, TREATED)
        comes_back_within_a_month(story, told, left)


WAYS: Weighted[tuple[Case, Way]] = (
    (0.22, (ORTHOPAEDICS, referred_to_orthopaedics)),
    (0.20, (CARDIOLOGY, followed_by_cardiology)),
    (0.14, (SURGERY, operated_on)),
    (0.24, (EMERGENCY, brought_in)),
    (0.20, (WELLNESS, examined)),
)
