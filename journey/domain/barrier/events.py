"""What happened to a barrier."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.event import Coded, Event
from journey.domain.personal import Personal


class AssistanceKind(StrEnum):
    """What help is asked for (domain words)."""

    TRANSPORT = "transport"
    FINANCIAL_AID = "financial-aid"
    INTERPRETER = "interpreter"
    LODGING = "lodging"
    FOOD = "food"
    OTHER = "other"


class BarrierIdentified(Event, stored_as="barrier.identified"):
    """Something stands between the patient and their care; these steps wait for it."""

    barrier_id: UUID
    code: Coded
    what: Personal | None = None
    blocks: tuple[str, ...] = ()
    owner: str | None = None
    due: AwareDatetime | None = None
    keeps_in_hospital: bool = False


class BarrierPlanMade(Event, stored_as="barrier.plan_made"):
    """It is agreed what will be done about it."""

    barrier_id: UUID
    plan: Personal | None = None
    owner: str | None = None
    due: AwareDatetime | None = None


class BarrierWorkStarted(Event, stored_as="barrier.work_started"):
    """Somebody works on it."""

    barrier_id: UUID


class AssistanceRequested(Event, stored_as="barrier.assistance_requested"):
    """Help has been asked for."""

    barrier_id: UUID
    kind: AssistanceKind
    provider: str | None = None


class AssistanceArranged(Event, stored_as="barrier.assistance_arranged"):
    """Help will be there. The barrier stands until it is resolved."""

    barrier_id: UUID
    kind: AssistanceKind
    provider: str | None = None
    scheduled_for: AwareDatetime | None = None


class BarrierResolved(Event, stored_as="barrier.resolved"):
    """It stands in the way no more."""

    barrier_id: UUID
    resolution: Personal | None = None


class BarrierUnresolvable(Event, stored_as="barrier.unresolvable"):
    """Nothing can be done about it, for this reason; care goes on around it."""

    barrier_id: UUID
    reason: Personal


class BarrierDeclined(Event, stored_as="barrier.declined"):
    """The patient wants no help with it."""

    barrier_id: UUID
    reason: Personal | None = None


class BarrierReopened(Event, stored_as="barrier.reopened"):
    """It stands in the way again."""

    barrier_id: UUID
    reason: Personal


BarrierEvent = (
    BarrierIdentified
    | BarrierPlanMade
    | BarrierWorkStarted
    | AssistanceRequested
    | AssistanceArranged
    | BarrierResolved
    | BarrierUnresolvable
    | BarrierDeclined
    | BarrierReopened
)
