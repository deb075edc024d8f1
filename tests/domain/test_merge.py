"""Merge: two records of one person, and two again; told of one journey, and of the journeys of both."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from journey.domain.codes import LinkType
from journey.domain.correction import (
    CorrectEvent,
    EventReattributed,
    NotCorrectable,
    NotVoidable,
    ReattributeEvent,
    UnknownEvent,
    VoidEvent,
)
from journey.domain.episode import JourneyOpened
from journey.domain.event import Command, Event, Precision
from journey.domain.identity import (
    ChangeDemographics,
    Demographics,
    DemographicsChanged,
    LinkedToItself,
)
from journey.domain.merge import (
    MergePatient,
    NotMerged,
    NotThisPatient,
    PatientMerged,
    PatientUnmerged,
    RecordedSinceTheMerge,
    RetiredPatient,
    UnmergePatient,
)
from journey.domain.standing import standing
from journey.domain.visit import VisitStarted
from tests.domain.cases import Case
from tests.domain.told import VISIT, booked, cancelled, closed, opened, removed, started
from tests.spec import PATIENT, Given, at, given

OTHER, THIRD = UUID(int=3), UUID(int=4)
MERGE = MergePatient(survivor=PATIENT, retired=OTHER, evidence="same number")
UNMERGE = UnmergePatient(survivor=PATIENT, retired=OTHER, reason="a father and his son", keep_rest=True)
MOVED = Demographics(address="4 Mill Lane")
merged = PatientMerged(survivor=PATIENT, retired=OTHER, evidence="same number")
unmerged = PatientUnmerged(survivor=PATIENT, retired=OTHER, reason="a father and his son", keep_rest=True)
retired = PatientMerged(survivor=OTHER, retired=PATIENT)

CASES = [
    Case(MERGE, given(opened, closed), [merged], given(opened, retired), RetiredPatient),
    Case(UNMERGE, given(opened, merged), [unmerged], given(opened), NotMerged),
]


def refused_once_retired(command: Command, root: UUID) -> None:
    told = given(opened, retired)
    told.when(command).then_refused(RetiredPatient)
    with pytest.raises(RetiredPatient, match=str(root)):
        told.when(command).decided()


def test_a_patient_who_was_retired_is_no_survivor() -> None:
    refused_once_retired(MergePatient(survivor=PATIENT, retired=THIRD), OTHER)


def test_a_patient_is_not_retired_twice() -> None:
    refused_once_retired(MergePatient(survivor=THIRD, retired=PATIENT), OTHER)


def test_a_patient_is_not_retired_into_one_who_was_retired_into_it() -> None:
    given(opened, merged).when(MergePatient(survivor=OTHER, retired=PATIENT)).then_refused(RetiredPatient)


def test_nor_when_the_merge_is_reported_late() -> None:
    late = MergePatient(survivor=OTHER, retired=PATIENT, reported=True)
    given(opened, (merged, at(12))).when(late, at=at(11)).then_refused(RetiredPatient)


def test_nor_where_it_was_so_at_that_time() -> None:
    told = given((opened, at(8)), (merged, at(9)), (unmerged, at(12)))
    told.when(MergePatient(survivor=OTHER, retired=PATIENT), at=at(10)).then_refused(RetiredPatient)
    told.when(MergePatient(survivor=OTHER, retired=PATIENT), at=at(13)).then(
        PatientMerged(survivor=OTHER, retired=PATIENT)
    )


def test_a_patient_is_not_merged_with_itself() -> None:
    given(opened).when(MergePatient(survivor=PATIENT, retired=PATIENT)).then_refused(LinkedToItself)


@pytest.mark.parametrize("command", [MergePatient, UnmergePatient])
def test_a_merge_is_told_on_the_journeys_of_the_two(command: type[Command]) -> None:
    facts = {"survivor": OTHER, "retired": THIRD} | ({"reason": "no"} if command is UnmergePatient else {})
    given(opened).when(command.model_validate(facts)).then_refused(NotThisPatient)


def test_several_are_merged_into_one_and_shown_as_links() -> None:
    told = given(opened, merged, PatientMerged(survivor=PATIENT, retired=THIRD))
    links = standing(told.journey).patient.links
    assert links == ((OTHER, LinkType.REPLACES), (THIRD, LinkType.REPLACES))
    assert standing(given(opened, retired).journey).patient.links == ((OTHER, LinkType.REPLACED_BY),)


def test_after_an_unmerge_all_is_as_before() -> None:
    told = given(opened, merged, unmerged)
    assert standing(told.journey).patient.links == ()
    told.when(MERGE).then(merged)


def test_a_merge_told_after_it_was_undone_stays_undone() -> None:
    told = given((opened, at(8)), (merged, at(9)), (unmerged, at(12)))
    told.when(MergePatient(survivor=PATIENT, retired=OTHER, reported=True), at=at(10)).then_nothing()


def test_nothing_is_unmerged_before_it_was_merged() -> None:
    given(opened, (merged, at(12))).when(UNMERGE, at=at(11)).then_refused(NotMerged)
    again = given(opened, (merged, at(9)), (unmerged, at(10)), (merged, at(12)))
    again.when(UNMERGE, at=at(9, 30)).then_refused(NotMerged)
    again.when(UNMERGE, at=at(13)).then(unmerged)


def test_a_merge_of_a_day_is_undone_the_same_day() -> None:
    told = given(opened, (merged, at(0), Precision.DAY))
    told.when(UNMERGE.model_copy(update={"occurred_precision": Precision.DAY}), at=at(0)).then(unmerged)


# --- What was recorded since


SINCE = given(opened, booked, merged, started, DemographicsChanged(demographics=MOVED))
ASK = UnmergePatient(survivor=PATIENT, retired=OTHER, reason="two people")


def test_what_was_recorded_since_the_merge_is_asked_about() -> None:
    SINCE.when(ASK).then_refused(RecordedSinceTheMerge, blockers=["recorded-since-the-merge"] * 2)
    with pytest.raises(RecordedSinceTheMerge) as refused:
        SINCE.when(ASK).decided()
    assert [(each.what, each.subject_id) for each in refused.value.blockers] == [
        (each.stored_as, SINCE.id_of(each)) for each in SINCE.events[3:]
    ]


def test_also_of_who_reports_the_unmerge() -> None:
    SINCE.when(ASK.model_copy(update={"reported": True})).then_refused(
        RecordedSinceTheMerge, blockers=["recorded-since-the-merge"] * 2
    )


def test_what_happened_before_and_was_told_since_is_asked_about_too() -> None:
    late = given((opened, at(8)), (merged, at(12)), (booked, at(9)))
    late.when(ASK).then_refused(RecordedSinceTheMerge, blockers=["recorded-since-the-merge"])


def test_each_is_kept_by_its_id_or_the_rest_together() -> None:
    kept = tuple(SINCE.id_of(event) for event in SINCE.events[3:])
    keep = ASK.model_copy(update={"keep": kept[:1]})
    SINCE.when(keep).then_refused(RecordedSinceTheMerge, blockers=["recorded-since-the-merge"])
    SINCE.when(keep.model_copy(update={"keep": kept})).then(
        PatientUnmerged(survivor=PATIENT, retired=OTHER, reason="two people", keep=kept)
    )
    SINCE.when(keep.model_copy(update={"keep_rest": True})).then(
        PatientUnmerged(survivor=PATIENT, retired=OTHER, reason="two people", keep=kept[:1], keep_rest=True)
    )


def test_what_does_not_hold_is_not_asked_about() -> None:
    voided = SINCE.when(VoidEvent(event_id=SINCE.id_of(started), reason="not here")).done()
    voided.when(ASK).then_refused(RecordedSinceTheMerge, blockers=["recorded-since-the-merge"])


def test_another_merge_since_is_not_asked_about() -> None:
    told = given(opened, merged, PatientMerged(survivor=PATIENT, retired=THIRD))
    apart = told.when(ASK).then(PatientUnmerged(survivor=PATIENT, retired=OTHER, reason="two people"))
    assert standing(apart.journey).patient.links == ((THIRD, LinkType.REPLACES),)


# --- Reattribution


def test_what_is_about_another_patient_is_left_out_here() -> None:
    told = given(opened, booked, cancelled)
    command = ReattributeEvent(event_id=told.id_of(cancelled), to_patient_id=OTHER, reason="hers")
    after = told.when(command).then(
        EventReattributed(
            voids=told.id_of(cancelled), of="visit.cancelled", to_patient_id=OTHER, reason="hers"
        )
    )
    assert after.journey.visits == given(opened, booked).journey.visits


def test_known_only_to_those_who_know_of_it() -> None:
    told = given(opened, booked)
    command = ReattributeEvent(event_id=told.id_of(booked), to_patient_id=OTHER, reason="hers")
    after = told.when(command).done()
    assert list(after.journey.visits) == []
    before = after.history.known_at(told.history.recorded[-1].recorded_at)
    assert [each.event for each in before.effective] == [opened, booked]


@pytest.mark.parametrize(("event", "undo"), [(merged, "unmerge-patient"), (unmerged, "merge-patient")])
def test_a_merge_is_undone_for_both_or_for_none(event: Event, undo: str) -> None:
    told = given(opened, merged, event)
    commands = (
        VoidEvent(event_id=told.id_of(event), reason="no"),
        ReattributeEvent(event_id=told.id_of(event), to_patient_id=OTHER, reason="no"),
    )
    for command in commands:
        told.when(command).then_refused(NotVoidable)
        with pytest.raises(NotVoidable, match=undo):
            told.when(command).decided()
    told.when(CorrectEvent(event_id=told.id_of(event), data={}, reason="no")).then_refused(NotCorrectable)


def test_what_cannot_be_about_another() -> None:
    told = given(opened, booked)
    somewhere = told.history.recorded[0].journey_id
    for command, refusal in (
        (ReattributeEvent(event_id=told.id_of(opened), to_patient_id=OTHER, reason="no"), NotVoidable),
        (ReattributeEvent(event_id=OTHER, to_patient_id=OTHER, reason="no"), UnknownEvent),
        (
            ReattributeEvent(
                event_id=told.id_of(booked), to_patient_id=PATIENT, to_journey_id=somewhere, reason="no"
            ),
            NotVoidable,
        ),
    ):
        told.when(command).then_refused(refusal)


# --- Two patients, three things since, and two again


@dataclass
class Records:
    """The journeys of both, each told by itself."""

    a: Given = field(default_factory=lambda: given(JourneyOpened(patient_id=OTHER), booked))
    b: Given = field(default_factory=lambda: given(opened))

    def both(self, command: Command, moment: int) -> None:
        self.a = self.a.when(command, at=at(moment)).done()
        self.b = self.b.when(command, at=at(moment)).done()


def test_merged_into_another_three_events_later_unmerged_and_told_where_they_belong() -> None:
    """A is merged into B. What comes since is B's, A's, and nobody can say."""
    records = Records()
    records.both(MERGE, 9)
    assert standing(records.a.journey).patient.links == ((PATIENT, LinkType.REPLACED_BY),)

    records.a = records.a.recording([started], at(10))
    records.b = records.b.recording([DemographicsChanged(demographics=MOVED), removed], at(11))
    records.a.when(ASK, at=at(12)).then_refused(RecordedSinceTheMerge, blockers=["recorded-since-the-merge"])
    records.b.when(ASK, at=at(12)).then_refused(
        RecordedSinceTheMerge, blockers=["recorded-since-the-merge"] * 2
    )

    moving, removing = (records.b.id_of(event) for event in records.b.events[-2:])
    theirs = ReattributeEvent(event_id=moving, to_patient_id=OTHER, reason="A moved, not B")
    records.b = records.b.when(theirs, at=at(13)).done()
    records.a = records.a.recording([DemographicsChanged(demographics=MOVED)], at(11))
    records.both(
        ASK.model_copy(
            update={"keep": (records.a.id_of(started), removing, records.a.history.recorded[-1].event_id)}
        ),
        14,
    )

    assert standing(records.a.journey).patient.links == standing(records.b.journey).patient.links == ()
    assert records.a.journey.identity.demographics == MOVED
    assert records.b.journey.identity.demographics == Demographics()
    assert records.b.journey_at(at(12)).merges.into(OTHER) == PATIENT, "as it was then"
    records.b.when(ChangeDemographics(demographics=MOVED)).then(DemographicsChanged(demographics=MOVED))
    assert isinstance(records.a.events[-3], VisitStarted)
    assert records.a.journey.visits.get(VISIT) is not None
