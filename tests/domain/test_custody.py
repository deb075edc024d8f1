"""Custody: what is held for a dispute, restricted, and erased."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from journey.domain.correction import NotVoidable, VoidEvent
from journey.domain.custody import (
    EraseSubject,
    ErasureBasis,
    ErasureNotRequested,
    ErasureRequested,
    ErasureWithdrawn,
    LegalHoldPlaced,
    LegalHoldReleased,
    LiftRestriction,
    PlaceLegalHold,
    ProcessingRestricted,
    ReleaseLegalHold,
    RequestErasure,
    RestrictionGround,
    RestrictionLifted,
    RestrictProcessing,
    Safekeeping,
    SecondPersonNeeded,
    StillRetained,
    SubjectErased,
    SubjectIsErased,
    UnderLegalHold,
    WithdrawErasure,
    kept_until,
)
from journey.domain.event import Event
from journey.domain.journey import journey_at
from journey.domain.labels import RESTRICTED, hidden, of_journey
from journey.domain.standing import standing
from tests.domain.cases import Case
from tests.domain.told import activated, booked, closed, opened
from tests.spec import Given, at, given

HOLD, ERASURE = UUID(int=70), UUID(int=71)
hold = PlaceLegalHold(hold_id=HOLD, matter="Doe v. clinic", reason="counsel asks")
release = ReleaseLegalHold(hold_id=HOLD, reason="settled")
restrict = RestrictProcessing(ground=RestrictionGround.ACCURACY_CONTESTED, reason="she says it is wrong")
lift = LiftRestriction(reason="it was right")
request = RequestErasure(erasure_id=ERASURE, basis=ErasureBasis.CONSENT_WITHDRAWN, reason="her letter")
withdraw = WithdrawErasure(erasure_id=ERASURE, reason="she stays")
erase = EraseSubject(decided_by="officer-2", years_kept=0)

held = LegalHoldPlaced(**hold.facts())
released = LegalHoldReleased(**release.facts())
restricted = ProcessingRestricted(**restrict.facts())
lifted = RestrictionLifted(**lift.facts())
asked = ErasureRequested(**request.facts())
withdrawn = ErasureWithdrawn(**withdraw.facts())
erased = SubjectErased(
    erasure_id=ERASURE,
    basis=ErasureBasis.CONSENT_WITHDRAWN,
    requested_by="nurse-1",
    decided_by="officer-2",
)

CASES = [
    Case(hold, given(opened), [held]),
    Case(release, given(opened, held), [released]),
    Case(restrict, given(opened, closed), [restricted]),
    Case(lift, given(opened, restricted), [lifted]),
    Case(request, given(opened), [asked]),
    Case(withdraw, given(opened, asked), [withdrawn]),
]


def test_what_was_asked_for_is_erased_by_somebody_else() -> None:
    given(opened, booked, closed, asked).when(erase).then(erased)


@pytest.mark.parametrize(
    ("told", "command", "refusal", "blockers"),
    [
        (given(opened), erase, ErasureNotRequested, []),
        (given(opened, asked, withdrawn), erase, ErasureNotRequested, []),
        (given(opened, asked), erase.model_copy(update={"decided_by": "nurse-1"}), SecondPersonNeeded, []),
        (given(opened, asked, held), erase, UnderLegalHold, ["legal-hold"]),
        (given(opened, asked), erase.model_copy(update={"years_kept": 6}), StillRetained, []),
    ],
)
def test_what_stands_against_an_erasure(
    told: Given, command: EraseSubject, refusal: type[Exception], blockers: list[str]
) -> None:
    with pytest.raises(refusal) as refused:
        told.when(command).decided()
    assert [each.code for each in refused.value.blockers] == blockers  # type: ignore[attr-defined]  # all do
    assert "restrict-processing" in str(refused.value) or refusal is SecondPersonNeeded


def test_a_hold_that_was_released_stands_against_nothing() -> None:
    given(opened, asked, held, released).when(erase).then(erased)


def test_it_may_be_erased_once_the_years_are_over() -> None:
    told = given(opened, (booked, at(10)), (asked, at(11, day=900)))
    six = erase.model_copy(update={"years_kept": 6})
    assert kept_until(told.history, 6) == at(10).replace(year=2032)
    told.when(six, at=datetime(2032, 3, 2, 10, tzinfo=UTC)).then(erased)
    with pytest.raises(StillRetained, match="until 2032-03-02"):
        told.when(six, at=datetime(2032, 3, 2, 9, tzinfo=UTC)).decided()


def test_years_after_a_leap_day_end_on_the_next_day() -> None:
    told = given((opened, datetime(2024, 2, 29, tzinfo=UTC)))
    assert kept_until(told.history, 1) == datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("command", [hold, restrict, request, VoidEvent(event_id=UUID(int=9), reason="r")])
def test_nothing_is_told_of_who_was_erased(command: PlaceLegalHold) -> None:
    given(opened, asked, erased).when(command).then_refused(SubjectIsErased)


def test_what_restricts_is_undone_by_its_own_command() -> None:
    told = given(opened, restricted)
    told.when(VoidEvent(event_id=told.id_of(restricted), reason="r")).then_refused(NotVoidable)


def test_of_a_restricted_journey_every_event_bears_the_label() -> None:
    recorded = given(opened, activated, restricted).history.recorded
    assert hidden(recorded, frozenset()) == {each.event_id for each in recorded}
    assert hidden(recorded, frozenset({RESTRICTED})) == frozenset()
    assert of_journey(given(opened, restricted, lifted).history.recorded) == frozenset()


def test_whoever_looks_is_told_what_was_decided() -> None:
    assert stands(opened, activated) is None
    told = stands(opened, held, restricted, asked)
    assert told is not None
    assert told.model_dump(exclude_defaults=True) == {
        "holds": (held.hold_id,),
        "restricted": restricted.ground,
        "erasure_requested": asked.basis,
    }
    after = stands(opened, asked, erased)
    assert after is not None
    assert after.erased_at is not None
    assert stands(opened, held, released, restricted, lifted) is None


def stands(*events: Event) -> Safekeeping | None:
    journey = journey_at(given(*events).history)
    assert journey is not None
    return standing(journey).custody
