"""Access: who may do what. One table from role to permissions; every check is made from it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from journey.domain.event import Actor


class Permission(StrEnum):
    """What a route asks for."""

    READ = "read"
    WRITE = "write"
    FEED = "feed"
    ADMIN = "admin"


class Role(StrEnum):
    """What a key is made for."""

    COORDINATOR = "coordinator"
    CLINICIAN = "clinician"
    COMPLIANCE = "compliance"
    INTEGRATOR = "integrator"
    ADMIN = "admin"


MAY: dict[Role, frozenset[Permission]] = {
    Role.COORDINATOR: frozenset({Permission.READ, Permission.WRITE}),
    Role.CLINICIAN: frozenset({Permission.READ, Permission.WRITE}),
    Role.COMPLIANCE: frozenset({Permission.READ}),
    Role.INTEGRATOR: frozenset({Permission.READ, Permission.WRITE, Permission.FEED}),
    Role.ADMIN: frozenset({Permission.ADMIN}),
}
"""The table. An admin hands out keys and sees no patient."""

KIND: dict[Role, Literal["human", "system"]] = {
    Role.COORDINATOR: "human",
    Role.CLINICIAN: "human",
    Role.COMPLIANCE: "human",
    Role.INTEGRATOR: "system",
    Role.ADMIN: "human",
}
"""Who stands behind a key of the role."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds the key that a request came with."""

    key_id: str
    name: str
    role: Role
    team: str | None

    def may(self, permission: Permission) -> bool:
        return permission in MAY[self.role]

    def actor(self) -> Actor:
        """How the caller stands on an event."""
        return Actor(id=self.name, kind=KIND[self.role], role=self.role, team=self.team)
