"""A practice refers a patient to the clinic, and is told what comes of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from journey.domain.codes import Priority
from journey.domain.episode import CancelJourney
from journey.domain.event import Coded
from journey.domain.referral import (
    AcceptReferral,
    CloseReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    ExpireReferral,
    NotifyReferralAppointment,
    NotifyReferralNoShow,
    ProvideReferralInformation,
    ReceiveReferralOutcome,
    ReferralOrder,
    RequestReferralInformation,
    RerouteReferral,
    SendReferral,
    TriageReferral,
)
from journey.domain.visit.commands import BookVisit, RecordNoShow, RescheduleVisit, ReverseNoShow
from journey.simulate.matters import NOT_TAKEN
from journey.simulate.step import CLOCK, COORDINATORS, DESK, PRACTICE
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

A_DAY = 24  # hours
SHARE_SOONER, SHARE_ASKED, SHARE_TURNED_AWAY, SHARE_NEVER_READ = 0.3, 0.15, 0.05, 0.06
MOMENT = timedelta(minutes=1)


@dataclass(slots=True)
class Referred:
    """What a practice has asked of the clinic; it is told what happens to the clinic's visits."""

    thread: Thread
    referral_id: UUID
    urgency: Priority
    begins: int = 0
    """Steps of the story before the first of those visits."""

    def taken_on(self, known: datetime) -> datetime | None:
        """Triaged and accepted, perhaps after a question: when; None where the patient goes elsewhere."""
        thread, dice = self.thread, self.thread.dice
        thread.at = known
        team = thread.story.staff(thread.told.case.team)
        if dice.chance(SHARE_SOONER):
            soon = Priority.URGENT if self.urgency is Priority.ROUTINE else Priority.ASAP
            thread.then(TriageReferral, team, 1, 40, priority=soon, triaged_by=team.actor.id)
        if dice.chance(SHARE_ASKED):
            thread.then(RequestReferralInformation, team, 0.1, 4, what="which treatments were tried")
            thread.then(ProvideReferralInformation, PRACTICE, 4, 4 * A_DAY, documents=("letter-2",))
        if dice.seldom("not accepted", SHARE_TURNED_AWAY):
            who, why = dice.one(COORDINATORS), dice.one(NOT_TAKEN)
            thread.then(DeclineReferral, team, 0.5, 6, reason=why, reroute_owner=who.actor.id)
            thread.then(RerouteReferral, who, 1, 30, performer="pain-clinic")
            return None
        thread.then(AcceptReferral, team, 0.2, 20, owner=team.actor.id, visits=3)
        self.begins = len(thread.story.steps)
        return thread.ends()

    def turned_away(self) -> None:
        """The clinic does not take the patient on, and says so before it forgets about it."""
        thread = self.thread
        for step in thread.story.steps:
            if isinstance(step.command, CancelJourney) and step.journey_id == thread.told.journey_id:
                thread.at = step.recorded_at - MOMENT / 3
                why, who = NOT_TAKEN[1], thread.dice.one(COORDINATORS)
                thread.now(DeclineReferral, who, reason=why, reroute_owner="the practice")

    def ends(self, over: datetime | None) -> None:
        """What the practice is told of the visits, and at last the letter; or the patient never came."""
        self._follows()
        thread = self.thread
        if over is None:
            thread.at = thread.told.settled
            who = thread.dice.one(COORDINATORS)
            thread.then(ExpireReferral, who, 20, 9 * A_DAY, reason="the patient did not come")
            thread.ends()
            return
        thread.at = over
        thread.then(ReceiveReferralOutcome, thread.story.staff(thread.told.case.team), 1, 4 * A_DAY)
        if thread.dice.chance(SHARE_NEVER_READ):
            thread.is_left()
            return
        thread.then(CloseReferral, PRACTICE, 5, 8 * A_DAY, reviewed_by="practitioner-12")
        thread.ends()

    def _follows(self) -> None:
        starts: dict[UUID, datetime | None] = {}
        for step in self.thread.story.steps[self.begins :]:
            command = step.command
            if isinstance(command, BookVisit) and command.appointment.referral_id == self.referral_id:
                starts[command.visit_id] = command.appointment.start
            elif isinstance(command, RescheduleVisit) and command.visit_id in starts:
                starts[command.visit_id] = command.start
            elif not (isinstance(command, RecordNoShow | ReverseNoShow) and command.visit_id in starts):
                continue
            self.thread.at = (command.occurred_at or step.recorded_at) + MOMENT
            if isinstance(command, RecordNoShow):
                self.thread.now(NotifyReferralNoShow, CLOCK)
            else:
                visit_id = command.visit_id
                self.thread.now(NotifyReferralAppointment, CLOCK, start=starts[visit_id], visit_id=visit_id)


def referred_by_a_practice(
    story: Story, told: Told, at: datetime, about: Coded, urgency: Priority = Priority.ROUTINE
) -> Referred:
    """The practice's system reports what it has sent; the desk says that it is here."""
    dice, referral_id = story.dice, story.dice.uuid()
    thread = Thread(story, told, at + MOMENT / 3, {"referral_id": referral_id})
    order = ReferralOrder(
        number=f"F{dice.whole(10**6, 10**7 - 1)}",
        service=told.case.service,
        reason=about,
        priority=urgency,
        requester="practitioner-12",
        performer=told.case.team,
        documents=("letter-1",),
        follow_up=True,
    )
    thread.now(SendReferral, PRACTICE, order=order, reported=True)
    thread.at += MOMENT / 3
    thread.now(ConfirmReferralReceipt, dice.one(DESK))
    return Referred(thread, referral_id, urgency)
