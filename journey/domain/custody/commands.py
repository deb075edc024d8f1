"""What may be asked for what is kept."""

from uuid import UUID

from pydantic import Field, StrictInt

from journey.domain.custody.events import ErasureBasis, RestrictionGround
from journey.domain.event import Command


class PlaceLegalHold(Command):
    """Let nothing of the journey be erased until the hold is released."""

    hold_id: UUID
    matter: str = Field(min_length=1, description="The dispute or audit that it is held for.")
    reason: str = Field(min_length=1)


class ReleaseLegalHold(Command):
    """Let the journey go, as far as this hold is concerned."""

    hold_id: UUID
    reason: str = Field(min_length=1)


class RestrictProcessing(Command):
    """Keep what is there, and keep it from all but who must see it (GDPR Art. 18)."""

    ground: RestrictionGround
    reason: str = Field(min_length=1)


class LiftRestriction(Command):
    """Let it be seen as before."""

    reason: str = Field(min_length=1)


class RequestErasure(Command):
    """Ask that what is personal be erased (GDPR Art. 17); another person decides."""

    erasure_id: UUID
    basis: ErasureBasis
    reason: str = Field(min_length=1)


class WithdrawErasure(Command):
    """Ask for it no more."""

    erasure_id: UUID
    reason: str = Field(min_length=1)


CustodyCommand = (
    PlaceLegalHold
    | ReleaseLegalHold
    | RestrictProcessing
    | LiftRestriction
    | RequestErasure
    | WithdrawErasure
)


class EraseSubject(Command):
    """Decide that what was requested be done. Told on all journeys of a patient together, never alone."""

    decided_by: str
    years_kept: StrictInt = Field(ge=0, description="Years after the last event for which it must be kept.")
