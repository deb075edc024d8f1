"""What may be asked about consent."""

from uuid import UUID

from pydantic import Field, StrictBool

from journey.domain.consent.events import ConsentScope, Provision
from journey.domain.event import Coded, Command, Moment


class RequestConsent(Command):
    """Ask the patient for a consent."""

    consent_id: UUID
    scope: ConsentScope
    category: Coded | None = Field(default=None, description="What kind it is (LOINC 59284-0 …).")
    due: Moment | None = Field(default=None, description="Until when an answer is needed.")


class GrantConsent(Command):
    """Record what the patient permits, or forbids; said anew, the new words count from now on."""

    consent_id: UUID
    scope: ConsentScope
    category: Coded | None = Field(default=None, description="What kind it is (LOINC 59284-0 …).")
    provision: Provision = Provision.PERMIT
    valid_from: Moment | None = Field(default=None, description="From when it speaks; at once if left out.")
    valid_until: Moment | None = Field(default=None, description="When it expires.")
    recipients: tuple[str, ...] = Field(default=(), description="Who; anybody if left out.")
    purposes: tuple[str, ...] = Field(default=(), description="v3 PurposeOfUse; any if left out.")
    labels: tuple[str, ...] = Field(
        default=(), description="The sensitive matters that it speaks of: 42CFRPart2, PSY, HIV, ETH …"
    )
    part_2: StrictBool = Field(default=False, description="A written consent by 42 CFR 2.31.")
    signature_ref: str | None = Field(default=None, description="Where the signature is kept.")
    version: str | None = Field(default=None, description="Of the form that was signed.")


class RefuseConsent(Command):
    """Record that the patient does not consent."""

    consent_id: UUID
    reason: str | None = None


class RevokeConsent(Command):
    """Record that the patient takes it back, from now or a later time on."""

    consent_id: UUID
    effective_at: Moment | None = Field(default=None, description="When it ends; at once if left out.")
    reason: str | None = None


class InvokeConsentOverride(Command):
    """Look in an emergency without consent: who, until when, and why."""

    override_id: UUID
    recipient: str = Field(min_length=1)
    until: Moment
    reason: str = Field(min_length=1)


ConsentCommand = RequestConsent | GrantConsent | RefuseConsent | RevokeConsent | InvokeConsentOverride
