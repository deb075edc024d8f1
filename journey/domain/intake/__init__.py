"""Intake: from the first contact to knowing enough to care for the patient.

    not started -> in progress <-> awaiting information
                   in progress | awaiting information -> completed | abandoned | rejected

    It is completed when every required item is captured, every question is answered and no possible
    duplicate of the patient is left undecided.

Domain words; FHIR keeps its parts in Questionnaire(Response), Flag and Patient.
"""

from journey.domain.intake.commands import (
    AbandonIntake,
    CaptureIntakeItem,
    CompleteIntake,
    DismissPotentialDuplicate,
    FlagPotentialDuplicate,
    IntakeCommand,
    ReceiveIntakeInformation,
    RecordInterpreterNeed,
    RejectIntake,
    RequestIntakeInformation,
    StartIntake,
)
from journey.domain.intake.decide import IntakeIncomplete, IntakeNotOpen, UnknownQuestion, decide
from journey.domain.intake.events import (
    IntakeAbandoned,
    IntakeCompleted,
    IntakeEvent,
    IntakeInformationReceived,
    IntakeInformationRequested,
    IntakeItemCaptured,
    IntakeRejected,
    IntakeStarted,
    InterpreterNeedRecorded,
    PotentialDuplicateDismissed,
    PotentialDuplicateFlagged,
)
from journey.domain.intake.evolve import evolve
from journey.domain.intake.state import Intake, Question

__all__ = [
    "AbandonIntake",
    "CaptureIntakeItem",
    "CompleteIntake",
    "DismissPotentialDuplicate",
    "FlagPotentialDuplicate",
    "Intake",
    "IntakeAbandoned",
    "IntakeCommand",
    "IntakeCompleted",
    "IntakeEvent",
    "IntakeIncomplete",
    "IntakeInformationReceived",
    "IntakeInformationRequested",
    "IntakeItemCaptured",
    "IntakeNotOpen",
    "IntakeRejected",
    "IntakeStarted",
    "InterpreterNeedRecorded",
    "PotentialDuplicateDismissed",
    "PotentialDuplicateFlagged",
    "Question",
    "ReceiveIntakeInformation",
    "RecordInterpreterNeed",
    "RejectIntake",
    "RequestIntakeInformation",
    "StartIntake",
    "UnknownQuestion",
    "decide",
    "evolve",
]
