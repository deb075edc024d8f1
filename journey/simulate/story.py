"""A story: everything that happens to one person, told in any order and put in order at the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from journey.domain.codes import Initiator, JourneyStatus
from journey.domain.episode import AssignOwner, CancelJourney, CloseJourney, OpenJourney, RemoveJourney
from journey.domain.event import Coded, Command
from journey.domain.identity import ChangeDemographics, Demographics
from journey.domain.result import ReceiveResult, ReviewResult
from journey.domain.visit.commands import BookVisit, CancelVisit
from journey.simulate.cases import DEAD, DECEASED, Case
from journey.simulate.diary import Diary
from journey.simulate.dice import Dice
from journey.simulate.people import Numbers, Person
from journey.simulate.step import COORDINATORS, RECORDS, Step, Voice, voice

ON_TIME = timedelta()
AFTER_DEATH = (ReceiveResult, ReviewResult)
"""What still comes in, and is still read, once the patient has died."""
ENDS = (CloseJourney, CancelJourney, RemoveJourney)
SHARE_OWNED_BY_A_PERSON = 0.4
SHARE_HANDED_ON = 0.22
SHARE_CLOSED_THOUGH_OPEN = 0.4
SETTLING_DAYS = (1, 12)


@dataclass(slots=True)
class Told:
    """One journey of the story. `settled` is when the last of its loose ends is tied up."""

    journey_id: UUID
    case: Case
    settled: datetime
    begun: bool = False
    """Care has begun on it."""
    loose: bool = False
    """Something on it is never finished: a question without an answer, a result that nobody reads."""
    over: bool = False
    """It has been given up."""
    pathway: str | None = None
    """The one that it follows."""


@dataclass(slots=True)
class Story:
    """What is told of one person."""

    person: Person
    dice: Dice
    diary: Diary
    numbers: Numbers
    steps: list[Step] = field(default_factory=list)
    died: datetime | None = None

    def say(self, told: Told, command: Command, by: Voice, *, late: timedelta = ON_TIME) -> datetime:
        """Tell a step, entered that much later than it happened; answers when it happened."""
        at = command.occurred_at
        if at is None:
            raise ValueError("A step is told with its time")
        if self.died is None or at <= self.died or isinstance(command, AFTER_DEATH):
            self.steps.append(Step(told.journey_id, command, by.actor, by.source, at + late))
        return at

    def in_order(self) -> list[Step]:
        """The steps in the order in which they were entered; what was entered at once stays as told."""
        return sorted(self.steps, key=lambda step: step.recorded_at)

    def staff(self, team: str) -> Voice:
        """Somebody of the team."""
        return voice(f"{team}-{self.dice.whole(1, 3)}", "clinician", team, "clinic")

    # --- Journeys

    def open(
        self,
        at: datetime,
        case: Case,
        about: Coded,
        by: Voice,
        *,
        status: JourneyStatus = JourneyStatus.PLANNED,
        continues: Told | None = None,
        person: Person | None = None,
    ) -> Told:
        """A journey of this person, or of the other record they are mistaken to have."""
        who = person or self.person
        told = Told(self.dice.uuid(), case, at, begun=status is JourneyStatus.ACTIVE)
        command = OpenJourney(
            occurred_at=at,
            patient_id=who.patient_id,
            status=status,
            concern=about,
            continues=continues and continues.journey_id,
            identifiers=who.identifiers,
            patient=who.demographics,
            team=case.team,
            person=f"{case.team}-1" if self.dice.chance(SHARE_OWNED_BY_A_PERSON) else None,
        )
        self.say(told, command, by)
        return told

    def hand_on(self, told: Told, at: datetime, team: str | None = None) -> None:
        """Sometimes another team, or always the one named, becomes accountable."""
        if team is None and not self.dice.chance(SHARE_HANDED_ON):
            return
        to = team or self.dice.one(("care-coordination", "primary-care", "home-care"))
        self.settles(told, self.say(told, AssignOwner(occurred_at=at, team=to), self.dice.one(COORDINATORS)))

    def settles(self, told: Told, at: datetime) -> datetime:
        """The journey has a loose end until then."""
        told.settled = max(told.settled, at)
        return at

    def close(self, told: Told, outcome: Coded | None) -> datetime:
        """Close it once everything is settled. What never is, is overridden, or keeps it open."""
        at = self.diary.in_hours(told.settled + self.dice.days(*SETTLING_DAYS))
        by, reason = self.staff(told.case.team), None
        if not told.begun:
            self.say(told, CancelJourney(occurred_at=at, reason="never came"), by)
            return at
        if told.loose:
            if not self.dice.seldom("closed though open", SHARE_CLOSED_THOUGH_OPEN):
                return at
            reason = "nothing further is expected"
        self.say(told, CloseJourney(occurred_at=at, outcome=outcome, override_reason=reason), by)
        return at

    # --- Death

    def dies(self, told: Told, at: datetime, by: Voice) -> None:
        """The story ends here: what had been told beyond it does not happen."""
        self.steps = [
            step for step in self.steps if _time(step) <= at or isinstance(step.command, AFTER_DEATH)
        ]
        known = at + self.dice.minutes(5, 90)
        booked = list(self._booked())
        open_elsewhere = [journey for journey in self._open() if journey != told.journey_id]
        death = ChangeDemographics(occurred_at=known, demographics=Demographics(deceased_at=at))
        self.say(told, death, RECORDS)
        for journey, visit_id in booked:
            off = CancelVisit(
                occurred_at=known, visit_id=visit_id, initiator=Initiator.SYSTEM, reason=DECEASED
            )
            self.say(Told(journey, told.case, at), off, RECORDS)
        closed = known + self.dice.hours(2, 30)
        over = CloseJourney(occurred_at=closed, outcome=DEAD, override_reason="the patient has died")
        self.say(told, over, by)
        for journey in open_elsewhere:
            cancelled = CancelJourney(occurred_at=closed, reason="the patient has died")
            self.say(Told(journey, told.case, at), cancelled, RECORDS)
        self.died = at

    def _open(self) -> Iterator[UUID]:
        """The journeys that have not ended, by what is told."""
        over = {step.journey_id for step in self.steps if isinstance(step.command, ENDS)}
        for step in self.steps:
            if isinstance(step.command, OpenJourney) and step.journey_id not in over:
                yield step.journey_id

    def _booked(self) -> Iterator[tuple[UUID, UUID]]:
        """Journey and visit of every booking to which nothing has happened."""
        booked: dict[UUID, UUID] = {}
        for step in sorted(self.steps, key=_time):
            visit_id = getattr(step.command, "visit_id", None)
            if isinstance(step.command, BookVisit):
                booked[step.command.visit_id] = step.journey_id
            elif visit_id in booked and type(step.command).__name__ not in LEAVES_BOOKED:
                del booked[visit_id]
        yield from ((journey, visit_id) for visit_id, journey in booked.items())


LEAVES_BOOKED = {
    "RescheduleVisit",
    "ChangeVisit",
    "ReverseNoShow",
    "CommunicateAppointment",
    "NotifyReferralAppointment",
}


def _time(step: Step) -> datetime:
    return step.command.occurred_at or step.recorded_at
