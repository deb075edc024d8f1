"""Discharge: leaving hospital, from the plan to the last paper, and the weeks at home after it. Medically
ready, departed and administratively closed are three different moments.

    not planned -> planned -> medically ready -> ordered -> departed -> closed
                                                            departed -> at home -> transition closed
    Barriers and checklist items stand beside it; a cancelled discharge (ADT^A13) voids the departure, and
    the plan, the checklist and the timers are as they were before.
    Who leaves against advice, is gone unnoticed or has died is not kept by the checklist; what was open is
    recorded. Who has died is owed nothing afterwards. The day of the discharge is day 0.

FHIR: Encounter.hospitalization.dischargeDisposition.  UB-04 form locator 17.  HL7 v2: ADT^A03.
CMS: transitional care management (99495, 99496).
"""

from journey.domain.discharge.aftercare import (
    NotDeparted,
    NothingOwed,
    SummaryNotSent,
    TransitionUnfinished,
    UnknownFollowUp,
)
from journey.domain.discharge.commands import (
    AcknowledgeDischargeSummary,
    BookFollowUp,
    ChangeExpectedDischarge,
    ClearDischargeBarrier,
    CloseDischarge,
    CloseTransition,
    CompleteChecklistItem,
    CompleteFollowUp,
    DischargeCommand,
    DischargePatient,
    MarkMedicallyReady,
    OrderDischarge,
    PlanDischarge,
    RaiseDischargeBarrier,
    ReconcileMedications,
    RecordElopement,
    RecordPostDischargeAttempt,
    RecordPostDischargeContact,
    SendDischargeSummary,
    SetDisposition,
    WaiveChecklistItem,
)
from journey.domain.discharge.decide import (
    DischargeBlocked,
    NoDisposition,
    NoStayToLeave,
    NotOnChecklist,
    UnknownBarrier,
    decide,
)
from journey.domain.discharge.disposition import UnknownDisposition
from journey.domain.discharge.events import (
    ChecklistItemCompleted,
    ChecklistItemWaived,
    Complexity,
    DischargeBarrierCleared,
    DischargeBarrierRaised,
    DischargeClosed,
    DischargeEvent,
    DischargeOrdered,
    DischargePlanned,
    DischargeSummaryAcknowledged,
    DischargeSummarySent,
    DispositionSet,
    ExpectedDischargeChanged,
    FollowUpBooked,
    FollowUpVisitCompleted,
    MedicallyReady,
    MedicationsReconciled,
    PatientDischarged,
    PostDischargeContactAttempted,
    PostDischargeContactMade,
    TransitionClosed,
    TransitionOutcome,
    Unreached,
)
from journey.domain.discharge.evolve import evolve
from journey.domain.discharge.state import Discharge, Discharges

__all__ = [
    "AcknowledgeDischargeSummary",
    "BookFollowUp",
    "ChangeExpectedDischarge",
    "ChecklistItemCompleted",
    "ChecklistItemWaived",
    "ClearDischargeBarrier",
    "CloseDischarge",
    "CloseTransition",
    "CompleteChecklistItem",
    "CompleteFollowUp",
    "Complexity",
    "Discharge",
    "DischargeBarrierCleared",
    "DischargeBarrierRaised",
    "DischargeBlocked",
    "DischargeClosed",
    "DischargeCommand",
    "DischargeEvent",
    "DischargeOrdered",
    "DischargePatient",
    "DischargePlanned",
    "DischargeSummaryAcknowledged",
    "DischargeSummarySent",
    "Discharges",
    "DispositionSet",
    "ExpectedDischargeChanged",
    "FollowUpBooked",
    "FollowUpVisitCompleted",
    "MarkMedicallyReady",
    "MedicallyReady",
    "MedicationsReconciled",
    "NoDisposition",
    "NoStayToLeave",
    "NotDeparted",
    "NotOnChecklist",
    "NothingOwed",
    "OrderDischarge",
    "PatientDischarged",
    "PlanDischarge",
    "PostDischargeContactAttempted",
    "PostDischargeContactMade",
    "RaiseDischargeBarrier",
    "ReconcileMedications",
    "RecordElopement",
    "RecordPostDischargeAttempt",
    "RecordPostDischargeContact",
    "SendDischargeSummary",
    "SetDisposition",
    "SummaryNotSent",
    "TransitionClosed",
    "TransitionOutcome",
    "TransitionUnfinished",
    "UnknownBarrier",
    "UnknownDisposition",
    "UnknownFollowUp",
    "Unreached",
    "WaiveChecklistItem",
    "decide",
    "evolve",
]
