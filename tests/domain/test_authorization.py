"""Authorization: the payer's word before a service is given, item by item."""

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from journey.domain.authorization import (
    AcknowledgeAuthorization,
    AppealAuthorization,
    AppealLevel,
    AppealOutcome,
    AppealOutOfTurn,
    AppealTooLate,
    AuthorizationAcknowledged,
    AuthorizationAppealDecided,
    AuthorizationAppealed,
    AuthorizationCancelled,
    AuthorizationDecided,
    AuthorizationDecisionExtended,
    AuthorizationDecisionReviewed,
    AuthorizationExtended,
    AuthorizationInformationRequested,
    AuthorizationInformationSubmitted,
    AuthorizationItem,
    AuthorizationPended,
    AuthorizationRequest,
    AuthorizationRequestPrepared,
    AuthorizationRequirementDetermined,
    AuthorizationReturned,
    AuthorizationRevoked,
    AuthorizationStatus,
    AuthorizationSubmitted,
    AuthorizationUnitsConsumed,
    AuthorizationUnitsRestored,
    AuthorizationUpdateSubmitted,
    AuthorizedItem,
    CancelAuthorization,
    ConsumeAuthorizationUnits,
    ContactPayer,
    DecideAuthorization,
    DecideAuthorizationAppeal,
    DecisionUnclear,
    DeniedTakesNoUpdate,
    DetermineAuthorizationRequirement,
    ExtendAuthorization,
    ExtendAuthorizationDecision,
    HoldPeerToPeer,
    LineDecision,
    NotAuthorized,
    NothingAskedFor,
    PayerContacted,
    PeerToPeerHeld,
    PeerToPeerScheduled,
    PendAuthorization,
    PrepareAuthorization,
    RequestAuthorizationInformation,
    RequestFault,
    RequirementSource,
    ResponseNotCited,
    RestoreAuthorizationUnits,
    ReturnAuthorization,
    ReviewAction,
    ReviewAuthorizationDecision,
    RevokeAuthorization,
    SchedulePeerToPeer,
    SequenceReused,
    SubmitAuthorization,
    SubmitAuthorizationInformation,
    UpdateAuthorization,
)
from journey.domain.authorization.status import COMPUTED, ENDED, GRANTED, NEXT, TRANSITIONS
from journey.domain.episode import CloseJourney
from journey.domain.event import Coded, Command, Event, Refused
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.rules import StillOpen
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import opened
from tests.spec import Given, Told, at, given

PA, OTHER = UUID(int=40), UUID(int=41)
USED = UUID(int=42)
PHYSIO = Coded(system="cpt", code="97110", display="Therapeutic exercise")
MASSAGE = Coded(system="cpt", code="97140")
NOTES = Coded(system="loinc", code="11506-3", display="Progress note")
NOT_NECESSARY = Coded(system="x12-886", code="0W")
A = ReviewAction
FROM, UNTIL = date(2026, 3, 1), date(2026, 3, 31)
ids = {"authorization_id": PA}

item = AuthorizationItem(sequence=1, service=PHYSIO, quantity=12)
second = AuthorizationItem(sequence=2, service=MASSAGE, quantity=4)
request = AuthorizationRequest(payer="payer-1", items=(item,))
both = AuthorizationRequest(payer="payer-1", items=(item, second))


def line(sequence: int, action: ReviewAction, quantity: int | None = None) -> LineDecision:
    authorized = None if quantity is None else AuthorizedItem(quantity=quantity)
    reason = NOT_NECESSARY if action is A.NOT_CERTIFIED else None
    return LineDecision(sequence=sequence, action=action, authorized=authorized, reason=reason)


def decides(*lines: LineDecision, trace: str | None = None) -> AuthorizationDecided:
    return AuthorizationDecided(
        authorization_id=PA, lines=lines, trace=trace, number="A-1", valid_from=FROM, valid_until=UNTIL
    )


def decide(*lines: LineDecision, trace: str | None = None) -> DecideAuthorization:
    return DecideAuthorization(
        authorization_id=PA, lines=lines, trace=trace, number="A-1", valid_from=FROM, valid_until=UNTIL
    )


required = AuthorizationRequirementDetermined(
    authorization_id=PA, service=PHYSIO, required=True, source=RequirementSource.CRD
)
prepared = AuthorizationRequestPrepared(authorization_id=PA, request=request)
submitted = AuthorizationSubmitted(authorization_id=PA, trace="T-1", request=request)
both_submitted = AuthorizationSubmitted(authorization_id=PA, trace="T-1", request=both)
acknowledged = AuthorizationAcknowledged(authorization_id=PA, reference="P-9", due=at(9, day=7))
fault = RequestFault(reason=Coded(system="x12-901", code="T4"), where="2010A-NM103")
returned = AuthorizationReturned(authorization_id=PA, faults=(fault,), trace="T-1")
pended = AuthorizationPended(authorization_id=PA, due=at(9, day=7))
asked = AuthorizationInformationRequested(authorization_id=PA, what=NOTES, due=at(17, day=2))
sent = AuthorizationInformationSubmitted(authorization_id=PA, documents=("d-1",))
approved = decides(line(1, A.CERTIFIED))
modified = decides(line(1, A.MODIFIED, 6))
denied = decides(line(1, A.NOT_CERTIFIED))
reviewed = AuthorizationDecisionReviewed(authorization_id=PA, reviewed_by="nurse-7")
updated = AuthorizationUpdateSubmitted(authorization_id=PA, trace="T-2", added=(second,))
cancelled = AuthorizationCancelled(authorization_id=PA, reason="recovered")
contacted = PayerContacted(authorization_id=PA, note="spoken")
extended = AuthorizationExtended(authorization_id=PA, valid_until=date(2026, 4, 30))
revoked = AuthorizationRevoked(authorization_id=PA, reason="coverage ended")
scheduled = PeerToPeerScheduled(authorization_id=PA, start=at(15, day=1), clinician="dr-7")
held = PeerToPeerHeld(authorization_id=PA, reopens=True)
appealed = AuthorizationAppealed(authorization_id=PA, level=AppealLevel.REDETERMINATION, due=at(9, day=30))
overturned = AuthorizationAppealDecided(authorization_id=PA, outcome=AppealOutcome.OVERTURNED)
upheld = AuthorizationAppealDecided(authorization_id=PA, outcome=AppealOutcome.UPHELD)
longer = AuthorizationDecisionExtended(authorization_id=PA, due=at(9, day=21), reason="a second opinion")
consumed = AuthorizationUnitsConsumed(authorization_id=PA, consumption_id=USED, quantity=2)
restored = AuthorizationUnitsRestored(authorization_id=PA, consumption_id=USED, reason="not given")

waiting = given(opened, submitted)
open_to_use = given(opened, submitted, approved)
refused = given(opened, submitted, denied)
ended = given(opened, submitted, approved, revoked)
appeal = AppealAuthorization(authorization_id=PA, level=AppealLevel.REDETERMINATION, due=at(9, day=30))
submit = SubmitAuthorization(authorization_id=PA, trace="T-1", request=request)
consume = ConsumeAuthorizationUnits(authorization_id=PA, consumption_id=USED, quantity=2)

CASES = [
    Case(
        DetermineAuthorizationRequirement(
            authorization_id=PA, service=PHYSIO, required=True, source=RequirementSource.CRD
        ),
        given(opened),
        [required],
        open_to_use,
        NotPossibleNow,
    ),
    Case(
        PrepareAuthorization(authorization_id=PA, request=request),
        given(opened, required),
        [prepared],
        open_to_use,
        NotPossibleNow,
    ),
    Case(submit, given(opened, prepared), [submitted], refused, DeniedTakesNoUpdate),
    Case(
        AcknowledgeAuthorization(authorization_id=PA, reference="P-9", due=at(9, day=7)),
        waiting,
        [acknowledged],
        open_to_use,
        NotPossibleNow,
    ),
    Case(
        ReturnAuthorization(authorization_id=PA, faults=(fault,), trace="T-1"),
        waiting,
        [returned],
        open_to_use,
        NotPossibleNow,
    ),
    Case(
        PendAuthorization(authorization_id=PA, due=at(9, day=7)),
        waiting,
        [pended],
        given(opened),
        UnknownSubject,
    ),
    Case(
        RequestAuthorizationInformation(authorization_id=PA, what=NOTES, due=at(17, day=2)),
        given(opened, submitted, pended),
        [asked],
        open_to_use,
        NotPossibleNow,
    ),
    Case(
        SubmitAuthorizationInformation(authorization_id=PA, documents=("d-1",)),
        given(opened, submitted, asked),
        [sent],
        waiting,
        NotPossibleNow,
    ),
    Case(decide(line(1, A.CERTIFIED)), waiting, [approved], refused, NotPossibleNow),
    Case(
        ReviewAuthorizationDecision(authorization_id=PA, reviewed_by="nurse-7"),
        given(opened, submitted, modified),
        [reviewed],
        waiting,
        NotPossibleNow,
    ),
    Case(
        UpdateAuthorization(authorization_id=PA, trace="T-2", added=(second,)),
        open_to_use,
        [updated],
        refused,
        DeniedTakesNoUpdate,
    ),
    Case(
        CancelAuthorization(authorization_id=PA, reason="recovered"),
        waiting,
        [cancelled],
        given(opened, submitted, approved, revoked),
        NotPossibleNow,
    ),
    Case(
        ContactPayer(authorization_id=PA, note="spoken"),
        given(opened, submitted, decides(line(1, A.CONTACT_PAYER))),
        [contacted],
        waiting,
        NotPossibleNow,
    ),
    Case(
        ExtendAuthorization(authorization_id=PA, valid_until=date(2026, 4, 30)),
        open_to_use,
        [extended],
        waiting,
        NotPossibleNow,
    ),
    Case(
        RevokeAuthorization(authorization_id=PA, reason="coverage ended"),
        open_to_use,
        [revoked],
        waiting,
        NotPossibleNow,
    ),
    Case(
        SchedulePeerToPeer(authorization_id=PA, start=at(15, day=1), clinician="dr-7"),
        refused,
        [scheduled],
        ended,
        NotPossibleNow,
    ),
    Case(HoldPeerToPeer(authorization_id=PA, reopens=True), refused, [held], ended, NotPossibleNow),
    Case(appeal, refused, [appealed], waiting, NotPossibleNow),
    Case(
        DecideAuthorizationAppeal(authorization_id=PA, outcome=AppealOutcome.OVERTURNED),
        given(opened, submitted, denied, appealed),
        [overturned],
        refused,
        NotPossibleNow,
    ),
    Case(
        ExtendAuthorizationDecision(authorization_id=PA, due=at(9, day=21), reason="a second opinion"),
        given(opened, submitted, pended),
        [longer],
        open_to_use,
        NotPossibleNow,
    ),
    Case(consume, open_to_use, [consumed], ended, NotPossibleNow),
    Case(
        RestoreAuthorizationUnits(authorization_id=PA, consumption_id=USED, reason="not given"),
        given(opened, submitted, approved, consumed),
        [restored],
        open_to_use,
        UnknownSubject,
    ),
]


def status(told: Given) -> str:
    return told.journey.authorizations.by_id[PA].status


def steps(told: Given) -> list[str]:
    return [each.step for each in standing(told.journey).next]


def blockers(told: Given) -> list[str]:
    return [each.code for each in standing(told.journey).blocked_by if each.code != "no-owner"]


def left(told: Given, sequence: int = 1) -> int:
    authorizations = told.journey.authorizations
    one = authorizations.by_id[PA]
    grant = one.lines[sequence].grant
    assert grant is not None
    assert grant.quantity is not None
    return grant.quantity - authorizations.used(one, sequence)


# --- The payer's answer, item by item


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        ([line(1, A.CERTIFIED), line(2, A.CERTIFIED)], "approved"),
        ([line(1, A.CERTIFIED), line(2, A.PARTLY_CERTIFIED, 2)], "partially-approved"),
        ([line(1, A.CERTIFIED), line(2, A.NOT_CERTIFIED)], "partially-approved"),
        ([line(1, A.CERTIFIED), line(2, A.MODIFIED, 2)], "modified"),
        ([line(1, A.MODIFIED, 6), line(2, A.PARTLY_CERTIFIED, 2)], "partially-approved"),
        ([line(1, A.NOT_CERTIFIED), line(2, A.NOT_CERTIFIED)], "denied"),
        ([line(1, A.NOT_CERTIFIED), line(2, A.NO_ACTION_REQUIRED)], "denied"),
        ([line(1, A.CERTIFIED), line(2, A.PENDED)], "pended"),
        ([line(1, A.NOT_CERTIFIED), line(2, A.PENDED)], "pended"),
        ([line(1, A.CERTIFIED)], "pended"),
        ([line(1, A.CERTIFIED), line(2, A.CONTACT_PAYER)], "contact-payer"),
        ([line(1, A.CONTACT_PAYER), line(2, A.PENDED)], "pended"),
        ([line(1, A.CERTIFIED), line(2, A.CANCELLED)], "approved"),
        ([line(1, A.CANCELLED), line(2, A.CANCELLED)], "cancelled"),
        ([line(1, A.NO_ACTION_REQUIRED), line(2, A.NO_ACTION_REQUIRED)], "not-required"),
        ([line(1, A.CERTIFIED), line(2, A.NO_ACTION_REQUIRED)], "approved"),
    ],
)
def test_the_whole_is_the_worst_of_what_is_open_then_of_what_is_decided(
    lines: list[LineDecision], whole: str
) -> None:
    assert status(given(opened, both_submitted, decides(*lines))) == whole


def test_an_answer_that_comes_item_by_item_adds_up() -> None:
    first = given(opened, both_submitted).when(decide(line(1, A.CERTIFIED))).done()
    assert status(first) == "pended"
    assert status(first.when(decide(line(2, A.NOT_CERTIFIED))).done()) == "partially-approved"


def test_what_the_payer_still_waits_for_stays_asked_when_it_decides_the_rest() -> None:
    told = given(opened, both_submitted, asked, decides(line(1, A.CERTIFIED)))
    assert status(told) == "information-requested"
    assert "submit-authorization-information" in steps(told)


def test_an_unknown_action_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValidationError, match="'A1', 'A2', 'A3', 'A4', 'A6', 'C', 'CT' or 'NA'"):
        LineDecision.model_validate({"sequence": 1, "action": "A9"})


@pytest.mark.parametrize(
    ("decision", "refusal"),
    [
        (decide(line(7, A.CERTIFIED)), UnknownSubject),
        (decide(line(1, A.MODIFIED)), DecisionUnclear),
        (decide(line(1, A.PARTLY_CERTIFIED)), DecisionUnclear),
        (decide(LineDecision(sequence=1, action=A.NOT_CERTIFIED)), DecisionUnclear),
        (decide(line(1, A.CERTIFIED), line(1, A.PENDED)), SequenceReused),
    ],
)
def test_a_decision_says_what_is_authorized_or_why_not(
    decision: DecideAuthorization, refusal: type[Refused]
) -> None:
    waiting.when(decision).then_refused(refusal)
    assert len(waiting.when(decision.model_copy(update={"reported": True})).decided()) == 1


def test_what_the_payer_leaves_out_is_as_it_was_asked_for() -> None:
    told = given(opened, submitted, modified)
    grant = told.journey.authorizations.by_id[PA].lines[1].grant
    assert grant is not None
    assert (grant.service, grant.quantity, grant.valid_until) == (PHYSIO, 6, UNTIL)


# --- Sequences


def test_a_sequence_is_never_given_twice_in_the_life_of_a_request() -> None:
    told = given(opened, both_submitted, decides(line(1, A.CERTIFIED), line(2, A.CERTIFIED)))
    without = told.when(UpdateAuthorization(authorization_id=PA, cancelled=(2,))).done()
    again = UpdateAuthorization(authorization_id=PA, added=(second,))
    with pytest.raises(SequenceReused, match="The sequence 2 was given"):
        without.when(again).decided()
    without.when(again.model_copy(update={"added": (second.model_copy(update={"sequence": 3}),)})).done()


def test_two_items_of_one_request_have_two_sequences() -> None:
    twice = AuthorizationRequest(items=(item, item))
    given(opened).when(SubmitAuthorization(authorization_id=PA, request=twice)).then_refused(SequenceReused)
    given(opened).when(PrepareAuthorization(authorization_id=PA, request=twice)).then_refused(SequenceReused)


@pytest.mark.parametrize(
    ("update", "refusal"),
    [
        (UpdateAuthorization(authorization_id=PA), NothingAskedFor),
        (UpdateAuthorization(authorization_id=PA, cancelled=(9,)), UnknownSubject),
        (UpdateAuthorization(authorization_id=PA, changed=(second,), cancelled=(2,)), SequenceReused),
        (UpdateAuthorization(authorization_id=PA, changed=(second,)), DeniedTakesNoUpdate),
    ],
)
def test_an_update_is_about_the_items_of_the_request(
    update: UpdateAuthorization, refusal: type[Refused]
) -> None:
    partly = given(opened, both_submitted, decides(line(1, A.CERTIFIED), line(2, A.NOT_CERTIFIED)))
    partly.when(update).then_refused(refusal)


def test_a_submission_says_by_when_it_has_to_be_decided_and_an_update_anew() -> None:
    told = given(opened).when(submit.model_copy(update={"due": at(9, day=7)})).done()
    assert told.journey.authorizations.by_id[PA].due == at(9, day=7)
    more = UpdateAuthorization(authorization_id=PA, trace="T-2", added=(second,), due=at(9, day=9))
    assert told.when(more).done().journey.authorizations.by_id[PA].due == at(9, day=9)


def test_an_update_takes_no_grant_away_until_it_is_answered() -> None:
    more = UpdateAuthorization(
        authorization_id=PA, trace="T-2", changed=(item.model_copy(update={"quantity": 18}),)
    )
    told = open_to_use.when(more).done()
    assert (status(told), left(told)) == ("submitted", 12)
    told.when(consume).then(consumed)
    assert left(told.when(decide(line(1, A.CERTIFIED), trace="T-2")).done()) == 18


# --- What the payer cannot process


def test_what_is_returned_is_corrected_and_sent_again() -> None:
    told = given(opened, submitted, returned)
    assert (status(told), steps(told)) == ("returned", ["submit-authorization"])
    again = told.when(submit.model_copy(update={"request": both})).done()
    assert status(again) == "submitted"
    assert status(again.when(decide(line(1, A.CERTIFIED), line(2, A.CERTIFIED))).done()) == "approved"


def test_an_update_that_is_returned_takes_no_grant_away() -> None:
    told = open_to_use.when(UpdateAuthorization(authorization_id=PA, trace="T-2", added=(second,))).done()
    told = told.when(ReturnAuthorization(authorization_id=PA, faults=(fault,), trace="T-2")).done()
    assert (status(told), left(told)) == ("returned", 12)
    told.when(consume).then(consumed)
    corrected = second.model_copy(update={"quantity": 2})
    more = UpdateAuthorization(authorization_id=PA, trace="T-3", changed=(corrected,))
    assert status(told.when(more).done()) == "submitted"


def test_a_return_of_what_was_replaced_changes_nothing() -> None:
    told = given(opened, submitted, updated, returned)
    assert status(told) == "submitted"


@pytest.mark.parametrize("later", [approved, denied, cancelled])
def test_a_return_that_is_reported_late_takes_no_decision_back(later: Event) -> None:
    told = given(opened, submitted, later)
    late = ReturnAuthorization(authorization_id=PA, faults=(fault,), trace="T-1", reported=True)
    assert status(told.when(late).done()) == status(told)


def test_a_late_receipt_does_not_undo_a_return() -> None:
    assert status(given(opened, submitted, returned, acknowledged)) == "returned"


def test_an_item_may_have_a_number_of_its_own() -> None:
    numbered = line(1, A.CERTIFIED).model_copy(update={"number": "A-1-1"})
    told = waiting.when(decide(numbered)).done()
    decision = told.journey.authorizations.by_id[PA].decision
    assert decision is not None
    assert decision.lines[0].number == "A-1-1"


# --- Requests


def test_that_none_is_required_is_the_payers_word() -> None:
    none = DetermineAuthorizationRequirement(
        authorization_id=PA, service=PHYSIO, required=False, source=RequirementSource.PAYER_CALL
    )
    given(opened).when(none).then_refused(ResponseNotCited)
    told = given(opened).when(none.model_copy(update={"response": "271-9"})).done()
    assert (status(told), steps(told), blockers(told)) == ("not-required", [], [])


def test_what_was_determined_is_determined_otherwise_while_nobody_was_asked() -> None:
    none = DetermineAuthorizationRequirement(
        authorization_id=PA, service=PHYSIO, required=False, source=RequirementSource.CRD, response="271-9"
    )
    assert status(given(opened, required).when(none).done()) == "not-required"


def test_a_request_asks_for_something() -> None:
    nothing = SubmitAuthorization(authorization_id=PA, trace="T-1")
    given(opened).when(nothing).then_refused(NothingAskedFor)
    drafted = given(opened, prepared).when(nothing).done()
    assert drafted.journey.authorizations.by_id[PA].lines[1].item == item


def test_a_decision_of_a_replaced_submission_is_recorded_and_changes_nothing() -> None:
    told = given(opened, submitted, updated)
    late = told.when(decide(line(1, A.NOT_CERTIFIED), trace="T-1")).then(
        decides(line(1, A.NOT_CERTIFIED), trace="T-1")
    )
    assert status(late) == "submitted"
    now = late.when(decide(line(1, A.CERTIFIED), line(2, A.CERTIFIED), trace="T-2")).done()
    assert status(now) == "approved"


def test_a_decision_of_a_superseded_request_is_recorded_and_changes_nothing() -> None:
    instead = AuthorizationSubmitted(authorization_id=OTHER, trace="T-9", request=request, supersedes=PA)
    told = given(opened, submitted, denied, instead)
    late = told.when(decide(line(1, A.CERTIFIED))).then(approved)
    assert status(late) == "denied"


def test_only_what_is_decided_is_superseded() -> None:
    instead = SubmitAuthorization(authorization_id=OTHER, trace="T-9", request=request, supersedes=PA)
    waiting.when(instead).then_refused(NotPossibleNow)
    given(opened).when(instead).then_refused(UnknownSubject)
    itself = submit.model_copy(update={"supersedes": PA})
    given(opened).when(itself).then_refused(UnknownSubject)


def test_a_superseded_request_stands_in_nobodys_way() -> None:
    instead = AuthorizationSubmitted(authorization_id=OTHER, trace="T-9", request=request, supersedes=PA)
    assert blockers(refused) == ["authorization-denied"]
    assert blockers(given(opened, submitted, denied, instead)) == ["authorization-undecided"]


def test_another_system_may_report_the_answer_before_the_question() -> None:
    told = given(opened).when(decide(line(1, A.CERTIFIED)).model_copy(update={"reported": True})).done()
    assert status(told) == "approved"


def test_a_decision_told_late_is_folded_in_where_it_belongs() -> None:
    told = given((opened, at(8)), (submitted, at(9)), (cancelled, at(15)))
    late = told.when(decide(line(1, A.CERTIFIED)), at=at(12)).then(approved)
    assert status(late) == "cancelled"
    assert late.journey_at(at(13)).authorizations.by_id[PA].status == "approved"


@pytest.mark.parametrize(
    "late",
    [
        AcknowledgeAuthorization(authorization_id=PA, reported=True),
        SubmitAuthorizationInformation(authorization_id=PA, reported=True),
        ContactPayer(authorization_id=PA, reported=True),
    ],
)
def test_a_receipt_that_is_reported_late_undoes_no_decision(late: Command) -> None:
    assert status(open_to_use.when(late).done()) == "approved"
    assert status(given(opened, prepared).when(late).done()) in {"acknowledged", "pended"}


@pytest.mark.parametrize(
    "late",
    [
        PrepareAuthorization(authorization_id=PA, request=request, reported=True),
        SubmitAuthorization(authorization_id=PA, trace="T-1", request=request, reported=True),
    ],
)
def test_a_question_that_is_told_after_its_answer_undoes_no_decision(late: Command) -> None:
    assert status(given(opened, submitted, approved).when(late).done()) == "approved"
    assert status(given(opened, approved).when(late).done()) == "approved"


def test_another_submission_is_waited_for_again() -> None:
    anew = SubmitAuthorization(authorization_id=PA, trace="T-2", request=request, reported=True)
    assert status(given(opened, submitted, approved).when(anew).done()) == "submitted"


def test_a_submission_sent_again_under_its_number_is_the_one_that_is_answered() -> None:
    again = AuthorizationUpdateSubmitted(authorization_id=PA, trace="T-1", changed=(item,))
    answer = decide(line(1, A.CERTIFIED), trace="T-1")
    told = given(opened, submitted, updated, again).when(answer).done()
    assert told.journey.authorizations.by_id[PA].lines[1].action is A.CERTIFIED


@pytest.mark.parametrize("told", [[submitted, denied], [submitted, denied, appealed]])
def test_what_is_refused_and_wanted_no_more_stands_in_nobodys_way(told: list[Event]) -> None:
    cancel = CancelAuthorization(authorization_id=PA, reason="recovered")
    assert blockers(given(opened, *told).when(cancel).then(cancelled)) == []


@pytest.mark.parametrize(
    "late",
    [
        PendAuthorization(authorization_id=PA, reported=True),
        RequestAuthorizationInformation(authorization_id=PA, what=NOTES, reported=True),
        DecideAuthorizationAppeal(authorization_id=PA, outcome=AppealOutcome.OVERTURNED, reported=True),
    ],
)
def test_what_the_payer_says_of_what_is_wanted_no_more_opens_nothing(late: Command) -> None:
    assert status(given(opened, submitted, denied, appealed, cancelled).when(late).done()) == "cancelled"


def test_what_was_used_under_an_id_is_used_otherwise_and_not_once_more() -> None:
    told = given(opened, submitted, modified, consumed)
    six = ConsumeAuthorizationUnits(authorization_id=PA, consumption_id=USED, quantity=6)
    assert left(told.when(six).done()) == 0
    told.when(six.model_copy(update={"quantity": 7})).then_refused(
        NotAuthorized, blockers=["authorization-used-up"]
    )


def test_the_item_that_was_cancelled_may_not_be_used() -> None:
    told = given(opened, both_submitted, decides(line(1, A.CERTIFIED), line(2, A.CERTIFIED)))
    without = told.when(UpdateAuthorization(authorization_id=PA, cancelled=(2,))).done()
    of_it = consume.model_copy(update={"sequence": 2})
    without.when(of_it).then_refused(NotAuthorized, blockers=["authorization-undecided"])


def test_another_window_is_for_all_that_was_granted() -> None:
    told = given(opened, submitted, approved, extended)
    told.when(consume, at=at(9, day=40)).then(consumed)
    moved = ExtendAuthorization(
        authorization_id=PA, valid_from=date(2026, 4, 1), valid_until=date(2026, 4, 30)
    )
    open_to_use.when(moved).done().when(consume).then_refused(
        NotAuthorized, blockers=["authorization-not-yet-valid"]
    )


# --- Appeals


@pytest.mark.parametrize(
    ("filed", "level"),
    [
        ([], AppealLevel.REDETERMINATION),
        ([AppealLevel.REDETERMINATION], AppealLevel.RECONSIDERATION),
        ([AppealLevel.REDETERMINATION, AppealLevel.RECONSIDERATION], AppealLevel.EXTERNAL_REVIEW),
        (list(AppealLevel), None),
    ],
)
def test_appeals_go_up_a_level_at_a_time_and_end(filed: list[AppealLevel], level: AppealLevel | None) -> None:
    told: list[Told] = [opened, submitted, denied]
    for each in filed:
        told += [appealed.model_copy(update={"level": each}), upheld]
    there = given(*told)
    for each in AppealLevel:
        file = AppealAuthorization(authorization_id=PA, level=each)
        if each is level:
            assert status(there.when(file).done()) == "appealed"
        else:
            there.when(file).then_refused(AppealOutOfTurn)
    assert ("appeal-authorization" in steps(there)) == (level is not None)


def test_an_appeal_after_its_deadline_has_a_good_cause() -> None:
    told = given(opened, submitted, denied.model_copy(update={"appeal_by": at(12, day=1)}))
    told.when(appeal, at=at(12, day=1)).then(appealed)
    told.when(appeal, at=at(13, day=1)).then_refused(AppealTooLate)
    assert status(told.when(appeal.model_copy(update={"late_cause": "ill"}), at=at(13, day=1)).done()) == (
        "appealed"
    )


def test_the_deadline_of_the_appeal_is_the_deadline_of_the_step() -> None:
    told = given(opened, submitted, denied.model_copy(update={"appeal_by": at(12, day=60)}))
    due = {each.step: each.due for each in standing(told.journey).next}
    assert due["appeal-authorization"] == at(12, day=60)


def test_an_appeal_that_is_upheld_leaves_it_denied() -> None:
    assert status(given(opened, submitted, denied, appealed, upheld)) == "denied"


def test_an_appeal_overturned_in_part_says_of_what() -> None:
    told = given(
        opened, both_submitted, decides(line(1, A.NOT_CERTIFIED), line(2, A.NOT_CERTIFIED)), appealed
    )
    partial = DecideAuthorizationAppeal(authorization_id=PA, outcome=AppealOutcome.PARTIAL)
    told.when(partial).then_refused(DecisionUnclear)
    partly = told.when(partial.model_copy(update={"lines": (line(2, A.CERTIFIED),)})).done()
    assert (status(partly), left(partly, 2)) == ("partially-approved", 4)


@pytest.mark.parametrize(
    ("outcome", "becomes"),
    [("upheld", "denied"), ("overturned", "approved"), ("partial", "partially-approved")],
)
def test_an_appeal_of_which_nothing_was_told_is_what_came_of_it(outcome: str, becomes: str) -> None:
    command = DecideAuthorizationAppeal(authorization_id=PA, outcome=AppealOutcome(outcome), reported=True)
    assert status(given(opened).when(command).done()) == becomes


def test_who_is_persuaded_by_a_colleague_decides_again() -> None:
    told = given(opened, submitted, denied, scheduled)
    assert "hold-peer-to-peer" in steps(told)
    kept = told.when(HoldPeerToPeer(authorization_id=PA)).done()
    assert (status(kept), "hold-peer-to-peer" in steps(kept)) == ("denied", False)
    again = told.when(HoldPeerToPeer(authorization_id=PA, reopens=True)).done()
    assert status(again) == "pended"
    assert status(again.when(decide(line(1, A.CERTIFIED))).done()) == "approved"


# --- Units outside visits


def test_no_more_is_used_than_was_authorized() -> None:
    told = given(opened, submitted, modified, consumed)
    more = ConsumeAuthorizationUnits(authorization_id=PA, consumption_id=OTHER, quantity=5)
    told.when(more).then_refused(NotAuthorized, blockers=["authorization-used-up"])
    told.when(more.model_copy(update={"quantity": 4})).done()


def test_what_is_given_back_may_be_used_again() -> None:
    told = given(opened, submitted, modified, consumed)
    assert left(told) == 4
    assert (
        left(told.when(RestoreAuthorizationUnits(**ids, consumption_id=USED, reason="not given")).done()) == 6
    )


def test_nothing_is_used_of_what_was_not_granted_or_not_on_that_day() -> None:
    waiting.when(consume).then_refused(NotAuthorized, blockers=["authorization-undecided"])
    open_to_use.when(consume, at=at(9, day=40)).then_refused(
        NotAuthorized, blockers=["authorization-expired"]
    )
    of_another = consume.model_copy(update={"sequence": 2})
    open_to_use.when(of_another).then_refused(NotAuthorized, blockers=["authorization-other-service"])


def test_units_are_counted_item_by_item() -> None:
    told = given(opened, both_submitted, decides(line(1, A.CERTIFIED), line(2, A.CERTIFIED)))
    used = told.when(consume.model_copy(update={"sequence": 2})).done()
    assert (left(used, 1), left(used, 2)) == (12, 2)


def test_what_was_used_beyond_what_is_authorized_is_pointed_out() -> None:
    told = given(opened, submitted, modified)
    beyond = consume.model_copy(update={"quantity": 8, "reported": True})
    assert "authorization-exceeded" in blockers(told.when(beyond).done())


# --- The answer


@pytest.mark.parametrize(
    ("told", "next_steps", "stands_in_the_way"),
    [
        ([required], ["submit-authorization"], []),
        ([prepared], ["submit-authorization"], []),
        ([submitted], ["acknowledge-authorization"], ["authorization-undecided"]),
        ([submitted, acknowledged], ["decide-authorization"], ["authorization-undecided"]),
        ([submitted, pended], ["decide-authorization"], ["authorization-undecided"]),
        ([submitted, asked], ["submit-authorization-information"], ["authorization-undecided"]),
        ([submitted, approved], [], []),
        ([submitted, modified], ["review-authorization-decision"], []),
        ([submitted, modified, reviewed], [], []),
        (
            [submitted, denied],
            ["review-authorization-decision", "appeal-authorization"],
            ["authorization-denied"],
        ),
        ([submitted, denied, reviewed], ["appeal-authorization"], ["authorization-denied"]),
        ([submitted, denied, appealed], ["decide-authorization-appeal"], []),
        ([submitted, approved, revoked], [], []),
        ([submitted, cancelled], [], []),
    ],
)
def test_what_comes_next_and_what_stands_in_the_way(
    told: list[Event], next_steps: list[str], stands_in_the_way: list[str]
) -> None:
    there = given(opened, *told)
    assert (steps(there), blockers(there)) == (next_steps, stands_in_the_way)


def test_an_open_request_says_what_for_and_until_when() -> None:
    (loop,) = standing(given(opened, submitted, acknowledged).journey).open.authorizations
    assert (loop.status, loop.what, loop.who, loop.due) == (
        "acknowledged",
        "Therapeutic exercise",
        "payer-1",
        at(9, day=7),
    )
    (later,) = standing(given(opened, submitted, acknowledged, longer).journey).open.authorizations
    assert later.due == at(9, day=21)


def test_the_question_of_the_payer_has_its_own_deadline() -> None:
    (step,) = standing(given(opened, submitted, acknowledged, asked).journey).next
    assert step.due == at(17, day=2)


@pytest.mark.parametrize(
    ("told", "is_left"),
    [
        ([submitted], True),
        ([submitted, pended], True),
        ([submitted, asked], True),
        ([submitted, denied, appealed], True),
        ([submitted, approved], False),
        ([submitted, denied], False),
        ([prepared], False),
    ],
)
def test_a_close_leaves_open_what_is_not_decided(told: list[Event], is_left: bool) -> None:
    there = given(opened, *told)
    if is_left:
        there.when(CloseJourney()).then_refused(StillOpen, blockers=["open-authorization"])
    else:
        there.when(CloseJourney()).done()


def test_a_payer_answers_after_the_journey_is_over_too() -> None:
    there = waiting.when(CloseJourney(override_reason="moved away")).done()
    assert status(there.when(decide(line(1, A.NOT_CERTIFIED))).done()) == "denied"


def test_what_was_reached_is_told() -> None:
    names = [each.milestone for each in standing(open_to_use.journey).reached]
    assert names == [
        "journey-opened",
        "authorization-submitted",
        "authorization-decided",
        "authorization-approved",
    ]


def test_every_status_says_what_comes_next_or_is_decided() -> None:
    assert set(NEXT) | GRANTED | ENDED == set(AuthorizationStatus) - {
        AuthorizationStatus.NOT_REQUIRED,
        AuthorizationStatus.DENIED,
    }


def test_every_status_is_led_to() -> None:
    assert {target for _, target in TRANSITIONS.values() if target} | COMPUTED == set(AuthorizationStatus)
