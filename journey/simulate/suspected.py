"""Suspected cancer: looked into within weeks, mostly ruled out, else treated (NHS cancer waiting times)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from journey.domain.codes import Priority
from journey.domain.event import Coded
from journey.domain.handoff import HandoffKind
from journey.domain.rtt import RttCode
from journey.domain.treatment import DecisionKind, DiagnosisOutcome
from journey.domain.visit.events import Appointment
from journey.simulate.cases import ONCOLOGY
from journey.simulate.dice import Weighted
from journey.simulate.enrolling import CANCER, follows
from journey.simulate.following import begin, closed, sent_elsewhere, visited
from journey.simulate.handing_over import ELSEWHERE_ASKED, Change, hands_over, member
from journey.simulate.matters import RESECTION
from journey.simulate.referred import referred_by_a_practice
from journey.simulate.story import Story, Told
from journey.simulate.treating import decided, declined, diagnosed, treated
from journey.simulate.waiting import counted, not_come

SHARE_UPGRADED, SHARE_TOLD_OF_THE_TIME = 0.15, 0.9
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SECOND_LEAD = 9


def suspected_of_cancer(story: Story, at: datetime) -> None:
    """Referred urgently, seen, told; and treated, if it is what was feared."""
    dice = story.dice
    told, about, known = begin(story, at, ONCOLOGY)
    upgraded = dice.seldom("upgraded", SHARE_UPGRADED)
    urgency = Priority.ROUTINE if upgraded else Priority.URGENT
    referred = referred_by_a_practice(story, told, at, about, urgency)
    if known is None:
        referred.turned_away()
        return
    follows(story, told, at + MINUTE * 0.9, CANCER)
    taken = referred.taken_on(known)
    if taken is None:
        sent_elsewhere(story, told, referred.thread.at)
        return
    if upgraded:
        decided(story, told, taken + MINUTE, DecisionKind.UPGRADE)
    before = len(story.steps)
    knows = dice.chance(SHARE_TOLD_OF_THE_TIME)
    first = Appointment(referral_id=referred.referral_id, first_activity=True, communicated=knows)
    over = visited(story, told, taken, 1, lead=told.case.lead, wish=first)
    not_come(story, told, before, knows=knows)
    if over is not None:
        counted(story, told, over + MINUTE, RttCode.FIRST_ACTIVITY, first_activity=True)
        over = visited(story, told, over + 5 * MINUTE, 1, lead=SECOND_LEAD, virtual=0.2) or told.settled
        over = dice.dealt(ENDINGS)(story, told, over, about)
    referred.ends(over)
    closed(story, told, over)


def _ruled_out(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    return diagnosed(story, told, over + MINUTE, about, DiagnosisOutcome.RULED_OUT)


def _not_certain_yet(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    """Another look is needed."""
    at = diagnosed(story, told, over + MINUTE, about, DiagnosisOutcome.UNCERTAIN)
    again = visited(story, told, at + MINUTE, 1, lead=SECOND_LEAD) or told.settled
    return _ruled_out(story, told, again, about)


def _confirmed(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    """Told, and discussed by all who would treat it."""
    at = diagnosed(story, told, over + MINUTE, about, DiagnosisOutcome.CONFIRMED)
    return decided(story, told, story.diary.in_hours(at + story.dice.days(2, 7)), DecisionKind.MDT)


def _to_be_treated(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    at = _confirmed(story, told, over, about)
    return decided(story, told, story.diary.in_hours(at + story.dice.days(1, 6)), DecisionKind.TO_TREAT)


def _treated(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    at = _to_be_treated(story, told, over, about)
    at = story.diary.in_hours(at + story.dice.days(5, 28))
    at = treated(story, told, at, RESECTION, story.staff(told.case.team), first=True)
    return counted(story, told, at + MINUTE, RttCode.FIRST_TREATMENT)


def _does_not_want_it(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    at = _to_be_treated(story, told, over, about)
    at = declined(story, told, story.diary.in_hours(at + story.dice.days(1, 6)), RESECTION)
    return counted(story, told, at + MINUTE, RttCode.DECLINED)


def _not_to_be_treated(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    at = _confirmed(story, told, over, about)
    at = decided(story, told, at + MINUTE, DecisionKind.NOT_TO_TREAT)
    return counted(story, told, at + MINUTE, RttCode.NOT_TO_TREAT)


def _at_another_trust(story: Story, told: Told, over: datetime, about: Coded) -> datetime:
    """The treating hospital takes over, and with it the clock."""
    at = _to_be_treated(story, told, over, about)
    at = counted(story, told, at + MINUTE, RttCode.TRANSFERRED)
    away = Change(
        HandoffKind.CARE_TEAM, member(story.dice, told.case.team), member(story.dice, "treating-trust")
    )
    return hands_over(story, told, at + 5 * MINUTE, away, ELSEWHERE_ASKED)


ENDINGS: Weighted[Callable[[Story, Told, datetime, Coded], datetime]] = (
    (0.45, _ruled_out),
    (0.10, _not_certain_yet),
    (0.23, _treated),
    (0.07, _does_not_want_it),
    (0.07, _not_to_be_treated),
    (0.08, _at_another_trust),
)
