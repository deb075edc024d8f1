"""The wait from referral to treatment, as it is counted in England: what each activity means for it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from journey.domain.enrolment import EndPathway
from journey.domain.rtt import RttCode
from journey.domain.treatment import DecisionInitiator, DecisionKind, RecordRttStatus
from journey.domain.visit.commands import RecordNoShow
from journey.domain.visit.events import Appointment
from journey.simulate.cases import ORTHOPAEDICS
from journey.simulate.dice import Weighted
from journey.simulate.enrolling import WAIT, follows
from journey.simulate.following import begin, closed, sent_elsewhere, visited
from journey.simulate.matters import INJECTION
from journey.simulate.referred import referred_by_a_practice
from journey.simulate.step import RECORDS
from journey.simulate.story import Story, Told
from journey.simulate.treating import decided, declined, treated

SHARE_TOLD_OF_THE_TIME, SHARE_NOT_KNOWN, SHARE_SEEN_AGAIN = 0.8, 0.06, 0.4
MINUTE = timedelta(minutes=1)
C = RttCode


def waits_for_treatment(story: Story, at: datetime) -> None:
    """Referred, seen, decided about, and treated or not; a clock is reckoned from the codes."""
    dice = story.dice
    told, about, known = begin(story, at, ORTHOPAEDICS)
    referred = referred_by_a_practice(story, told, at, about)
    if known is None:
        referred.turned_away()
        return
    follows(story, told, at + MINUTE * 0.9, WAIT)
    taken = referred.taken_on(known)
    if taken is None:
        sent_elsewhere(story, told, referred.thread.at)
        return
    before = len(story.steps)
    knows = dice.chance(SHARE_TOLD_OF_THE_TIME)
    first = Appointment(referral_id=referred.referral_id, first_activity=True, communicated=knows)
    over = visited(story, told, taken, 1, lead=told.case.lead, wish=first)
    not_come(story, told, before, knows=knows)
    if over is not None:
        code = C.NOT_YET_KNOWN if dice.chance(SHARE_NOT_KNOWN) else C.FIRST_ACTIVITY
        counted(story, told, over + MINUTE, code, first_activity=True)
        over = dice.dealt(ENDINGS)(story, told, over)
    referred.ends(over)
    closed(story, told, over)


def counted(story: Story, told: Told, at: datetime, code: RttCode, **more: bool) -> datetime:
    """What it meant for the wait."""
    by = story.staff(told.case.team)
    return story.settles(told, story.say(told, RecordRttStatus(occurred_at=at, code=code, **more), by))


def not_come(story: Story, told: Told, before: int, *, knows: bool) -> None:
    """A first appointment that is missed ends the wait, if the patient knew of it; another begins it anew."""
    for step in story.steps[before:]:
        if isinstance(step.command, RecordNoShow):
            at = step.recorded_at + 3 * MINUTE
            counted(story, told, at, C.FIRST_ACTIVITY_NOT_ATTENDED, communicated=knows)
            return


def _again(story: Story, told: Told, over: datetime, code: RttCode, lead: float = 18) -> datetime | None:
    """Another visit, which means this."""
    seen = visited(story, told, over + MINUTE * 9, 1, lead=lead)
    if seen is not None:
        counted(story, told, seen + MINUTE, code)
    return seen


def _at_the_end(story: Story, told: Told, over: datetime, kind: DecisionKind, code: RttCode) -> datetime:
    """Decided, and counted."""
    decided(story, told, over + 2 * MINUTE, kind)
    return counted(story, told, over + 3 * MINUTE, code)


def _treated_after(story: Story, told: Told, over: datetime) -> datetime:
    seen = _again(story, told, over, C.SUBSEQUENT_ACTIVITY)
    if seen is None:
        return _at_the_end(story, told, told.settled, DecisionKind.NOT_TO_TREAT, C.NOT_TO_TREAT)
    return _treated(story, told, seen)


def _treated(story: Story, told: Told, over: datetime) -> datetime:
    at = decided(story, told, over + 2 * MINUTE, DecisionKind.TO_TREAT)
    treated(story, told, at + MINUTE, INJECTION, story.staff(told.case.team), first=True)
    at = counted(story, told, at + 2 * MINUTE, C.FIRST_TREATMENT)
    if story.dice.chance(SHARE_SEEN_AGAIN):
        return _again(story, told, at, C.AFTER_TREATMENT) or at
    return at


def _watched(story: Story, told: Told, over: datetime) -> datetime:
    """Nothing is done for a while, as the clinician thinks best; then something is."""
    at = decided(story, told, over + 2 * MINUTE, DecisionKind.ACTIVE_MONITORING, DecisionInitiator.CLINICIAN)
    at = counted(story, told, at + MINUTE, C.MONITORING_BY_CLINICIAN)
    seen = _again(story, told, at, C.DURING_MONITORING, lead=30)
    if seen is None:
        return at
    return _treated(story, told, counted(story, told, seen + 2 * MINUTE, C.AFTER_MONITORING))


def _thinks_it_over(story: Story, told: Told, over: datetime) -> datetime:
    at = decided(story, told, over + 2 * MINUTE, DecisionKind.ACTIVE_MONITORING, DecisionInitiator.PATIENT)
    return counted(story, told, at + MINUTE, C.MONITORING_BY_PATIENT)


def _not_treated(story: Story, told: Told, over: datetime) -> datetime:
    return _at_the_end(story, told, over, DecisionKind.NOT_TO_TREAT, C.NOT_TO_TREAT)


def _does_not_want_it(story: Story, told: Told, over: datetime) -> datetime:
    at = decided(story, told, over + 2 * MINUTE, DecisionKind.TO_TREAT)
    at = declined(story, told, at + story.dice.hours(0.1, 0.4), INJECTION)
    return counted(story, told, at + MINUTE, C.DECLINED)


def _passed_on(story: Story, told: Told, over: datetime) -> datetime:
    """Another provider goes on with it, and with the clock."""
    at = counted(story, told, over + 2 * MINUTE, C.TRANSFERRED)
    gone = EndPathway(occurred_at=at + MINUTE, reason="another provider goes on with it")
    return story.say(told, gone, RECORDS)


def _something_else(story: Story, told: Told, over: datetime) -> datetime:
    """The one is not treated; another condition begins a wait of its own."""
    at = _not_treated(story, told, over)
    at = counted(story, told, at + MINUTE, C.NEW_CONDITION)
    return _again(story, told, at, C.NOT_APPLICABLE) or at


ENDINGS: Weighted[Callable[[Story, Told, datetime], datetime]] = (
    (0.30, _treated_after),
    (0.20, _treated),
    (0.10, _watched),
    (0.08, _thinks_it_over),
    (0.10, _not_treated),
    (0.08, _does_not_want_it),
    (0.07, _passed_on),
    (0.07, _something_else),
)
