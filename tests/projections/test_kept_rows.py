"""What a read model leaves alone is as it would be made anew, after anything at all that is told."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from pydantic_core import from_json, to_json

from journey.domain.authorization import AuthorizationCommand
from journey.domain.barrier import BarrierCommand
from journey.domain.correction import CORRECTIONS, CorrectEvent, History, ReinstateEvent, VoidEvent, in_order
from journey.domain.enrolment import AssignPathway, EnrolmentCommand
from journey.domain.episode import OpenJourney
from journey.domain.event import Command, Precision, Recorded, Refused
from journey.domain.handoff import HandoffCommand
from journey.domain.journey import Journey, evolve, fold
from journey.domain.merge import MergeCommand
from journey.domain.referral import ReferralCommand
from journey.domain.visit import VisitCommand
from journey.projections.model import Change
from journey.projections.status import PatientStatus
from tests.domain.anything import commands, values
from tests.spec import JOURNEY, PATIENT, STABLE, Given, at, given

ROOMS: tuple[tuple[type[Command], ...], ...] = (
    VisitCommand.__args__,
    HandoffCommand.__args__,
    ReferralCommand.__args__,
    AuthorizationCommand.__args__,
    BarrierCommand.__args__,
    (*EnrolmentCommand.__args__, *VisitCommand.__args__),
    MergeCommand.__args__,
)
"""Commands that have to do with each other: of all at once, few would meet."""

Rows = dict[str, list[dict[str, Any]]]


class Tables:
    """What the statements of the read model do to the rows of one journey."""

    def __init__(self) -> None:
        self.rows: Rows = {}

    def take_up(self, change: Change) -> None:
        for statement, row in PatientStatus().project(change):
            verb, _, table, *_ = statement.replace('"', "").split()
            if verb == "DELETE" or "ON CONFLICT" in statement:
                one = {name: row[name] for name in ("type", "id") if name in row}
                others = [each for each in self.rows.get(table, ()) if not one.items() <= each.items()]
                self.rows[table] = others
            if verb == "INSERT":
                self.rows[table].append(from_json(to_json(row)))


class AnyRows(RuleBasedStateMachine):
    """One journey, of which anything is told, and its rows, kept as the projector keeps them."""

    told: Given

    @initialize(command=values(OpenJourney), room=st.sampled_from(ROOMS), follows=st.booleans())
    def open(self, command: OpenJourney, room: tuple[type[Command], ...], *, follows: bool) -> None:
        self.room = room
        self.kept = Tables()
        self.state: Journey | None = None
        self.seen = History()
        self.told = given().when(command.model_copy(update={"patient_id": PATIENT}), at=at(12)).done()
        if follows:
            self.told = self.told.when(AssignPathway(pathway="nhs-rtt-18-week"), at=at(12)).done()
        self.project()

    @rule(data=st.data())
    def tell_of_the_room(self, data: st.DataObject) -> None:
        self.tell(data.draw(commands(*self.room)))

    @rule(command=commands())
    def tell_anything(self, command: Command) -> None:
        self.tell(command)

    @rule(command=commands(VoidEvent, ReinstateEvent, CorrectEvent), data=st.data())
    def correct(self, command: Command, data: st.DataObject) -> None:
        event_id = data.draw(st.sampled_from([each.event_id for each in self.told.history.recorded]))
        self.tell(command.model_copy(update={"event_id": event_id}))

    def project(self) -> None:
        """As the projector does: what happened after all before it is one step, else all is folded anew."""
        history, before = self.told.history, self.state
        new = history.recorded[len(self.seen.recorded) :]
        if not new:
            return
        whole = fold(history.effective, JOURNEY, history.version)
        in_step = before is not None and self._follows(new)
        self.state = evolve(before, new) if before is not None and in_step else whole
        self.kept.take_up(Change(JOURNEY, new, history.version, self.state, before))
        self.seen = history
        anew = Tables()
        anew.take_up(Change(JOURNEY, history.recorded, history.version, whole))
        for table, rows in anew.rows.items():
            assert sorted(self.kept.rows[table], key=to_json) == sorted(rows, key=to_json), table

    def _follows(self, new: tuple[Recorded, ...]) -> bool:
        order = [*map(in_order, self.seen.effective[-1:]), *map(in_order, new)]
        return order == sorted(order) and not any(type(each.event) in CORRECTIONS for each in new)

    def tell(self, command: Command) -> None:
        """At its own time, or after everything else: only then are rows left alone."""
        if command.occurred_precision is Precision.INSTANT:
            command = command.model_copy(update={"occurred_at": self.told.next_moment})
        assert command.occurred_at is not None
        try:
            events = self.told.when(command).decided()
        except Refused:
            return
        self.told = self.told.recording(events, command.occurred_at, command.occurred_precision)
        self.project()


TestAnyRows = AnyRows.TestCase
TestAnyRows.settings = STABLE
