"""What is true of the authorizations of a journey: only what a rule or the patient's standing reads."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple, Self
from uuid import UUID

from journey.domain.authorization import events as happened
from journey.domain.authorization.line import Answer, Lines, same
from journey.domain.authorization.request import AppealLevel, AuthorizationRequest, AuthorizationUnit
from journey.domain.authorization.status import HOLDING, NEXT, REFUSED, UNASKED, UNDECIDED, WAITING
from journey.domain.authorization.status import AuthorizationStatus as S
from journey.domain.event import Blocker, Coded, Event, Fact
from journey.domain.room import Loop, Milestone, Step, Things, milestone, step


class Consumption(NamedTuple):
    """So much used outside a visit, of the item with this sequence or of the first."""

    quantity: int
    sequence: int | None = None
    restored: bool = False


class Use(NamedTuple):
    """What a visit asks of an authorization: which, for what, how much, who, when. `done`: it is used up."""

    authorization_id: UUID | None
    required: bool | None
    service: Coded | None
    units: int | None
    performers: tuple[str, ...]
    on: date
    done: bool = False

    def counts(self, unit: AuthorizationUnit) -> int:
        return 1 if unit is AuthorizationUnit.VISITS else self.units or 1


class Authorization(NamedTuple):
    """One request. `since` is the event that gave it its status; `said` the last event of each kind."""

    authorization_id: UUID
    status: S
    since: Fact
    request: AuthorizationRequest = AuthorizationRequest()
    requirement: happened.AuthorizationRequirementDetermined | None = None
    trace: str | None = None
    earlier: frozenset[str] = frozenset()
    supersedes: UUID | None = None
    lines: Lines = MappingProxyType({})
    number: str | None = None
    due: datetime | None = None
    asked: Coded | None = None
    asked_by: datetime | None = None
    decision: Answer | None = None
    reviewed: Answer | None = None
    disregarded: frozenset[happened.AuthorizationDecided | happened.AuthorizationReturned] = frozenset()
    appeal_by: datetime | None = None
    appeals: tuple[AppealLevel, ...] = ()
    peer_to_peer: happened.PeerToPeerScheduled | None = None
    consumed: Mapping[UUID, Consumption] = MappingProxyType({})
    submitted: Fact | None = None
    decided: Fact | None = None
    approved: Fact | None = None
    said: Mapping[type[Event], Event] = MappingProxyType({})

    @property
    def next_appeal(self) -> AppealLevel | None:
        """The level that may be asked next; None above the last."""
        levels = list(AppealLevel)
        asked = max((levels.index(each) + 1 for each in self.appeals), default=0)
        return levels[asked] if asked < len(levels) else None

    @property
    def service(self) -> Coded | None:
        """What it is about: the first thing asked for."""
        items = self.request.items or tuple(line.item for line in self.lines.values() if line.item)
        if items:
            return items[0].service
        return None if self.requirement is None else self.requirement.service

    def is_about(self, service: Coded) -> bool:
        if self.requirement is not None and same(self.requirement.service, service):
            return True
        return any(line.is_for(service) for line in self.lines.values())

    def granting(self, service: Coded | None, sequence: int | None = None) -> int | None:
        """The sequence of the granted item that covers this.

        Where the visit is named in another code system than the items, it may be any of them.
        """
        granted = [key for key, line in self.lines.items() if line.grant is not None]
        if sequence is not None:
            return sequence if sequence in granted else None
        if service is None:
            return next(iter(granted), None)
        for key in granted:
            if self.lines[key].is_for(service):
                return key
        known = {each.system for line in self.lines.values() for each in line.services()}
        return None if service.system in known else next(iter(granted), None)


@dataclass(frozen=True, slots=True)
class Authorizations(Things[Authorization]):
    """Every authorization of the journey, and what the visits use of them."""

    uses: Mapping[UUID, Use] = field(default_factory=dict)

    def having(self, key: UUID, thing: Authorization) -> Self:
        return replace(self, by_id={**self.by_id, key: thing})

    def using(self, visit_id: UUID, use: Use | None) -> Self:
        """The same, and this is what the visit asks for; None: nothing any more."""
        if self.uses.get(visit_id) == use:
            return self
        others = {key: each for key, each in self.uses.items() if key != visit_id}
        return replace(self, uses=others if use is None else {**others, visit_id: use})

    def is_superseded(self, authorization_id: UUID) -> bool:
        return any(
            each.supersedes == authorization_id != each.authorization_id and each.status is not S.CANCELLED
            for each in self
        )

    def current(self) -> Iterator[Authorization]:
        """Those in whose place no other has been asked for; an appeal runs on all the same."""
        return (
            each
            for each in self
            if each.status is S.APPEALED or not self.is_superseded(each.authorization_id)
        )

    def used(self, each: Authorization, sequence: int, *, besides: UUID | None = None) -> int:
        """How much of the item is used, visits under way included."""
        return self._counted(each, sequence, {key: use for key, use in self.uses.items() if key != besides})

    def consumed(self, each: Authorization, sequence: int) -> int:
        """How much of the item is used up."""
        return self._counted(each, sequence, self.uses, done=True)

    def _counted(
        self, each: Authorization, sequence: int, uses: Mapping[UUID, Use], *, done: bool = False
    ) -> int:
        charged = self._charged(uses) if uses else {}
        return self._outside_visits(each, sequence) + sum(
            self._of_item(each, sequence, use)
            for key, use in uses.items()
            if charged.get(key) == each.authorization_id and (use.done or not done)
        )

    def _outside_visits(self, each: Authorization, sequence: int) -> int:
        return sum(
            used.quantity
            for used in each.consumed.values()
            if not used.restored and each.granting(None, used.sequence) == sequence
        )

    def _of_item(self, each: Authorization, sequence: int, use: Use) -> int:
        grant = each.lines[sequence].grant
        return use.counts(grant.unit) if grant and each.granting(use.service) == sequence else 0

    def charged(self, visit_id: UUID, use: Use) -> UUID | None:
        """The authorization that this visit uses, or would use."""
        return self._charged({**self.uses, visit_id: use}).get(visit_id)

    def _charged(self, uses: Mapping[UUID, Use]) -> dict[UUID, UUID]:
        """What each visit uses: the authorization it names, else the first that covers it and has enough
        left; where none has, the first is the one that is exceeded.
        """
        named = {key: use.authorization_id for key, use in uses.items() if use.authorization_id is not None}
        others = [pair for pair in uses.items() if pair[0] not in named and self.needs(pair[1])]
        if not others:
            return named
        charged, taken = named, Counter[tuple[UUID, int]]()
        for key, authorization_id in named.items():
            self._take(taken, authorization_id, uses[key])
        for key, use in sorted(others, key=lambda pair: pair[1].on):
            covering = [each for each in self if self._covers(each, use)]
            enough = (each for each in covering if self._has_left(each, use, taken))
            one = next(enough, covering[0] if covering else None)
            if one is not None:
                charged[key] = one.authorization_id
                self._take(taken, one.authorization_id, use)
        return charged

    def _take(self, taken: Counter[tuple[UUID, int]], authorization_id: UUID, use: Use) -> None:
        each = self.get(authorization_id)
        sequence = None if each is None else each.granting(use.service)
        if each is not None and sequence is not None:
            taken[authorization_id, sequence] += self._of_item(each, sequence, use)

    def _covers(self, each: Authorization, use: Use) -> bool:
        sequence = each.granting(use.service)
        grant = None if sequence is None else each.lines[sequence].grant
        return grant is not None and grant.holds_on(use.on) and each.status in HOLDING

    def _has_left(self, each: Authorization, use: Use, taken: Counter[tuple[UUID, int]]) -> bool:
        sequence = each.granting(use.service)
        grant = None if sequence is None else each.lines[sequence].grant
        if sequence is None or grant is None or grant.quantity is None:
            return True
        used = self._outside_visits(each, sequence) + taken[each.authorization_id, sequence]
        return used + use.counts(grant.unit) <= grant.quantity

    def needs(self, use: Use) -> bool:
        """Whether the visit is not held without one."""
        if use.authorization_id is not None or use.required is not None:
            return use.authorization_id is not None or bool(use.required)
        said = (each.requirement for each in self)
        return any(each is not None and each.required and same(each.service, use.service) for each in said)

    # --- What it puts into the answer

    def left_open(self) -> Iterator[Blocker]:
        for each in self.current():
            if each.status in UNDECIDED:
                what = f"an authorization is {each.status}"
                yield Blocker(code="open-authorization", what=what, subject_id=each.authorization_id)

    def reached(self) -> Iterator[Milestone]:
        for each in self:
            yield from milestone("authorization-submitted", each.submitted, each.authorization_id)
            yield from milestone("authorization-decided", each.decided, each.authorization_id)
            yield from milestone("authorization-approved", each.approved, each.authorization_id)

    def steps(self) -> Iterator[Step]:
        for each in self.current():
            key = each.authorization_id
            if each.status in NEXT:
                asked = each.status is S.INFORMATION_REQUESTED
                yield step(NEXT[each.status], each.since, each.asked_by if asked else each.due, key)
            if each.status in REFUSED and each.decision != each.reviewed:
                yield step("review-authorization-decision", each.since, each.appeal_by, key)
            if each.status is S.DENIED and each.next_appeal is not None:
                yield step("appeal-authorization", each.since, each.appeal_by, key)
            if each.peer_to_peer is not None:
                yield step("hold-peer-to-peer", each.since, each.peer_to_peer.start, key)

    def blockers(self) -> Iterator[Blocker]:
        for each in self.current():
            key = each.authorization_id
            if each.status in WAITING:
                what = f"an authorization is {each.status}: {NEXT[each.status]}"
                yield Blocker(code="authorization-undecided", what=what, subject_id=key)
            elif each.status is S.DENIED:
                what = "an authorization is denied: appeal it, or submit another that supersedes it"
                yield Blocker(code="authorization-denied", what=what, subject_id=key)
        for each in self:
            for sequence, line in each.lines.items():
                granted = line.grant and line.grant.quantity
                used = 0 if granted is None else self.consumed(each, sequence)
                if granted is not None and used > granted:
                    what = f"{used} used of {granted} authorized: extend it by update-authorization"
                    yield Blocker(code="authorization-exceeded", what=what, subject_id=each.authorization_id)

    def loops(self) -> Iterator[Loop]:
        for each in self.current():
            if each.status in UNASKED | UNDECIDED:
                yield Loop(
                    id=each.authorization_id,
                    status=each.status,
                    since=each.since.at,
                    event_id=each.since.event_id,
                    what=each.service and (each.service.display or each.service.code),
                    who=each.request.payer,
                    due=each.due,
                )
