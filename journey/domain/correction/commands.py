"""What may be asked about what is recorded."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, TypeAdapter

from journey.domain.event import Command, Moment, Precision
from journey.domain.place import Location


class Dependants(StrEnum):
    """What becomes of later events that would not have been possible then."""

    REFUSE = "refuse"
    KEEP = "keep"
    VOID = "void"


Hanging = Annotated[
    Dependants,
    Field(
        description="Later events that would not be possible after it: refuse, and list them; keep them as "
        "they are; or void them too. What is reported keeps them."
    ),
]


class VoidEvent(Command):
    """Say that an event does not hold."""

    event_id: UUID
    reason: str = Field(min_length=1)
    dependants: Hanging = Dependants.REFUSE


class ReattributeEvent(Command):
    """Say that an event is about another patient, and tell it on that patient's journey if one is named."""

    event_id: UUID
    to_patient_id: UUID
    to_journey_id: UUID | None = None
    reason: str = Field(min_length=1)
    dependants: Hanging = Dependants.REFUSE


class ReinstateEvent(Command):
    """Say that an event holds after all, as it was first recorded; so does what was voided because of it."""

    event_id: UUID
    reason: str = Field(min_length=1)
    dependants: Hanging = Dependants.REFUSE


ANYTHING: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def _as_json(fields: dict[str, Any]) -> dict[str, Any]:
    """Half a character, or a thousand brackets, can be sent but not kept."""
    try:
        ANYTHING.dump_json(fields)
    except ValueError:
        raise ValueError("cannot be kept: write it as the event has it") from None
    return fields


class CorrectEvent(Command):
    """Say that an event should read otherwise, or happened at another time."""

    event_id: UUID
    data: Annotated[dict[str, Any], AfterValidator(_as_json)] = Field(
        default_factory=dict,
        description="The fields to change, each with its whole new value; null for what is not known.",
    )
    happened_at: Moment | None = Field(default=None, description="When it happened; as it is if left out.")
    happened_precision: Precision | None = Field(
        default=None, description="How exactly that is known; with a new happened_at: instant."
    )
    reason: str = Field(min_length=1)
    dependants: Hanging = Dependants.REFUSE


class CancelAdmission(Command):
    """The patient was not admitted or registered (ADT^A11)."""

    visit_id: UUID
    reason: str = Field(default="admission cancelled", min_length=1)


class CancelMove(Command):
    """The patient was not moved there (ADT^A12)."""

    visit_id: UUID
    location: Location | None = Field(default=None, description="Where to; the latest move if left out.")
    reason: str = Field(default="transfer cancelled", min_length=1)


class CancelDischarge(Command):
    """The patient has not left (ADT^A13)."""

    visit_id: UUID
    reason: str = Field(default="discharge cancelled", min_length=1)


CorrectionCommand = (
    VoidEvent
    | ReinstateEvent
    | CorrectEvent
    | ReattributeEvent
    | CancelAdmission
    | CancelMove
    | CancelDischarge
)
