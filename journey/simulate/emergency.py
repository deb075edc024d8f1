"""The emergency department: at any hour, announced by nobody."""

from datetime import datetime
from uuid import UUID

from journey.domain.codes import EncounterClass, JourneyStatus
from journey.domain.correction import CancelAdmission
from journey.domain.episode import LinkJourney, Relation
from journey.domain.handoff import HandoffKind
from journey.domain.visit.commands import (
    AdmitPatient,
    CheckIn,
    CompleteVisit,
    MovePatient,
    RecordArrival,
    RecordLeftUnseen,
    StartVisit,
)
from journey.simulate.aftercare import looked_after
from journey.simulate.cases import BAYS, CARDIOLOGY, EMERGENCY, OBSERVATION, RESUSCITATION, TREATED, WAITING
from journey.simulate.consenting import looked_without
from journey.simulate.handing_over import AFTERWARDS, ON_THE_WARD, Change, hands_over, member
from journey.simulate.intake import take_in_quickly
from journey.simulate.referring import refers
from journey.simulate.results import comes_back
from journey.simulate.septic import LOOKS_LIKE_IT, septic, triaged
from journey.simulate.stay import Left, bed, stay
from journey.simulate.step import PHYSICIANS, RECORDS, TRIAGE
from journey.simulate.story import Story, Told

SHARE_LEFT_UNSEEN = 0.06
SHARE_ADMITTED, SHARE_OBSERVED = 0.42, 0.12
SHARE_NOT_ADMITTED_AFTER_ALL = 0.04
SHARE_MOVED_BETWEEN_BAYS = 0.15
SHARE_BACK_WITHIN_A_MONTH = 0.14
SHARE_TRIAGED, SHARE_HANDED_OVER, SHARE_REFERRED_ON = 0.25, 0.45, 0.2
SHARE_NOT_ASKED = 0.04
SHARE_LOOKED_AFTER, SHARE_TO_PRACTICE = 0.55, 0.15
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
    if not admitted and dice.seldom("left unseen", SHARE_LEFT_UNSEEN):
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
    if dice.seldom("cannot be asked", SHARE_NOT_ASKED):
        looked_without(story, told, at + dice.minutes(1, 9), triage.actor.id)
    septic_now = False
    if about.code == LOOKS_LIKE_IT:
        septic_now = septic(story, told, at, visit_id)
    elif dice.chance(SHARE_TRIAGED):
        triaged(story, told, at - dice.minutes(0.1, 0.6))
    for code in EMERGENCY.tests[: dice.whole(0, 3)]:
        comes_back(story, told, at, code, visit_id=visit_id, urgent=True)
    if dice.chance(SHARE_MOVED_BETWEEN_BAYS):
        move = MovePatient(
            occurred_at=at + dice.minutes(5, 40), visit_id=visit_id, location=RESUSCITATION, moved_from=bay
        )
        story.say(told, move, triage)
    at += dice.hours(0.8, 6)
    if admitted or septic_now or dice.chance(SHARE_ADMITTED):
        _given_a_bed(story, told, visit_id, at, again=admitted)
    else:
        _goes_home(story, told, visit_id, at)
        if about.code == CHEST_PAIN and dice.chance(SHARE_REFERRED):
            story.hand_on(told, at + dice.minutes(5, 50), CARDIOLOGY.team)
    return told


def _goes_home(story: Story, told: Told, visit_id: UUID, at: datetime) -> None:
    done = CompleteVisit(occurred_at=at, visit_id=visit_id)
    story.settles(told, story.say(told, done, story.staff("emergency")))
    if story.dice.seldom("referred on from the emergency", SHARE_REFERRED_ON):
        refers(story, told, at + story.dice.minutes(3, 40), follow_up=True)
    story.close(told, TREATED)


def _given_a_bed(story: Story, told: Told, visit_id: UUID, at: datetime, *, again: bool) -> None:
    dice = story.dice
    observed = not again and dice.chance(SHARE_OBSERVED / SHARE_ADMITTED)
    kind = EncounterClass.OBSERVATION if observed else EncounterClass.INPATIENT
    where = bed(story, OBSERVATION if observed else None)
    admit = AdmitPatient(occurred_at=at, visit_id=visit_id, encounter_class=kind, location=where)
    story.say(told, admit, story.staff("emergency"))
    if not again and dice.seldom("not admitted", SHARE_NOT_ADMITTED_AFTER_ALL):
        at += dice.minutes(20, 110)
        undo = CancelAdmission(occurred_at=at, visit_id=visit_id, reason="better than was thought")
        story.say(told, undo, story.staff("emergency"))
        _goes_home(story, told, visit_id, at + dice.minutes(10, 60))
        return
    if dice.chance(SHARE_HANDED_OVER):
        to_ward = Change(HandoffKind.SERVICE, story.staff("emergency"), dice.one(PHYSICIANS))
        hands_over(story, told, at + dice.minutes(3, 30), to_ward, ON_THE_WARD)
    else:
        story.hand_on(told, at + dice.hours(0.5, 5), "inpatient-medicine")
    days = MEDIAN_DAYS_OBSERVED if observed else MEDIAN_DAYS
    left = stay(story, told, visit_id, at, where, days=days, kind=kind)
    if left.is_alive:
        leaves_hospital(story, told, left)


def leaves_hospital(story: Story, told: Told, left: Left) -> None:
    """Home, or to wherever care goes on; some are in hospital again soon, in a new journey."""
    dice = story.dice
    back = (
        left.at + dice.days(1, 28) if dice.seldom("back within a month", SHARE_BACK_WITHIN_A_MONTH) else None
    )
    if dice.chance(SHARE_LOOKED_AFTER):
        looked_after(story, told, left, back)
    if dice.chance(SHARE_TO_PRACTICE):
        home = Change(HandoffKind.DISCHARGE_TO_PCP, dice.one(PHYSICIANS), member(dice, "primary-care"))
        hands_over(story, told, story.diary.in_hours(left.at + dice.hours(1, 5)), home, AFTERWARDS)
    else:
        story.hand_on(told, left.at + dice.minutes(10, 90))
    story.close(told, TREATED)
    if back is not None:
        again = comes_unannounced(story, back, continues=told, admitted=True)
        days = (story.diary.day_of(back) - story.diary.day_of(left.at)).days
        link = LinkJourney(
            occurred_at=back + dice.hours(7, 30),
            relation=Relation.READMISSION_OF,
            other_journey_id=told.journey_id,
            days=days,
            planned=False,
        )
        story.say(again, link, RECORDS)
