"""The emergency department: at any hour, announced by nobody."""

from datetime import datetime
from uuid import UUID

from journey.domain.codes import EncounterClass, JourneyStatus
from journey.domain.correction import CancelAdmission
from journey.domain.visit.commands import (
    AdmitPatient,
    CheckIn,
    CompleteVisit,
    MovePatient,
    RecordArrival,
    RecordLeftUnseen,
    StartVisit,
)
from journey.simulate.cases import BAYS, CARDIOLOGY, EMERGENCY, OBSERVATION, RESUSCITATION, TREATED, WAITING
from journey.simulate.intake import take_in_quickly
from journey.simulate.results import comes_back
from journey.simulate.stay import Left, bed, stay
from journey.simulate.step import TRIAGE
from journey.simulate.story import Story, Told

SHARE_LEFT_UNSEEN = 0.06
SHARE_ADMITTED, SHARE_OBSERVED = 0.42, 0.12
SHARE_NOT_ADMITTED_AFTER_ALL = 0.04
SHARE_MOVED_BETWEEN_BAYS = 0.15
SHARE_BACK_WITHIN_A_MONTH = 0.135
SHARE_BACK_AFTER_LEAVING_AGAINST_ADVICE = 0.3
CHEST_PAIN = "R07.9"
SHARE_REFERRED = 0.5
MEDIAN_DAYS, MEDIAN_DAYS_OBSERVED = 3.8, 1.3


def comes_unannounced(
    story: Story, at: datetime, *, continues: Told | None = None, admitted: bool = False
) -> Told:
    """Arrival, triage, being seen; then home or a bed. Answers the journey, which may want another."""
    dice, triage = story.dice, story.dice.one(TRIAGE)
    about = dice.one(EMERGENCY.concerns)
    told = story.open(at, EMERGENCY, about, triage, status=JourneyStatus.ACTIVE, continues=continues)
    visit_id = dice.uuid()
    arrival = RecordArrival(
        occurred_at=at, visit_id=visit_id, encounter_class=EncounterClass.EMERGENCY, location=WAITING
    )
    story.say(told, arrival, triage)
    at = story.say(told, CheckIn(occurred_at=at + dice.minutes(2, 14), visit_id=visit_id), triage)
    if not admitted and dice.chance(SHARE_LEFT_UNSEEN):
        at += dice.hours(1, 4)
        story.say(told, RecordLeftUnseen(occurred_at=at, visit_id=visit_id), triage)
        story.settles(told, at)
        story.close(told, None)
        return told
    wait = dice.skewed(32, 0.8, least=1, most=300)
    bay = dice.one(BAYS)
    start = StartVisit(occurred_at=at + dice.minutes(0.9 * wait, wait), visit_id=visit_id, location=bay)
    at = story.say(told, start, story.staff("emergency"))
    take_in_quickly(story, told, about, at + dice.minutes(1, 20), triage)
    for code in EMERGENCY.tests[: dice.whole(0, 3)]:
        comes_back(story, told, at, code, visit_id=visit_id, urgent=True)
    if dice.chance(SHARE_MOVED_BETWEEN_BAYS):
        move = MovePatient(
            occurred_at=at + dice.minutes(5, 40), visit_id=visit_id, location=RESUSCITATION, moved_from=bay
        )
        story.say(told, move, triage)
    at += dice.hours(0.8, 6)
    if admitted or dice.chance(SHARE_ADMITTED):
        _given_a_bed(story, told, visit_id, at, again=admitted)
    else:
        _goes_home(story, told, visit_id, at)
        if about.code == CHEST_PAIN and dice.chance(SHARE_REFERRED):
            story.hand_on(told, at + dice.minutes(5, 50), CARDIOLOGY.team)
    return told


def _goes_home(story: Story, told: Told, visit_id: UUID, at: datetime) -> None:
    done = CompleteVisit(occurred_at=at, visit_id=visit_id)
    story.settles(told, story.say(told, done, story.staff("emergency")))
    story.close(told, TREATED)


def _given_a_bed(story: Story, told: Told, visit_id: UUID, at: datetime, *, again: bool) -> None:
    dice = story.dice
    observed = not again and dice.chance(SHARE_OBSERVED / SHARE_ADMITTED)
    kind = EncounterClass.OBSERVATION if observed else EncounterClass.INPATIENT
    where = bed(story, OBSERVATION if observed else None)
    admit = AdmitPatient(occurred_at=at, visit_id=visit_id, encounter_class=kind, location=where)
    story.say(told, admit, story.staff("emergency"))
    if not again and dice.chance(SHARE_NOT_ADMITTED_AFTER_ALL):
        at += dice.minutes(20, 110)
        undo = CancelAdmission(occurred_at=at, visit_id=visit_id, reason="better than was thought")
        story.say(told, undo, story.staff("emergency"))
        _goes_home(story, told, visit_id, at + dice.minutes(10, 60))
        return
    story.hand_on(told, at + dice.hours(0.5, 5), "inpatient-medicine")
    days = MEDIAN_DAYS_OBSERVED if observed else MEDIAN_DAYS
    left = stay(story, told, visit_id, at, where, days=days, kind=kind)
    if not left.is_alive:
        return
    story.hand_on(told, left.at + dice.minutes(10, 90), "care-coordination")
    story.close(told, TREATED)
    comes_back_within_a_month(story, told, left)


def comes_back_within_a_month(story: Story, told: Told, left: Left) -> None:
    """Some are in hospital again soon: a new journey, which names the one that it continues."""
    dice = story.dice
    against = left.disposition == "aadvice"
    if dice.chance(SHARE_BACK_AFTER_LEAVING_AGAINST_ADVICE if against else SHARE_BACK_WITHIN_A_MONTH):
        comes_unannounced(story, left.at + dice.days(1, 28), continues=told, admitted=True)
