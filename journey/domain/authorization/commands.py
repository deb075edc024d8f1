"""What may be asked for an authorization."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from journey.domain.amount import MOST
from journey.domain.authorization.request import (
    AppealLevel,
    AppealOutcome,
    AuthorizationItem,
    AuthorizationRequest,
    LineDecision,
    RequestFault,
    RequirementSource,
)
from journey.domain.day import Day
from journey.domain.event import Coded, Command, Moment

Sequence = Annotated[StrictInt, Field(ge=1, le=MOST)]


class DetermineAuthorizationRequirement(Command):
    """Say whether the payer wants to be asked before this service."""

    authorization_id: UUID
    service: Coded
    required: StrictBool
    source: RequirementSource
    response: str | None = Field(
        default=None, min_length=1, description="The payer's answer (its id): needed where none is required."
    )
    coverage_id: UUID | None = None


class PrepareAuthorization(Command):
    """Write the request, or change the draft."""

    authorization_id: UUID
    request: AuthorizationRequest


class SubmitAuthorization(Command):
    """Ask the payer."""

    authorization_id: UUID
    trace: str | None = Field(default=None, min_length=1, description="Our number of this submission (TRN).")
    request: AuthorizationRequest = Field(
        default=AuthorizationRequest(), description="What is asked for; the draft where it is left out."
    )
    supersedes: UUID | None = Field(default=None, description="The ended request in whose place this one is.")
    due: Moment | None = Field(default=None, description="When the payer has to have decided, where known.")


class AcknowledgeAuthorization(Command):
    """The payer has it."""

    authorization_id: UUID
    reference: str | None = Field(default=None, description="The payer's number of the request.")
    due: Moment | None = Field(default=None, description="When the payer has to have decided, where known.")


class ReturnAuthorization(Command):
    """Record that the payer could not process the request as it was sent."""

    authorization_id: UUID
    faults: tuple[RequestFault, ...] = Field(min_length=1)
    trace: str | None = Field(default=None, min_length=1, description="Which submission it answers.")


class PendAuthorization(Command):
    """The payer does not decide yet."""

    authorization_id: UUID
    reason: Coded | None = None
    due: Moment | None = Field(default=None, description="When the payer has to have decided, where known.")


class RequestAuthorizationInformation(Command):
    """The payer asks for something that is missing."""

    authorization_id: UUID
    what: Coded
    due: Moment | None = None


class SubmitAuthorizationInformation(Command):
    """Send the payer what it asked for."""

    authorization_id: UUID
    documents: tuple[str, ...] = Field(default=(), description="Ids of what is sent.")


class DecideAuthorization(Command):
    """Record the payer's answer, item by item."""

    authorization_id: UUID
    lines: tuple[LineDecision, ...] = Field(min_length=1)
    trace: str | None = Field(default=None, min_length=1, description="Which submission it answers.")
    number: str | None = Field(default=None, description="The authorization number (REF BB, preAuthRef).")
    valid_from: Day | None = None
    valid_until: Day | None = Field(default=None, description="The last day on which it may be used.")
    performer: str | None = None
    reviewer: str | None = None
    appeal_by: Moment | None = Field(default=None, description="Until when a refusal may be appealed.")


class ReviewAuthorizationDecision(Command):
    """Record that somebody here has read the decision."""

    authorization_id: UUID
    reviewed_by: str = Field(min_length=1)


class UpdateAuthorization(Command):
    """Change, add or cancel items of a request that the payer has."""

    authorization_id: UUID
    trace: str | None = Field(default=None, min_length=1, description="Our number of this submission (TRN).")
    changed: tuple[AuthorizationItem, ...] = ()
    added: tuple[AuthorizationItem, ...] = ()
    cancelled: tuple[Sequence, ...] = Field(default=(), description="The sequences of the items.")
    reason: str | None = None
    due: Moment | None = Field(default=None, description="When the payer has to have decided, where known.")


class CancelAuthorization(Command):
    """Do not want it any more."""

    authorization_id: UUID
    reason: str = Field(min_length=1)


class ContactPayer(Command):
    """Record that the payer was called, as it wished."""

    authorization_id: UUID
    note: str | None = None


class ExtendAuthorization(Command):
    """Give what was granted another window."""

    authorization_id: UUID
    valid_until: Day
    valid_from: Day | None = None


class RevokeAuthorization(Command):
    """Record that the payer took it back."""

    authorization_id: UUID
    reason: str = Field(min_length=1)


class SchedulePeerToPeer(Command):
    """Agree when a clinician speaks with the payer's."""

    authorization_id: UUID
    start: Moment | None = None
    clinician: str | None = None


class HoldPeerToPeer(Command):
    """Record that they spoke, and whether the payer decides again."""

    authorization_id: UUID
    reopens: StrictBool = False
    note: str | None = None


class AppealAuthorization(Command):
    """Ask again for what was refused."""

    authorization_id: UUID
    level: AppealLevel
    due: Moment | None = Field(default=None, description="When the appeal has to be decided, where known.")
    late_cause: str | None = Field(
        default=None, min_length=1, description="The good cause for an appeal after its deadline."
    )


class DecideAuthorizationAppeal(Command):
    """Record what became of the appeal."""

    authorization_id: UUID
    outcome: AppealOutcome
    lines: tuple[LineDecision, ...] = Field(
        default=(),
        description="What is decided now; left out, the outcome holds for all that was refused.",
    )
    number: str | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    performer: str | None = None
    appeal_by: Moment | None = Field(default=None, description="Until when the next level may be asked.")


class ExtendAuthorizationDecision(Command):
    """Record that the payer takes longer to decide, as it has told us."""

    authorization_id: UUID
    due: Moment
    reason: str | None = None


class ConsumeAuthorizationUnits(Command):
    """Use some of it outside a visit."""

    authorization_id: UUID
    consumption_id: UUID
    quantity: StrictInt = Field(ge=1, le=MOST)
    sequence: StrictInt | None = Field(
        default=None, ge=1, le=MOST, description="Of which item; of the first, if left out."
    )
    note: str | None = None


class RestoreAuthorizationUnits(Command):
    """Give back what was counted as used outside a visit."""

    authorization_id: UUID
    consumption_id: UUID
    reason: str = Field(min_length=1)


AuthorizationCommand = (
    DetermineAuthorizationRequirement
    | PrepareAuthorization
    | SubmitAuthorization
    | AcknowledgeAuthorization
    | ReturnAuthorization
    | PendAuthorization
    | RequestAuthorizationInformation
    | SubmitAuthorizationInformation
    | DecideAuthorization
    | ReviewAuthorizationDecision
    | UpdateAuthorization
    | CancelAuthorization
    | ContactPayer
    | ExtendAuthorization
    | RevokeAuthorization
    | SchedulePeerToPeer
    | HoldPeerToPeer
    | AppealAuthorization
    | DecideAuthorizationAppeal
    | ExtendAuthorizationDecision
    | ConsumeAuthorizationUnits
    | RestoreAuthorizationUnits
)
