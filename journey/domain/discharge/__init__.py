"""Discharge: leaving hospital, from the plan to the last paper. Medically ready, departed and
administratively closed are three different moments.

    not planned -> planned -> medically ready -> departed -> closed
    Barriers and checklist items stand beside it; a cancelled discharge (ADT^A13) voids the departure.

FHIR: Encounter.hospitalization.dischargeDisposition.  UB-04 form locator 17.  HL7 v2: ADT^A03.
"""

from journey.domain.discharge.commands import (
    ChangeExpectedDischarge,
    ClearDischargeBarrier,
    CloseDischarge,
    CompleteChecklistItem,
    DischargeCommand,
    DischargePatient,
    MarkMedicallyReady,
    PlanDischarge,
    RaiseDischargeBarrier,
    SendDischargeSummary,
    WaiveChecklistItem,
)
from journey.domain.discharge.decide import (
    DischargeBlocked,
    NoDisposition,
    NoStayToLeave,
    NotDeparted,
    NotOnChecklist,
    UnknownBarrier,
    decide,
)
from journey.domain.discharge.events import (
    ChecklistItemCompleted,
    ChecklistItemWaived,
    DischargeBarrierCleared,
    DischargeBarrierRaised,
    DischargeClosed,
    DischargeEvent,
    DischargePlanned,
    DischargeSummarySent,
    ExpectedDischargeChanged,
    MedicallyReady,
    PatientDischarged,
)
from journey.domain.discharge.evolve import evolve
from journey.domain.discharge.state import Discharge, Discharges

__all__ = [
    "ChangeExpectedDischarge",
    "ChecklistItemCompleted",
    "ChecklistItemWaived",
    "ClearDischargeBarrier",
    "CloseDischarge",
    "CompleteChecklistItem",
    "Discharge",
    "DischargeBarrierCleared",
    "DischargeBarrierRaised",
    "DischargeBlocked",
    "DischargeClosed",
    "DischargeCommand",
    "DischargeEvent",
    "DischargePatient",
    "DischargePlanned",
    "DischargeSummarySent",
    "Discharges",
    "ExpectedDischargeChanged",
    "MarkMedicallyReady",
    "MedicallyReady",
    "NoDisposition",
    "NoStayToLeave",
    "NotDeparted",
    "NotOnChecklist",
    "PatientDischarged",
    "PlanDischarge",
    "RaiseDischargeBarrier",
    "SendDischargeSummary",
    "UnknownBarrier",
    "WaiveChecklistItem",
    "decide",
    "evolve",
]
