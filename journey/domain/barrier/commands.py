"""What may be asked for a barrier."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool

from journey.domain.barrier.codes import of_its_shape
from journey.domain.barrier.events import AssistanceKind
from journey.domain.event import Coded, Command, Moment

BarrierCode = Annotated[Coded, AfterValidator(of_its_shape)]
StepName = Annotated[str, Field(min_length=1)]


class IdentifyBarrier(Command):
    """Say what stands in the way, or say it better, until there is a plan."""

    barrier_id: UUID
    code: BarrierCode = Field(description="What it is (ICD-10-CM Z55 to Z65, Z53, Z75, Z91; SNOMED CT).")
    what: str | None = None
    blocks: tuple[StepName, ...] = Field(default=(), description="The steps and milestones that wait for it.")
    owner: str | None = Field(default=None, min_length=1, description="Who sees to it.")
    due: Moment | None = Field(default=None, description="By when it should be gone.")
    keeps_in_hospital: StrictBool = Field(
        default=False, description="The patient does not leave hospital before it is gone."
    )


class PlanBarrier(Command):
    """Say what will be done about it. A plan may be made anew."""

    barrier_id: UUID
    plan: str | None = Field(default=None, min_length=1)
    owner: str | None = Field(default=None, min_length=1, description="Who sees to it.")
    due: Moment | None = None


class StartBarrierWork(Command):
    """Begin to work on it."""

    barrier_id: UUID


class RequestAssistance(Command):
    """Ask for help of this kind."""

    barrier_id: UUID
    kind: AssistanceKind
    provider: str | None = Field(default=None, min_length=1)


class ArrangeAssistance(Command):
    """Record that help of this kind will be there."""

    barrier_id: UUID
    kind: AssistanceKind
    provider: str | None = Field(
        default=None, min_length=1, description="Whoever was asked, where it is left out."
    )
    scheduled_for: Moment | None = None


class ResolveBarrier(Command):
    """Record that it stands in the way no more."""

    barrier_id: UUID
    resolution: str | None = Field(default=None, min_length=1)


class GiveUpBarrier(Command):
    """Record that nothing can be done about it."""

    barrier_id: UUID
    reason: str = Field(min_length=1)


class DeclineBarrierHelp(Command):
    """Record that the patient wants no help with it."""

    barrier_id: UUID
    reason: str | None = Field(default=None, min_length=1)


class ReopenBarrier(Command):
    """Record that it stands in the way again."""

    barrier_id: UUID
    reason: str = Field(min_length=1)


BarrierCommand = (
    IdentifyBarrier
    | PlanBarrier
    | StartBarrierWork
    | RequestAssistance
    | ArrangeAssistance
    | ResolveBarrier
    | GiveUpBarrier
    | DeclineBarrierHelp
    | ReopenBarrier
)
