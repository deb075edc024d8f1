"""Visit after visit: what most ways through the clinic are made of."""

from datetime import datetime, timedelta

from journey.domain.codes import JourneyStatus
from journey.domain.consent import ConsentScope
from journey.domain.episode import (
    AssignOwner,
    CancelJourney,
    PutOnHold,
    ReopenJourney,
    ResumeJourney,
    UnassignOwner,
)
from journey.domain.event import Coded
from journey.domain.visit.commands import CompleteVisit, DropFollowUp, OrderFollowUp
from journey.domain.visit.events import Appointment
from journey.simulate.booking import ANY_TIME, see
from journey.simulate.cases import CHILD_EXAMINATION, TREATED, WELLNESS, Case
from journey.simulate.consenting import consents
from journey.simulate.intake import take_in
from journey.simulate.results import comes_back
from journey.simulate.step import COORDINATORS, DESK
from journey.simulate.story import Story, Told

SHARE_TESTED = 0.48
SHARE_ASKED_TO_CONSENT = 0.15
SHARE_RESTING = 0.09
SHARE_WITHOUT_OWNER = 0.04
SHARE_REOPENED = 0.05
REASONS_TO_REST = ("travelling", "waiting for physiotherapy elsewhere", "insurance is being clarified")
SHARE_ORDERED, SHARE_DROPPED = 0.4, 0.25
MINUTE, ABOUT_A_MONTH = timedelta(minutes=1), timedelta(days=30)
ADULT = 18


def begin(
    story: Story, at: datetime, case: Case, continues: Told | None = None
) -> tuple[Told, Coded, datetime | None]:
    """Open and take in: the journey, what about, and when the clinic knew enough (None: not taken on)."""
    about = story.dice.one(case.concerns)
    if case is WELLNESS and _is_child(story, at):
        about = CHILD_EXAMINATION
    told = story.open(
        at, case, about, story.dice.one(DESK), status=JourneyStatus.PLANNED, continues=continues
    )
    known = take_in(story, told, about, at)
    if known is not None and story.dice.seldom("asked to consent", SHARE_ASKED_TO_CONSENT):
        consents(story, told, known + story.dice.minutes(3, 60), story.dice.one(tuple(ConsentScope)))
    return told, about, known


def _is_child(story: Story, at: datetime) -> bool:
    born = story.person.demographics.birth_date or "1900"
    return at.year - int(born[:4]) < ADULT


def visited(
    story: Story,
    told: Told,
    known: datetime,
    visits: int,
    *,
    lead: float,
    every: float = 21,
    virtual: float = 0.0,
    wish: Appointment = ANY_TIME,
) -> datetime | None:
    """Seen so many times, with tests and rests: when the last was over, None if it was broken off."""
    dice = story.dice
    if not told.begun and dice.seldom("nobody accountable", SHARE_WITHOUT_OWNER):
        known = _without_owner(story, told, known)
    over = see(story, told, known, days=lead, virtual=virtual if told.begun else 0.0, wish=wish)
    while over is not None:
        tests(story, told, over)
        story.hand_on(told, story.diary.in_hours(over + dice.hours(0.5, 40)))
        visits -= 1
        if visits <= 0:
            break
        ordered = _ordered(story, told) if dice.seldom("follow-up ordered", SHARE_ORDERED) else None
        asked = _rested(story, told, over)
        stands = ordered is not None and not dice.seldom("follow-up dropped", SHARE_DROPPED)
        agreed = (
            wish.model_copy(update={"follow_up_id": ordered.follow_up_id}) if ordered and stands else wish
        )
        over = see(story, told, asked, days=every, virtual=virtual, wish=agreed)
        if ordered is not None and (over is None or agreed.follow_up_id is None):
            _dropped(story, told, ordered)
    return over


def _ordered(story: Story, told: Told) -> OrderFollowUp | None:
    """At the end of the last visit, another is ordered."""
    for step in reversed(story.steps):
        done = step.command
        if isinstance(done, CompleteVisit) and done.occurred_at and step.journey_id == told.journey_id:
            by = story.staff(told.case.team)
            order = OrderFollowUp(
                occurred_at=done.occurred_at - MINUTE,
                visit_id=done.visit_id,
                follow_up_id=story.dice.uuid(),
                service=told.case.service,
                due=done.occurred_at + ABOUT_A_MONTH,
                ordered_by=by.actor.id,
            )
            story.say(told, order, by, late=step.recorded_at - done.occurred_at)
            return order
    return None


def _dropped(story: Story, told: Told, order: OrderFollowUp) -> None:
    at = story.diary.in_hours(told.settled + story.dice.hours(1, 60))
    drop = DropFollowUp(
        occurred_at=at,
        visit_id=order.visit_id,
        follow_up_id=order.follow_up_id,
        reason="the patient does not want it",
    )
    story.settles(told, story.say(told, drop, story.dice.one(COORDINATORS)))


def tests(story: Story, told: Told, at: datetime) -> None:
    """Some of what is usual for the case."""
    for code in told.case.tests:
        if story.dice.chance(SHARE_TESTED):
            comes_back(story, told, at, code, visit_id=None)


def _rested(story: Story, told: Told, over: datetime) -> datetime:
    """When the next visit is asked for: at the desk on the way out, or after care has rested."""
    dice, desk = story.dice, story.dice.one(COORDINATORS)
    at = over + dice.minutes(3, 25)
    if dice.seldom("resting", SHARE_RESTING):
        rests = story.diary.in_hours(at + dice.hours(2, 60))
        story.say(told, PutOnHold(occurred_at=rests, reason=dice.one(REASONS_TO_REST)), desk)
        at = story.diary.in_hours(rests + dice.days(10, 60))
        story.say(told, ResumeJourney(occurred_at=at), desk)
        story.settles(told, at)
    return story.settles(told, at)


def _without_owner(story: Story, told: Told, at: datetime) -> datetime:
    """Nobody is accountable for some days: when somebody is again."""
    who = story.dice.one(COORDINATORS)
    left = at + story.dice.hours(0.1, 3)
    story.say(told, UnassignOwner(occurred_at=left, reason="the clinician has left the clinic"), who)
    found = story.diary.in_hours(left + story.dice.days(1, 8))
    return story.say(told, AssignOwner(occurred_at=found, team=told.case.team), who)


def closed(story: Story, told: Told, over: datetime | None) -> None:
    """The end, which now and then is none."""
    at = story.close(told, TREATED)
    if over is not None and not told.loose and story.dice.seldom("reopened", SHARE_REOPENED):
        _reopened(story, told, at)


def _reopened(story: Story, told: Told, at: datetime) -> None:
    """The same problem again, soon after it was closed."""
    dice, by = story.dice, story.staff(told.case.team)
    at = story.diary.in_hours(at + dice.days(4, 30))
    again = ReopenJourney(occurred_at=at, reason="the complaint is back", authorised_by=by.actor.id)
    story.say(told, again, by)
    story.settles(told, at)
    see(story, told, at, days=7)
    story.close(told, TREATED)


def sent_elsewhere(story: Story, told: Told, at: datetime) -> None:
    """Another service has been found for the patient."""
    over = CancelJourney(occurred_at=at + story.dice.minutes(5, 60), reason="referred elsewhere")
    story.say(told, over, story.dice.one(COORDINATORS))
