"""What the patient has said of what is known of them."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from journey.domain.event import Coded, Event
from journey.domain.personal import Personal


class ConsentScope(StrEnum):
    """FHIR consentscope."""

    TREATMENT = "treatment"
    PRIVACY = "patient-privacy"
    RESEARCH = "research"
    ADVANCE_DIRECTIVE = "adr"


class Provision(StrEnum):
    """FHIR Consent.provision.type."""

    PERMIT = "permit"
    DENY = "deny"


class ConsentRequested(Event, stored_as="consent.requested"):
    """The patient is asked for a consent."""

    consent_id: UUID
    scope: ConsentScope
    category: Coded | None = None
    due: AwareDatetime | None = None


class ConsentGranted(Event, stored_as="consent.granted"):
    """The patient has said so: these recipients may, or may not, use it for these purposes. None named: any.

    Labels are the sensitive matters that it speaks of; without any, a permission is about none of them and a
    denial about all.
    """

    consent_id: UUID
    scope: ConsentScope
    category: Coded | None = None
    provision: Provision = Provision.PERMIT
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    recipients: tuple[Personal, ...] = ()
    purposes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    part_2: bool = False
    signature_ref: Personal | None = None
    version: str | None = None


class ConsentRefused(Event, stored_as="consent.refused"):
    """The patient does not consent."""

    consent_id: UUID
    reason: Personal | None = None


class ConsentRevoked(Event, stored_as="consent.revoked"):
    """The consent ends at that time, or with the word; what was done under it before was permitted."""

    consent_id: UUID
    effective_at: AwareDatetime | None = None
    reason: Personal | None = None


class ConsentOverrideInvoked(Event, stored_as="consent.override_invoked"):
    """Somebody looks in an emergency without consent, until that time, and says why."""

    override_id: UUID
    recipient: Personal
    until: AwareDatetime
    reason: Personal


ConsentEvent = ConsentRequested | ConsentGranted | ConsentRefused | ConsentRevoked | ConsentOverrideInvoked
