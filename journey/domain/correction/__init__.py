"""Correction: what was recorded is never changed; another event says that it is void, or reads otherwise.

    recorded -> voided    -> reinstated -> voided …
    recorded -> corrected -> corrected again … -> reinstated: as it was first recorded

A correction is about what we *know*, not about what happened: it changes its target, whatever moment is asked
about, but only for readers who know of the correction.

What later events hang on is not taken from under them unawares: a correction after which they would not have
been possible is refused, or takes them along, or leaves them standing, as it is asked to.

FHIR: entered-in-error, Provenance.  HL7 v2: ADT^A11, A12, A13.
"""

from journey.domain.correction.commands import (
    CancelAdmission,
    CancelDischarge,
    CancelMove,
    CorrectEvent,
    CorrectionCommand,
    Dependants,
    ReattributeEvent,
    ReinstateEvent,
    VoidEvent,
)
from journey.domain.correction.decide import (
    NotCorrectable,
    NothingToCancel,
    NotVoidable,
    UnknownEvent,
    decide,
)
from journey.domain.correction.events import (
    CORRECTIONS,
    Change,
    CorrectionEvent,
    EventCorrected,
    EventReattributed,
    EventReinstated,
    EventVoided,
    TimelineRecomputed,
)
from journey.domain.correction.evolve import reads
from journey.domain.correction.state import History, in_order

__all__ = [
    "CORRECTIONS",
    "CancelAdmission",
    "CancelDischarge",
    "CancelMove",
    "Change",
    "CorrectEvent",
    "CorrectionCommand",
    "CorrectionEvent",
    "Dependants",
    "EventCorrected",
    "EventReattributed",
    "EventReinstated",
    "EventVoided",
    "History",
    "NotCorrectable",
    "NotVoidable",
    "NothingToCancel",
    "ReattributeEvent",
    "ReinstateEvent",
    "TimelineRecomputed",
    "UnknownEvent",
    "VoidEvent",
    "decide",
    "in_order",
    "reads",
]
