"""The weeks at home after a stay: who calls, who is seen again, and how that time ends (CMS TCM)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from journey.domain.codes import Channel, Disposition
from journey.domain.discharge.commands import (
    BookFollowUp,
    CloseTransition,
    CompleteFollowUp,
    ReconcileMedications,
    RecordPostDischargeAttempt,
    RecordPostDischargeContact,
)
from journey.domain.discharge.events import Complexity, TransitionOutcome, Unreached
from journey.simulate.dice import Weighted
from journey.simulate.enrolling import TRANSITION, follows
from journey.simulate.stay import Left
from journey.simulate.step import COORDINATORS
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

A_DAY = 24  # hours
MONTH = timedelta(days=29)
SHARE_REACHED_AT_ONCE, SHARE_RECONCILED = 0.6, 0.6
COMPLEXITIES: Weighted[Complexity] = (
    (0.1, Complexity.STRAIGHTFORWARD),
    (0.2, Complexity.LOW),
    (0.5, Complexity.MODERATE),
    (0.2, Complexity.HIGH),
)
How = TransitionOutcome
ENDS: Weighted[TransitionOutcome | None] = (
    (0.66, How.COMPLETED),
    (0.13, How.UNREACHED),
    (0.08, How.DECLINED),
    (0.13, None),
)
"""How it ends, where the patient is not back in hospital before; None: nobody ends it."""


@dataclass(slots=True)
class AtHome:
    """A patient who has left; `back` is when they are in hospital again, if they are."""

    thread: Thread
    back: datetime | None

    def ends(self) -> None:
        """Until the time at home is over."""
        thread = self.thread
        left = thread.at
        how = thread.dice.dealt(ENDS)
        follow_up = thread.dice.uuid()
        seen = thread.story.diary.in_hours(left + thread.dice.days(4, 13))
        who = thread.dice.one(COORDINATORS)
        booked = {"follow_up_id": follow_up, "with_whom": "primary care practice", "start": seen}
        thread.then(BookFollowUp, who, 1, 30, **booked)
        if how is How.UNREACHED:
            self._not_reached()
            self._over(how, left + MONTH)
            return
        self._reached()
        if how is How.DECLINED:
            self._over(how, thread.at + thread.dice.hours(1, 40))
            return
        if self._is_back(seen):
            return
        thread.at = max(seen, thread.at)
        complexity = thread.dice.by_share(COMPLEXITIES)
        thread.then(CompleteFollowUp, who, 0.3, 1.5, follow_up_id=follow_up, complexity=complexity)
        if thread.dice.chance(SHARE_RECONCILED):
            thread.now(ReconcileMedications, who, reconciled_by="practice-nurse-2")
        if how is None:
            thread.is_left()
        else:
            self._over(how, thread.at + thread.dice.days(1, 9))

    def _reached(self) -> None:
        thread = self.thread
        if not thread.dice.chance(SHARE_REACHED_AT_ONCE):
            self._tried(Unreached.NO_ANSWER)
        thread.then(
            RecordPostDischargeContact,
            thread.dice.one(COORDINATORS),
            2,
            20,
            contact_id=thread.dice.uuid(),
            channel=Channel.PHONE,
        )

    def _not_reached(self) -> None:
        for outcome in (Unreached.NO_ANSWER, Unreached.MESSAGE_LEFT):
            self._tried(outcome)

    def _tried(self, outcome: Unreached) -> None:
        contact = {"contact_id": self.thread.dice.uuid(), "outcome": outcome, "channel": Channel.PHONE}
        self.thread.then(RecordPostDischargeAttempt, self.thread.dice.one(COORDINATORS), 2, 24, **contact)

    def _is_back(self, by: datetime) -> bool:
        """In hospital before that time: nobody waits for the follow-up any more."""
        if self.back is None or self.back > by:
            return False
        self.thread.at = max(self.back, self.thread.at)
        self.thread.then(CloseTransition, self.thread.dice.one(COORDINATORS), 2, 30, outcome=How.READMITTED)
        self.thread.ends()
        return True

    def _over(self, how: TransitionOutcome, at: datetime) -> None:
        if self._is_back(at):
            return
        thread = self.thread
        thread.at = thread.story.diary.in_hours(max(at, thread.at))
        thread.now(CloseTransition, thread.dice.one(COORDINATORS), outcome=how)
        thread.ends()


def looked_after(story: Story, told: Told, left: Left, back: datetime | None) -> None:
    """Somebody looks after the patient, at home or where they are now."""
    word = story.dice.one(("moderate", "high"))
    if left.disposition is Disposition.HOME:
        follows(story, told, left.at + timedelta(minutes=5), TRANSITION, mdm=word)
    AtHome(Thread(story, told, left.at, {"visit_id": left.visit_id}), back).ends()
