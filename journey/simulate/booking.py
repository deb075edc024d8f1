"""A booking and what becomes of it: moved, called off, missed, or kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from typing import Any
from uuid import UUID

from journey.domain.codes import Channel, EncounterClass, Initiator
from journey.domain.event import Precision
from journey.domain.visit.commands import (
    BookVisit,
    CancelVisit,
    ChangeVisit,
    CheckIn,
    CommunicateAppointment,
    CompleteVisit,
    RecordArrival,
    RecordLeftUnseen,
    RecordNoShow,
    RemoveVisit,
    RequestVisit,
    RescheduleVisit,
    ReverseNoShow,
    StartVisit,
    WaitlistVisit,
)
from journey.domain.visit.events import Appointment
from journey.simulate.by_video import met
from journey.simulate.cases import CALLED_OFF_BY_PATIENT, CALLED_OFF_BY_PROVIDER, MISTAKE, Case, place
from journey.simulate.diary import Slot
from journey.simulate.step import COORDINATORS, DESK, PATIENT, TIMER, Voice
from journey.simulate.story import ON_TIME, Story, Told

SHARE_REQUESTED, SHARE_WAITLISTED = 0.28, 0.3
SHARE_ENTERED_TWICE = 0.02
SHARE_CHANGED = 0.06
SHARE_MOVED = 0.1
SHARE_CALLED_OFF, SHARE_BY_PATIENT, SHARE_BOOKED_AGAIN = 0.15, 0.65, 0.7
SHARE_MISSED, MISSED_WITH_LEAD, LEAD_THAT_TELLS = 0.06, 0.09, 25  # days
SHARE_MISSED_VIRTUAL = 0.7  # … of those for whom it is a way to go
SHARE_NO_SHOW_WRONG, SHARE_COMING_LATE, SHARE_MISSED_MOVED = 0.1, 0.08, 0.5
SHARE_LEFT_UNSEEN = 0.006
SHARE_BY_VIDEO, SHARE_COMMUNICATED = 0.5, 0.06
SHARE_ENTERED_LATE = 0.07
GRACE = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
TOO_SHORT = timedelta(days=2)
DAY = timedelta(days=1)
ANY_TIME = Appointment()

OfVisit = RecordArrival | CheckIn | RecordLeftUnseen | StartVisit | CompleteVisit


@dataclass(slots=True)
class Booking:
    """One visit, from the agreed time on."""

    story: Story
    told: Told
    visit_id: UUID
    slot: Slot
    booked: datetime
    virtual: bool
    anyhow: str | None = None
    """Why it is held although the payer has not authorised it."""

    def changes(self) -> None:
        """Sometimes the room or the clinician, not the time."""
        dice = self.story.dice
        if dice.chance(SHARE_CHANGED) and self.slot.start - self.booked > TOO_SHORT:
            team = self.told.case.team
            room = place(clinic_of(self.told.case), f"ROOM {dice.whole(1, 9)}")
            new = Appointment(location=room, participants=(f"{team}-nurse-{dice.whole(1, 4)}",))
            command = ChangeVisit(occurred_at=self._ahead(), visit_id=self.visit_id, appointment=new)
            self.story.say(self.told, command, dice.one(DESK))

    def moves(self) -> None:
        """To another time, well before it comes."""
        dice = self.story.dice
        if self.slot.start - self.booked > TOO_SHORT:
            by_patient = dice.chance(SHARE_BY_PATIENT)
            self._move(self._ahead(), Initiator.PATIENT if by_patient else Initiator.PROVIDER, 9)

    def _move(self, at: datetime, initiator: Initiator, days: float) -> None:
        dice = self.story.dice
        by_patient = initiator is Initiator.PATIENT
        self.slot = self.story.diary.book(self.told.case.team, at, dice.skewed(days, 0.6, least=1, most=40))
        command = RescheduleVisit(
            occurred_at=at,
            visit_id=self.visit_id,
            start=self.slot.start,
            end=self.slot.end,
            initiator=initiator,
            reason=dice.one(CALLED_OFF_BY_PATIENT if by_patient else CALLED_OFF_BY_PROVIDER),
        )
        self.story.say(self.told, command, dice.one(DESK))
        self.booked = at

    def called_off(self) -> datetime:
        """By the patient or by the clinic: when."""
        dice = self.story.dice
        by_patient = dice.chance(SHARE_BY_PATIENT)
        command = CancelVisit(
            occurred_at=self._ahead(),
            visit_id=self.visit_id,
            initiator=Initiator.PATIENT if by_patient else Initiator.PROVIDER,
            reason=dice.one(CALLED_OFF_BY_PATIENT if by_patient else CALLED_OFF_BY_PROVIDER),
        )
        online = by_patient and dice.chance(SHARE_BY_PATIENT)
        at = self.story.say(self.told, command, PATIENT if online else dice.one(DESK))
        return self.story.settles(self.told, at)

    def is_missed(self) -> bool:
        """The longer ago it was booked, the likelier."""
        lead = (self.slot.start - self.booked) / DAY
        share = SHARE_MISSED + MISSED_WITH_LEAD * (1 - exp(-lead / LEAD_THAT_TELLS))
        return self.story.dice.chance(share * (SHARE_MISSED_VIRTUAL if self.virtual else 1))

    def missed(self) -> datetime | None:
        """The patient has not come half an hour later: when the visit was over all the same, or None."""
        dice = self.story.dice
        noted = self.slot.start + GRACE
        self.story.say(self.told, RecordNoShow(occurred_at=noted, visit_id=self.visit_id), TIMER)
        if dice.seldom("no-show wrong", SHARE_NO_SHOW_WRONG):
            at = noted + dice.minutes(4, 25)
            wrong = ReverseNoShow(
                occurred_at=at, visit_id=self.visit_id, reason="was in the waiting room of another clinic"
            )
            self.story.say(self.told, wrong, dice.one(DESK))
            return self.kept(at + dice.minutes(1, 5))
        if not self.virtual and dice.chance(SHARE_COMING_LATE):
            return self.kept(noted + dice.minutes(2, 25))
        self.story.settles(self.told, noted)
        if dice.chance(SHARE_MISSED_MOVED):
            at = self.story.diary.in_hours(noted + dice.hours(1, 90))
            self._move(at, Initiator.PATIENT, 10)
            return self.kept()
        return None

    def kept(self, arrived: datetime | None = None) -> datetime:
        """The patient comes, waits, is seen and goes: when. After a full day it is entered in the evening."""
        dice, say, told = self.story.dice, self.story.say, self.told
        at = arrived or self.slot.start + dice.minutes(-18, 9)
        precision, late, between = Precision.INSTANT, ON_TIME, ON_TIME
        if dice.chance(SHARE_ENTERED_LATE):
            at, precision, between = at.replace(second=0), Precision.MINUTE, 2 * MINUTE
            late = self.story.diary.evening(at + timedelta(hours=5)) - at
        told.begun = True
        desk, seen_by = dice.one(DESK), self.story.staff(told.case.team)

        def tell(command: type[OfVisit], by: Voice, **more: Any) -> None:
            of_visit: dict[str, Any] = {
                "visit_id": self.visit_id,
                "occurred_at": at,
                "occurred_precision": precision,
            }
            say(told, command(**of_visit, **more), by, late=late)

        def after(least: float, most: float) -> datetime:
            span = between + dice.minutes(least, most)
            return at + (span // MINUTE * MINUTE if between else span)

        if not self.virtual:
            tell(RecordArrival, desk, location=place(clinic_of(told.case)), override_reason=self.anyhow)
            at = after(1, 9)
            tell(CheckIn, desk)
            if dice.seldom("visit left unseen", SHARE_LEFT_UNSEEN):
                at = after(40, 90)
                tell(RecordLeftUnseen, desk)
                return self.story.settles(told, at + late)
            at = max(after(2, 28), self.slot.start)
        if self.virtual and dice.chance(SHARE_BY_VIDEO):
            at = met(self.story, told, self.visit_id, at, seen_by).replace(second=0) + MINUTE
        else:
            tell(StartVisit, seen_by)
        at = after(12, 45)
        tell(CompleteVisit, seen_by)
        return self.story.settles(told, at + late)

    def _ahead(self) -> datetime:
        """Some time between the booking and the visit, while the clinic works."""
        share = self.story.dice.triangular(0.05, 0.97, 0.85)
        wait = (self.slot.start - self.booked).total_seconds()
        at = self.story.diary.in_hours(self.booked + timedelta(seconds=int(wait * share)))
        return min(at, self.slot.start - GRACE)


def clinic_of(case: Case) -> str:
    """Where the team sees its patients."""
    return f"{case.team.upper()} CLINIC"


def see(
    story: Story,
    told: Told,
    asked: datetime,
    *,
    days: float,
    virtual: float = 0.0,
    wish: Appointment = ANY_TIME,
    anyhow: str | None = None,
) -> datetime | None:
    """Book a visit about that many days ahead, and have it: when it was over, None where it never was.

    `virtual` is the share of visits held by video, `wish` what else is agreed. What the clinic or the patient
    calls off is mostly booked again, and again.
    """
    dice = story.dice
    while True:
        at, video = story.diary.in_hours(asked), dice.chance(virtual)
        booking = _booked(story, told, at, days, wish, video=video)
        booking.anyhow = anyhow
        if dice.chance(SHARE_MOVED):
            booking.moves()
        if not dice.chance(SHARE_CALLED_OFF):
            booking.changes()
            return booking.missed() if booking.is_missed() else booking.kept()
        asked = booking.called_off() + dice.hours(0.2, 50)
        if not dice.chance(SHARE_BOOKED_AGAIN):
            return None


def _booked(
    story: Story, told: Told, at: datetime, days: float, wish: Appointment, *, video: bool
) -> Booking:
    """From the wish for a time, where somebody noted one, to the time."""
    dice, visit_id = story.dice, story.dice.uuid()
    service = wish.service or told.case.service
    kind = EncounterClass.VIRTUAL if video else EncounterClass.AMBULATORY
    if dice.chance(SHARE_REQUESTED):
        wanted = Appointment(service=service, encounter_class=kind)
        at = story.say(
            told, RequestVisit(occurred_at=at, visit_id=visit_id, appointment=wanted), dice.one(COORDINATORS)
        )
        if dice.chance(SHARE_WAITLISTED):
            at = story.diary.in_hours(at + dice.minutes(2, 60))
            story.say(told, WaitlistVisit(occurred_at=at, visit_id=visit_id), dice.one(COORDINATORS))
            at += dice.days(1, 6)
        at = story.diary.in_hours(at + dice.hours(0.1, 20))
    slot = story.diary.book(told.case.team, at, dice.skewed(days, 0.75, least=1, most=150))
    agreed = wish.model_copy(
        update={
            "start": slot.start,
            "end": slot.end,
            "service": service,
            "encounter_class": kind,
            "location": None if video else place(clinic_of(told.case)),
            "participants": (slot.with_whom,),
        }
    )
    desk = dice.one(DESK)
    story.say(told, BookVisit(occurred_at=at, visit_id=visit_id, appointment=agreed), desk)
    story.settles(told, at)
    if dice.seldom("told of the time", SHARE_COMMUNICATED):
        said = CommunicateAppointment(occurred_at=at + MINUTE / 2, visit_id=visit_id, channel=Channel.PHONE)
        story.say(told, said, desk)
    if dice.seldom("entered twice", SHARE_ENTERED_TWICE):
        again = dice.uuid()
        story.say(told, BookVisit(occurred_at=at + MINUTE, visit_id=again, appointment=agreed), desk)
        mistake = RemoveVisit(occurred_at=at + dice.minutes(3, 30), visit_id=again, reason=MISTAKE)
        story.say(told, mistake, desk)
    return Booking(story, told, visit_id, slot, at, video)
