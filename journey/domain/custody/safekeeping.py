"""What whoever looks at a journey is told of what was decided on it."""

from datetime import datetime
from typing import Self
from uuid import UUID

from journey.domain.custody.events import ErasureBasis, RestrictionGround
from journey.domain.custody.state import Custody
from journey.domain.event import Frozen

NOTHING = Custody()


class Safekeeping(Frozen):
    """What was decided on what is kept of the patient."""

    holds: tuple[UUID, ...] = ()
    restricted: RestrictionGround | None = None
    erasure_requested: ErasureBasis | None = None
    erased_at: datetime | None = None

    @classmethod
    def of(cls, custody: Custody) -> Self | None:
        """Nothing, where nothing was decided."""
        if custody == NOTHING:
            return None
        return cls(
            holds=tuple(custody.holds),
            restricted=custody.restricted and custody.restricted.ground,
            erasure_requested=custody.requested and custody.requested.basis,
            erased_at=custody.erased and custody.erased.at,
        )
