"""Who pays: coverage recorded, the payer asked, and what it says; the cost told, and help with it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from journey.domain.coverage import (
    Benefits,
    ConfirmEligibility,
    DenyEligibility,
    EndCoverage,
    FinancialAid,
    GiveFinancialEstimate,
    LineOfBusiness,
    RecordCoverage,
    RecordCoverageNotFound,
    RecordEligibilityFailure,
    RequestEligibility,
    RequestEligibilityReview,
    ScreenFinancialAid,
    SetCoordinationOfBenefits,
)
from journey.domain.event import Coded
from journey.simulate.dice import Weighted
from journey.simulate.matters import word
from journey.simulate.step import DESK, PAYER, PAYERS_DESK
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

LINES: Weighted[LineOfBusiness] = (
    (0.5, LineOfBusiness.COMMERCIAL),
    (0.25, LineOfBusiness.MEDICARE),
    (0.15, LineOfBusiness.MEDICAID),
    (0.10, LineOfBusiness.EXCHANGE),
)
AIDS: Weighted[FinancialAid] = (
    (0.4, FinancialAid.ELIGIBLE),
    (0.2, FinancialAid.NOT_ELIGIBLE),
    (0.2, FinancialAid.APPLIED),
    (0.2, FinancialAid.DECLINED),
)
HEALTH_PLAN = Coded(system="https://x12.org/codes/service-type-codes", code="30", display="Health benefits")
INACTIVE, UNKNOWN, NO_ANSWER = (
    word("6", "Inactive"),
    word("75", "Subscriber not found"),
    word("42", "Unable to respond at current time"),
)
BENEFITS = Benefits(in_network=True, copay=3000, deductible_remaining=45000)
LONG_ENOUGH, SOON = 30, timedelta(days=14)


def covered(story: Story, told: Told, at: datetime) -> UUID | None:
    """Who pays is asked for: the coverage, if there is one that pays."""
    thread = Thread(story, told, story.diary.in_hours(at), {"coverage_id": story.dice.uuid()})
    return story.dice.dealt(COURSES)(thread, story.diary.day_of(thread.at + SOON))


def _recorded(thread: Thread, business: LineOfBusiness | None = None) -> None:
    thread.now(
        RecordCoverage,
        thread.dice.one(DESK),
        payer="payer-1",
        line_of_business=business or thread.dice.by_share(LINES),
        member_id=f"W{thread.dice.whole(10**8, 10**9)}",
        valid_from=date(thread.at.year, 1, 1),
    )


def _asked(thread: Thread, on: date) -> dict[str, Any]:
    """What is asked, so that it can be answered."""
    service: dict[str, Any] = {"service_date": on, "service_type": HEALTH_PLAN}
    thread.then(RequestEligibility, thread.dice.one(DESK), 0.02, 3, **service)
    return service


def _confirmed(thread: Thread, on: date) -> UUID:
    answer = _asked(thread, on)
    answer |= {"benefits": BENEFITS, "valid_days": LONG_ENOUGH}
    thread.then(ConfirmEligibility, PAYER, 0.01, 0.1, **answer)
    thread.ends()
    return thread.names["coverage_id"]


def _pays(thread: Thread, on: date) -> UUID:
    _recorded(thread)
    return _confirmed(thread, on)


def _not_any_more(thread: Thread, on: date) -> UUID:
    """Not active; another number is on the card."""
    _recorded(thread)
    answer = _asked(thread, on)
    thread.then(DenyEligibility, PAYER, 0.01, 0.1, reason=INACTIVE, **answer)
    thread.wait(1, 40)
    _recorded(thread)
    return _confirmed(thread, on)


def _unknown(thread: Thread, on: date) -> None:
    """The payer has never heard of the patient."""
    _recorded(thread)
    answer = _asked(thread, on)
    thread.then(RecordCoverageNotFound, PAYER, 0.01, 0.1, reason=UNKNOWN, **answer)
    thread.then(EndCoverage, thread.dice.one(DESK), 3, 50, reason="never was one", ended_on=on - SOON)
    _helped(thread)


def _silent(thread: Thread, on: date) -> UUID:
    _recorded(thread)
    answer = _asked(thread, on)
    thread.then(RecordEligibilityFailure, PAYER, 0.01, 0.1, reason=NO_ANSWER, **answer)
    return _confirmed(thread, on)


def _unclear(thread: Thread, on: date) -> UUID:
    _recorded(thread)
    answer = _asked(thread, on)
    who = thread.dice.one(PAYERS_DESK)
    thread.then(RequestEligibilityReview, who, 0.05, 3, reason="two members of this name", **answer)
    thread.then(ConfirmEligibility, who, 3, 40, benefits=BENEFITS, **answer)
    thread.ends()
    return thread.names["coverage_id"]


def _two(thread: Thread, on: date) -> UUID:
    """Two payers, of whom one pays first."""
    first = _pays(thread, on)
    second = Thread(thread.story, thread.told, thread.at, {"coverage_id": thread.dice.uuid()})
    second.wait(0.05, 0.3)
    _recorded(second, LineOfBusiness.MEDICAID)
    order = SetCoordinationOfBenefits(
        occurred_at=second.wait(0.02, 0.2), order=(first, second.names["coverage_id"])
    )
    thread.story.say(thread.told, order, thread.dice.one(DESK))
    second.ends()
    return first


def _self_pay(thread: Thread, _: date) -> None:
    _recorded(thread, LineOfBusiness.SELF_PAY)
    _helped(thread)


def _helped(thread: Thread) -> None:
    """What it will cost, and whether somebody helps."""
    who, amount = thread.dice.one(DESK), thread.dice.whole(80, 900) * 100
    told = GiveFinancialEstimate(
        occurred_at=thread.wait(0.1, 4), estimate_id=thread.dice.uuid(), amount=amount
    )
    thread.story.say(thread.told, told, who)
    screened = ScreenFinancialAid(
        occurred_at=thread.wait(0.1, 40), outcome=thread.dice.by_share(AIDS), program="hospital charity"
    )
    thread.story.say(thread.told, screened, who)
    thread.ends()


def _taken_on_trust(thread: Thread, _: date) -> None:
    """Written down, and never verified."""
    _recorded(thread)
    thread.ends()


COURSES: Weighted[Callable[[Thread, date], UUID | None]] = (
    (0.50, _pays),
    (0.07, _not_any_more),
    (0.07, _unknown),
    (0.08, _silent),
    (0.07, _unclear),
    (0.07, _two),
    (0.08, _self_pay),
    (0.06, _taken_on_trust),
)
