"""Reports that come back, and when somebody looks at them."""

from datetime import datetime
from uuid import UUID

from journey.domain.codes import ResultStatus
from journey.domain.event import Coded
from journey.domain.result import ReceiveResult, ReviewResult
from journey.simulate.step import LABORATORY
from journey.simulate.story import ON_TIME, Story, Told

SHARE_ABNORMAL = 0.2
SHARE_PRELIMINARY = 0.12
SHARE_CORRECTED = 0.03
SHARE_NEVER_READ = 0.05
SHARE_DELIVERED_LATE = 0.05


def comes_back(
    story: Story, told: Told, ordered: datetime, code: Coded, *, visit_id: UUID | None, urgent: bool = False
) -> None:
    """The report arrives, perhaps in two versions, and is read: within hours on a ward, days in a clinic."""
    dice, result_id = story.dice, story.dice.uuid()
    versions = [ResultStatus.FINAL]
    if dice.chance(SHARE_PRELIMINARY):
        versions.insert(0, ResultStatus.PRELIMINARY)
    if dice.chance(SHARE_CORRECTED):
        versions.append(ResultStatus.CORRECTED)
    abnormal = dice.chance(SHARE_ABNORMAL)
    number = f"R{dice.whole(10**7, 10**8 - 1)}"
    at = ordered
    for version, status in enumerate(versions, 1):
        at += dice.hours(0.4, 4) if urgent else dice.hours(5, 70)
        came = ReceiveResult(
            occurred_at=at,
            result_id=result_id,
            code=code,
            status=status,
            abnormal=abnormal,
            visit_id=visit_id,
            report=f"{number}.{version}",
        )
        late = dice.hours(1, 5) if dice.chance(SHARE_DELIVERED_LATE) else ON_TIME
        story.say(told, came, LABORATORY, late=late)
        at += late
    _read(story, told, at, result_id, urgent=urgent)


def _read(story: Story, told: Told, at: datetime, result_id: UUID, *, urgent: bool) -> None:
    dice = story.dice
    if dice.chance(SHARE_NEVER_READ):
        told.loose = True
        return
    hours = dice.skewed(2 if urgent else 22, 1.0, least=0.2, most=24 * 21)
    at += dice.hours(0.9 * hours, hours)
    at = at if urgent else story.diary.in_hours(at)
    by = story.staff(told.case.team)
    read = ReviewResult(occurred_at=at, result_id=result_id, reviewed_by=by.actor.id)
    story.say(told, read, by)
    story.settles(told, at)
