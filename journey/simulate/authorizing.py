"""What the payer is asked for before it is given, and what it answers: the courses of prior authorization."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from journey.domain.authorization import (
    AcknowledgeAuthorization,
    CancelAuthorization,
    DecideAuthorization,
    DetermineAuthorizationRequirement,
    PrepareAuthorization,
    SubmitAuthorization,
)
from journey.domain.authorization.request import (
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizationUnit,
    LineDecision,
    RequirementSource,
    ReviewAction,
)
from journey.domain.event import Coded
from journey.simulate.dice import Dice
from journey.simulate.step import PAYER, PAYERS_DESK
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

A_DAY = 24  # hours
SHARE_WRITTEN_FIRST, SHARE_ACKNOWLEDGED = 0.2, 0.5
WINDOW = timedelta(days=180)
A = ReviewAction


@dataclass(slots=True)
class Asking:
    """One request to the payer, and what is known of it. `granted`: visits may be held under it."""

    story: Story
    told: Told
    at: datetime
    service: Coded
    coverage_id: UUID | None
    granted: UUID | None = None
    out_of_pocket: bool = False
    """The patient pays, whatever the payer says."""

    @property
    def dice(self) -> Dice:
        return self.story.dice

    def thread(self) -> Thread:
        """A request under an id of its own."""
        return Thread(self.story, self.told, self.at, {"authorization_id": self.dice.uuid()})

    def required(self, thread: Thread, *, is_required: bool = True) -> None:
        """The payer is asked whether it wants to be asked."""
        thread.now(
            DetermineAuthorizationRequirement,
            PAYER,
            service=self.service,
            required=is_required,
            source=RequirementSource.CRD,
            response=None if is_required else f"CRD{self.dice.whole(10**5, 10**6)}",
            coverage_id=self.coverage_id,
        )

    def request(self, quantity: int = 4) -> AuthorizationRequest:
        item = AuthorizationItem(
            sequence=1, service=self.service, quantity=quantity, unit=AuthorizationUnit.VISITS
        )
        return AuthorizationRequest(
            payer="payer-1", coverage_id=self.coverage_id, requester=self.told.case.team, items=(item,)
        )

    def submitted(self, thread: Thread, supersedes: UUID | None = None) -> None:
        """The request is on its way, perhaps from a draft."""
        who, request = self.dice.one(PAYERS_DESK), self.request()
        if self.dice.chance(SHARE_WRITTEN_FIRST):
            thread.then(PrepareAuthorization, who, 0.2, 8, request=request)
            thread.wait(0.5, 20)
        else:
            thread.wait(0.2, 20)
        trace = f"T{self.dice.whole(10**6, 10**7)}"
        thread.now(SubmitAuthorization, who, trace=trace, request=request, supersedes=supersedes)
        if self.dice.chance(SHARE_ACKNOWLEDGED):
            due = thread.at + timedelta(days=7)
            thread.then(AcknowledgeAuthorization, PAYER, 0.02, 2, reference=trace, due=due)

    def answered(self, thread: Thread, action: ReviewAction, **more: Any) -> None:
        """The payer's word on the one item."""
        line = {key: more.pop(key) for key in ("authorized", "reason", "note") if key in more}
        grants = action not in {A.NOT_CERTIFIED, A.PENDED, A.CONTACT_PAYER}
        window: dict[str, Any] = {}
        if grants:
            day = self.story.diary.day_of(thread.at)
            window = {"valid_from": day, "valid_until": day + WINDOW}
            window["number"] = f"AU{self.dice.whole(10**6, 10**7)}"
        lines = (LineDecision(sequence=1, action=action, **line),)
        thread.then(DecideAuthorization, PAYER, 6, 4 * A_DAY, lines=lines, **(window | more))

    def is_granted(self, thread: Thread) -> None:
        """Visits may be held under it from now on."""
        self.granted, self.at = thread.names["authorization_id"], thread.ends()

    def is_over(self, thread: Thread) -> None:
        """Nothing comes of it."""
        self.at = thread.ends()

    def is_left(self, thread: Thread) -> None:
        """Nobody goes on with it."""
        self.at = thread.is_left()

    def cancelled(self, thread: Thread, reason: str) -> None:
        """It is not wanted any more."""
        thread.then(CancelAuthorization, self.dice.one(PAYERS_DESK), 4, 50, reason=reason)
        self.is_over(thread)


Course = Callable[[Asking], None]
