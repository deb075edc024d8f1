"""The caller: whoever asks, what they may do, and which journeys and labels are theirs to see."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from journey.api.access.scopes import JOURNEY, Scopes
from journey.api.access.table import (
    KIND,
    LABELLED_FOR,
    SEE_EVERY_LABEL,
    Permission,
    Reach,
    Role,
    reach,
)
from journey.domain.consent.state import ORDINARY
from journey.domain.event import Actor

INTERACTION = {
    Permission.READ: "r",
    Permission.SEARCH: "s",
    Permission.FEED: "s",
    Permission.WRITE: "u",
    Permission.CUSTODY: "u",
    Permission.BREAK_GLASS: "r",
    Permission.FIGURES: "s",
}
"""What a scope has to hold for a permission; opening a journey is c instead of u."""

WHATEVER_SCOPES = frozenset({Permission.DEFINITIONS})
"""What scopes do not close: it is about nobody. What is not named here or above, they do."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds the key or token that a request came with.

    `id` is the key's or the token's subject and never another's; `teams` are those whose journeys are theirs,
    in small letters, or None for every team; `scopes` narrow the role down, where there are any.
    """

    id: str
    name: str
    role: Role
    team: str | None = None
    teams: frozenset[str] | None = None
    labels: frozenset[str] = frozenset()
    scopes: Scopes | None = field(default=None)

    def reach(self, permission: Permission) -> Reach:
        """How far the permission goes; a caller who is not bound to teams reaches everybody's journeys."""
        found = reach(self.role, permission)
        return Reach.ALL if self.teams is None and found is not Reach.NONE else found

    def may(
        self, permission: Permission, resource: str | None = JOURNEY, interaction: str | None = None
    ) -> bool:
        """Whether role and scopes allow it at all, on this resource or, where it is None, on some; on which
        journeys is another question.
        """
        if reach(self.role, permission) is Reach.NONE:
            return False
        if self.scopes is None or permission in WHATEVER_SCOPES:
            return True
        asked = interaction or INTERACTION.get(permission)
        return asked is not None and self.scopes.allow(asked, resource)

    def reaches(self, permission: Permission, teams: Iterable[str]) -> bool:
        """Whether a journey that these teams work on is theirs. The glass is not looked at."""
        match self.reach(permission):
            case Reach.ALL:
                return True
            case Reach.OWN:
                return not (at_work := set(teams)) or not at_work.isdisjoint(self.teams or ())
            case Reach.GRANTED:
                return not set(teams).isdisjoint(self.teams or ())
            case Reach.NONE:
                return False

    def cleared(self, purpose: str) -> frozenset[str] | None:
        """The labels whose events are shown for this purpose; None for all."""
        if self.role in SEE_EVERY_LABEL:
            return None
        return ORDINARY | (self.labels if purpose in LABELLED_FOR else frozenset())

    def actor(self) -> Actor:
        """How the caller stands on an event."""
        return Actor(id=self.name, kind=KIND[self.role], role=self.role, team=self.team)
