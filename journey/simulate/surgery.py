"""An operation that was planned: on the list, assessed, in hospital for days, seen once more."""

from datetime import datetime, timedelta

from journey.domain.codes import EncounterClass
from journey.domain.correction import CancelAdmission
from journey.domain.episode import ActivateJourney, CancelJourney, WaitlistJourney
from journey.domain.visit.commands import AdmitPatient, BookVisit, RescheduleVisit
from journey.domain.visit.events import Appointment
from journey.simulate.booking import ANY_TIME, see
from journey.simulate.cases import SURGERY, place
from journey.simulate.consenting import to_treatment
from journey.simulate.covering import covered
from journey.simulate.emergency import leaves_hospital
from journey.simulate.following import begin, tests
from journey.simulate.helping import hindered
from journey.simulate.matters import SURGERIES
from journey.simulate.payers import authorized
from journey.simulate.stay import bed, stay
from journey.simulate.step import COORDINATORS, DESK
from journey.simulate.story import Story, Told
from journey.simulate.treating import treated

SHARE_WITHDRAWN = 0.03
SHARE_COVERED, SHARE_AUTHORIZED, SHARE_HINDERED = 0.4, 0.8, 0.2
NOT_AUTHORIZED = "it does not wait for the payer"
SHARE_SENT_HOME_UNOPERATED = 0.07
MEDIAN_DAYS = 2.4
TWO_DAYS = timedelta(days=2)


def operated_on(story: Story, at: datetime, continues: Told | None = None) -> None:
    """From the list to the last visit."""
    dice = story.dice
    told, about, known = begin(story, at, SURGERY, continues)
    if known is None:
        return
    payer = covered(story, told, known) if dice.chance(SHARE_COVERED) else None
    who = dice.one(COORDINATORS)
    listed = story.say(told, WaitlistJourney(occurred_at=known + dice.minutes(5, 90)), who)
    if dice.seldom("operation withdrawn", SHARE_WITHDRAWN):
        withdrawn = story.diary.in_hours(listed + dice.days(3, 40))
        story.say(told, CancelJourney(occurred_at=withdrawn, reason="the patient decided against it"), who)
        return
    called = story.diary.in_hours(listed + dice.days(4, 35))
    story.say(told, ActivateJourney(occurred_at=called), who)
    told.begun = True
    assessed = see(story, told, called + dice.minutes(2, 30), days=9, virtual=0.2)
    if assessed is None:
        story.close(told, None)
        return
    tests(story, told, assessed)
    to_treatment(story, told, assessed)
    if dice.seldom("hindered before surgery", SHARE_HINDERED):
        hindered(story, told, assessed + dice.minutes(5, 60))
    asked, wish, anyhow = assessed + dice.minutes(5, 60), ANY_TIME, None
    operation = SURGERIES[about.code]
    if dice.seldom("surgery authorized", SHARE_AUTHORIZED):
        asking = authorized(story, told, asked, operation, payer)
        asked = asking.at
        wish = Appointment(authorization_id=asking.granted, service=operation)
        anyhow = None if asking.granted and not asking.out_of_pocket else NOT_AUTHORIZED
    _in_hospital(story, told, asked, wish, anyhow)


def _in_hospital(story: Story, told: Told, asked: datetime, wish: Appointment, anyhow: str | None) -> None:
    dice, visit_id = story.dice, story.dice.uuid()
    asked = story.diary.in_hours(asked)
    day = story.diary.working_day(story.diary.day_of(asked + dice.days(5, 40)))
    planned = story.diary.at(day, 7 * 60)
    expected = Appointment(
        start=planned,
        end=planned + TWO_DAYS,
        service=wish.service or told.case.service,
        encounter_class=EncounterClass.INPATIENT,
        location=place("SURGICAL ADMISSIONS"),
        authorization_id=wish.authorization_id,
    )
    desk = dice.one(DESK)
    story.say(told, BookVisit(occurred_at=asked, visit_id=visit_id, appointment=expected), desk)
    where = bed(story)
    bedded = {"visit_id": visit_id, "location": where, "override_reason": anyhow}
    admitted = planned + dice.minutes(-25, 50)
    if dice.seldom("sent home unoperated", SHARE_SENT_HOME_UNOPERATED):
        story.say(told, AdmitPatient(occurred_at=admitted, **bedded), desk)
        undone = admitted + dice.hours(1, 4)
        no_theatre = CancelAdmission(occurred_at=undone, visit_id=visit_id, reason="no theatre time")
        story.say(told, no_theatre, desk)
        day = story.diary.working_day(day + timedelta(days=dice.whole(5, 15)))
        planned = story.diary.at(day, 7 * 60)
        moved = RescheduleVisit(
            occurred_at=undone + dice.hours(0.5, 2),
            visit_id=visit_id,
            start=planned,
            end=planned + TWO_DAYS,
        )
        story.say(told, moved, desk)
        admitted = planned + dice.minutes(-25, 50)
    story.say(told, AdmitPatient(occurred_at=admitted, **bedded), desk)
    if wish.service is not None:
        by = story.staff(told.case.team)
        treated(story, told, admitted + dice.hours(1, 5), wish.service, by, first=True)
    left = stay(story, told, visit_id, admitted, where, days=MEDIAN_DAYS)
    if left.is_alive:
        see(story, told, left.at - timedelta(hours=3), days=14, virtual=0.1)
        leaves_hospital(story, told, left)
