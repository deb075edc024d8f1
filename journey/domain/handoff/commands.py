"""What may be asked for a handoff. Commands name who does it: the domain does not see who asks."""

from uuid import UUID

from pydantic import Field, StrictInt

from journey.domain.amount import MOST
from journey.domain.event import Command, Moment
from journey.domain.handoff.events import HandoffAction, HandoffOffer

ACCEPT_DUE = "Until when it should be accepted; by the severity of the illness, where it is left out."


class DraftHandoff(Command):
    """Write a handoff, or change the draft."""

    handoff_id: UUID
    offer: HandoffOffer


class OfferHandoff(Command):
    """Ask somebody to take over."""

    handoff_id: UUID
    offer: HandoffOffer
    accept_due: Moment | None = Field(default=None, description=ACCEPT_DUE)


class ViewHandoff(Command):
    """Record that somebody has read it."""

    handoff_id: UUID
    viewed_by: str = Field(min_length=1)


class AskHandoffQuestion(Command):
    """Ask the sender something."""

    handoff_id: UUID
    question_id: UUID
    question: str = Field(min_length=1)
    asked_by: str | None = None


class AnswerHandoffQuestion(Command):
    """Answer the receiver's question."""

    handoff_id: UUID
    question_id: UUID
    answer: str = Field(min_length=1)
    answered_by: str | None = None


class AcceptHandoff(Command):
    """Take over. Says who does."""

    handoff_id: UUID
    accepted_by: str = Field(min_length=1)
    team: str | None = Field(
        default=None, min_length=1, description="For which team; the one asked last, where it is left out."
    )


class SynthesiseHandoff(Command):
    """Read back what was taken over. Only whoever accepted does."""

    handoff_id: UUID
    synthesised_by: str = Field(min_length=1)
    text: str = Field(min_length=1)


class DeclineHandoff(Command):
    """Do not take over. Says why."""

    handoff_id: UUID
    reason: str = Field(min_length=1)
    declined_by: str | None = None


class ExpireHandoff(Command):
    """Record that nobody accepted in time."""

    handoff_id: UUID


class EscalateHandoff(Command):
    """Ask the next one on the ladder. Names the level, so that two who ask at once escalate once."""

    handoff_id: UUID
    level: StrictInt = Field(ge=1, le=MOST, description="The first name on the ladder is level 1.")
    to: str | None = Field(
        default=None,
        min_length=1,
        description="Who that is, where another system's ladder is not known here.",
    )
    accept_due: Moment | None = Field(default=None, description=ACCEPT_DUE)
    escalated_by: str | None = None


class ReassignHandoff(Command):
    """Ask another receiver instead."""

    handoff_id: UUID
    to_team: str = Field(min_length=1)
    to_person: str | None = Field(default=None, min_length=1)
    accept_due: Moment | None = Field(default=None, description=ACCEPT_DUE)
    reason: str | None = None


class WithdrawHandoff(Command):
    """Ask nobody any more. Possible until it is accepted."""

    handoff_id: UUID
    reason: str = Field(min_length=1)


class ReturnHandoff(Command):
    """Offer it back to whom it came from."""

    handoff_id: UUID
    reason: str = Field(min_length=1)
    returned_by: str | None = None
    accept_due: Moment | None = Field(default=None, description=ACCEPT_DUE)


class CompleteHandoff(Command):
    """Say that the handoff is finished. It has been read back, and its actions are done or transferred."""

    handoff_id: UUID
    completed_by: str | None = None


class AddHandoffAction(Command):
    """Add something that is to be done, or change it."""

    handoff_id: UUID
    action: HandoffAction


class CompleteHandoffAction(Command):
    """Record that it is done."""

    handoff_id: UUID
    action_id: UUID
    done_by: str | None = None


class TransferHandoffAction(Command):
    """Let somebody else do it, outside this handoff."""

    handoff_id: UUID
    action_id: UUID
    to: str = Field(min_length=1)
    due: Moment | None = None


HandoffCommand = (
    DraftHandoff
    | OfferHandoff
    | ViewHandoff
    | AskHandoffQuestion
    | AnswerHandoffQuestion
    | AcceptHandoff
    | SynthesiseHandoff
    | DeclineHandoff
    | ExpireHandoff
    | EscalateHandoff
    | ReassignHandoff
    | WithdrawHandoff
    | ReturnHandoff
    | CompleteHandoff
    | AddHandoffAction
    | CompleteHandoffAction
    | TransferHandoffAction
)
