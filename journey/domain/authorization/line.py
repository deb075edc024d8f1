"""One item of a request: what was asked, what the payer says of it, and what may be used."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from journey.domain.authorization import events as happened
from journey.domain.authorization.request import (
    AuthorizationItem,
    AuthorizationUnit,
    AuthorizedItem,
    ReviewAction,
)
from journey.domain.authorization.status import AuthorizationStatus as S
from journey.domain.day import Day
from journey.domain.event import Coded

GRANTS = frozenset({ReviewAction.CERTIFIED, ReviewAction.PARTLY_CERTIFIED, ReviewAction.MODIFIED})
FALLS_SHORT = frozenset({ReviewAction.NOT_CERTIFIED, ReviewAction.PARTLY_CERTIFIED, ReviewAction.MODIFIED})
SAYS_WHAT = frozenset({ReviewAction.PARTLY_CERTIFIED, ReviewAction.MODIFIED})
TAKES_BACK = frozenset({ReviewAction.NOT_CERTIFIED, ReviewAction.CANCELLED})
NOTHING = AuthorizedItem()

Answer = happened.AuthorizationDecided | happened.AuthorizationAppealDecided


class Grant(NamedTuple):
    """What may be used of a service, when, and by whom. No quantity means no limit."""

    service: Coded | None = None
    quantity: int | None = None
    unit: AuthorizationUnit = AuthorizationUnit.VISITS
    valid_from: Day | None = None
    valid_until: Day | None = None
    performer: str | None = None

    def holds_on(self, day: Day) -> bool:
        return not self.is_ahead_on(day) and not self.is_over_on(day)

    def is_ahead_on(self, day: Day) -> bool:
        return self.valid_from is not None and day < self.valid_from

    def is_over_on(self, day: Day) -> bool:
        return self.valid_until is not None and day > self.valid_until


class Line(NamedTuple):
    """An item and the payer's last word on it. An update that waits for its answer takes no grant away."""

    item: AuthorizationItem | None = None
    action: ReviewAction | None = None
    grant: Grant | None = None

    @property
    def is_open(self) -> bool:
        return self.action in {None, ReviewAction.PENDED}

    def is_for(self, service: Coded) -> bool:
        return any(same(each, service) for each in self.services())

    def services(self) -> Iterable[Coded]:
        return [each.service for each in (self.grant, self.item) if each is not None and each.service]


Lines = Mapping[int, Line]


def same(one: Coded | None, other: Coded | None) -> bool:
    """Whether both name one thing, however they spell it out."""
    return one is not None and other is not None and (one.system, one.code) == (other.system, other.code)


def answered(lines: Lines, event: Answer) -> Lines:
    """The lines after the payer's word on some of them."""
    said = {
        each.sequence: _answered(lines.get(each.sequence, Line()), each.action, each.authorized, event)
        for each in event.lines
    }
    return {**lines, **said}


def overturned(lines: Lines, event: happened.AuthorizationAppealDecided) -> Lines:
    """The lines after all that was refused is granted as it was asked for."""
    return {
        sequence: _answered(line, ReviewAction.CERTIFIED, None, event) if line.action in FALLS_SHORT else line
        for sequence, line in lines.items()
    }


def _answered(line: Line, action: ReviewAction, authorized: AuthorizedItem | None, event: Answer) -> Line:
    if action in GRANTS:
        return line._replace(action=action, grant=_granted(line.item, authorized or NOTHING, event))
    if action is ReviewAction.NO_ACTION_REQUIRED:
        return line._replace(action=action, grant=Grant(line.item.service if line.item else None))
    return line._replace(action=action, grant=None if action in TAKES_BACK else line.grant)


def _granted(item: AuthorizationItem | None, given: AuthorizedItem, event: Answer) -> Grant:
    """What is given, else what holds for the whole answer, else what was asked for."""
    asked = Grant()
    if item is not None:
        window = (item.valid_from, item.valid_until)
        asked = Grant(item.service, item.quantity, item.unit, *window, item.performer)
    return Grant(
        given.service or asked.service,
        given.quantity or asked.quantity,
        given.unit or asked.unit,
        given.valid_from or event.valid_from or asked.valid_from,
        given.valid_until or event.valid_until or asked.valid_until,
        given.performer or event.performer or asked.performer,
    )


def rolled_up(lines: Lines) -> S:
    """The status of the whole: the worst of what is open, then of what is decided. Cancelled items are out.

    A request that is refused in part is approved in part; only one that is refused throughout is denied.
    """
    said = {line.action for line in lines.values()} - {ReviewAction.CANCELLED}
    decided = said - {ReviewAction.NO_ACTION_REQUIRED}
    if any(line.is_open for line in lines.values()):
        status = S.PENDED
    elif ReviewAction.CONTACT_PAYER in decided:
        status = S.CONTACT_PAYER
    elif not decided:
        status = S.NOT_REQUIRED if said else S.CANCELLED
    elif decided == {ReviewAction.NOT_CERTIFIED}:
        status = S.DENIED
    elif decided & {ReviewAction.NOT_CERTIFIED, ReviewAction.PARTLY_CERTIFIED}:
        status = S.PARTIALLY_APPROVED
    elif ReviewAction.MODIFIED in decided:
        status = S.MODIFIED
    else:
        status = S.APPROVED
    return status
