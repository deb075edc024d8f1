"""Handoff: one team or person gives the patient over to another, and the other takes over.

    draft -> offered -> accepted -> synthesised (read back) -> completed
    offered -> declined | expired -> escalated, up a finite ladder | reassigned -> offered
    draft | offered | declined | expired | escalated -> withdrawn
    accepted | synthesised -> returned (offered back) -> accepted, by whoever had handed over
    Responsibility moves at the acceptance and at nothing else: until then the sender is accountable, also
    after a decline, an expiry or a return that nobody has accepted. A shift's handoff moves it only where
    the team that hands over has it. A void of the acceptance gives it back.

I-PASS (illness severity, patient summary, actions, situation awareness and contingencies, synthesis by the
receiver).  AHRQ TeamSTEPPS.  FHIR: Task with Communication.

| status | Task.status | Task.businessStatus |
|---|---|---|
| draft | draft | |
| offered | requested | |
| declined | rejected | |
| expired | requested | overdue |
| escalated | requested | escalated |
| accepted | accepted | |
| synthesised | in-progress | read-back |
| returned | requested | returned |
| completed | completed | |
| withdrawn | cancelled | |
"""

from journey.domain.handoff.commands import (
    AcceptHandoff,
    AddHandoffAction,
    AnswerHandoffQuestion,
    AskHandoffQuestion,
    CompleteHandoff,
    CompleteHandoffAction,
    DeclineHandoff,
    DraftHandoff,
    EscalateHandoff,
    ExpireHandoff,
    HandoffCommand,
    OfferHandoff,
    ReassignHandoff,
    ReturnHandoff,
    SynthesiseHandoff,
    TransferHandoffAction,
    ViewHandoff,
    WithdrawHandoff,
)
from journey.domain.handoff.decide import (
    AnotherHandoffOpen,
    HandoffActionsOpen,
    HandoffNotDue,
    LadderEnds,
    NoContingency,
    NotReadBack,
    NotTheAcceptor,
    SelfHandoff,
    TeamNotAsked,
    decide,
)
from journey.domain.handoff.events import (
    Contingency,
    HandoffAccepted,
    HandoffAction,
    HandoffActionAdded,
    HandoffActionDone,
    HandoffActionTransferred,
    HandoffCompleted,
    HandoffDeclined,
    HandoffDrafted,
    HandoffEscalated,
    HandoffEvent,
    HandoffExpired,
    HandoffKind,
    HandoffOffer,
    HandoffOffered,
    HandoffQuestionAnswered,
    HandoffQuestionAsked,
    HandoffReassigned,
    HandoffReturned,
    HandoffSynthesised,
    HandoffViewed,
    HandoffWithdrawn,
    IllnessSeverity,
)
from journey.domain.handoff.evolve import evolve
from journey.domain.handoff.state import (
    ACCEPT_WITHIN,
    TRANSITIONS,
    Handoff,
    Handoffs,
    HandoffStatus,
)

__all__ = [
    "ACCEPT_WITHIN",
    "TRANSITIONS",
    "AcceptHandoff",
    "AddHandoffAction",
    "AnotherHandoffOpen",
    "AnswerHandoffQuestion",
    "AskHandoffQuestion",
    "CompleteHandoff",
    "CompleteHandoffAction",
    "Contingency",
    "DeclineHandoff",
    "DraftHandoff",
    "EscalateHandoff",
    "ExpireHandoff",
    "Handoff",
    "HandoffAccepted",
    "HandoffAction",
    "HandoffActionAdded",
    "HandoffActionDone",
    "HandoffActionTransferred",
    "HandoffActionsOpen",
    "HandoffCommand",
    "HandoffCompleted",
    "HandoffDeclined",
    "HandoffDrafted",
    "HandoffEscalated",
    "HandoffEvent",
    "HandoffExpired",
    "HandoffKind",
    "HandoffNotDue",
    "HandoffOffer",
    "HandoffOffered",
    "HandoffQuestionAnswered",
    "HandoffQuestionAsked",
    "HandoffReassigned",
    "HandoffReturned",
    "HandoffStatus",
    "HandoffSynthesised",
    "HandoffViewed",
    "HandoffWithdrawn",
    "Handoffs",
    "IllnessSeverity",
    "LadderEnds",
    "NoContingency",
    "NotReadBack",
    "NotTheAcceptor",
    "OfferHandoff",
    "ReassignHandoff",
    "ReturnHandoff",
    "SelfHandoff",
    "SynthesiseHandoff",
    "TeamNotAsked",
    "TransferHandoffAction",
    "ViewHandoff",
    "WithdrawHandoff",
    "decide",
    "evolve",
]
