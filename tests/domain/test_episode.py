"""Episode: the journey's own life, and who is accountable for it."""

from uuid import UUID

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
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResumed,
    OpenJourney,
    OwnerAssigned,
    OwnerUnassigned,
    PutOnHold,
    RemoveJourney,
    ReopenJourney,
    ResumeJourney,
    UnassignOwner,
    WaitlistJourney,
)
from journey.domain.event import Blocker, Coded
from journey.domain.identity import Demographics, DemographicsChanged, Identifier, IdentifierAssigned
from journey.domain.intake import StartIntake
from journey.domain.journey import COMMANDS, AlreadyOpened
from journey.domain.result import ReceiveResult, ResultReceived
from journey.domain.room import NotPossibleNow
from journey.domain.rules import JourneyIsOver, StillOpen
from journey.domain.visit import CompleteVisit, RecordArrival
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
from tests.spec import PATIENT, given

OWNED = OwnerAssigned(team="ortho", person="dr-1")
RESULT = UUID(int=20)

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
        given(planned),
        NotPossibleNow,
        quiet=given(opened),
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
        given(opened, OWNED),
        [OwnerUnassigned(reason="team dissolved")],
        given(opened, OWNED, closed),
        JourneyIsOver,
        quiet=given(opened),
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


# --- On hold


def test_an_arrival_that_another_system_reports_resumes_the_journey() -> None:
    given(opened, booked, on_hold).when(RecordArrival(visit_id=VISIT, reported=True)).then(
        JourneyResumed(), arrived
    )
