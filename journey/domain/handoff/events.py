"""What happened to a handoff."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from journey.domain.event import Event, Frozen, Moment
from journey.domain.personal import Personal


class HandoffKind(StrEnum):
    """What changes hands."""

    SHIFT = "shift"
    SERVICE = "service"
    FACILITY = "facility"
    DISCHARGE_TO_PCP = "discharge-to-pcp"
    CARE_TEAM = "care-team"


class IllnessSeverity(StrEnum):
    """The I of I-PASS."""

    STABLE = "stable"
    WATCHER = "watcher"
    UNSTABLE = "unstable"


class HandoffAction(Frozen):
    """Something that is to be done after the handoff (the A of I-PASS)."""

    action_id: UUID
    what: Personal = Field(min_length=1)
    owner: str | None = Field(default=None, description="Who does it.")
    due: Moment | None = None


class Contingency(Frozen):
    """What may happen, and what to do then (the first S of I-PASS)."""

    if_happens: Personal = Field(min_length=1)
    then_do: Personal = Field(min_length=1)


class HandoffOffer(Frozen):
    """From whom to whom, and what the receiver must know (I-PASS)."""

    kind: HandoffKind
    from_team: str = Field(min_length=1)
    from_person: str | None = Field(default=None, min_length=1)
    to_team: str = Field(min_length=1)
    to_person: str | None = Field(default=None, min_length=1)
    severity: IllnessSeverity
    summary: Personal | None = Field(
        default=None, description="Events leading up to it, course, assessment, plan."
    )
    actions: tuple[HandoffAction, ...] = ()
    contingencies: tuple[Contingency, ...] = ()
    pending_results: tuple[Personal, ...] = Field(default=(), description="What has not come back yet.")
    ladder: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description="The teams or roles that are asked in turn when nobody accepts."
    )


class HandoffDrafted(Event, stored_as="handoff.drafted"):
    """It is being written; nobody has been asked yet."""

    handoff_id: UUID
    offer: HandoffOffer


class HandoffOffered(Event, stored_as="handoff.offered"):
    """The receiver is asked to take over by then. The sender stays accountable."""

    handoff_id: UUID
    offer: HandoffOffer
    accept_due: AwareDatetime | None = None


class HandoffViewed(Event, stored_as="handoff.viewed"):
    """Somebody has read it. It is not accepted by that."""

    handoff_id: UUID
    viewed_by: str


class HandoffQuestionAsked(Event, stored_as="handoff.question_asked"):
    """The receiver wants to know something. It keeps nobody from accepting."""

    handoff_id: UUID
    question_id: UUID
    question: Personal
    asked_by: str | None = None


class HandoffQuestionAnswered(Event, stored_as="handoff.question_answered"):
    """The sender has answered."""

    handoff_id: UUID
    question_id: UUID
    answer: Personal
    answered_by: str | None = None


class HandoffAccepted(Event, stored_as="handoff.accepted"):
    """A person of a team that was asked has taken over; they are accountable from now on."""

    handoff_id: UUID
    accepted_by: str
    team: str | None = None


class HandoffSynthesised(Event, stored_as="handoff.synthesised"):
    """Whoever accepted has said in their own words what they took over (the last S of I-PASS)."""

    handoff_id: UUID
    synthesised_by: str
    text: Personal


class HandoffDeclined(Event, stored_as="handoff.declined"):
    """The receiver does not take over, for this reason. The sender stays accountable."""

    handoff_id: UUID
    reason: Personal
    declined_by: str | None = None


class HandoffExpired(Event, stored_as="handoff.expired"):
    """Nobody accepted in time. The sender stays accountable."""

    handoff_id: UUID


class HandoffEscalated(Event, stored_as="handoff.escalated"):
    """The next one on the ladder is asked as well."""

    handoff_id: UUID
    level: int
    to: str | None = None
    accept_due: AwareDatetime | None = None
    escalated_by: str | None = None


class HandoffReassigned(Event, stored_as="handoff.reassigned"):
    """Another receiver is asked instead."""

    handoff_id: UUID
    to_team: str
    to_person: str | None = None
    accept_due: AwareDatetime | None = None
    reason: Personal | None = None


class HandoffWithdrawn(Event, stored_as="handoff.withdrawn"):
    """Nobody is asked any more, because there is nothing to hand over."""

    handoff_id: UUID
    reason: Personal


class HandoffReturned(Event, stored_as="handoff.returned"):
    """It is offered back. Whoever accepted it stays accountable until the sender accepts."""

    handoff_id: UUID
    reason: Personal
    returned_by: str | None = None
    accept_due: AwareDatetime | None = None


class HandoffCompleted(Event, stored_as="handoff.completed"):
    """It has been accepted and read back, and nothing of it is left to do."""

    handoff_id: UUID
    completed_by: str | None = None


class HandoffActionAdded(Event, stored_as="handoff.action_added"):
    """Something more is to be done, or the same otherwise."""

    handoff_id: UUID
    action: HandoffAction


class HandoffActionDone(Event, stored_as="handoff.action_done"):
    """It is done."""

    handoff_id: UUID
    action_id: UUID
    done_by: str | None = None


class HandoffActionTransferred(Event, stored_as="handoff.action_transferred"):
    """Somebody else will do it; the handoff does not wait for it any more."""

    handoff_id: UUID
    action_id: UUID
    to: str
    due: AwareDatetime | None = None


HandoffEvent = (
    HandoffDrafted
    | HandoffOffered
    | HandoffViewed
    | HandoffQuestionAsked
    | HandoffQuestionAnswered
    | HandoffAccepted
    | HandoffSynthesised
    | HandoffDeclined
    | HandoffExpired
    | HandoffEscalated
    | HandoffReassigned
    | HandoffWithdrawn
    | HandoffReturned
    | HandoffCompleted
    | HandoffActionAdded
    | HandoffActionDone
    | HandoffActionTransferred
)
