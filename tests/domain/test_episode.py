"""Episode: the journey's own life, and who is accountable for it."""

from uuid import UUID

import pytest

from journey.domain.codes import Channel, JourneyStatus
from journey.domain.discharge import (
    CloseDischarge,
    DischargeClosed,
    DischargeSummarySent,
    SendDischargeSummary,
)
from journey.domain.episode import (
    ActivateJourney,
    AssignOwner,
    CancelJourney,
    CloseJourney,
    JourneyCancelled,
    JourneyClosed,
    JourneyLinked,
    JourneyOpened,
    JourneyReopened,
    JourneyResumed,
    LinkJourney,
    OpenJourney,
    OwnerAssigned,
    OwnerUnassigned,
    PutOnHold,
    Relation,
    RemoveJourney,
    ReopenJourney,
    ResumeJourney,
    SomebodyIsAccountable,
    UnassignOwner,
    WaitlistJourney,
)
from journey.domain.event import Blocker, Coded, Command
from journey.domain.identity import (
    Demographics,
    DemographicsChanged,
    Identifier,
    IdentifierAssigned,
    LinkedToItself,
)
from journey.domain.intake import IntakeStarted, StartIntake
from journey.domain.journey import COMMANDS
from journey.domain.opening import AlreadyOpened
from journey.domain.readmission import READMISSION
from journey.domain.referral import (
    AcceptReferral,
    CloseReferral,
    ReceiveReferralOutcome,
    ReferralOrder,
    ReferralSent,
    SendReferral,
)
from journey.domain.result import ReceiveResult, ResultReceived
from journey.domain.room import NotPossibleNow
from journey.domain.rules import JourneyIsOver, StillOpen
from journey.domain.standing import standing
from journey.domain.transfer import JourneyTransferInitiated
from journey.domain.visit import CheckIn, CompleteVisit, RecordArrival, StartLeave
from tests.domain.cases import Case
from tests.domain.told import (
    VISIT,
    activated,
    admitted,
    arrived,
    booked,
    called_off,
    closed,
    completed,
    discharged,
    journey_waitlisted,
    on_hold,
    opened,
    planned,
    removed,
    started,
)
from tests.spec import JOURNEY, PATIENT, at, given

OWNED = OwnerAssigned(team="ortho", person="dr-1")
RESULT = UUID(int=20)
BEFORE = UUID(int=5)

CASES = [
    Case(
        WaitlistJourney(),
        given(planned),
        [journey_waitlisted],
        given(opened),
        NotPossibleNow,
    ),
    Case(
        ActivateJourney(),
        given(planned, journey_waitlisted),
        [activated],
        given(opened, on_hold),
        NotPossibleNow,
        quiet=given(opened),
    ),
    Case(
        PutOnHold(reason="holiday"),
        given(opened),
        [on_hold],
        given(planned),
        NotPossibleNow,
    ),
    Case(
        ResumeJourney(),
        given(opened, on_hold),
        [JourneyResumed()],
        given(planned),
        NotPossibleNow,
        quiet=given(opened),
    ),
    Case(
        CloseJourney(),
        given(opened, arrived, started, completed),
        [closed],
        given(opened, booked),
        StillOpen,
        ["open-visit"],
    ),
    Case(
        CancelJourney(reason="moved away"),
        given(planned),
        [called_off],
        given(opened, closed),
        NotPossibleNow,
    ),
    Case(
        ReopenJourney(reason="relapse", authorised_by="dr-1"),
        given(opened, closed),
        [JourneyReopened(reason="relapse", authorised_by="dr-1")],
        given(opened),
        NotPossibleNow,
    ),
    Case(
        RemoveJourney(reason="wrong patient"),
        given(opened, closed),
        [removed],
    ),
    Case(
        AssignOwner(team="ortho", person="dr-1"),
        given(opened, OwnerAssigned(team="ortho")),
        [OWNED],
        given(opened, closed),
        JourneyIsOver,
    ),
    Case(
        UnassignOwner(reason="team dissolved"),
        given(planned, OWNED),
        [OwnerUnassigned(reason="team dissolved")],
        given(opened, OWNED),
        SomebodyIsAccountable,
        quiet=given(opened),
    ),
    Case(
        LinkJourney(relation=Relation.READMISSION_OF, other_journey_id=BEFORE, days=29),
        given(opened),
        [JourneyLinked(relation=Relation.READMISSION_OF, other_journey_id=BEFORE, days=29)],
    ),
]


# --- Opening


def test_a_journey_opens_with_all_that_is_known_of_the_patient() -> None:
    number = Identifier(system="hospital", value="123")
    given().when(
        OpenJourney(
            patient_id=PATIENT,
            status=JourneyStatus.PLANNED,
            identifiers=(number,),
            patient=Demographics(family="Okafor"),
            team="ortho",
        )
    ).then(
        planned,
        IdentifierAssigned(identifier=number),
        DemographicsChanged(demographics=Demographics(family="Okafor")),
        OwnerAssigned(team="ortho"),
    )


def test_a_journey_is_not_opened_for_a_second_patient() -> None:
    given(opened).when(OpenJourney(patient_id=UUID(int=3))).then_refused(AlreadyOpened)


def test_a_journey_that_is_open_for_this_patient_stays_as_it_is() -> None:
    given(opened, closed).when(OpenJourney(patient_id=PATIENT, team="ortho")).then_nothing()


def test_opening_is_not_asked_of_an_open_journey() -> None:
    assert OpenJourney not in COMMANDS.values()


def test_the_patient_is_known_from_the_opening() -> None:
    concern = Coded(system="http://snomed.info/sct", code="73211009")
    journey = given(JourneyOpened(patient_id=PATIENT, concern=concern)).journey
    assert (journey.identity.patient_id, journey.episode.concern) == (PATIENT, concern)


# --- Closing


def test_nobody_is_forgotten_by_a_close() -> None:
    given(
        opened,
        booked,
        ResultReceived(result_id=RESULT),
    ).when(CloseJourney()).then_refused(StillOpen, blockers=["open-visit", "unreviewed-result"])


def test_an_unfinished_intake_keeps_a_journey_open() -> None:
    taken_in = given(opened).when(StartIntake(channel=Channel.PHONE)).done()
    taken_in.when(CloseJourney()).then_refused(StillOpen, blockers=["open-intake"])


def test_an_override_records_what_it_left_open() -> None:
    left = Blocker(code="open-visit", what="a visit is booked", subject_id=VISIT)
    given(opened, booked).when(CloseJourney(override_reason="moved abroad")).then(
        JourneyClosed(override_reason="moved abroad", left_open=(left,))
    )


def test_a_reported_close_records_what_was_open() -> None:
    (event,) = given(opened, booked).when(CloseJourney(reported=True)).decided()
    assert isinstance(event, JourneyClosed)
    assert [blocker.code for blocker in event.left_open] == ["open-visit"]


# --- Over


def test_a_closed_journey_begins_no_visit() -> None:
    given(opened, closed).when(RecordArrival(visit_id=VISIT)).then_refused(JourneyIsOver)


def test_a_closed_journey_begins_no_visit_though_it_is_reported() -> None:
    given(opened, closed).when(RecordArrival(visit_id=VISIT, reported=True)).then_refused(JourneyIsOver)


def test_a_visit_that_an_override_left_open_is_still_reported_on() -> None:
    overridden = JourneyClosed(override_reason="moved abroad")
    given(opened, arrived, started, overridden).when(CompleteVisit(visit_id=VISIT, reported=True)).then(
        completed
    )


def test_a_referral_that_an_override_left_open_is_still_answered_and_read() -> None:
    asked = ReferralSent(referral_id=RESULT, order=ReferralOrder())
    over = given(opened, asked, JourneyClosed(override_reason="moved abroad"))
    accept = AcceptReferral(referral_id=RESULT)
    over.when(accept).then_refused(JourneyIsOver)
    told = over.when(accept.model_copy(update={"reported": True})).done()
    told = told.when(ReceiveReferralOutcome(referral_id=RESULT, report="d-1")).done()
    read = told.when(CloseReferral(referral_id=RESULT, reviewed_by="dr-1")).done()
    assert read.journey.left_open() == ()


def test_a_closed_journey_takes_no_new_referral_though_it_is_reported() -> None:
    late = SendReferral(referral_id=RESULT, reported=True)
    given(opened, closed).when(late).then_refused(JourneyIsOver)


def test_care_is_not_over_before_the_patient_came() -> None:
    told = given((opened, at(8)), (arrived, at(12)), (started, at(12)), (completed, at(13)))
    early = CloseJourney(outcome=Coded(system="local", code="well"))
    told.when(early, at=at(10)).then_refused(StillOpen, blockers=["care-went-on"])
    told.when(early, at=at(14)).done()


def test_a_cancellation_records_what_was_under_way() -> None:
    left = Blocker(code="open-visit", what="a visit is booked", subject_id=VISIT)
    given(opened, booked).when(CancelJourney(reason="moved away")).then(
        JourneyCancelled(reason="moved away", left_open=(left,))
    )


def test_a_close_is_not_said_otherwise_in_silence() -> None:
    other = CloseJourney(outcome=Coded(system="local", code="well"))
    given(opened, closed).when(other).then_refused(NotPossibleNow)
    given(opened, on_hold).when(PutOnHold(reason="strike")).then_refused(NotPossibleNow)


def test_a_closed_journey_takes_results() -> None:
    given(opened, closed).when(ReceiveResult(result_id=RESULT)).then(ResultReceived(result_id=RESULT))


def test_a_closed_journey_takes_the_paperwork_of_its_discharge() -> None:
    over = given(opened, admitted, discharged, closed)
    sent = over.when(SendDischargeSummary(visit_id=VISIT, recipient="gp-1")).then(
        DischargeSummarySent(visit_id=VISIT, recipient="gp-1")
    )
    sent.when(CloseDischarge(visit_id=VISIT)).then(DischargeClosed(visit_id=VISIT))


def test_a_removed_journey_is_not_reopened() -> None:
    given(opened, removed).when(ReopenJourney(reason="relapse", authorised_by="dr-1")).then_refused(
        NotPossibleNow
    )


@pytest.mark.parametrize("sign", [CheckIn(visit_id=VISIT), StartLeave(visit_id=VISIT)])
def test_whoever_is_said_to_be_here_is_in_care(sign: Command) -> None:
    told = given(planned).when(sign.model_copy(update={"reported": True})).done()
    assert told.journey.episode.status is JourneyStatus.ACTIVE


# --- On hold


def test_an_arrival_that_another_system_reports_resumes_the_journey() -> None:
    given(opened, booked, on_hold).when(RecordArrival(visit_id=VISIT, reported=True)).then(
        JourneyResumed(), arrived
    )


# --- Who is accountable


@pytest.mark.parametrize("told", [(opened, OWNED), (planned, OWNED, activated), (opened, OWNED, on_hold)])
def test_nobody_steps_down_while_the_journey_goes_on(told: tuple[JourneyOpened, ...]) -> None:
    there = given(*told)
    there.when(UnassignOwner(reason="left the clinic")).then_refused(SomebodyIsAccountable)
    there.when(AssignOwner(team="cardiology")).then(OwnerAssigned(team="cardiology"))
    there.when(UnassignOwner(reason="left the clinic", reported=True)).then(
        OwnerUnassigned(reason="left the clinic")
    )


# --- What it has to do with others


@pytest.mark.parametrize(
    ("days", "planned_before", "counts"),
    [(29, None, True), (30, False, True), (31, None, False), (29, True, False), (None, None, False)],
)
def test_a_readmission_counts_within_thirty_days_unless_it_was_planned(
    days: int | None, planned_before: bool | None, *, counts: bool
) -> None:
    linked = JourneyLinked(
        relation=Relation.READMISSION_OF, other_journey_id=BEFORE, days=days, planned=planned_before
    )
    reached = [each.milestone for each in standing(given(opened, linked).journey).reached]
    assert (READMISSION in reached) is counts


def test_no_other_relation_is_a_readmission() -> None:
    linked = JourneyLinked(relation=Relation.CONTINUES, other_journey_id=BEFORE, days=3)
    assert READMISSION not in [each.milestone for each in standing(given(opened, linked).journey).reached]


def test_a_journey_is_not_linked_to_itself() -> None:
    itself = LinkJourney(relation=Relation.DUPLICATE_OF, other_journey_id=JOURNEY)
    given(opened).when(itself).then_refused(LinkedToItself)


def test_what_was_not_known_of_a_readmission_is_told_later() -> None:
    link = LinkJourney(relation=Relation.READMISSION_OF, other_journey_id=BEFORE, days=3, planned=True)
    (event,) = (
        given(opened, JourneyLinked(relation=link.relation, other_journey_id=BEFORE)).when(link).decided()
    )
    assert event == JourneyLinked(relation=link.relation, other_journey_id=BEFORE, days=3, planned=True)


def test_a_journey_that_is_over_turns_out_to_be_a_duplicate() -> None:
    link = LinkJourney(relation=Relation.DUPLICATE_OF, other_journey_id=BEFORE)
    given(opened, closed).when(link).then(
        JourneyLinked(relation=Relation.DUPLICATE_OF, other_journey_id=BEFORE)
    )


# --- Everything at once


def test_a_close_lists_all_that_is_open_and_an_override_records_it() -> None:
    """In each room one thing is begun and not finished."""
    busy = given(
        opened,
        IntakeStarted(channel=Channel.PHONE),
        booked,
        JourneyTransferInitiated(transfer_id=UUID(int=60), to_facility="north", to_team="ortho-north"),
        ResultReceived(result_id=RESULT),
    )
    codes = ["open-intake", "open-visit", "open-transfer", "unreviewed-result"]
    busy.when(CloseJourney()).then_refused(StillOpen, blockers=codes)
    over = busy.when(CloseJourney(override_reason="moved abroad"))
    (event,) = over.decided()
    assert isinstance(event, JourneyClosed)
    assert [each.code for each in event.left_open] == codes
    after = standing(over.done().journey)
    assert (after.status, after.next, after.blocked_by) == (JourneyStatus.FINISHED, (), ())
