"""Every consent of the journey, what each of them says, and what that permits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self
from uuid import UUID

from journey.domain.consent.events import (
    ConsentGranted,
    ConsentOverrideInvoked,
    ConsentRefused,
    ConsentRequested,
    ConsentRevoked,
    Provision,
)
from journey.domain.event import Blocker, Fact
from journey.domain.room import Loop, Milestone, Passed, Step, Things, Transitions, milestone, step


class ConsentStatus(StrEnum):
    """Where the consent is (FHIR R4 Consent.status: proposed, active, rejected, inactive)."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"
    REVOKED = "revoked"


S = ConsentStatus
TRANSITIONS: Transitions = {
    ConsentRequested: (frozenset({None, S.REQUESTED, S.REFUSED, S.REVOKED}), S.REQUESTED),
    ConsentGranted: (frozenset({None, S.REQUESTED, S.GRANTED, S.REFUSED}), S.GRANTED),
    ConsentRefused: (frozenset({None, S.REQUESTED}), S.REFUSED),
    ConsentRevoked: (frozenset({S.GRANTED}), S.REVOKED),
}
PASSED: Passed = {ConsentRequested: frozenset({S.GRANTED})}

ORDINARY = frozenset({"U", "L", "M", "N"})
"""Confidentiality for which nobody asks a word of its own (HL7 v3: unrestricted, low, moderate, normal)."""
PART_2 = "42CFRPart2"


class Question(NamedTuple):
    """Whether this recipient may use, for this purpose, what bears these labels."""

    recipient: str
    purpose: str
    labels: frozenset[str]


class Permission(NamedTuple):
    """Whether it is permitted, and the event that decides; None where nobody was ever asked."""

    permits: bool
    event_id: UUID | None = None

    def __bool__(self) -> bool:
        return self.permits


class Grant(NamedTuple):
    """What was said, and for how long it counts: until it is said anew, or taken back."""

    terms: ConsentGranted
    since: Fact
    until: datetime | None = None
    ended: Fact | None = None

    def is_about(self, asked: Question) -> bool:
        terms = self.terms
        if terms.recipients and asked.recipient not in terms.recipients:
            return False
        if terms.purposes and asked.purpose not in terms.purposes:
            return False
        if terms.provision is Provision.DENY:
            return not terms.labels or not asked.labels.isdisjoint(terms.labels)
        return asked.labels.issubset(terms.labels) and (terms.part_2 or PART_2 not in asked.labels)

    def is_in_force(self, at: datetime) -> bool:
        """Whether it was said by then, had begun, and had neither expired nor been taken back."""
        begins = max(self.since.at, self.terms.valid_from or self.since.at)
        ends = [end for end in (self.until, self.terms.valid_until) if end is not None]
        return begins <= at and all(at < end for end in ends)


class Consent(NamedTuple):
    """One consent. `since` is the event that gave it its status."""

    consent_id: UUID
    status: ConsentStatus
    since: Fact
    asked: ConsentRequested | None = None
    grants: tuple[Grant, ...] = ()
    answer: ConsentRefused | ConsentRevoked | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When its period ends, if it still stands."""
        return self.grants[-1].terms.valid_until if self.status is S.GRANTED else None

    @property
    def due(self) -> datetime | None:
        """Until when an answer is needed."""
        return None if self.asked is None else self.asked.due

    def ending(self, until: datetime, fact: Fact) -> tuple[Grant, ...]:
        """What was said, the last of it until then at most."""
        if not self.grants:
            return ()
        last = self.grants[-1]
        if last.until is None or until < last.until:
            last = last._replace(until=until, ended=fact)
        return (*self.grants[:-1], last)


class Override(NamedTuple):
    """Looked in without consent, in an emergency."""

    event: ConsentOverrideInvoked
    since: Fact


@dataclass(frozen=True, slots=True)
class Consents(Things[Consent]):
    """Every consent of the journey, and each time that somebody went without."""

    overrides: Mapping[UUID, Override] = field(default_factory=dict)

    def having(self, key: UUID, thing: Consent) -> Self:
        return replace(self, by_id={**self.by_id, key: thing})

    def permits(self, recipient: str, purpose: str, labels: frozenset[str], at: datetime) -> Permission:
        """Whether it was permitted at that time, by all that has been said."""
        for override in self.overrides.values():
            if override.event.recipient == recipient and override.since.at <= at < override.event.until:
                return Permission(permits=True, event_id=override.since.event_id)
        asked = Question(recipient, purpose, labels - ORDINARY)
        grants = [each for consent in self for each in consent.grants if each.is_about(asked)]
        live = [each for each in grants if each.is_in_force(at)]
        for provision in (Provision.DENY, Provision.PERMIT):
            deciding = [each.since for each in live if each.terms.provision is provision]
            if deciding:
                last = max(deciding, key=lambda fact: fact.at)
                return Permission(permits=provision is Provision.PERMIT, event_id=last.event_id)
        said = [fact for each in grants for fact in (each.since, each.ended) if fact is not None]
        said += [each.since for each in self if each.status is S.REFUSED]
        latest = max((fact for fact in said if fact.at <= at), key=lambda fact: fact.at, default=None)
        return Permission(permits=False, event_id=None if latest is None else latest.event_id)

    def unanswered(self) -> Iterator[Consent]:
        return (each for each in self if each.status is S.REQUESTED)

    def left_open(self) -> Iterator[Blocker]:
        return self.blockers()

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            if each.grants:
                yield from milestone("consent-granted", each.grants[0].since, each.consent_id)

    def steps(self) -> Iterator[Step]:
        for each in self.unanswered():
            yield step("obtain-consent", each.since, each.due, each.consent_id)

    def blockers(self) -> Iterator[Blocker]:
        for each in self.unanswered():
            what = f"no answer to a request for consent ({_scope(each)}): grant-consent or refuse-consent"
            yield Blocker(code="consent-missing", what=what, subject_id=each.consent_id)

    def loops(self) -> Iterator[Loop]:
        for each in self.unanswered():
            yield Loop(
                id=each.consent_id,
                status=each.status,
                since=each.since.at,
                event_id=each.since.event_id,
                what=_scope(each),
                due=each.due,
            )


def _scope(consent: Consent) -> str:
    return consent.asked.scope if consent.asked else "unknown"
