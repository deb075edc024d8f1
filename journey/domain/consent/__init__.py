"""Consent: what may be done with what is known of the patient, by whom and for what.

    requested -> granted -> revoked
    requested -> refused            granted -> granted, in other words

    A consent speaks for its period and until it is revoked: what was permitted before stays permitted then.
    Among those that speak, one that forbids outweighs those that permit; an emergency override outweighs all.
    Whether a consent has expired is reckoned from its period, never stored. Where none speaks, none is given:
    what the law permits without one is not asked here.

FHIR: Consent.  HL7 v3: PurposeOfUse, Confidentiality.  42 CFR Part 2.  BALP.
"""

from journey.domain.consent.commands import (
    ConsentCommand,
    GrantConsent,
    InvokeConsentOverride,
    RefuseConsent,
    RequestConsent,
    RevokeConsent,
)
from journey.domain.consent.decide import NotRetroactive, decide
from journey.domain.consent.events import (
    ConsentEvent,
    ConsentGranted,
    ConsentOverrideInvoked,
    ConsentRefused,
    ConsentRequested,
    ConsentRevoked,
    ConsentScope,
    Provision,
)
from journey.domain.consent.evolve import evolve
from journey.domain.consent.state import TRANSITIONS, Consent, Consents, ConsentStatus, Permission

__all__ = [
    "TRANSITIONS",
    "Consent",
    "ConsentCommand",
    "ConsentEvent",
    "ConsentGranted",
    "ConsentOverrideInvoked",
    "ConsentRefused",
    "ConsentRequested",
    "ConsentRevoked",
    "ConsentScope",
    "ConsentStatus",
    "Consents",
    "GrantConsent",
    "InvokeConsentOverride",
    "NotRetroactive",
    "Permission",
    "Provision",
    "RefuseConsent",
    "RequestConsent",
    "RevokeConsent",
    "decide",
    "evolve",
]
