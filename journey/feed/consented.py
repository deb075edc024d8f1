"""Consented: how much of an event the patient lets go out to another system, as far as they were asked.

What bears a sensitive label needs a consent that speaks of it. Of everything else the patient can refuse, or
take back, that it goes out; who was never asked has not. What may not go out whole goes out thin.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from journey.domain.consent import Consents
from journey.domain.labels import NONE, Labels
from journey.feed.envelope import Payload

SPOKEN = ["consent.granted", "consent.refused", "consent.revoked", "consent.override_invoked"]
"""The types of event without which, and without labels, nobody needs to ask."""


class Recipient(NamedTuple):
    """To whom it is to go, and what for (HL7 v3 ActReason)."""

    name: str
    purpose: str


def consented(
    consents: Consents, borne: Mapping[UUID, Labels], event_id: UUID, to: Recipient, at: datetime
) -> Payload:
    """What of the event they may have at that time. `borne`: the labels of the journey's events, where they
    bear any.
    """
    labels = borne.get(event_id, NONE)
    permission = consents.permits(to.name, to.purpose, labels, at)
    never_asked = permission.event_id is None and not labels
    return Payload.FULL if permission or never_asked else Payload.THIN
