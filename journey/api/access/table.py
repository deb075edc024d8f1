"""The table: what each role may do, and on whose journeys. Checks and docs/access.md are made from it."""

from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Permission(StrEnum):
    """What a route asks for."""

    READ = "read"
    SEARCH = "search"
    WRITE = "write"
    CUSTODY = "custody"
    FEED = "feed"
    BREAK_GLASS = "break-glass"
    FIGURES = "figures"
    DEFINITIONS = "definitions"
    AUDIT = "audit"
    VERIFY = "verify"
    OPERATE = "operate"
    INBOX = "inbox"
    ADMIN = "admin"


class Role(StrEnum):
    """What a caller is."""

    COORDINATOR = "coordinator"
    CLINICIAN = "clinician"
    COMPLIANCE = "compliance"
    INTEGRATOR = "integrator"
    ADMIN = "admin"


class Reach(StrEnum):
    """Whose journeys a permission is about."""

    NONE = "none"
    GRANTED = "granted"
    OWN = "own"
    ALL = "all"


R = Reach
ROLES = (Role.COORDINATOR, Role.CLINICIAN, Role.COMPLIANCE, Role.INTEGRATOR, Role.ADMIN)
TABLE = MappingProxyType(
    {
        #                        coordinator clinician compliance integrator admin
        Permission.READ: (R.OWN, R.OWN, R.ALL, R.GRANTED, R.NONE),
        Permission.SEARCH: (R.OWN, R.OWN, R.ALL, R.GRANTED, R.NONE),
        Permission.WRITE: (R.OWN, R.OWN, R.NONE, R.GRANTED, R.NONE),
        Permission.CUSTODY: (R.NONE, R.NONE, R.ALL, R.NONE, R.NONE),
        Permission.FEED: (R.NONE, R.NONE, R.NONE, R.GRANTED, R.NONE),
        Permission.BREAK_GLASS: (R.ALL, R.ALL, R.NONE, R.NONE, R.NONE),
        Permission.FIGURES: (R.ALL, R.ALL, R.ALL, R.NONE, R.NONE),
        Permission.DEFINITIONS: (R.ALL, R.ALL, R.ALL, R.ALL, R.ALL),
        Permission.AUDIT: (R.NONE, R.NONE, R.ALL, R.NONE, R.NONE),
        Permission.VERIFY: (R.NONE, R.NONE, R.ALL, R.NONE, R.ALL),
        Permission.OPERATE: (R.NONE, R.NONE, R.NONE, R.NONE, R.ALL),
        Permission.INBOX: (R.NONE, R.NONE, R.NONE, R.GRANTED, R.NONE),
        Permission.ADMIN: (R.NONE, R.NONE, R.NONE, R.NONE, R.ALL),
    }
)
"""An admin hands out keys and sees no patient; compliance sees everything and changes nothing but what may be
done with it."""

MEANING = MappingProxyType(
    {
        Permission.READ: "Read one journey: where the patient stands, what was recorded, what happened.",
        Permission.SEARCH: "Look for journeys, and read the lists of a working day.",
        Permission.WRITE: "Record what happened: every command but those of custody, and imports.",
        Permission.CUSTODY: "Decide what may be done with what is kept: hold, restrict, erase.",
        Permission.FEED: "Follow the log.",
        Permission.BREAK_GLASS: "Open another team's patient in an emergency, for a reason and for a time.",
        Permission.FIGURES: "Read how patients flow: counts and times, of nobody in particular.",
        Permission.DEFINITIONS: "Read what the pathways ask for, and which codes are in use.",
        Permission.AUDIT: "Read who did or saw what.",
        Permission.VERIFY: "Have the whole log verified, and read what came of it.",
        Permission.OPERATE: "See how the read models are; have one made anew, or what blocks it tried again.",
        Permission.INBOX: "See to messages that could not be taken in: read, correct, try again, dismiss.",
        Permission.ADMIN: "Make, change and revoke API keys.",
    }
)
REACHES = MappingProxyType(
    {
        Reach.NONE: "no",
        Reach.GRANTED: "journeys of the teams that the caller is bound to",
        Reach.OWN: "journeys of the caller's teams, of no team yet, or with the glass broken",
        Reach.ALL: "yes, everybody's",
    }
)
KIND: MappingProxyType[Role, Literal["human", "system"]] = MappingProxyType(
    {
        Role.COORDINATOR: "human",
        Role.CLINICIAN: "human",
        Role.COMPLIANCE: "human",
        Role.INTEGRATOR: "system",
        Role.ADMIN: "human",
    }
)
"""Who stands behind a caller of the role."""

FROM_READ_MODELS = frozenset({Permission.READ, Permission.SEARCH, Permission.FIGURES})
"""Permissions of what is answered from read models."""

PERSONAL = frozenset({Permission.READ, Permission.SEARCH, Permission.FEED, Permission.AUDIT})
"""What answers with something about patients, and is recorded each time."""

SEE_EVERY_LABEL = frozenset({Role.COMPLIANCE})
"""Who sees labelled events whatever they ask for; all others need the label on their key, and a purpose."""

LABELLED_FOR = frozenset({"TREAT", "ETREAT", "BTG", "CAREMGT", "COC"})
"""The purposes of use for which labelled events are shown to who is cleared for them (HL7 v3 ActReason)."""


def reach(role: Role, permission: Permission) -> Reach:
    return TABLE[permission][ROLES.index(role)]
