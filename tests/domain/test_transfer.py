"""Transfer: a journey passes to another facility, once that facility says yes."""

from uuid import UUID

import pytest

from journey.domain.codes import Disposition
from journey.domain.correction import VoidEvent
from journey.domain.discharge import DischargePatient
from journey.domain.episode import AssignOwner, CloseJourney, OwnerAssigned
from journey.domain.event import Coded
from journey.domain.journey import Journey
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.rules import JourneyIsOver, StillOpen
from journey.domain.standing import standing
from journey.domain.transfer import (
    AcceptTransfer,
    AnotherTransferOpen,
    CompleteTransfer,
    DeclineTransfer,
    InitiateTransfer,
    JourneyTransferAccepted,
    JourneyTransferCompleted,
    JourneyTransferDeclined,
    JourneyTransferInitiated,
    JourneyTransferWithdrawn,
    TransferStatus,
    WithdrawTransfer,
)
from tests.domain.cases import Case
from tests.domain.told import VISIT, admitted, closed, discharged, opened
from tests.spec import at, given

NORTH, SOUTH = UUID(int=60), UUID(int=61)
ours = OwnerAssigned(team="ortho", person="dr-1")
initiate = InitiateTransfer(
    transfer_id=NORTH, to_facility="north", to_team="ortho-north", reason="closer to home", due=at(18)
)
initiated = JourneyTransferInitiated(
    transfer_id=NORTH, to_facility="north", to_team="ortho-north", reason="closer to home", due=at(18)
)
accepted = JourneyTransferAccepted(transfer_id=NORTH, team="ortho-north", person="dr-9")
declined = JourneyTransferDeclined(transfer_id=NORTH, reason="no bed")
withdrawn = JourneyTransferWithdrawn(transfer_id=NORTH, reason="family objects")
completed = JourneyTransferCompleted(transfer_id=NORTH)
elsewhere = JourneyTransferInitiated(transfer_id=SOUTH, to_facility="south", to_team="ortho-south")
asked = given(opened, ours, initiated)

CASES = [
    Case(
        initiate,
        given(opened, ours),
        [initiated],
        given(opened, elsewhere),
        AnotherTransferOpen,
        ["open-transfer"],
    ),
    Case(
        AcceptTransfer(transfer_id=NORTH, team="ortho-north", person="dr-9"),
        asked,
        [accepted],
        given(opened, initiated, declined),
        NotPossibleNow,
    ),
    Case(
        DeclineTransfer(transfer_id=NORTH, reason="no bed"),
        asked,
        [declined],
        given(opened, initiated, accepted),
        NotPossibleNow,
    ),
    Case(
        WithdrawTransfer(transfer_id=NORTH, reason="family objects"),
        asked,
        [withdrawn],
        given(opened),
        UnknownSubject,
    ),
    Case(
        CompleteTransfer(transfer_id=NORTH),
        given(opened, ours, initiated, accepted),
        [completed],
        asked,
        NotPossibleNow,
    ),
]


def accountable(journey: Journey) -> tuple[str, str | None] | None:
    owner = journey.episode.owner
    return owner and (owner.team, owner.person)


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        ([], ("ortho", "dr-1")),
        ([declined], ("ortho", "dr-1")),
        ([withdrawn], ("ortho", "dr-1")),
        ([accepted], ("ortho-north", "dr-9")),
        ([accepted, completed], ("ortho-north", "dr-9")),
    ],
)
def test_the_sender_is_accountable_until_the_receiver_accepts(
    answer: list[JourneyTransferAccepted], who: tuple[str, str]
) -> None:
    assert accountable(given(opened, ours, initiated, *answer).journey) == who


def test_before_the_acceptance_the_sender_was_accountable() -> None:
    told = given((opened, at(8)), (ours, at(8)), (initiated, at(9)), (accepted, at(12)))
    assert accountable(told.journey_at(at(11))) == ("ortho", "dr-1")
    assert accountable(told.journey_at(at(13))) == ("ortho-north", "dr-9")


def test_an_acceptance_told_late_moves_nothing_that_was_decided_since() -> None:
    told = given((opened, at(8)), (ours, at(8)), (initiated, at(9)))
    other = told.when(AssignOwner(team="rehab"), at=at(14)).done()
    late = other.when(AcceptTransfer(transfer_id=NORTH, team="ortho-north"), at=at(12)).done()
    assert accountable(late.journey) == ("rehab", None)
    assert accountable(late.journey_at(at(13))) == ("ortho-north", None)


def test_an_acceptance_told_again_moves_nobody_and_takes_nothing_back() -> None:
    told = given(opened, ours, initiated, accepted, completed).when(AssignOwner(team="rehab")).done()
    late = told.when(AcceptTransfer(transfer_id=NORTH, team="ortho-north", reported=True)).done()
    assert accountable(late.journey) == ("rehab", None)
    assert standing(late.journey).open.transfers == ()


def test_an_answer_that_has_come_is_due_no_more() -> None:
    asked_by_nine = initiated.model_copy(update={"due": at(9)})
    (loop,) = standing(given(opened, ours, asked_by_nine, accepted).journey).open.transfers
    assert loop.due is None


def test_a_voided_acceptance_gives_the_patient_back() -> None:
    told = given(opened, ours, initiated, accepted)
    back = told.when(VoidEvent(event_id=told.id_of(accepted), reason="wrong patient")).done()
    assert accountable(back.journey) == ("ortho", "dr-1")


def test_an_open_transfer_is_in_the_way_and_in_the_list() -> None:
    now = standing(asked.journey)
    assert [each.code for each in now.blocked_by] == ["open-transfer"]
    ((step,), (loop,)) = now.next, now.open.transfers
    assert (step.step, step.due, step.owner) == ("accept-transfer", at(18), "ortho-north")
    assert (loop.what, loop.who, loop.status) == ("north", "ortho-north", TransferStatus.INITIATED)
    asked.when(CloseJourney()).then_refused(StillOpen, blockers=["open-transfer"])


def test_an_accepted_transfer_is_still_to_be_completed() -> None:
    agreed = given(opened, ours, initiated, accepted)
    (step,) = standing(agreed.journey).next
    assert (step.step, step.due) == ("complete-transfer", None)
    there = agreed.when(CompleteTransfer(transfer_id=NORTH)).done()
    assert standing(there.journey).next == ()
    there.when(CloseJourney()).then(closed)


def test_a_transfer_keeps_nobody_in_bed_and_sends_nobody_home() -> None:
    """The old facility says itself how its stay ended; nothing is inferred."""
    agreed = given(opened, admitted, initiated, accepted, completed)
    visit = agreed.journey.visits.get(VISIT)
    assert visit is not None
    assert visit.is_here
    given(opened, admitted, initiated).when(
        DischargePatient(visit_id=VISIT, disposition=Disposition.OTHER_FACILITY)
    ).then(
        discharged.model_copy(
            update={"disposition": Coded(system=discharged.disposition.system, code="other-hcf")}
            if discharged.disposition
            else {}
        )
    )


def test_after_a_decline_another_facility_is_asked() -> None:
    south = InitiateTransfer(transfer_id=SOUTH, to_facility="south", to_team="ortho-south")
    given(opened, initiated, declined).when(south).then(elsewhere)


def test_what_is_asked_of_the_receiver_may_change_before_the_answer() -> None:
    sooner = initiate.model_copy(update={"due": at(12)})
    asked.when(sooner).then(initiated.model_copy(update={"due": at(12)}))


def test_a_second_transfer_that_another_system_reports_is_recorded() -> None:
    given(opened, elsewhere).when(initiate.model_copy(update={"reported": True})).then(initiated)


def test_a_transfer_first_heard_of_by_its_acceptance_is_there() -> None:
    told = given(opened, ours).when(
        AcceptTransfer(transfer_id=NORTH, team="ortho-north", person="dr-9", reported=True)
    )
    after = told.then(accepted).journey
    assert accountable(after) == ("ortho-north", "dr-9")
    assert [each.status for each in after.transfers] == [TransferStatus.ACCEPTED]


def test_a_closed_journey_goes_nowhere() -> None:
    given(opened, closed).when(initiate).then_refused(JourneyIsOver)
