"""Intake: from the first contact to knowing enough to care for the patient.

    not started -> in progress <-> awaiting information
                   in progress | awaiting information -> completed | abandoned | rejected

    It is completed when every required item is captured or waived, every question is answered, it is
    settled who the patient is, and no possible duplicate is left undecided; or, where that cannot be waited
    for, with a reason for each exception.

Domain words; FHIR keeps its parts in Questionnaire(Response), Flag and Patient.
"""

from journey.domain.intake.commands import (
    AbandonIntake,
    AcknowledgeIntake,
    CaptureIntakeItem,
    CompleteIntake,
    DismissPotentialDuplicate,
    FlagPotentialDuplicate,
    IntakeCommand,
    MatchIdentity,
    ReceiveIntakeForm,
    ReceiveIntakeInformation,
    RecordCommunicationNeeds,
    RecordInterpreterNeed,
    RejectIntake,
    RequestIntakeInformation,
    StartIntake,
    WaiveIntakeItem,
)
from journey.domain.intake.decide import IntakeIncomplete, IntakeNotOpen, NotRequired, UnknownQuestion, decide
from journey.domain.intake.events import (
    CommunicationNeed,
    CommunicationNeedsRecorded,
    IdentityMatched,
    IntakeAbandoned,
    IntakeAcknowledged,
    IntakeCompleted,
    IntakeEvent,
    IntakeException,
    IntakeFormReceived,
    IntakeInformationReceived,
    IntakeInformationRequested,
    IntakeItemCaptured,
    IntakeItemWaived,
    IntakeRejected,
    IntakeStarted,
    InterpreterNeedRecorded,
    MatchMethod,
    PotentialDuplicateDismissed,
    PotentialDuplicateFlagged,
    Rejection,
)
from journey.domain.intake.evolve import evolve
from journey.domain.intake.state import TRANSITIONS, Intake, Question

__all__ = [
    "TRANSITIONS",
    "AbandonIntake",
    "AcknowledgeIntake",
    "CaptureIntakeItem",
    "CommunicationNeed",
    "CommunicationNeedsRecorded",
    "CompleteIntake",
    "DismissPotentialDuplicate",
    "FlagPotentialDuplicate",
    "IdentityMatched",
    "Intake",
    "IntakeAbandoned",
    "IntakeAcknowledged",
    "IntakeCommand",
    "IntakeCompleted",
    "IntakeEvent",
    "IntakeException",
    "IntakeFormReceived",
    "IntakeIncomplete",
    "IntakeInformationReceived",
    "IntakeInformationRequested",
    "IntakeItemCaptured",
    "IntakeItemWaived",
    "IntakeNotOpen",
    "IntakeRejected",
    "IntakeStarted",
    "InterpreterNeedRecorded",
    "MatchIdentity",
    "MatchMethod",
    "NotRequired",
    "PotentialDuplicateDismissed",
    "PotentialDuplicateFlagged",
    "Question",
    "ReceiveIntakeForm",
    "ReceiveIntakeInformation",
    "RecordCommunicationNeeds",
    "RecordInterpreterNeed",
    "RejectIntake",
    "Rejection",
    "RequestIntakeInformation",
    "StartIntake",
    "UnknownQuestion",
    "WaiveIntakeItem",
    "decide",
    "evolve",
]
