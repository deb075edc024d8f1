"""Referrals to other services, and all that may become of them."""

from collections.abc import Callable
from datetime import datetime

from journey.domain.codes import Priority
from journey.domain.referral import (
    AcceptReferral,
    AcceptReferralCancellation,
    CancelReferral,
    ChangeReferral,
    CloseReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    DraftReferral,
    ExpireReferral,
    NotifyReferralAppointment,
    NotifyReferralNoShow,
    ProvideReferralInformation,
    ReceiveInterimReport,
    ReceiveReferralOutcome,
    ReferralKind,
    ReferralOrder,
    RefuseReferralCancellation,
    ReopenReferral,
    RequestReferralCancellation,
    RequestReferralInformation,
    RerouteReferral,
    SendReferral,
)
from journey.simulate.dice import Weighted
from journey.simulate.matters import NOT_TAKEN, OTHER_SERVICES
from journey.simulate.step import COORDINATORS, ELSEWHERE
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

A_DAY = 24  # hours
PRIORITIES: Weighted[Priority] = ((0.75, Priority.ROUTINE), (0.2, Priority.URGENT), (0.05, Priority.ASAP))
SHARE_DRAFTED = 0.15
SHARE_NEVER_READ = 0.06


def refers(story: Story, told: Told, at: datetime, *, follow_up: bool = False) -> None:
    """Another service is asked. `follow_up`: for when the patient has left hospital."""
    dice = story.dice
    what = dice.one(OTHER_SERVICES[told.case.team])
    order = ReferralOrder(
        number=f"F{dice.whole(10**6, 10**7 - 1)}",
        kind=ReferralKind.INTERNAL if dice.chance(0.3) else ReferralKind.EXTERNAL,
        service=what,
        priority=dice.by_share(PRIORITIES),
        requester=f"{told.case.team}-1",
        performer=(what.display or what.code).lower().replace(" ", "-"),
        follow_up=follow_up,
    )
    thread = Thread(story, told, at, {"referral_id": dice.uuid()})
    by = story.staff(told.case.team)
    if dice.chance(SHARE_DRAFTED):
        thread.now(DraftReferral, by, order=order)
        thread.then(SendReferral, by, 0.1, 30)
    else:
        thread.now(SendReferral, by, order=order)
    dice.dealt(COURSES)(thread)


def _taken(thread: Thread) -> None:
    thread.then(ConfirmReferralReceipt, ELSEWHERE, 0.1, 30)
    thread.then(AcceptReferral, ELSEWHERE, 2, 4 * A_DAY, owner="coordinator-3")


def _gets_a_time(thread: Thread) -> None:
    thread.wait(0.2, 2 * A_DAY)
    start = thread.story.diary.in_hours(thread.at + thread.dice.days(4, 18))
    thread.now(NotifyReferralAppointment, ELSEWHERE, start=start)
    thread.at = start


def _comes_back(thread: Thread) -> None:
    thread.then(ReceiveReferralOutcome, ELSEWHERE, 2, 5 * A_DAY, report=f"L{thread.dice.whole(10**5, 10**6)}")
    if thread.dice.chance(SHARE_NEVER_READ):
        thread.is_left()
        return
    _is_read(thread)


def _is_read(thread: Thread) -> None:
    by = thread.story.staff(thread.told.case.team)
    thread.then(CloseReferral, by, 1, 5 * A_DAY, reviewed_by=by.actor.id)
    thread.ends()


def _as_hoped(thread: Thread) -> None:
    _taken(thread)
    _gets_a_time(thread)
    _comes_back(thread)


def _after_a_question(thread: Thread) -> None:
    thread.then(ConfirmReferralReceipt, ELSEWHERE, 0.1, 30)
    due = thread.at + thread.dice.days(7, 14)
    thread.then(RequestReferralInformation, ELSEWHERE, 1, 40, what="the latest images", due=due)
    asked = thread.dice.one(COORDINATORS)
    thread.then(ProvideReferralInformation, asked, 2, 4 * A_DAY, documents=("images-1",))
    thread.then(AcceptReferral, ELSEWHERE, 2, 2 * A_DAY)
    _gets_a_time(thread)
    _comes_back(thread)


def _declined(thread: Thread) -> None:
    who = thread.dice.one(COORDINATORS)
    thread.then(
        DeclineReferral, ELSEWHERE, 4, 60, reason=thread.dice.one(NOT_TAKEN), reroute_owner=who.actor.id
    )
    thread.then(RerouteReferral, who, 1, 50, performer="another-provider", reason="declined by the first")
    _as_hoped(thread)


def _missed(thread: Thread) -> None:
    _taken(thread)
    _gets_a_time(thread)
    thread.then(NotifyReferralNoShow, ELSEWHERE, 0.6, 1)
    _gets_a_time(thread)
    _comes_back(thread)


def _missed_for_good(thread: Thread) -> None:
    _taken(thread)
    _gets_a_time(thread)
    thread.then(NotifyReferralNoShow, ELSEWHERE, 0.6, 1)
    reason = "the patient did not come and is not to be reached"
    thread.then(ExpireReferral, thread.dice.one(COORDINATORS), 10 * A_DAY, 20 * A_DAY, reason=reason)
    thread.ends()


def _in_two_parts(thread: Thread) -> None:
    _taken(thread)
    _gets_a_time(thread)
    thread.then(ReceiveInterimReport, ELSEWHERE, 2, 50, report="first")
    thread.wait(3 * A_DAY, 9 * A_DAY)
    _comes_back(thread)


def _asked_to_stop(thread: Thread) -> None:
    _taken(thread)
    _gets_a_time(thread)
    thread.then(ReceiveInterimReport, ELSEWHERE, 2, 50, report="first")
    who = thread.story.staff(thread.told.case.team)
    thread.then(RequestReferralCancellation, who, 2, 50, reason="no longer needed")


def _stopped(thread: Thread) -> None:
    _asked_to_stop(thread)
    thread.then(AcceptReferralCancellation, ELSEWHERE, 1, 40)
    thread.ends()


def _went_on(thread: Thread) -> None:
    _asked_to_stop(thread)
    thread.then(RefuseReferralCancellation, ELSEWHERE, 1, 40, reason="nearly done")
    _comes_back(thread)


def _called_off(thread: Thread) -> None:
    who = thread.story.staff(thread.told.case.team)
    thread.then(CancelReferral, who, 5, 60, reason="the patient goes elsewhere")
    thread.ends()


def _taken_up_again(thread: Thread) -> None:
    _called_off(thread)
    who = thread.dice.one(COORDINATORS)
    thread.then(ReopenReferral, who, 20, 5 * A_DAY, reason="the patient has thought again")
    thread.then(AcceptReferral, ELSEWHERE, 2, 50)
    _gets_a_time(thread)
    _comes_back(thread)


def _never_answered(thread: Thread) -> None:
    thread.is_left()


def _ordered_otherwise(thread: Thread) -> None:
    """The author asks for more visits, before anybody has answered."""
    for step in thread.story.steps:
        asked = step.command
        if (
            isinstance(asked, DraftReferral | SendReferral)
            and asked.referral_id == thread.names["referral_id"]
        ):
            order = asked.order.model_copy(update={"visits": 6})
            by = thread.story.staff(thread.told.case.team)
            thread.then(ChangeReferral, by, 1, 30, order=order)
            break
    _as_hoped(thread)


COURSES: Weighted[Callable[[Thread], None]] = (
    (0.38, _as_hoped),
    (0.04, _ordered_otherwise),
    (0.08, _after_a_question),
    (0.06, _declined),
    (0.07, _missed),
    (0.05, _missed_for_good),
    (0.05, _in_two_parts),
    (0.04, _stopped),
    (0.04, _went_on),
    (0.06, _called_off),
    (0.04, _taken_up_again),
    (0.09, _never_answered),
)
