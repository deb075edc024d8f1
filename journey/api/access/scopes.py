"""Scopes: what a grant narrows a role down to, as SMART App Launch 2.2 writes it: `system/Task.cu`.

A room of the journey is a FHIR resource type here; `EpisodeOfCare` is the journey as a whole. Interactions
are c (open a journey), r (read one), u (tell it something), s (search and follow); the older `.read`,
`.write` and `.*` mean rs, cu and all of them. `patient/…` is about the one patient that an app was opened
for: which one that is, nothing here can say, so it is refused.
"""

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple, Self

from journey.domain.journey import ROOM_OF_EVENT
from journey.fhir.every import KINDS

JOURNEY = "EpisodeOfCare"
ANY = "*"
RESOURCE = MappingProxyType(
    {
        "episode": JOURNEY,
        "enrolment": JOURNEY,
        "correction": JOURNEY,
        "identity": "Patient",
        "merges": "Patient",
        "intake": "QuestionnaireResponse",
        "consents": "Consent",
        "coverages": "Coverage",
        "authorizations": "Claim",
        "referrals": "ServiceRequest",
        "visits": "Encounter",
        "barriers": "Condition",
        "communications": "Communication",
        "treatments": "Procedure",
        "handoffs": "Task",
        "tasks": "Task",
        "transfers": "Task",
        "discharges": "Encounter",
        "results": "DiagnosticReport",
        "careplan": "CarePlan",
        "custody": JOURNEY,
    }
)
"""The FHIR resource type that each room is, where a scope names one."""

OF_THE_AUDIT = ("AuditEvent", "Provenance")
"""What the audit is told as."""

_ROOM = {event.stored_as: name for event, name in ROOM_OF_EVENT.items()}


def resource_of(stored_as: str) -> str:
    """The FHIR resource type that a type of event belongs to."""
    return RESOURCE[_ROOM[stored_as]]


OLDER = MappingProxyType({"read": "rs", "write": "cu", ANY: "cruds"})
FORM = re.compile(r"(?:user|system)/(\*|[A-Z][A-Za-z]{1,63})\.(\*|read|write|c?r?u?d?s?)")


class BadScope(ValueError):
    """A scope is written system/Task.rs: a resource type, or *, and some of the letters cruds, in order."""

    def __init__(self) -> None:
        super().__init__(BadScope.__doc__)


class Scope(NamedTuple):
    """One scope: which interactions with which resources."""

    resource: str
    interactions: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises BadScope: wrongly written, or of a resource that no journey has."""
        found = FORM.fullmatch(text)
        if found is None or not found[2] or found[1] not in {ANY, *RESOURCE.values(), *KINDS, *OF_THE_AUDIT}:
            raise BadScope
        return cls(found[1], OLDER.get(found[2], found[2]))


class Scopes(tuple[Scope, ...]):
    """All that a grant holds."""

    __slots__ = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Raises BadScope."""
        return cls(map(Scope.read, texts))

    @classmethod
    def granted(cls, texts: Iterable[str]) -> Self:
        """Those that are about journeys; a token holds others, too (`openid`, `user/Media.rs`)."""
        return cls(Scope.read(each) for each in texts if _is_ours(each))

    def allow(self, interaction: str, resource: str | None) -> bool:
        """`resource`: None for any at all."""
        return any(
            interaction in each.interactions and (resource is None or each.resource in {ANY, resource})
            for each in self
        )


def _is_ours(text: str) -> bool:
    try:
        Scope.read(text)
    except BadScope:
        return False
    return True
