"""Custody: what may be done with what is kept of the patient: held for a dispute, restricted, erased.

    hold: placed -> released;   processing: restricted <-> lifted
    erasure: requested -> withdrawn | erased, by another person, on every journey of the patient

A legal hold and the time for which records must be kept stand against an erasure; a restriction is what can
be done at once, and keeps what is there from all but who must see it.

GDPR: Art. 17, 18.  HIPAA: 45 CFR 164.316(b)(2)(i).  HL7: security labels.
"""

from journey.domain.custody.commands import (
    CustodyCommand,
    EraseSubject,
    LiftRestriction,
    PlaceLegalHold,
    ReleaseLegalHold,
    RequestErasure,
    RestrictProcessing,
    WithdrawErasure,
)
from journey.domain.custody.decide import (
    against,
    decide,
    erase,
    kept_until,
    refuse_erased,
)
from journey.domain.custody.events import (
    CustodyEvent,
    ErasureBasis,
    ErasureRequested,
    ErasureWithdrawn,
    LegalHoldPlaced,
    LegalHoldReleased,
    ProcessingRestricted,
    RestrictionGround,
    RestrictionLifted,
    SubjectErased,
)
from journey.domain.custody.evolve import evolve
from journey.domain.custody.safekeeping import Safekeeping
from journey.domain.custody.state import (
    Custody,
    ErasureNotRequested,
    SecondPersonNeeded,
    StillRetained,
    SubjectIsErased,
    UnderLegalHold,
)

__all__ = [
    "Custody",
    "CustodyCommand",
    "CustodyEvent",
    "EraseSubject",
    "ErasureBasis",
    "ErasureNotRequested",
    "ErasureRequested",
    "ErasureWithdrawn",
    "LegalHoldPlaced",
    "LegalHoldReleased",
    "LiftRestriction",
    "PlaceLegalHold",
    "ProcessingRestricted",
    "ReleaseLegalHold",
    "RequestErasure",
    "RestrictProcessing",
    "RestrictionGround",
    "RestrictionLifted",
    "Safekeeping",
    "SecondPersonNeeded",
    "StillRetained",
    "SubjectErased",
    "SubjectIsErased",
    "UnderLegalHold",
    "WithdrawErasure",
    "against",
    "decide",
    "erase",
    "evolve",
    "kept_until",
    "refuse_erased",
]
