"""Sepsis, or what looks like it, in the emergency department: against the clock."""

from datetime import datetime, timedelta
from uuid import UUID

from journey.domain.enrolment import (
    AttestMilestone,
    EndPathway,
    ReopenMilestone,
    WaiveMilestone,
)
from journey.simulate.cases import CRP, test
from journey.simulate.dice import Weighted
from journey.simulate.enrolling import SEPSIS, follows
from journey.simulate.matters import (
    ANTIBIOTICS,
    FLUIDS,
    NOT_SUSPECTED,
    SEPSIS_TRIAGED,
    SUSPECTED,
    TRIAGE_FINDINGS,
    TRIAGED,
)
from journey.simulate.results import comes_back
from journey.simulate.step import PHYSICIANS, TRIAGE
from journey.simulate.story import Story, Told
from journey.simulate.treating import assessed, treated

LOOKS_LIKE_IT = "A41.9"
LEUCOCYTES = test("6690-2", "Leukocytes [#/volume] in Blood by Automated count")
LACTATE = test("2524-7", "Lactate [Moles/volume] in Serum or Plasma")
SHARE_NO_SEPSIS = 0.15
REMARKS: Weighted[str] = ((0.55, "none"), (0.15, "attested"), (0.15, "waived"), (0.15, "reopened"))
MINUTE = timedelta(minutes=1)


def triaged(story: Story, told: Told, at: datetime) -> datetime:
    """How urgent it is."""
    found = story.dice.one(TRIAGE_FINDINGS)
    return assessed(story, told, at, (TRIAGED, found), story.dice.one(TRIAGE))


def septic(story: Story, told: Told, at: datetime, visit_id: UUID) -> bool:
    """Whether it is sepsis; if so, the first hours of it."""
    dice, nurse = story.dice, story.dice.one(TRIAGE)
    follows(story, told, at + MINUTE, SEPSIS)
    at = triaged(story, told, at + dice.minutes(2, 20))
    is_sepsis = not dice.seldom("no sepsis", SHARE_NO_SEPSIS)
    finding = SUSPECTED if is_sepsis else NOT_SUSPECTED
    at = assessed(story, told, at + dice.minutes(3, 20), (SEPSIS_TRIAGED, finding), nurse)
    if not is_sepsis:
        over = EndPathway(occurred_at=at + dice.minutes(5, 60), reason="it is no sepsis")
        story.say(told, over, dice.one(PHYSICIANS))
        return False
    for code in (LEUCOCYTES, CRP, LACTATE):
        comes_back(story, told, at, code, visit_id=visit_id, urgent=True)
    by = dice.one(PHYSICIANS)
    remark = dice.dealt(REMARKS)
    if remark != "attested":
        treated(story, told, at + dice.minutes(10, 90), FLUIDS, by)
    wait = dice.skewed(45, 0.5, least=10, most=240)
    treated(story, told, at + dice.minutes(0.9 * wait, wait), ANTIBIOTICS, by)
    _remarked(story, told, at, remark)
    return True


def _remarked(story: Story, told: Told, at: datetime, remark: str) -> None:
    """What a person says of a milestone that no event shows."""
    dice, by = story.dice, story.dice.one(PHYSICIANS)
    at += dice.minutes(20, 200)
    if remark == "attested":
        evidence = "given in the ambulance, by its report"
        story.say(told, AttestMilestone(occurred_at=at, milestone="fluids", evidence=evidence), by)
    elif remark in {"waived", "reopened"}:
        reason = "measured at the practice an hour before"
        story.say(told, WaiveMilestone(occurred_at=at, milestone="crp", reason=reason), by)
        if remark == "reopened":
            again = ReopenMilestone(
                occurred_at=at + dice.hours(0.5, 5), milestone="crp", reason="the report is not to be found"
            )
            story.say(told, again, by)
