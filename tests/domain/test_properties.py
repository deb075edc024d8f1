"""Whatever is asked of a journey, in whatever order and of whatever time, these things hold."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from journey.domain.authorization import AuthorizationCommand, ConsumeAuthorizationUnits
from journey.domain.correction import (
    CORRECTIONS,
    CorrectEvent,
    Dependants,
    History,
    NotCorrectable,
    NothingToCancel,
    NotVoidable,
    ReinstateEvent,
    UnknownEvent,
    VoidEvent,
)
from journey.domain.decision import decide
from journey.domain.discharge import DischargeCommand
from journey.domain.enrolment import (
    AssignPathway,
    EnrolmentCommand,
    NoPathway,
    UnknownMilestone,
    UnknownParameter,
    UnknownPathway,
)
from journey.domain.episode import CloseJourney, OpenJourney
from journey.domain.event import Command, Precision, Refused
from journey.domain.handoff import HandoffCommand
from journey.domain.identity import LinkedToItself
from journey.domain.journey import Journey, fold
from journey.domain.merge import (
    MergeCommand,
    NotMerged,
    NotThisPatient,
    RecordedSinceTheMerge,
    RetiredPatient,
)
from journey.domain.rules import JourneyIsOver
from journey.domain.standing import standing
from journey.domain.visit import VisitCommand
from tests.domain.anything import MOMENTS, commands, values
from tests.replaying import it_comes_to_today
from tests.spec import JOURNEY, PATIENT, STABLE, Given, at, given, through_json
from tests.ways import PATHWAYS, WAY

ANSWERS_A_REPORT = (
    JourneyIsOver,
    LinkedToItself,
    NotCorrectable,
    NotMerged,
    NotThisPatient,
    NoPathway,
    NotVoidable,
    NothingToCancel,
    RecordedSinceTheMerge,
    RetiredPatient,
    UnknownEvent,
    UnknownMilestone,
    UnknownParameter,
    UnknownPathway,
)
"""Why even what another system reports is refused."""

WRONG: dict[str, Any] = {"event_id": PATIENT, "reason": "never happened", "dependants": Dependants.KEEP}
UNDO = VoidEvent(**WRONG)
MOVE = CorrectEvent(**WRONG, happened_at=MOMENTS[0], happened_precision=Precision.HOUR)
TAKE_BACK = ReinstateEvent(**WRONG)


def state(history: History) -> Journey:
    return fold(history.effective, JOURNEY)


def without_version(history: History) -> Journey:
    return replace(state(history), version=0)


def stays(journey: Journey) -> int:
    return sum(1 for visit in journey.visits if visit.is_here and visit.is_stay)


def exceeded(journey: Journey, command: ConsumeAuthorizationUnits) -> bool:
    each = journey.authorizations.by_id[command.authorization_id]
    grants = ((sequence, line.grant) for sequence, line in each.lines.items() if line.grant)
    return any(
        grant.quantity is not None and journey.authorizations.used(each, sequence) > grant.quantity
        for sequence, grant in grants
    )


class AnyJourney(RuleBasedStateMachine):
    """One journey, of which anything is asked."""

    told: Given

    @initialize(command=values(OpenJourney), follows=st.booleans())
    def open(self, command: OpenJourney, *, follows: bool) -> None:
        here = command.model_copy(update={"patient_id": PATIENT})
        self.told = given().when(here, at=at(12)).done()
        if follows:
            self.told = self.told.when(AssignPathway(pathway=WAY), at=at(12)).done()

    @rule(command=commands())
    def ask_anything(self, command: Command) -> None:
        self.ask(command)

    @rule(command=commands(*VisitCommand.__args__, *DischargeCommand.__args__))
    def ask_for_care(self, command: Command) -> None:
        self.ask(command)

    @rule(command=commands(*AuthorizationCommand.__args__, *HandoffCommand.__args__))
    def ask_for_leave_and_hands(self, command: Command) -> None:
        self.ask(command)

    @rule(command=commands(*EnrolmentCommand.__args__))
    def ask_for_a_pathway(self, command: Command) -> None:
        self.ask(command)

    @rule(command=commands(*MergeCommand.__args__))
    def ask_for_merges(self, command: Command) -> None:
        self.ask(command)

    @rule(command=commands(VoidEvent, ReinstateEvent, CorrectEvent), data=st.data())
    def correct(self, command: Command, data: st.DataObject) -> None:
        event_id = data.draw(st.sampled_from([each.event_id for each in self.told.history.recorded]))
        self.ask(command.model_copy(update={"event_id": event_id}))

    def ask(self, command: Command) -> None:
        assert command.occurred_at is not None
        before = self.told.journey_at(command.reaches)
        try:
            events = self.told.when(command).decided()
        except ANSWERS_A_REPORT:
            return
        except Refused:
            if command.reported:
                raise
            return
        self.told = self.told.recording(events, command.occurred_at, command.occurred_precision)
        assert tuple(decide(self.told.history, command, PATHWAYS)) == (), "sent again, it is not quiet"
        after = self.told.journey_at(command.reaches)
        if isinstance(command, VisitCommand) and not command.reported:
            assert stays(after) <= max(1, stays(before)), "two stays at a time"
        if isinstance(command, CloseJourney) and events and not (command.override_reason or command.reported):
            assert after.left_open() == (), "something was forgotten"
        if isinstance(command, ConsumeAuthorizationUnits) and events and not command.reported:
            assert not exceeded(after, command), "more is used than was authorized"

    @invariant()
    def it_is_the_same_after_it_was_stored(self) -> None:
        if hasattr(self, "told"):
            read = History(tuple(through_json(each) for each in self.told.history.recorded))
            assert state(read) == state(self.told.history)

    @invariant()
    def every_moment_of_it_can_be_told(self) -> None:
        if hasattr(self, "told"):
            for moment in MOMENTS[::4]:
                standing(self.told.journey_at(moment), PATHWAYS)

    @invariant()
    def what_was_told_last_can_be_undone(self) -> None:
        if not hasattr(self, "told"):
            return
        recorded = self.told.history.recorded
        last = recorded[-1]
        if last.event.undone_by != VoidEvent.name():
            return
        if last.version == 1 or type(last.event) in CORRECTIONS:
            return
        undone = self.told.when(UNDO.model_copy(update={"event_id": last.event_id})).done()
        assert without_version(undone.history) == without_version(History(recorded[:-1]))

    @invariant()
    def what_was_told_last_reads_as_before_when_its_correction_is_taken_back(self) -> None:
        if not hasattr(self, "told"):
            return
        last = self.told.history.recorded[-1]
        if type(last.event) in CORRECTIONS or last.event.undone_by != VoidEvent.name():
            return
        read = self.told.when(MOVE.model_copy(update={"event_id": last.event_id})).done()
        assert len(read.history.effective) == len(self.told.history.effective)
        back = read.when(TAKE_BACK.model_copy(update={"event_id": last.event_id})).done()
        assert back.history.effective == self.told.history.effective

    def teardown(self) -> None:
        if hasattr(self, "told"):
            it_comes_to_today(self.told.history, PATHWAYS)


TestAnyJourney = AnyJourney.TestCase
TestAnyJourney.settings = STABLE
