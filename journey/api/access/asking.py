"""Asking: who wants to do what, and what for. What they see follows from all three."""

from typing import NamedTuple

from journey.api.access.caller import Caller
from journey.api.access.table import Permission, Reach
from journey.domain.labels import Labels


class Asking(NamedTuple):
    """A caller, the permission that the route asks for, and the purpose of use (HL7 v3 ActReason)."""

    caller: Caller
    permission: Permission
    purpose: str

    @property
    def reach(self) -> Reach:
        return self.caller.reach(self.permission)

    @property
    def breaks_glass(self) -> str | None:
        """The caller, where their role lets them; what they once opened in another role is closed."""
        may = self.caller.reach(Permission.BREAK_GLASS) is not Reach.NONE
        return self.caller.id if may else None

    @property
    def cleared(self) -> Labels | None:
        """The labels whose events are theirs to see; None for all."""
        return self.caller.cleared(self.purpose)
