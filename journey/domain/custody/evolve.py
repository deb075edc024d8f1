"""What holds after each event."""

from dataclasses import replace
from typing import assert_never

from journey.domain.custody.events import (
    CustodyEvent,
    ErasureRequested,
    ErasureWithdrawn,
    LegalHoldPlaced,
    LegalHoldReleased,
    ProcessingRestricted,
    RestrictionLifted,
    SubjectErased,
)
from journey.domain.custody.state import Custody
from journey.domain.event import Fact


def evolve(custody: Custody, event: CustodyEvent, fact: Fact) -> Custody:
    """What holds after this event. Total: history is never refused."""
    match event:
        case LegalHoldPlaced():
            return replace(custody, holds={**custody.holds, event.hold_id: event})
        case LegalHoldReleased():
            left = {hold_id: hold for hold_id, hold in custody.holds.items() if hold_id != event.hold_id}
            return replace(custody, holds=left)
        case ProcessingRestricted():
            return replace(custody, restricted=event)
        case RestrictionLifted():
            return replace(custody, restricted=None)
        case ErasureRequested():
            return replace(custody, requested=event)
        case ErasureWithdrawn():
            return replace(custody, requested=None)
        case SubjectErased():
            return replace(custody, requested=None, erased=fact)
        case _:
            assert_never(event)
