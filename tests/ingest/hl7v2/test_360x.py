"""IHE 360X: a referral from its request to its outcome, as orders and appointments."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import uuid5

import pytest

from journey.domain.codes import Priority
from journey.domain.event import Command
from journey.domain.referral import (
    AcceptReferral,
    AcceptReferralCancellation,
    CancelReferral,
    DeclineReferral,
    NotifyReferralAppointment,
    NotifyReferralNoShow,
    ReceiveInterimReport,
    ReceiveReferralOutcome,
    ReferralOrder,
    ReferralSent,
    RefuseReferralCancellation,
    RequestReferralCancellation,
    SendReferral,
)
from journey.domain.referral.events import ReferralAccepted, ReferralAppointmentNotified
from journey.domain.referral.state import ReferralStatus
from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.test_mapping import AT, asked, reason
from tests.ingest.hl7v2.written import PID, message, segment
from tests.spec import JOURNEY

CLINIC = "1.3.6.1.4.1.21367.2016.10.1.21.15"
LOOP = uuid5(JOURNEY, f"referral|{CLINIC}|889342")
NUMBER = f"889342^^{CLINIC}^ISO"
NOTE = segment("OBR", {2: NUMBER, 4: "57133-1^^LN", 16: "34225PC^Allen", 31: "^Rule out headache"})
SENT = ReferralSent(referral_id=LOOP, order=ReferralOrder())


def order(kind: str, orc: dict[int, str], *more: str, profile: str = "360X", number: str = NUMBER) -> bytes:
    head, *rest = message(kind, PID, segment("ORC", {2: number, **orc}), *more).decode().split("\r")
    return "\r".join((f"{head}|||NE|NE|||||{profile}", *rest)).encode()


def only(raw: bytes, *told: object) -> Command:
    (command,) = asked(raw, *told)  # type: ignore[arg-type]  # as it takes them
    return command


def test_a_request_is_a_referral_with_all_that_it_says() -> None:
    sent = only(
        order("OMG^O19^OMG_O19", {1: "NW", 12: "34225PC^Allen^Anthony"}, "TQ1||||||||20261018|S", NOTE)
    )
    assert isinstance(sent, SendReferral)
    assert (sent.referral_id, sent.reported) == (LOOP, True)
    asks = sent.order
    assert (asks.number, asks.requester, asks.performer) == ("889342", "34225PC", "NET")
    assert (asks.priority, asks.valid_until) == (Priority.STAT, date(2026, 10, 18))
    assert asks.reason
    assert asks.reason.display == "Rule out headache"
    assert asks.service
    assert asks.service.code == "Med"


ACCEPT = {1: "SC", 5: "IP", 12: "77^Lee^Ann", 15: "20260401"}


@pytest.mark.parametrize(
    ("orc", "command"),
    [
        (ACCEPT, AcceptReferral),
        ({1: "SC", 5: "CA", 16: "FULL^No capacity"}, DeclineReferral),
        ({1: "OC"}, DeclineReferral),
        ({1: "UA"}, DeclineReferral),
        ({1: "CA", 5: "CA", 16: "^Patient moved"}, CancelReferral),
        ({1: "DC", 5: "CA"}, CancelReferral),
        ({1: "CR", 5: "CA"}, AcceptReferralCancellation),
        ({1: "UC", 16: "^Seen already"}, RefuseReferralCancellation),
    ],
    ids=str,
)
def test_a_status_says_what_became_of_it(orc: dict[int, str], command: type[Command]) -> None:
    told = only(order("OSU^O51^OSU_O51", orc))
    assert type(told) is command
    assert getattr(told, "referral_id", None) == LOOP


def test_an_acceptance_says_who_and_by_when_and_a_decline_why() -> None:
    accepted = only(order("OSU^O51", ACCEPT))
    assert isinstance(accepted, AcceptReferral)
    assert (accepted.owner, accepted.expected_by) == ("77", datetime(2026, 4, 1, 23, 59, 59, 999999, UTC))
    declined = only(order("OSU^O51", {1: "SC", 5: "CA", 16: "FULL^No capacity"}))
    assert isinstance(declined, DeclineReferral)
    assert (declined.reason.code, declined.reason.display) == ("FULL", "No capacity")


def test_work_under_way_is_asked_to_stop() -> None:
    """Nobody can be told any more that they are not asked."""
    booked = (SENT, ReferralAccepted(referral_id=LOOP), ReferralAppointmentNotified(referral_id=LOOP))
    told = only(order("OSU^O51", {1: "CA", 5: "CA", 16: "^Patient moved"}), *booked)
    assert isinstance(told, RequestReferralCancellation)
    assert told.reason == "Patient moved"


@pytest.mark.parametrize(
    ("status", "command"), [("IP", ReceiveInterimReport), ("CM", ReceiveReferralOutcome)]
)
def test_a_note_is_interim_or_the_outcome(status: str, command: type[Command]) -> None:
    told = only(order("OMG^O19", {1: "SC", 5: status}, segment("OBR", {2: NUMBER, 3: "DOC-7", 4: "34117-2"})))
    assert type(told) is command
    assert getattr(told, "report", None) == "DOC-7"


def test_an_order_that_is_no_referral_is_left_alone_unless_its_number_is_known() -> None:
    accept = order("OSU^O51", ACCEPT, profile="")
    assert reason(accept).startswith("no-mapping: MSH-21 is not 360X")
    assert isinstance(only(accept, SENT), AcceptReferral)
    lipids = order("OMG^O19", {1: "NW"}, segment("OBR", {4: "57698-3^Lipid panel^LN"}), profile="")
    assert reason(lipids).startswith("no-mapping")
    two = order("OMG^O19", {1: "NW"}, NOTE, segment("ORC", {1: "NW", 2: "2"}))
    assert reason(two).startswith("no-mapping: There are several ORC")


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (order("OMG^O19", {1: "SC", 5: "HD"}, NOTE), "ORC-5"),
        (order("OSU^O51", {1: "SC", 5: "CM"}), "ORC-5"),
        (order("OMG^O19", {1: "NW"}, "OBR|1", number=""), "OBR-2"),
    ],
)
def test_what_is_not_clear_is_named(raw: bytes, place: str) -> None:
    assert reason(raw).startswith(f"missing-field: {place} ")


def siu(trigger: str, number: str = NUMBER) -> bytes:
    when = segment("SCH", {1: "S1^CARD", 11: "^^^20260320140000+0000", 26: number})
    return message(f"SIU^{trigger}", when, PID)


def test_an_appointment_that_names_the_referral_tells_it() -> None:
    _, told = asked(siu("S12"), SENT)
    assert isinstance(told, NotifyReferralAppointment)
    assert (told.referral_id, told.start) == (LOOP, datetime(2026, 3, 20, 14, tzinfo=UTC))
    _, missed = asked(siu("S26"), SENT)
    assert isinstance(missed, NotifyReferralNoShow)
    assert len(asked(siu("S12"))) == len(asked(siu("S12", "another"), SENT)) == 1


def test_a_number_without_an_authority_is_the_referrer_s_in_question_answer_and_appointment() -> None:
    def swapped(raw: bytes) -> bytes:
        return raw.replace(b"APP|HOSP|JOURNEY|NET", b"JOURNEY|NET|APP|HOSP")

    sent = only(order("OMG^O19", {1: "NW"}, number="7"))
    key = getattr(sent, "referral_id", None)
    assert key == uuid5(JOURNEY, "referral|HOSP|7")
    accepted = only(swapped(order("OSU^O51", {1: "SC", 5: "IP"}, number="7")))
    assert getattr(accepted, "referral_id", None) == key
    known = ReferralSent(referral_id=key, order=ReferralOrder())
    _, booked = asked(swapped(siu("S12", "7")), (known, AT))
    assert getattr(booked, "referral_id", None) == key


def test_a_loop_from_its_request_to_its_outcome(feed: Feed) -> None:
    story: Sequence[bytes] = (
        order("OMG^O19", {1: "NW", 9: "20260301080000+0000"}, NOTE),
        order("OSU^O51", {**ACCEPT, 9: "20260301090000+0000"}),
        siu("S12").replace(b"20260302120000", b"20260301100000"),
        order("OMG^O19", {1: "SC", 5: "IP", 9: "20260321100000+0000"}, segment("OBR", {3: "D-1"})),
        order("OMG^O19", {1: "SC", 5: "CM", 9: "20260322100000+0000"}, segment("OBR", {3: "D-2"})),
    )
    taken = feed.take(*story)
    assert (taken.applied, taken.parked) == (5, 0)
    (referral,) = feed.journey_of("M1").referrals
    assert referral.status is ReferralStatus.OUTCOME_RECEIVED
    assert referral.outcome
    assert referral.has_told("D-2")
    assert feed.take(*story).duplicate == 5
