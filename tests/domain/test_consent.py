"""Consent: what the patient permits and forbids, from when, until when, and who went without."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from journey.domain.consent import (
    ConsentCommand,
    ConsentEvent,
    ConsentGranted,
    ConsentOverrideInvoked,
    ConsentRefused,
    ConsentRequested,
    ConsentRevoked,
    ConsentScope,
    ConsentStatus,
    GrantConsent,
    InvokeConsentOverride,
    NotRetroactive,
    Provision,
    RefuseConsent,
    RequestConsent,
    RevokeConsent,
)
from journey.domain.correction import VoidEvent
from journey.domain.event import Event, Precision
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import closed, opened
from tests.spec import Given, at, given

ONE, TWO, BROKEN = UUID(int=21), UUID(int=22), UUID(int=23)
PRIVACY = ConsentScope.PRIVACY
LAB, GP = "org:lab", "org:gp"

requested = ConsentRequested(consent_id=ONE, scope=PRIVACY, due=at(18))
FOR_RESEARCH = ConsentGranted(consent_id=ONE, scope=ConsentScope.RESEARCH)
refused = ConsentRefused(consent_id=ONE, reason="not now")
revoked = ConsentRevoked(consent_id=ONE)
override = ConsentOverrideInvoked(override_id=BROKEN, recipient=LAB, until=at(13), reason="unconscious")


def granted(consent_id: UUID = ONE, **terms: Any) -> ConsentGranted:
    return ConsentGranted(consent_id=consent_id, scope=PRIVACY, **terms)


CASES = [
    Case(
        RequestConsent(consent_id=ONE, scope=PRIVACY, due=at(18)),
        given(opened),
        [requested],
        given(opened, granted()),
        NotPossibleNow,
    ),
    Case(
        GrantConsent(consent_id=ONE, scope=PRIVACY, recipients=(LAB,), signature_ref="doc-1", version="3"),
        given(opened, requested),
        [granted(recipients=(LAB,), signature_ref="doc-1", version="3")],
        given(opened, granted(), revoked),
        NotPossibleNow,
    ),
    Case(
        RefuseConsent(consent_id=ONE, reason="not now"),
        given(opened, requested),
        [refused],
        given(opened, granted()),
        NotPossibleNow,
    ),
    Case(
        RevokeConsent(consent_id=ONE),
        given(opened, granted(), closed),
        [revoked],
        given(opened),
        UnknownSubject,
    ),
    Case(
        InvokeConsentOverride(override_id=BROKEN, recipient=LAB, until=at(13), reason="unconscious"),
        given(opened, closed),
        [override],
    ),
]


def permits(
    told: Given, moment: datetime, *labels: str, recipient: str = LAB, purpose: str = "TREAT"
) -> bool:
    return bool(decision(told, moment, *labels, recipient=recipient, purpose=purpose)[0])


def decision(
    told: Given, moment: datetime, *labels: str, recipient: str = LAB, purpose: str = "TREAT"
) -> tuple[bool, UUID | None]:
    return told.journey.consents.permits(recipient, purpose, frozenset(labels), moment)


def status(told: Given) -> ConsentStatus:
    consent = told.journey.consents.get(ONE)
    assert consent is not None
    return consent.status


# --- Asked and answered


def test_what_was_asked_waits_for_an_answer() -> None:
    told = standing(given(opened, requested).journey)
    assert [each.code for each in told.blocked_by if each.subject_id == ONE] == ["consent-missing"]
    assert [(each.step, each.due) for each in told.next if each.subject_id == ONE] == [
        ("obtain-consent", at(18))
    ]
    assert [(each.id, each.what) for each in told.open.consents] == [(ONE, "patient-privacy")]
    assert [each.code for each in given(opened, requested).journey.consents.left_open()] == [
        "consent-missing"
    ]


@pytest.mark.parametrize("answer", [granted(), refused])
def test_an_answer_ends_the_wait(answer: Event) -> None:
    told = standing(given(opened, requested, answer).journey)
    assert [each for each in told.blocked_by if each.subject_id == ONE] == []
    assert [each for each in told.next if each.subject_id == ONE] == []
    assert told.open.consents == ()


def test_who_refused_or_revoked_may_be_asked_again() -> None:
    again = RequestConsent(consent_id=ONE, scope=PRIVACY, due=at(20))
    asked = ConsentRequested(consent_id=ONE, scope=PRIVACY, due=at(20))
    for before in (given(opened, requested, refused), given(opened, granted(), revoked)):
        assert status(before.when(again).then(asked)) is ConsentStatus.REQUESTED


def test_who_refused_may_think_better_of_it() -> None:
    told = given(opened, requested, refused).when(GrantConsent(consent_id=ONE, scope=PRIVACY)).then(granted())
    assert permits(told, at(23))


def test_a_milestone_is_the_first_word() -> None:
    told = given(opened, (granted(), at(9)), (granted(version="2"), at(10)))
    [reached] = [each for each in standing(told.journey).reached if each.milestone == "consent-granted"]
    assert reached.at == at(9)


def test_a_correction_of_the_question_is_a_new_question() -> None:
    sooner = RequestConsent(consent_id=ONE, scope=PRIVACY, due=at(12))
    given(opened, requested).when(sooner).then(ConsentRequested(consent_id=ONE, scope=PRIVACY, due=at(12)))


# --- What is permitted


def test_nobody_said_anything() -> None:
    assert decision(given(opened), at(12)) == (False, None)
    assert not permits(given(opened, requested), at(12))


def test_a_consent_speaks_from_its_time_on_and_says_which_event_decides() -> None:
    told = given(opened, (granted(), at(9)))
    assert decision(told, at(8, 59)) == (False, None)
    assert decision(told, at(9)) == (True, told.id_of(granted()))


def test_a_refusal_decides() -> None:
    told = given(opened, (requested, at(8)), (refused, at(9)))
    assert decision(told, at(10)) == (False, told.id_of(refused))


@pytest.mark.parametrize(
    ("terms", "recipient", "purpose", "permitted"),
    [
        ({}, GP, "HPAYMT", True),
        ({"recipients": (LAB,)}, LAB, "TREAT", True),
        ({"recipients": (LAB,)}, GP, "TREAT", False),
        ({"purposes": ("TREAT", "ETREAT")}, GP, "TREAT", True),
        ({"purposes": ("TREAT",)}, GP, "HRESCH", False),
        ({"recipients": (LAB,), "purposes": ("TREAT",)}, LAB, "HRESCH", False),
        ({"provision": Provision.DENY}, LAB, "TREAT", False),
    ],
)
def test_recipients_and_purposes(
    terms: dict[str, Any], recipient: str, purpose: str, *, permitted: bool
) -> None:
    told = given(opened, (granted(**terms), at(9)))
    assert permits(told, at(10), recipient=recipient, purpose=purpose) is permitted


@pytest.mark.parametrize(
    ("terms", "labels", "permitted"),
    [
        ({}, ("N",), True),
        ({}, ("N", "PSY"), False),
        ({"labels": ("PSY",)}, ("PSY",), True),
        ({"labels": ("PSY",)}, ("PSY", "HIV"), False),
        ({"labels": ("PSY", "HIV")}, (), True),
        ({"labels": ("42CFRPart2",)}, ("42CFRPart2",), False),
        ({"labels": ("42CFRPart2",), "part_2": True}, ("42CFRPart2",), True),
        ({"part_2": True}, ("42CFRPart2",), False),
        ({}, ("R",), False),
    ],
)
def test_sensitive_matters_are_named(
    terms: dict[str, Any], labels: tuple[str, ...], *, permitted: bool
) -> None:
    assert permits(given(opened, (granted(**terms), at(9))), at(10), *labels) is permitted


def test_what_forbids_outweighs_what_permits() -> None:
    denies = granted(TWO, provision=Provision.DENY, recipients=(LAB,), labels=("PSY",))
    told = given(opened, (granted(labels=("PSY",)), at(9)), (denies, at(10)))
    assert decision(told, at(11), "PSY") == (False, told.id_of(denies))
    assert permits(told, at(9, 30), "PSY")
    assert permits(told, at(11))
    assert permits(told, at(11), "PSY", recipient=GP)


def test_a_denial_without_labels_is_about_everything() -> None:
    told = given(opened, (granted(labels=("HIV",)), at(9)), (granted(TWO, provision=Provision.DENY), at(10)))
    assert not permits(told, at(11))
    assert not permits(told, at(11), "HIV")


def test_the_latest_of_several_that_permit_decides() -> None:
    told = given(opened, (granted(), at(9)), (granted(TWO), at(10)))
    assert decision(told, at(11)) == (True, told.id_of(granted(TWO)))


# --- Until when


def test_a_consent_expires_with_its_period() -> None:
    told = given(opened, (granted(valid_from=at(10), valid_until=at(12)), at(9)))
    assert [permits(told, moment) for moment in (at(9, 30), at(10), at(11, 59), at(12))] == [
        *(False, True, True, False)
    ]
    assert status(told) is ConsentStatus.GRANTED, "that it expired is never stored"
    [consent] = told.journey.consents
    assert consent.expires_at == at(12)
    assert decision(told, at(13))[1] == told.history.recorded[1].event_id


def test_a_period_that_began_before_it_was_said_permits_nothing_before() -> None:
    told = given(opened, (granted(valid_from=at(7)), at(9)))
    assert not permits(told, at(8))
    assert permits(told, at(9))


def test_a_revocation_is_not_retroactive() -> None:
    told = given(opened, (granted(), at(9)), (revoked, at(12)))
    assert decision(told, at(11)) == (True, told.id_of(granted()))
    assert decision(told, at(12)) == (False, told.id_of(revoked))
    [consent] = told.journey.consents
    assert consent.expires_at is None


def test_a_revocation_may_begin_later() -> None:
    later = ConsentRevoked(consent_id=ONE, effective_at=at(15))
    told = given(opened, (granted(), at(9)))
    after = told.when(RevokeConsent(consent_id=ONE, effective_at=at(15)), at=at(12)).then(later)
    assert [permits(after, moment) for moment in (at(12), at(14), at(15))] == [True, True, False]


def test_a_revocation_never_begins_earlier() -> None:
    told = given(opened, (granted(), at(9)))
    command = RevokeConsent(consent_id=ONE, effective_at=at(10))
    told.when(command, at=at(12)).then_refused(NotRetroactive)
    reported = told.when(command.model_copy(update={"reported": True}), at=at(12)).done()
    assert permits(reported, at(11)), "though another system says so"
    assert not permits(reported, at(12))


def test_a_revocation_told_late_counts_from_its_own_time() -> None:
    told = given((opened, at(8)), (granted(), at(9)), (granted(TWO, recipients=(GP,)), at(15)))
    after = told.when(RevokeConsent(consent_id=ONE), at=at(12)).then(revoked)
    assert permits(after, at(11))
    assert not permits(after, at(13))


def test_a_revocation_void_permits_again() -> None:
    told = given(opened, (granted(), at(9)), (revoked, at(12)))
    void = told.when(VoidEvent(event_id=told.id_of(revoked), reason="another patient")).done()
    assert permits(void, at(13))


def test_what_is_not_granted_is_not_revoked() -> None:
    for told in (given(opened, requested), given(opened, requested, refused)):
        told.when(RevokeConsent(consent_id=ONE)).then_refused(NotPossibleNow)
    given(opened, granted(), revoked).when(RevokeConsent(consent_id=ONE, reason="sure")).then_refused(
        NotPossibleNow
    )


def test_new_words_count_from_their_time_on() -> None:
    told = given(opened, (granted(), at(9)), (granted(recipients=(GP,), version="2"), at(12)))
    assert permits(told, at(11))
    assert not permits(told, at(12))
    assert permits(told, at(12), recipient=GP)


def test_granted_again_after_it_was_asked_for_again() -> None:
    told = given(
        opened, (granted(), at(9)), (revoked, at(10)), (requested, at(11)), (granted(version="2"), at(12))
    )
    assert [permits(told, at(hour)) for hour in (9, 10, 11, 12)] == [True, False, False, True]


def test_a_refusal_reported_of_what_was_granted_ends_it() -> None:
    told = given(opened, (granted(), at(9)))
    after = told.when(RefuseConsent(consent_id=ONE, reason="not now", reported=True), at=at(12)).then(refused)
    assert permits(after, at(11))
    assert decision(after, at(12)) == (False, after.id_of(refused))


def test_a_revocation_reported_of_a_consent_unheard_of_is_kept() -> None:
    told = given(opened).when(RevokeConsent(consent_id=ONE, reported=True), at=at(12)).then(revoked)
    assert status(told) is ConsentStatus.REVOKED
    told = told.when(GrantConsent(consent_id=ONE, scope=PRIVACY, reported=True), at=at(9)).then(granted())
    assert status(told) is ConsentStatus.REVOKED
    assert [permits(told, at(hour)) for hour in (10, 12)] == [True, False]


def test_a_consent_of_a_day_counts_from_the_days_beginning() -> None:
    assert permits(given(opened, (granted(), at(0), Precision.DAY)), at(9))


# --- Without


def test_an_override_permits_one_recipient_for_a_while() -> None:
    denies = granted(provision=Provision.DENY)
    told = given(opened, (denies, at(9)), (override, at(12)))
    assert decision(told, at(12, 30), "42CFRPart2") == (True, told.id_of(override))
    assert [permits(told, moment) for moment in (at(11, 59), at(13))] == [False, False]
    assert not permits(told, at(12, 30), recipient=GP)


def test_an_override_is_recorded_as_it_was_said_first() -> None:
    told = given(opened, (override, at(12)))
    longer = InvokeConsentOverride(override_id=BROKEN, recipient=LAB, until=at(23), reason="still")
    told.when(longer).then_refused(NotPossibleNow)
    told.when(longer.model_copy(update={"until": at(13), "reason": "unconscious"})).then_nothing()
    again = given(opened, (override, at(12)), (override.model_copy(update={"until": at(23)}), at(12, 5)))
    assert not permits(again, at(14))


def test_a_question_told_after_its_answer_takes_no_consent_back() -> None:
    question = RequestConsent(
        consent_id=ONE,
        scope=PRIVACY,
        occurred_at=at(0),
        occurred_precision=Precision.DAY,
        reported=True,
    )
    told = given(opened, (granted(), at(9))).when(question).done()
    assert permits(told, at(0, day=2))
    assert standing(told.journey).open.consents == ()


def test_a_consent_said_in_other_words_is_no_repetition() -> None:
    commands: list[tuple[ConsentCommand, ConsentEvent]] = [
        (GrantConsent(consent_id=ONE, scope=PRIVACY, part_2=True), granted(part_2=True)),
        (
            GrantConsent(consent_id=ONE, scope=ConsentScope.RESEARCH),
            granted().model_copy(update={"scope": "research"}),
        ),
    ]
    for command, event in commands:
        given(opened, granted()).when(command).then(event)
