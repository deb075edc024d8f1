"""Barrier: what stands between a patient and their care, and what is done about it.

    identified -> plan made -> in progress -> resolved | unresolvable | declined -> (reopened) identified
    Asking for help, or arranging it, is progress; it may come before any plan. Help that is arranged does not
    take the barrier away: somebody says that it is gone. An open barrier keeps nobody in hospital unless it
    says so, and no journey is closed over one without a word.

FHIR: Condition (health concern), Goal, ServiceRequest, Task (Gravity SDOH).  ICD-10-CM: Z55 to Z65; for care
that fails Z53, Z75, Z91.
"""

from journey.domain.barrier.commands import (
    ArrangeAssistance,
    BarrierCommand,
    DeclineBarrierHelp,
    GiveUpBarrier,
    IdentifyBarrier,
    PlanBarrier,
    ReopenBarrier,
    RequestAssistance,
    ResolveBarrier,
    StartBarrierWork,
)
from journey.domain.barrier.decide import decide
from journey.domain.barrier.events import (
    AssistanceArranged,
    AssistanceKind,
    AssistanceRequested,
    BarrierDeclined,
    BarrierEvent,
    BarrierIdentified,
    BarrierPlanMade,
    BarrierReopened,
    BarrierResolved,
    BarrierUnresolvable,
    BarrierWorkStarted,
)
from journey.domain.barrier.evolve import evolve
from journey.domain.barrier.state import TRANSITIONS, Assistance, Barrier, Barriers, BarrierStatus

__all__ = [
    "TRANSITIONS",
    "ArrangeAssistance",
    "Assistance",
    "AssistanceArranged",
    "AssistanceKind",
    "AssistanceRequested",
    "Barrier",
    "BarrierCommand",
    "BarrierDeclined",
    "BarrierEvent",
    "BarrierIdentified",
    "BarrierPlanMade",
    "BarrierReopened",
    "BarrierResolved",
    "BarrierStatus",
    "BarrierUnresolvable",
    "BarrierWorkStarted",
    "Barriers",
    "DeclineBarrierHelp",
    "GiveUpBarrier",
    "IdentifyBarrier",
    "PlanBarrier",
    "ReopenBarrier",
    "RequestAssistance",
    "ResolveBarrier",
    "StartBarrierWork",
    "decide",
    "evolve",
]
