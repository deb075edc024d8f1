"""The courses that a request to a payer takes, from "not needed" to an appeal that is lost."""

from datetime import datetime, timedelta
from uuid import UUID

from journey.domain.authorization import (
    AppealAuthorization,
    ConsumeAuthorizationUnits,
    ContactPayer,
    DecideAuthorizationAppeal,
    ExtendAuthorization,
    ExtendAuthorizationDecision,
    HoldPeerToPeer,
    PendAuthorization,
    RequestAuthorizationInformation,
    RestoreAuthorizationUnits,
    ReviewAuthorizationDecision,
    RevokeAuthorization,
    SchedulePeerToPeer,
    SubmitAuthorizationInformation,
    UpdateAuthorization,
)
from journey.domain.authorization.request import (
    AppealLevel,
    AppealOutcome,
    AuthorizationItem,
    AuthorizedItem,
)
from journey.domain.event import Coded
from journey.simulate.authorizing import A_DAY, A, Asking, Course
from journey.simulate.dice import Weighted
from journey.simulate.matters import word
from journey.simulate.step import PAYER, PAYERS_DESK
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

NOTES_WANTED = word("notes", "Notes of the last visits")
NOT_NECESSARY = word("0W", "Not shown to be necessary")
TO_APPEAL = timedelta(days=60)
SHARE_USED = 0.5


def authorized(
    story: Story, told: Told, at: datetime, service: Coded, coverage_id: UUID | None = None
) -> Asking:
    """The payer is asked whether it pays for this, and how that ended."""
    asking = Asking(story, told, story.diary.in_hours(at), service, coverage_id)
    story.dice.dealt(COURSES)(asking)
    return asking


def _not_needed(asking: Asking) -> None:
    thread = asking.thread()
    asking.required(thread, is_required=False)
    asking.is_granted(thread)


def _asked(asking: Asking) -> Thread:
    thread = asking.thread()
    asking.required(thread)
    asking.submitted(thread)
    return thread


def _approved(asking: Asking) -> None:
    thread = _asked(asking)
    asking.answered(thread, A.CERTIFIED)
    if asking.dice.chance(SHARE_USED):
        _used_elsewhere(thread)
    asking.is_granted(thread)


def _used_elsewhere(thread: Thread) -> None:
    """One of the visits is had at another place; the next was counted by mistake."""
    who, used = thread.dice.one(PAYERS_DESK), thread.dice.uuid()
    thread.then(ConsumeAuthorizationUnits, who, 20, 90, consumption_id=thread.dice.uuid(), quantity=1)
    thread.then(ConsumeAuthorizationUnits, who, 1, 9, consumption_id=used, quantity=2)
    thread.then(RestoreAuthorizationUnits, who, 1, 30, consumption_id=used, reason="counted by mistake")


def _used_up(asking: Asking) -> None:
    """All of it is used at another place; a visit under it waits for more."""
    thread = _asked(asking)
    asking.answered(thread, A.CERTIFIED)
    who = asking.dice.one(PAYERS_DESK)
    thread.then(ConsumeAuthorizationUnits, who, 20, 90, consumption_id=thread.dice.uuid(), quantity=4)
    _more(asking, thread)
    asking.is_granted(thread)


def _more(asking: Asking, thread: Thread) -> None:
    """More visits are asked for, and given."""
    item = AuthorizationItem(sequence=1, service=asking.service, quantity=12)
    trace = f"T{asking.dice.whole(10**6, 10**7)}"
    thread.then(UpdateAuthorization, asking.dice.one(PAYERS_DESK), 4, 60, changed=(item,), trace=trace)
    asking.answered(thread, A.CERTIFIED, trace=trace)


def _pended(asking: Asking) -> None:
    thread = _asked(asking)
    due = thread.at + timedelta(days=10)
    thread.then(PendAuthorization, PAYER, 2, 30, due=due)
    thread.then(RequestAuthorizationInformation, PAYER, 2, 40, what=NOTES_WANTED, due=due)
    who = asking.dice.one(PAYERS_DESK)
    thread.then(SubmitAuthorizationInformation, who, 3, 4 * A_DAY, documents=("notes-1",))
    asking.answered(thread, A.CERTIFIED)
    asking.is_granted(thread)


def _taking_long(asking: Asking) -> None:
    thread = _asked(asking)
    longer = thread.at + timedelta(days=14)
    thread.then(ExtendAuthorizationDecision, PAYER, 3 * A_DAY, 6 * A_DAY, due=longer, reason="second look")
    asking.answered(thread, A.CERTIFIED)
    asking.is_granted(thread)


def _reviewed(asking: Asking, thread: Thread) -> None:
    by = asking.story.staff(asking.told.case.team)
    thread.then(ReviewAuthorizationDecision, by, 2, 50, reviewed_by=by.actor.id)


def _modified(asking: Asking) -> None:
    thread = _asked(asking)
    asking.answered(thread, A.MODIFIED, authorized=AuthorizedItem(quantity=2))
    _reviewed(asking, thread)
    asking.is_granted(thread)


def _in_part(asking: Asking) -> None:
    thread = _asked(asking)
    asking.answered(thread, A.PARTLY_CERTIFIED, authorized=AuthorizedItem(quantity=1))
    _reviewed(asking, thread)
    _more(asking, thread)
    asking.is_granted(thread)


def _to_be_called(asking: Asking) -> None:
    thread = _asked(asking)
    asking.answered(thread, A.CONTACT_PAYER)
    thread.then(ContactPayer, asking.dice.one(PAYERS_DESK), 2, 40, note="the side was missing")
    asking.answered(thread, A.CERTIFIED)
    asking.is_granted(thread)


def _about_to_end(asking: Asking) -> None:
    """Its window is too short, and is made longer."""
    thread = _asked(asking)
    soon = asking.story.diary.day_of(thread.at + timedelta(days=7))
    asking.answered(thread, A.CERTIFIED, valid_until=soon)
    later = soon + timedelta(days=150)
    thread.then(ExtendAuthorization, PAYER, 8 * A_DAY, 10 * A_DAY, valid_until=later)
    asking.is_granted(thread)


def _denied(asking: Asking) -> Thread:
    thread = _asked(asking)
    appeal_by = thread.at + TO_APPEAL
    asking.answered(thread, A.NOT_CERTIFIED, reason=NOT_NECESSARY, appeal_by=appeal_by)
    _reviewed(asking, thread)
    return thread


def _asked_anew(asking: Asking) -> None:
    """Denied; another request in its place is approved."""
    first = _denied(asking)
    asking.at = first.wait(5, 4 * A_DAY)
    second = asking.thread()
    asking.submitted(second, supersedes=first.names["authorization_id"])
    asking.answered(second, A.CERTIFIED)
    asking.is_granted(second)


def _talked_over(asking: Asking) -> None:
    """Denied; two doctors speak, and the payer decides again."""
    thread = _denied(asking)
    start = asking.story.diary.in_hours(thread.at + asking.dice.days(1, 3))
    who = asking.story.staff(asking.told.case.team)
    thread.then(SchedulePeerToPeer, asking.dice.one(PAYERS_DESK), 0.5, 6, start=start, clinician=who.actor.id)
    thread.at = max(start, thread.at)
    thread.then(HoldPeerToPeer, who, 0.3, 1, reopens=True)
    asking.answered(thread, A.CERTIFIED)
    asking.is_granted(thread)


def _appealed(asking: Asking, outcome: AppealOutcome) -> Thread:
    thread = _denied(asking)
    level = AppealLevel.REDETERMINATION
    thread.then(AppealAuthorization, asking.dice.one(PAYERS_DESK), 10, 5 * A_DAY, level=level)
    thread.then(DecideAuthorizationAppeal, PAYER, 3 * A_DAY, 9 * A_DAY, outcome=outcome)
    return thread


def _won(asking: Asking) -> None:
    asking.is_granted(_appealed(asking, AppealOutcome.OVERTURNED))


def _lost(asking: Asking) -> None:
    """To the end; the patient pays, or goes without."""
    thread = _appealed(asking, AppealOutcome.UPHELD)
    asking.is_over(thread)
    asking.granted, asking.out_of_pocket = thread.names["authorization_id"], True


def _not_wanted(asking: Asking) -> None:
    asking.cancelled(_asked(asking), "the patient decided against it")


def _taken_back(asking: Asking) -> None:
    thread = _asked(asking)
    asking.answered(thread, A.CERTIFIED)
    thread.then(RevokeAuthorization, PAYER, 2 * A_DAY, 9 * A_DAY, reason="the coverage had ended")
    asking.is_over(thread)


def _never_asked(asking: Asking) -> None:
    thread = asking.thread()
    asking.required(thread)
    asking.is_left(thread)


def _never_answered(asking: Asking) -> None:
    asking.is_left(_asked(asking))


COURSES: Weighted[Course] = (
    (0.08, _not_needed),
    (0.26, _approved),
    (0.04, _used_up),
    (0.09, _pended),
    (0.04, _taking_long),
    (0.05, _modified),
    (0.05, _in_part),
    (0.05, _to_be_called),
    (0.04, _about_to_end),
    (0.05, _asked_anew),
    (0.04, _talked_over),
    (0.04, _won),
    (0.05, _lost),
    (0.04, _not_wanted),
    (0.04, _taken_back),
    (0.02, _never_asked),
    (0.02, _never_answered),
)
