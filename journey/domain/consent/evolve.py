"""What has been said after an event. Total: history is never refused."""

from dataclasses import replace
from typing import assert_never

from journey.domain.consent.events import (
    ConsentEvent,
    ConsentGranted,
    ConsentOverrideInvoked,
    ConsentRefused,
    ConsentRequested,
    ConsentRevoked,
)
from journey.domain.consent.state import PASSED, Consent, Consents, ConsentStatus, Grant, Override
from journey.domain.event import Fact


def evolve(consents: Consents, event: ConsentEvent, fact: Fact) -> Consents:
    """What has been said after this event. Total: history is never refused."""
    if isinstance(event, ConsentOverrideInvoked):
        if event.override_id in consents.overrides:
            return consents
        return replace(consents, overrides={**consents.overrides, event.override_id: Override(event, fact)})
    return consents.having(event.consent_id, after(consents.get(event.consent_id), event, fact))


def after(
    known: Consent | None,
    event: ConsentRequested | ConsentGranted | ConsentRefused | ConsentRevoked,
    fact: Fact,
) -> Consent:
    now = known or Consent(event.consent_id, ConsentStatus.REQUESTED, fact)
    match event:
        case ConsentRequested() if known is not None and known.status in PASSED[ConsentRequested]:
            return now._replace(asked=now.asked or event)
        case ConsentRequested():
            return now._replace(status=ConsentStatus.REQUESTED, since=fact, asked=event)
        case ConsentGranted():
            last = now.grants[-1] if now.grants else None
            if last is not None and last.terms == event and now.status is ConsentStatus.GRANTED:
                return now
            grants = (*now.ending(fact.at, fact), Grant(event, fact))
            return now._replace(status=ConsentStatus.GRANTED, since=fact, grants=grants)
        case ConsentRefused():
            return now._replace(
                status=ConsentStatus.REFUSED, since=fact, answer=event, grants=now.ending(fact.at, fact)
            )
        case ConsentRevoked():
            until = max(event.effective_at or fact.at, fact.at)
            return now._replace(
                status=ConsentStatus.REVOKED, since=fact, answer=event, grants=now.ending(until, fact)
            )
        case _:
            assert_never(event)
