"""Handoff: the patient changes hands when the other side accepts, and not before."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from journey.domain.correction import VoidEvent
from journey.domain.discharge import DischargePatient
from journey.domain.episode import CloseJourney, OwnerAssigned
from journey.domain.event import Event, Precision
from journey.domain.handoff import (
    AcceptHandoff,
    AddHandoffAction,
    AnotherHandoffOpen,
    AnswerHandoffQuestion,
    AskHandoffQuestion,
    CompleteHandoff,
    CompleteHandoffAction,
    Contingency,
    DeclineHandoff,
    DraftHandoff,
    EscalateHandoff,
    ExpireHandoff,
    HandoffAccepted,
    HandoffAction,
    HandoffActionAdded,
    HandoffActionDone,
    HandoffActionsOpen,
    HandoffActionTransferred,
    HandoffCompleted,
    HandoffDeclined,
    HandoffDrafted,
    HandoffEscalated,
    HandoffExpired,
    HandoffKind,
    HandoffNotDue,
    HandoffOffer,
    HandoffOffered,
    HandoffQuestionAnswered,
    HandoffQuestionAsked,
    HandoffReassigned,
    HandoffReturned,
    HandoffStatus,
    HandoffSynthesised,
    HandoffViewed,
    HandoffWithdrawn,
    IllnessSeverity,
    LadderEnds,
    NoContingency,
    NotReadBack,
    NotTheAcceptor,
    OfferHandoff,
    ReassignHandoff,
    ReturnHandoff,
    SelfHandoff,
    SynthesiseHandoff,
    TeamNotAsked,
    TransferHandoffAction,
    ViewHandoff,
    WithdrawHandoff,
)
from journey.domain.room import NotPossibleNow, Step, UnknownSubject
from journey.domain.rules import StillOpen
from journey.domain.standing import Responsible, standing
from tests.domain.cases import Case
from tests.domain.told import VISIT, admitted, closed, opened
from tests.spec import Given, Told, at, given

NIGHT, ASKED, BLOODS = UUID(int=40), UUID(int=41), UUID(int=42)
ids = {"handoff_id": NIGHT}
bloods = HandoffAction(action_id=BLOODS, what="look at the potassium", owner="dr-night", due=at(23))
offer = HandoffOffer(
    kind=HandoffKind.SERVICE,
    from_team="medicine",
    from_person="dr-day",
    to_team="icu",
    severity=IllnessSeverity.WATCHER,
    summary="day 2 of pneumonia, oxygen falling",
    contingencies=(Contingency(if_happens="saturation under 88", then_do="call the registrar"),),
    pending_results=("blood cultures",),
    ladder=("icu-charge-nurse", "icu-consultant"),
)
busy = offer.model_copy(update={"actions": (bloods,)})

drafted = HandoffDrafted(handoff_id=NIGHT, offer=offer)
offered = HandoffOffered(handoff_id=NIGHT, offer=offer, accept_due=at(18, 30))
offered_busy = offered.model_copy(update={"offer": busy})
viewed = HandoffViewed(handoff_id=NIGHT, viewed_by="dr-night")
asked = HandoffQuestionAsked(handoff_id=NIGHT, question_id=ASKED, question="on which antibiotic?")
answered = HandoffQuestionAnswered(handoff_id=NIGHT, question_id=ASKED, answer="co-amoxiclav")
accepted = HandoffAccepted(handoff_id=NIGHT, accepted_by="dr-night", team="icu")
synthesised = HandoffSynthesised(handoff_id=NIGHT, synthesised_by="dr-night", text="watch the oxygen")
declined = HandoffDeclined(handoff_id=NIGHT, reason="no bed")
expired = HandoffExpired(handoff_id=NIGHT)
escalated = HandoffEscalated(handoff_id=NIGHT, level=1, to="icu-charge-nurse", accept_due=at(19))
to_the_top = HandoffEscalated(handoff_id=NIGHT, level=2, to="icu-consultant", accept_due=at(19, 30))
reassigned = HandoffReassigned(handoff_id=NIGHT, to_team="hdu", accept_due=at(19))
withdrawn = HandoffWithdrawn(handoff_id=NIGHT, reason="better again")
returned = HandoffReturned(handoff_id=NIGHT, reason="does not need us", accept_due=at(20))
completed = HandoffCompleted(handoff_id=NIGHT)
added = HandoffActionAdded(handoff_id=NIGHT, action=bloods)
done = HandoffActionDone(handoff_id=NIGHT, action_id=BLOODS, done_by="dr-night")
transferred = HandoffActionTransferred(handoff_id=NIGHT, action_id=BLOODS, to="dr-lab")
owned = OwnerAssigned(team="medicine", person="dr-day")

SIX = at(18)
begun = given(opened, owned)
asking = given(opened, owned, (offered, SIX))
taken = given(opened, owned, (offered, SIX), (accepted, at(18, 10)))
read_back = given(opened, owned, (offered, SIX), (accepted, at(18, 10)), (synthesised, at(18, 15)))
over = given(opened, owned, (offered, SIX), accepted, synthesised, completed)

accept = AcceptHandoff(**ids, accepted_by="dr-night")
synthesise = SynthesiseHandoff(**ids, synthesised_by="dr-night", text="watch the oxygen")
withdraw = WithdrawHandoff(**ids, reason="better again")
decline = DeclineHandoff(**ids, reason="no bed")
up = [EscalateHandoff(**ids, level=level) for level in (1, 2, 3)]

CASES = [
    Case(DraftHandoff(**ids, offer=offer), begun, [drafted], over, NotPossibleNow),
    Case(
        OfferHandoff(**ids, offer=offer, occurred_at=SIX),
        given(opened, drafted),
        [offered],
        given(opened, drafted, withdrawn),
        NotPossibleNow,
    ),
    Case(ViewHandoff(**ids, viewed_by="dr-night"), asking, [viewed], begun, UnknownSubject),
    Case(
        AskHandoffQuestion(**ids, question_id=ASKED, question="on which antibiotic?"),
        asking,
        [asked],
        over,
        NotPossibleNow,
    ),
    Case(
        AnswerHandoffQuestion(**ids, question_id=ASKED, answer="co-amoxiclav"),
        given(opened, offered, asked),
        [answered],
        asking,
        UnknownSubject,
    ),
    Case(accept, asking, [accepted], given(opened, offered, declined), NotPossibleNow),
    Case(synthesise, taken, [synthesised], asking, NotPossibleNow),
    Case(decline, asking, [declined], taken, NotPossibleNow),
    Case(
        ExpireHandoff(**ids, occurred_at=at(18, 30)),
        asking,
        [expired],
        given(opened, (HandoffOffered(**ids, offer=offer, accept_due=at(19)), SIX)),
        HandoffNotDue,
    ),
    Case(
        EscalateHandoff(**ids, level=1, occurred_at=at(18, 30)),
        given(opened, (offered, SIX), (expired, at(18, 30))),
        [escalated],
        taken,
        NotPossibleNow,
    ),
    Case(
        ReassignHandoff(**ids, to_team="hdu", occurred_at=at(18, 30)),
        given(opened, (offered, SIX), (declined, at(18, 20))),
        [reassigned],
        taken,
        NotPossibleNow,
    ),
    Case(withdraw, asking, [withdrawn], taken, NotPossibleNow),
    Case(
        ReturnHandoff(**ids, reason="does not need us", occurred_at=at(19, 30)),
        taken,
        [returned],
        asking,
        NotPossibleNow,
    ),
    Case(CompleteHandoff(**ids), read_back, [completed], taken, NotReadBack),
    Case(AddHandoffAction(**ids, action=bloods), asking, [added], over, NotPossibleNow),
    Case(
        CompleteHandoffAction(**ids, action_id=BLOODS, done_by="dr-night"),
        given(opened, offered_busy),
        [done],
        asking,
        UnknownSubject,
    ),
    Case(
        TransferHandoffAction(**ids, action_id=BLOODS, to="dr-lab"),
        given(opened, offered_busy),
        [transferred],
        asking,
        UnknownSubject,
    ),
]


def status(told: Given) -> str:
    (handoff,) = told.journey.handoffs
    return handoff.status


def responsible(told: Given) -> tuple[str, str | None]:
    who = standing(told.journey).responsible
    assert isinstance(who, Responsible)
    return who.team, who.person


def steps(told: Given) -> dict[str, Step]:
    return {each.step: each for each in standing(told.journey).next}


def blockers(told: Given) -> list[str]:
    return [each.code for each in standing(told.journey).blocked_by]


def offering(**changed: object) -> OfferHandoff:
    return OfferHandoff(**ids, offer=offer.model_copy(update=changed))


# --- The way up: offered to a team that is absent


def test_an_unanswered_offer_expires_climbs_the_ladder_and_is_read_back_by_whoever_accepted() -> None:
    told = given(opened, owned).when(OfferHandoff(**ids, offer=offer), at=SIX).then(offered)
    told.when(ExpireHandoff(**ids), at=at(18, 29)).then_refused(HandoffNotDue)
    told = told.when(ExpireHandoff(**ids), at=at(18, 30)).then(expired)
    assert blockers(told) == ["handoff-unaccepted"]
    assert responsible(told) == ("medicine", "dr-day")
    told = told.when(up[0], at=at(18, 30)).then(escalated)
    told.when(ExpireHandoff(**ids), at=at(18, 45)).then_refused(HandoffNotDue)
    told = told.when(ExpireHandoff(**ids), at=at(19)).then(expired)
    told = told.when(up[1], at=at(19)).then(to_the_top)
    told.when(up[2], at=at(19, 1)).then_refused(LadderEnds)
    assert responsible(told) == ("medicine", "dr-day")
    take = AcceptHandoff(**ids, accepted_by="dr-head", team="icu-consultant")
    told = told.when(take, at=at(19, 10)).done()
    assert responsible(told) == ("icu-consultant", "dr-head")
    told.when(synthesise).then_refused(NotTheAcceptor)
    told.when(CompleteHandoff(**ids)).then_refused(NotReadBack)
    told = told.when(SynthesiseHandoff(**ids, synthesised_by="dr-head", text="watch the oxygen")).done()
    assert status(told.when(CompleteHandoff(**ids)).then(completed)) == "completed"


def test_the_ladder_is_climbed_one_level_at_a_time_and_each_once() -> None:
    asking.when(up[1]).then_refused(NotPossibleNow)
    told = asking.when(up[0]).done()
    told.when(up[0]).then_nothing()
    told.when(up[1]).done().when(up[0]).then_nothing()


def test_the_end_of_the_ladder_is_told_without_a_name() -> None:
    told = given(opened, offered, escalated, to_the_top)
    with pytest.raises(LadderEnds, match="The ladder ends at level 2"):
        told.when(up[2]).decided()
    bare = HandoffOffered(handoff_id=NIGHT, offer=offer.model_copy(update={"ladder": ()}))
    given(opened, bare).when(up[0]).then_refused(LadderEnds)


def test_at_the_end_of_the_ladder_another_team_is_asked_with_the_ladder_before_it_again() -> None:
    told = given(opened, offered, escalated, to_the_top, expired)
    assert "reassign-handoff" in steps(told)
    told = told.when(ReassignHandoff(**ids, to_team="hdu")).done()
    assert "accept-handoff" in steps(told)
    assert status(told.when(up[0]).done()) == "escalated"


def test_the_team_first_asked_may_still_accept_while_others_are_asked_as_well() -> None:
    told = given(opened, owned, offered, expired, escalated)
    assert responsible(told.when(AcceptHandoff(**ids, accepted_by="dr-late", team="icu")).done())[0] == "icu"
    assert responsible(told.when(accept).done())[0] == "icu-charge-nurse"


def test_another_system_escalates_on_a_ladder_of_its_own() -> None:
    theirs = EscalateHandoff(**ids, level=4, to="their-matron", reported=True)
    told = asking.when(theirs).done()
    (loop,) = standing(told.journey).open.handoffs
    assert (loop.status, loop.who) == ("escalated", "their-matron")


# --- Who is accountable


@pytest.mark.parametrize(
    "events", [[offered], [offered, declined], [offered, expired], [offered, escalated], [offered, withdrawn]]
)
def test_the_sender_stays_accountable_until_somebody_accepts(events: list[Event]) -> None:
    assert responsible(given(opened, owned, *events)) == ("medicine", "dr-day")


def test_whoever_accepts_is_accountable_from_then_on() -> None:
    who = standing(taken.journey).responsible
    assert who == Responsible(team="icu", person="dr-night", since=at(18, 10))
    assert standing(taken.journey).why["responsible"] == (taken.id_of(accepted),)
    assert responsible(Given(taken.history).when(synthesise).done()) == ("icu", "dr-night")


def test_a_void_of_the_acceptance_gives_accountability_back() -> None:
    undone = taken.when(VoidEvent(event_id=taken.id_of(accepted), reason="wrong patient")).done()
    assert responsible(undone) == ("medicine", "dr-day")
    assert status(undone) == "offered"
    assert [each.code for each in undone.journey.holds(VISIT)] == ["unaccepted-handoff"]


def test_an_acceptance_told_late_counts_from_its_own_time() -> None:
    told = given(opened, owned, (offered, SIX), (expired, at(18, 30)), (escalated, at(18, 35)))
    told = told.when(AcceptHandoff(**ids, accepted_by="dr-night", team="icu"), at=at(18, 5)).then(accepted)
    assert status(told) == "accepted"
    assert standing(told.journey).responsible == Responsible(team="icu", person="dr-night", since=at(18, 5))
    assert blockers(told) == []


def test_an_owner_assigned_after_an_acceptance_told_late_stays() -> None:
    later = OwnerAssigned(team="palliative")
    told = given(opened, owned, (offered, SIX), (later, at(20)))
    assert responsible(told.when(accept, at=at(18, 5)).done()) == ("palliative", None)


def test_what_expired_before_the_void_of_an_acceptance_is_expired_again() -> None:
    told = given(opened, owned, (offered, SIX), (accepted, at(18, 5)))
    told = told.when(ExpireHandoff(**ids, reported=True), at=at(18, 30)).then(expired)
    assert status(told) == "accepted"
    told = told.when(VoidEvent(event_id=told.id_of(accepted), reason="wrong patient")).done()
    assert status(told) == "expired"


@pytest.mark.parametrize("late", [declined, expired, escalated, reassigned, withdrawn, drafted])
def test_what_comes_after_the_acceptance_does_not_take_it_back(late: Event) -> None:
    told = given(opened, owned, (offered, SIX), (accepted, at(18, 5)), (late, at(18, 40)))
    assert status(told) == "accepted"
    assert responsible(told) == ("icu", "dr-night")


def test_a_shift_hands_over_within_the_team_that_is_accountable() -> None:
    ward = {"kind": HandoffKind.SHIFT, "to_team": "medicine", "to_person": "dr-night"}
    told = begun.when(offering(**ward)).done().when(accept).done()
    assert responsible(told) == ("medicine", "dr-night")


def test_a_shift_of_nurses_does_not_take_the_patient_from_whoever_is_accountable() -> None:
    ward = {"kind": HandoffKind.SHIFT, "from_team": "ward-a", "from_person": "n-1", "to_team": "ward-a"}
    told = begun.when(offering(**ward)).done().when(accept).done()
    assert status(told) == "accepted"
    assert responsible(told) == ("medicine", "dr-day")


def test_where_nobody_is_accountable_whoever_accepts_is() -> None:
    ward = offer.model_copy(update={"kind": HandoffKind.SHIFT})
    told = given(opened, HandoffOffered(handoff_id=NIGHT, offer=ward), accepted)
    assert responsible(told) == ("icu", "dr-night")


@pytest.mark.parametrize("kind", list(HandoffKind))
def test_every_kind_moves_accountability_from_the_team_that_has_it(kind: HandoffKind) -> None:
    told = begun.when(offering(kind=kind)).done().when(accept).done()
    assert responsible(told) == ("icu", "dr-night")


# --- Returned


def test_what_is_returned_is_theirs_until_the_first_sender_accepts_it() -> None:
    told = taken.when(ReturnHandoff(**ids, reason="does not need us")).done()
    assert responsible(told) == ("icu", "dr-night")
    assert steps(told)["accept-handoff"].owner == "dr-day"
    told.when(accept).then_refused(SelfHandoff)
    told.when(AcceptHandoff(**ids, accepted_by="dr-head", team="icu")).then_refused(TeamNotAsked)
    told = told.when(AcceptHandoff(**ids, accepted_by="dr-day")).done()
    assert responsible(told) == ("medicine", "dr-day")
    told.when(SynthesiseHandoff(**ids, synthesised_by="dr-day", text="mine again")).done()


def test_a_return_may_be_declined_and_withdrawn() -> None:
    told = taken.when(ReturnHandoff(**ids, reason="does not need us")).done()
    told = told.when(DeclineHandoff(**ids, reason="does need you")).done()
    assert (status(told), responsible(told)) == ("declined", ("icu", "dr-night"))
    told = told.when(withdraw).done()
    assert (status(told), responsible(told)) == ("withdrawn", ("icu", "dr-night"))


def test_a_return_reported_of_a_handoff_never_heard_of_is_kept() -> None:
    told = begun.when(ReturnHandoff(**ids, reason="not ours", returned_by="dr-x", reported=True)).done()
    assert status(told) == "returned"
    again = told.when(ReturnHandoff(**ids, reason="not ours at all", reported=True, accept_due=at(23))).done()
    assert status(again) == "returned"


# --- Sender and receiver


@pytest.mark.parametrize(
    "same",
    [
        {"to_team": "medicine", "to_person": "dr-day"},
        {"to_person": "dr-day"},
        {"to_team": "medicine", "from_person": None},
        {"to_team": "medicine", "from_person": None, "to_person": "dr-night"},
    ],
)
def test_sender_and_receiver_are_distinct(same: dict[str, object]) -> None:
    begun.when(offering(**same)).then_refused(SelfHandoff)


def test_within_a_team_one_person_hands_over_to_another() -> None:
    assert begun.when(offering(to_team="medicine")).decided()
    assert begun.when(offering(to_team="medicine", to_person="dr-night")).decided()


def test_nobody_accepts_their_own_handoff() -> None:
    asking.when(AcceptHandoff(**ids, accepted_by="dr-day")).then_refused(SelfHandoff)


def test_nobody_reassigns_a_handoff_to_its_sender() -> None:
    asking.when(ReassignHandoff(**ids, to_team="hdu", to_person="dr-day")).then_refused(SelfHandoff)


def test_only_a_team_that_was_asked_accepts() -> None:
    surgeon = AcceptHandoff(**ids, accepted_by="dr-knife", team="surgery")
    asking.when(surgeon).then_refused(TeamNotAsked)
    moved_on = asking.when(ReassignHandoff(**ids, to_team="surgery")).done()
    assert responsible(moved_on.when(surgeon).done()) == ("surgery", "dr-knife")
    moved_on.when(AcceptHandoff(**ids, accepted_by="dr-night", team="icu")).then_refused(TeamNotAsked)


def test_any_person_of_the_team_accepts_whoever_was_named() -> None:
    told = begun.when(offering(to_person="dr-early")).done()
    assert steps(told)["accept-handoff"].owner == "dr-early"
    told.when(accept).then(accepted)


def test_what_was_accepted_is_not_accepted_by_another_in_silence() -> None:
    taken.when(AcceptHandoff(**ids, accepted_by="dr-head")).then_refused(NotPossibleNow)
    read_back.when(accept).then_nothing()


# --- How severe, how soon


@pytest.mark.parametrize(
    ("severity", "minutes"),
    [(IllnessSeverity.UNSTABLE, 15), (IllnessSeverity.WATCHER, 30), (IllnessSeverity.STABLE, 120)],
)
def test_how_soon_it_is_accepted_follows_from_the_severity(severity: IllnessSeverity, minutes: int) -> None:
    told = begun.when(offering(severity=severity), at=SIX).done()
    due = SIX + timedelta(minutes=minutes)
    accept_it = steps(told)["accept-handoff"]
    assert (accept_it.due, accept_it.warn_at) == (due, SIX + timedelta(minutes=minutes) / 2)
    (loop,) = standing(told.journey).open.handoffs
    assert (loop.due, loop.who, loop.what, loop.status) == (due, "icu", "service", "offered")


def test_the_offer_may_say_how_soon() -> None:
    until = OfferHandoff(**ids, offer=offer, accept_due=at(21))
    told = begun.when(until, at=SIX).done()
    assert steps(told)["accept-handoff"].due == at(21)
    told.when(until).then_nothing()


def test_an_offer_sent_again_later_keeps_its_first_due_time() -> None:
    begun.when(OfferHandoff(**ids, offer=offer), at=SIX).done().when(
        OfferHandoff(**ids, offer=offer), at=at(18, 20)
    ).then_nothing()


def test_another_offer_under_the_same_id_is_refused() -> None:
    asking.when(offering(to_team="hdu")).then_refused(NotPossibleNow)


def test_an_offer_known_to_the_day_is_due_after_that_day() -> None:
    vague = OfferHandoff(**ids, offer=offer, occurred_at=at(0), occurred_precision=Precision.DAY)
    (event,) = begun.when(vague).decided()
    assert isinstance(event, HandoffOffered)
    assert event.accept_due is not None
    assert event.accept_due > at(0, day=1)


def test_an_unstable_patient_comes_with_a_contingency() -> None:
    unstable = {"severity": IllnessSeverity.UNSTABLE, "contingencies": ()}
    begun.when(offering(**unstable)).then_refused(NoContingency)
    assert begun.when(offering(**unstable).model_copy(update={"reported": True})).decided()
    assert begun.when(DraftHandoff(**ids, offer=offering(**unstable).offer)).decided()


def test_overdue_is_what_the_reader_finds() -> None:
    stands = standing(asking.journey)

    def at_moment(moment: datetime) -> tuple[list[str], list[str]]:
        read = stands.at(moment)
        return [each.step for each in read.at_risk], [each.step for each in read.overdue]

    assert at_moment(at(18, 10)) == ([], [])
    assert at_moment(at(18, 20)) == (["accept-handoff"], [])
    assert at_moment(at(18, 31)) == ([], ["accept-handoff"])


def test_better_late_than_never() -> None:
    given(opened, offered, expired).when(accept).then(accepted)


def test_another_system_says_when_it_expired() -> None:
    asking.when(ExpireHandoff(**ids, reported=True), at=at(18, 1)).then(expired)


def test_the_clock_that_expires_what_was_accepted_is_refused() -> None:
    taken.when(ExpireHandoff(**ids), at=at(19)).then_refused(NotPossibleNow)


# --- One at a time


def test_one_open_handoff_of_a_kind() -> None:
    second = UUID(int=43)
    another = OfferHandoff(handoff_id=second, offer=offer)
    asking.when(another).then_refused(AnotherHandoffOpen, blockers=["open-handoff"])
    taken.when(another).then_refused(AnotherHandoffOpen, blockers=["open-handoff"])
    assert over.when(another).decided()
    assert given(opened, offered, withdrawn).when(another).decided()
    assert given(opened, drafted).when(another).decided()
    shift = another.model_copy(update={"offer": offer.model_copy(update={"kind": HandoffKind.SHIFT})})
    assert asking.when(shift).decided()
    assert asking.when(another.model_copy(update={"reported": True})).decided()


# --- Read back, and complete


def test_it_is_complete_when_it_was_read_back() -> None:
    taken.when(CompleteHandoff(**ids)).then_refused(NotReadBack)
    asking.when(CompleteHandoff(**ids)).then_refused(NotPossibleNow)
    read_back.when(CompleteHandoff(**ids)).then(completed)


def test_only_whoever_accepted_reads_back() -> None:
    other = SynthesiseHandoff(**ids, synthesised_by="dr-day", text="I know it anyway")
    taken.when(other).then_refused(NotTheAcceptor)
    taken.when(other.model_copy(update={"reported": True})).done()


def test_a_better_read_back_replaces_the_first() -> None:
    better = SynthesiseHandoff(**ids, synthesised_by="dr-night", text="watch oxygen and potassium")
    (event,) = read_back.when(better).decided()
    assert isinstance(event, HandoffSynthesised)
    over.when(better).then_refused(NotPossibleNow)


def test_what_is_to_be_done_is_done_or_somebody_elses_before_it_is_complete() -> None:
    told = given(opened, offered_busy, accepted, synthesised)
    told.when(CompleteHandoff(**ids)).then_refused(HandoffActionsOpen, blockers=["open-action"])
    told.when(CompleteHandoffAction(**ids, action_id=BLOODS)).done().when(CompleteHandoff(**ids)).then(
        completed
    )
    passed = told.when(TransferHandoffAction(**ids, action_id=BLOODS, to="dr-lab")).done()
    passed = passed.when(CompleteHandoff(**ids)).then(completed)
    assert steps(passed)["complete-handoff-action"].owner == "dr-lab"
    passed = passed.when(CompleteHandoffAction(**ids, action_id=BLOODS)).done()
    assert steps(passed) == {}


def test_an_action_says_who_does_it_until_when() -> None:
    do = steps(given(opened, (offered_busy, SIX)))["complete-handoff-action"]
    assert (do.owner, do.due, do.warn_at, do.subject_id) == ("dr-night", at(23), at(20, 30), BLOODS)


def test_an_action_that_is_done_is_not_reopened_by_being_told_again() -> None:
    told = given(opened, offered_busy, done)
    told.when(AddHandoffAction(**ids, action=bloods)).then_nothing()
    told.when(TransferHandoffAction(**ids, action_id=BLOODS, to="dr-lab")).then_nothing()


def test_an_action_may_change() -> None:
    later = bloods.model_copy(update={"due": at(2, day=1)})
    told = given(opened, offered_busy).when(AddHandoffAction(**ids, action=later)).done()
    assert steps(told)["complete-handoff-action"].due == at(2, day=1)


def test_another_system_may_report_an_action_or_an_answer_that_was_never_asked_for() -> None:
    asking.when(CompleteHandoffAction(**ids, action_id=BLOODS, reported=True)).done()
    asking.when(AnswerHandoffQuestion(**ids, question_id=ASKED, answer="yes", reported=True)).done()


# --- Questions


def test_an_open_question_waits_for_the_sender_and_keeps_nobody_from_accepting() -> None:
    told = given(opened, owned, offered, asked)
    assert steps(told)["answer-handoff-question"].owner == "dr-day"
    told.when(accept).then(accepted)
    assert "answer-handoff-question" not in steps(given(opened, offered, asked, answered))


def test_a_question_told_again_is_still_answered() -> None:
    ask_it = AskHandoffQuestion(**ids, question_id=ASKED, question="on which antibiotic?")
    given(opened, offered, asked, answered).when(ask_it).then_nothing()


# --- Withdrawn


def test_it_is_withdrawn_only_before_it_is_accepted() -> None:
    for told in (taken, read_back, over):
        told.when(withdraw).then_refused(NotPossibleNow)
    for before in ([], [drafted], [offered], [offered, declined], [offered, expired], [offered, escalated]):
        if before:
            assert status(given(opened, *before).when(withdraw).done()) == "withdrawn"


def test_a_withdrawn_draft_is_not_offered() -> None:
    given(opened, drafted, withdrawn).when(OfferHandoff(**ids, offer=offer)).then_refused(NotPossibleNow)


# --- Told late, or the wrong way round


def test_another_system_may_report_the_acceptance_before_the_offer() -> None:
    early = AcceptHandoff(**ids, accepted_by="dr-night", team="icu", reported=True)
    told = begun.when(early, at=at(18, 5)).then(accepted)
    assert responsible(told) == ("icu", "dr-night")
    told = told.when(OfferHandoff(**ids, offer=offer), at=SIX).done()
    assert (status(told), responsible(told)) == ("accepted", ("icu", "dr-night"))
    told.when(SynthesiseHandoff(**ids, synthesised_by="dr-day", text="no")).then_refused(NotTheAcceptor)


def test_an_offer_that_seems_to_come_after_its_acceptance_only_says_what_was_handed_over() -> None:
    told = given(opened, (accepted, SIX), (offered_busy, at(18, 1)))
    assert status(told) == "accepted"
    assert "complete-handoff-action" in steps(told)
    (handoff,) = told.journey.handoffs
    assert handoff.sender == ("medicine", "dr-day")
    moved_on = given(opened, offered, reassigned, declined, (offered, at(23)))
    (handoff,) = moved_on.journey.handoffs
    assert (handoff.status, handoff.asked) == ("declined", (("hdu", None),))


def test_an_acceptance_without_a_team_names_nobody_accountable() -> None:
    told = begun.when(AcceptHandoff(**ids, accepted_by="dr-night", reported=True)).done()
    assert (status(told), responsible(told)) == ("accepted", ("medicine", "dr-day"))


def test_a_read_back_and_an_end_told_late_do_not_take_it_back_a_stage() -> None:
    wrong_way = given(opened, offered, (synthesised, at(20)), (accepted, at(20, 1)))
    assert status(wrong_way) == "synthesised"
    late = given(opened, offered, accepted, (completed, at(20)), (synthesised, at(20, 1)))
    assert status(late) == "completed"


# --- In the answer


def test_nobody_leaves_while_nobody_has_taken_over() -> None:
    told = given(opened, owned, admitted, offered)
    assert [each.code for each in told.journey.holds(VISIT)] == ["unaccepted-handoff"]
    leave = DischargePatient(visit_id=VISIT, disposition="home", override_reason="the patient insists")
    (event,) = told.when(leave).decided()
    assert [each.code for each in event.left_open] == ["unaccepted-handoff"]  # type: ignore[attr-defined]  # it is a departure
    assert list(told.when(accept).done().journey.holds(VISIT)) == []


@pytest.mark.parametrize(
    ("events", "left", "holds"),
    [
        ([drafted], ["open-handoff"], []),
        ([offered], ["unaccepted-handoff"], ["unaccepted-handoff"]),
        ([offered, declined], ["unaccepted-handoff"], ["unaccepted-handoff"]),
        ([offered, expired], ["unaccepted-handoff"], ["unaccepted-handoff"]),
        ([offered, escalated], ["unaccepted-handoff"], ["unaccepted-handoff"]),
        ([offered, accepted], ["open-handoff"], []),
        ([offered, accepted, synthesised], ["open-handoff"], []),
        ([offered, accepted, returned], ["unaccepted-handoff"], ["unaccepted-handoff"]),
        ([offered, accepted, synthesised, completed], [], []),
        ([offered, withdrawn], [], []),
    ],
)
def test_what_is_unaccepted_holds_the_patient_and_what_is_unfinished_the_close(
    events: list[Event], left: list[str], holds: list[str]
) -> None:
    told = given(opened, *events)
    assert [each.code for each in told.journey.holds(VISIT)] == holds
    assert [each.code for each in told.journey.left_open()] == left
    if left:
        told.when(CloseJourney()).then_refused(StillOpen, blockers=left)
    else:
        told.when(CloseJourney()).then(closed)


@pytest.mark.parametrize(
    ("events", "step", "owner"),
    [
        ([drafted], "offer-handoff", "dr-day"),
        ([offered], "accept-handoff", "icu"),
        ([offered, declined], "escalate-handoff", "dr-day"),
        ([offered, expired], "escalate-handoff", "dr-day"),
        ([offered, escalated], "accept-handoff", "icu-charge-nurse"),
        ([offered, reassigned], "accept-handoff", "hdu"),
        ([offered, escalated, to_the_top, declined], "reassign-handoff", "dr-day"),
        ([offered, accepted], "synthesise-handoff", "dr-night"),
        ([offered, accepted, synthesised], "complete-handoff", "dr-night"),
        ([offered, accepted, returned], "accept-handoff", "dr-day"),
    ],
)
def test_an_open_handoff_says_what_comes_next_and_who_does_it(
    events: list[Event], step: str, owner: str
) -> None:
    (next_one,) = standing(given(opened, *events).journey).next
    assert (next_one.step, next_one.owner) == (step, owner)


@pytest.mark.parametrize(
    ("events", "blocked"),
    [
        ([offered], []),
        ([offered, declined], ["handoff-unaccepted"]),
        ([offered, expired], ["handoff-unaccepted"]),
        ([offered, expired, escalated], []),
        ([offered, expired, accepted], []),
    ],
)
def test_a_handoff_that_nobody_took_up_stands_in_the_way(events: list[Event], blocked: list[str]) -> None:
    assert blockers(given(opened, owned, *events)) == blocked


def test_what_was_reached_is_told() -> None:
    reached = [each.milestone for each in standing(over.journey).reached]
    assert reached == ["journey-opened", "handoff-offered", "handoff-accepted", "handoff-completed"]


def test_every_status_is_one_of_those_that_some_event_leads_to() -> None:
    told: list[list[Told]] = [
        [drafted],
        [offered],
        [offered, declined],
        [offered, expired],
        [offered, escalated],
        [offered, accepted],
        [offered, accepted, synthesised],
        [offered, accepted, returned],
        [offered, accepted, synthesised, completed],
        [offered, withdrawn],
    ]
    assert {status(given(opened, *events)) for events in told} == set(HandoffStatus)


def test_a_second_reason_to_decline_is_not_dropped_in_silence() -> None:
    """It is refused; the next receiver is asked instead."""
    other = DeclineHandoff(**ids, reason="off duty")
    given(opened, offered, declined).when(other).then_refused(NotPossibleNow)
