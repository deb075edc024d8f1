"""REF and RRI: what referrals and their answers ask for, and which loop they are about."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from journey.domain.authorization import DecideAuthorization, ReviewAction, SubmitAuthorization
from journey.domain.codes import Priority
from journey.domain.event import Command
from journey.domain.referral import (
    AcceptReferral,
    CancelReferral,
    ChangeReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    ExpireReferral,
    SendReferral,
)
from journey.ingest.aside import Unapplied
from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.test_mapping import asked
from tests.ingest.hl7v2.written import PID, message, segment
from tests.spec import JOURNEY

SENT = "20260301083000+0000"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
LOOP = uuid5(JOURNEY, "referral|CLINIC|R-1")
PRD = ("PRD|RP^Referring Provider|||||||", "PRD|RT^Referred to|Lee^Ann|||||N-2^NPI")
DG1 = "DG1|1||M17.1^Osteoarthritis of knee^I10"
PR1 = "PR1|1||73721^MRI of a knee^C4"
AUT = "AUT|PPO|HC02|Payer|20260110|20260310|A-77||3|2"


def rf1(status: str = "P", **more: str) -> str:
    fields = {1: status, 2: "S", 6: "R-1^CLINIC", 7: "20260125", 8: "20260210"}
    return segment("RF1", {**fields, **{int(name[1:]): value for name, value in more.items()}})


def said(kind: str, *segments: str) -> Sequence[Command]:
    return asked(message(kind, *segments, PID, sent=SENT))


def test_a_referral_is_sent_with_all_that_it_says() -> None:
    (sent,) = said("REF^I12", rf1(), *PRD, DG1, PR1)
    assert isinstance(sent, SendReferral)
    assert (sent.referral_id, sent.occurred_at, sent.reported) == (LOOP, AT, True)
    order = sent.order
    assert (order.number, order.priority, order.performer) == ("R-1", Priority.STAT, "N-2")
    assert (order.service and order.service.code, order.reason and order.reason.code) == ("73721", "M17.1")
    assert (order.valid_from, order.valid_until) == (date(2026, 1, 25), date(2026, 2, 10))


@pytest.mark.parametrize(
    ("status", "command"),
    [
        ("P", ConfirmReferralReceipt),
        ("", ConfirmReferralReceipt),
        ("A", AcceptReferral),
        ("R", DeclineReferral),
        ("E", ExpireReferral),
    ],
)
@pytest.mark.parametrize("trigger", ["I12", "I13", "I14"])
def test_an_answer_is_about_the_loop_of_the_question(
    trigger: str, status: str, command: type[Command]
) -> None:
    (answered,) = said(f"RRI^{trigger}", "MSA|AA|X", rf1(status), *PRD)
    assert type(answered) is command
    assert getattr(answered, "referral_id", None) == LOOP


def test_the_receiver_of_an_answer_gave_the_number_that_names_nobody() -> None:
    (sent,) = asked(message("REF^I12", rf1(f6="R-1"), PID))
    back = message("RRI^I12", rf1(f6="R-1"), PID).replace(b"APP|HOSP|JOURNEY|NET", b"NET|N|APP|HOSP")
    (answered,) = asked(back)
    assert getattr(sent, "referral_id", None) == getattr(answered, "referral_id", None)


def test_a_referral_that_comes_with_its_answer_says_both() -> None:
    sent, accepted = said("REF^I12", rf1("A"), *PRD)
    assert (type(sent), type(accepted)) == (SendReferral, AcceptReferral)


def test_an_authorization_comes_along_with_its_number_window_and_units() -> None:
    submitted, decided, sent = said("REF^I12", rf1(), AUT, PR1)
    assert isinstance(submitted, SubmitAuthorization)
    assert isinstance(decided, DecideAuthorization)
    assert isinstance(sent, SendReferral)
    (item,), (line,) = submitted.request.items, decided.lines
    assert (item.service.code, item.quantity) == ("73721", 3)
    assert (line.action, line.authorized and line.authorized.quantity) == (ReviewAction.CERTIFIED, 2)
    assert (decided.number, decided.valid_until) == ("A-77", date(2026, 3, 10))
    ids = {submitted.authorization_id, decided.authorization_id, sent.order.authorization_id}
    assert ids == {uuid5(JOURNEY, "authorization|A-77")}


def test_an_authorization_without_a_number_is_only_asked_for() -> None:
    commands = said("REF^I12", rf1(), "AUT|PPO|HC02", PR1)
    assert [type(each) for each in commands] == [SubmitAuthorization, SendReferral]


def test_a_changed_and_a_cancelled_referral_are_the_same_loop() -> None:
    (changed,) = said("REF^I13", rf1(f2="A"), *PRD)
    assert isinstance(changed, ChangeReferral)
    assert (changed.referral_id, changed.order.priority) == (LOOP, Priority.ASAP)
    (cancelled,) = said("REF^I14", rf1("C", f10="X^Patient moved away"))
    assert isinstance(cancelled, CancelReferral)
    assert (cancelled.referral_id, cancelled.reason) == (LOOP, "Patient moved away")


@pytest.mark.parametrize(
    ("kind", "rf1", "field"),
    [
        ("REF^I12", rf1(f6=""), "RF1-6"),
        ("RRI^I12", rf1("Z"), "RF1-1"),
        ("REF^I12", rf1(f7="26 March"), "RF1-7"),
    ],
)
def test_what_a_referral_needs_is_said(kind: str, rf1: str, field: str) -> None:
    with pytest.raises(Unapplied, match=field):
        said(kind, rf1)


@pytest.mark.database
def test_question_and_answer_meet_on_one_journey_in_whatever_order(feed: Feed) -> None:
    later = (AT + timedelta(days=2)).strftime("%Y%m%d%H%M%S+0000")
    answer = message("RRI^I12", rf1("A"), *PRD, PID, sent=later)
    feed.take(answer, message("REF^I12", rf1(), *PRD, PR1, PID, sent=SENT))
    (referral,) = feed.journey_of("M1").referrals
    assert (referral.status, referral.order.number, referral.owner) == ("accepted", "R-1", "N-2")
    assert isinstance(referral.referral_id, UUID)
