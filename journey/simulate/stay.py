"""A stay in hospital, from the bed to the door, and sometimes back in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from journey.domain.codes import ChecklistItem, Disposition, EncounterClass
from journey.domain.correction import CancelDischarge, CancelMove
from journey.domain.discharge.commands import (
    ChangeExpectedDischarge,
    ClearDischargeBarrier,
    CloseDischarge,
    CompleteChecklistItem,
    DischargePatient,
    MarkMedicallyReady,
    PlanDischarge,
    RaiseDischargeBarrier,
    SendDischargeSummary,
    WaiveChecklistItem,
    WithdrawMedicalReadiness,
)
from journey.domain.handoff import HandoffKind
from journey.domain.place import Location
from journey.domain.visit.commands import ChangeClass, EndLeave, MovePatient, StartLeave
from journey.simulate.cases import BARRIERS, BEDS, CHECKLISTS, DISPOSITIONS, INTENSIVE, WAIVED, WARDS, place
from journey.simulate.handing_over import ON_THE_WARD, Change, hands_over
from journey.simulate.leaving import gone, received, signed_out
from journey.simulate.results import comes_back
from journey.simulate.step import BED_MANAGER, BILLING, COORDINATORS, WARD
from journey.simulate.story import ON_TIME, Story, Told
from journey.simulate.transferring import transferred

SHARE_MOVED, SHARE_MOVED_AGAIN, SHARE_MOVED_BY_MISTAKE = 0.45, 0.3, 0.05
SHARE_MOVE_ENTERED_LATE, SHARE_DEPARTURE_ENTERED_LATE = 0.2, 0.12
SHARE_ON_LEAVE, SHORTEST_WITH_LEAVE = 0.2, timedelta(days=5)
SHARE_RECLASSIFIED = {EncounterClass.INPATIENT: 0.03, EncounterClass.OBSERVATION: 0.35}
SHARE_WAIVED, SHARE_ITEM_ENTERED_LATE = 0.12, 0.05
SHARE_EXPECTED_CHANGED = 0.35
SHARE_WITH_BARRIER, SHARE_NOT_READY = 0.22, 0.06
SHARE_BACK_IN_BED = 0.06
SHARE_SUMMARY_SENT, SHARE_FILED = 0.9, 0.85
SHARE_OF_SHIFTS, SHARE_TRANSFERRED = 0.45, 0.14
SHARE_ACKNOWLEDGED = 0.25
SHARE_GONE = 0.5
SPREAD = 0.8
SECOND, DAY, HOUR, NOON = timedelta(seconds=1), timedelta(days=1), timedelta(hours=1), 12 * 60
UNPLANNED = {Disposition.EXPIRED, Disposition.AGAINST_ADVICE}
ELSEWHERE_NEXT = {Disposition.SKILLED_NURSING, Disposition.REHABILITATION, Disposition.OTHER_FACILITY}
RECIPIENTS = {
    Disposition.SKILLED_NURSING: "skilled nursing facility",
    Disposition.REHABILITATION: "rehabilitation clinic",
    Disposition.OTHER_FACILITY: "receiving hospital",
}


class Left(NamedTuple):
    """How a stay ended."""

    at: datetime
    disposition: Disposition

    visit_id: UUID

    @property
    def is_alive(self) -> bool:
        return self.disposition is not Disposition.EXPIRED


def bed(story: Story, ward: str | None = None) -> Location:
    """A bed somewhere."""
    dice = story.dice
    return place(ward or dice.one(WARDS), f"{dice.whole(301, 324)}", dice.one(BEDS))


@dataclass(slots=True)
class Stay:
    """One stay: the patient has been given a bed at `admitted`."""

    story: Story
    told: Told
    visit_id: UUID
    admitted: datetime
    location: Location
    leaves: datetime
    disposition: Disposition
    kind: EncounterClass

    def ends(self) -> Left:
        """Everything between the bed and the door, and what follows in the offices."""
        dice = self.story.dice
        self._tested()
        self._moved()
        self._changes_shift()
        if self.disposition not in UNPLANNED:
            self._reclassified()
            self._on_leave()
        self._planned()
        if self.disposition in ELSEWHERE_NEXT or dice.seldom("transferred", SHARE_TRANSFERRED):
            transferred(self.story, self.told, self._within(0.3, 0.6))
        if self.disposition is Disposition.AGAINST_ADVICE and dice.seldom("gone", SHARE_GONE):
            gone(self.story, self.told, self.visit_id, self.leaves)
        else:
            self._departs(self.leaves)
        if self.disposition is Disposition.EXPIRED:
            self.story.dies(self.told, self.leaves, self.story.staff(self.told.case.team))
        elif self.disposition is Disposition.HOME and dice.seldom("back in bed", SHARE_BACK_IN_BED):
            self._back_in_bed()
        if self.disposition is not Disposition.EXPIRED:
            self._filed()
        return Left(self.leaves, self.disposition, self.visit_id)

    @property
    def _length(self) -> timedelta:
        return self.leaves - self.admitted

    def _within(self, least: float, most: float) -> datetime:
        """A time between two shares of the stay."""
        return self.admitted + timedelta(
            seconds=round(self.story.dice.uniform(least, most) * self._length.total_seconds())
        )

    def _tested(self) -> None:
        story = self.story
        for _ in range(story.dice.whole(1, 3)):
            code = story.dice.one(self.told.case.tests)
            comes_back(story, self.told, self._within(0.02, 0.8), code, visit_id=self.visit_id, urgent=True)

    def _changes_shift(self) -> None:
        """The night takes over from the day; most of that is not written down."""
        dice = self.story.dice
        if not dice.chance(SHARE_OF_SHIFTS):
            return
        day, night = dice.sample(WARD, 2)
        shift = Change(HandoffKind.SHIFT, day, night)
        hands_over(self.story, self.told, self._within(0.15, 0.5), shift, ON_THE_WARD)

    def _moved(self) -> None:
        share = SHARE_MOVED
        for least in (0.05, 0.27, 0.49):
            if not self.story.dice.chance(share):
                return
            self._move(self._within(least, least + 0.2))
            share = SHARE_MOVED_AGAIN

    def _move(self, at: datetime) -> None:
        dice = self.story.dice
        elsewhere = tuple(ward for ward in (INTENSIVE, *WARDS) if ward != self.location.point_of_care)
        to = bed(self.story, dice.one(elsewhere))
        late = dice.hours(0.5, 3) if dice.chance(SHARE_MOVE_ENTERED_LATE) else ON_TIME
        move = MovePatient(occurred_at=at, visit_id=self.visit_id, location=to, moved_from=self.location)
        self.story.say(self.told, move, BED_MANAGER, late=late)
        if dice.seldom("moved by mistake", SHARE_MOVED_BY_MISTAKE):
            seen = at + late + dice.minutes(5, 40)
            undo = CancelMove(occurred_at=seen, visit_id=self.visit_id, location=to)
            self.story.say(self.told, undo, BED_MANAGER)
        else:
            self.location = to

    def _reclassified(self) -> None:
        """From observation to a full admission, or, after a look at the case, the other way."""
        if not self.story.dice.seldom(f"reclassified {self.kind}", SHARE_RECLASSIFIED[self.kind]):
            return
        observed = self.kind is EncounterClass.OBSERVATION
        change = ChangeClass(
            occurred_at=self._within(0.1, 0.5),
            visit_id=self.visit_id,
            encounter_class=EncounterClass.INPATIENT if observed else EncounterClass.OBSERVATION,
        )
        self.story.say(self.told, change, BILLING)

    def _on_leave(self) -> None:
        if self._length > SHORTEST_WITH_LEAVE and self.story.dice.seldom("on leave", SHARE_ON_LEAVE):
            nurse, at = self.story.dice.one(WARD), self._within(0.5, 0.6)
            self.story.say(self.told, StartLeave(occurred_at=at, visit_id=self.visit_id), nurse)
            back = EndLeave(occurred_at=at + self.story.dice.hours(3, 9), visit_id=self.visit_id)
            self.story.say(self.told, back, nurse)

    # --- The way out

    def _planned(self) -> None:
        """Plan the discharge, tick off its list, clear what is in the way; then the patient may go."""
        dice, say, told = self.story.dice, self.story.say, self.told
        checklist = dice.by_share(CHECKLISTS)
        day = self.story.diary.day_of(self.admitted + self._length * dice.uniform(0.6, 1.1))
        plan = PlanDischarge(
            occurred_at=self._within(0.08, 0.3),
            visit_id=self.visit_id,
            expected_at=self.story.diary.at(day, NOON),
            checklist=checklist,
        )
        say(told, plan, dice.one(COORDINATORS))
        if dice.chance(SHARE_EXPECTED_CHANGED):
            change = ChangeExpectedDischarge(
                occurred_at=self._within(0.4, 0.6),
                visit_id=self.visit_id,
                expected_at=self.story.diary.at(self.story.diary.day_of(self.leaves), NOON - 60),
            )
            say(told, change, dice.one(COORDINATORS))
        if self.disposition in UNPLANNED:
            return
        if dice.chance(SHARE_WITH_BARRIER):
            self._barrier()
        by = self.story.staff(told.case.team)
        if dice.seldom("not ready after all", SHARE_NOT_READY):
            at = self._within(0.6, 0.66)
            say(told, MarkMedicallyReady(occurred_at=at, visit_id=self.visit_id), by)
            not_yet = WithdrawMedicalReadiness(
                occurred_at=self._within(0.67, 0.7), visit_id=self.visit_id, reason="fever again"
            )
            say(told, not_yet, by)
        say(told, MarkMedicallyReady(occurred_at=self._within(0.72, 0.92), visit_id=self.visit_id), by)
        for item in checklist:
            self._settled(item)
        signed_out(self.story, told, self.visit_id, self._within(0.93, 0.95), self.disposition)

    def _barrier(self) -> None:
        dice, barrier_id, who = self.story.dice, self.story.dice.uuid(), self.story.dice.one(COORDINATORS)
        raised = RaiseDischargeBarrier(
            occurred_at=self._within(0.35, 0.7),
            visit_id=self.visit_id,
            barrier_id=barrier_id,
            barrier=dice.one(BARRIERS),
        )
        self.story.say(self.told, raised, who)
        cleared = ClearDischargeBarrier(
            occurred_at=self._within(0.75, 0.96), visit_id=self.visit_id, barrier_id=barrier_id
        )
        self.story.say(self.told, cleared, who)

    def _settled(self, item: ChecklistItem) -> None:
        dice, nurse = self.story.dice, self.story.dice.one(WARD)
        at = self._within(0.55, 0.93)
        if dice.chance(SHARE_WAIVED):
            waived = WaiveChecklistItem(
                occurred_at=at, visit_id=self.visit_id, item=item, reason=dice.one(WAIVED)
            )
            self.story.say(self.told, waived, nurse)
            return
        late = self._length // 20 // SECOND * SECOND if dice.chance(SHARE_ITEM_ENTERED_LATE) else ON_TIME
        done = CompleteChecklistItem(occurred_at=at, visit_id=self.visit_id, item=item)
        self.story.say(self.told, done, nurse, late=late)

    def _departs(self, at: datetime) -> None:
        dice = self.story.dice
        late = dice.hours(0.5, 4) if dice.chance(SHARE_DEPARTURE_ENTERED_LATE) else ON_TIME
        left = DischargePatient(occurred_at=at, visit_id=self.visit_id, disposition=self.disposition)
        self.story.say(self.told, left, dice.one(WARD), late=late)
        self.story.settles(self.told, at + late)

    def _back_in_bed(self) -> None:
        """Taken back before the papers were dry: that discharge did not happen, the next one does."""
        dice = self.story.dice
        back = CancelDischarge(
            occurred_at=self.leaves + dice.hours(4.1, 8), visit_id=self.visit_id, reason="not fit to travel"
        )
        self.story.say(self.told, back, dice.one(WARD))
        self.leaves = self.story.diary.morning(self.leaves + dice.days(1, 2))
        self._departs(self.leaves)

    def _filed(self) -> None:
        dice = self.story.dice
        if dice.chance(SHARE_SUMMARY_SENT):
            sent = SendDischargeSummary(
                occurred_at=self.leaves + dice.hours(1, 60),
                visit_id=self.visit_id,
                recipient=RECIPIENTS.get(self.disposition, "primary care practice"),
            )
            at = self.story.say(self.told, sent, self.story.staff(self.told.case.team))
            if dice.chance(SHARE_ACKNOWLEDGED):
                received(self.story, self.told, sent, at + dice.hours(1, 40))
        if dice.chance(SHARE_FILED):
            at = self.story.diary.in_hours(self.leaves + dice.days(3, 14))
            self.story.say(self.told, CloseDischarge(occurred_at=at, visit_id=self.visit_id), BILLING)
            self.story.settles(self.told, at)


def stay(
    story: Story,
    told: Told,
    visit_id: UUID,
    admitted: datetime,
    location: Location,
    *,
    days: float,
    kind: EncounterClass = EncounterClass.INPATIENT,
) -> Left:
    """Everything from the bed on, for about that many days."""
    dice = story.dice
    length = DAY * dice.skewed(days, SPREAD, least=0.8, most=45)
    disposition = dice.dealt(DISPOSITIONS)
    leaves = admitted + timedelta(seconds=round(length.total_seconds()))
    if disposition is not Disposition.EXPIRED:
        leaves = max(story.diary.morning(leaves), admitted + 14 * HOUR)
    return Stay(story, told, visit_id, admitted, location, leaves, disposition, kind).ends()
