"""Which authorization of the journey is meant, and what has been told of it before."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from journey.domain.authorization import Authorization, AuthorizationAcknowledged
from journey.domain.authorization.decide import CARRIES_OUT
from journey.domain.correction import Dependants, VoidEvent
from journey.domain.event import Command, latest
from journey.domain.journey import fold
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.pas.reading import trace
from journey.ingest.fhir.reasons import PARKED
from journey.ingest.fhir.telling import OTHERWISE, Telling


def known(telling: Telling, authorization_id: UUID | None) -> Authorization | None:
    return telling.journey.authorizations.get(authorization_id) if authorization_id else None


def answered(telling: Telling, where: str) -> Authorization:
    """The one that an answer or a question of the payer is about: the one that it refers to, else the only
    one of this trace or of the payer's number. Raises Unapplied while nobody knows it.
    """
    referred = known(telling, telling.linked.get("authorization"))
    if referred is not None:
        return referred
    told = {trace(telling.resource), telling.resource.short("preAuthRef") or None} - {None}
    return numbered(telling, told, where)


def numbered(telling: Telling, told: Iterable[str | None], where: str) -> Authorization:
    """The only one that goes by one of these numbers, ours or the payer's. Raises Unapplied."""
    wanted = set(told)
    found = [each for each in telling.journey.authorizations if wanted & set(_numbers(each))]
    if len(found) != 1:
        raise Unapplied("awaits-reference", PARKED["awaits-reference"], where)
    return found[0]


def _numbers(one: Authorization) -> Iterator[str]:
    yield from one.earlier
    yield from filter(None, (one.trace, one.number))
    receipt = one.said.get(AuthorizationAcknowledged)
    if isinstance(receipt, AuthorizationAcknowledged) and receipt.reference:
        yield receipt.reference


def then(telling: Telling, one: Authorization, at: Moment | None) -> Authorization:
    """What was so when it was answered, as far as it is known."""
    if at is None:
        return one
    until = telling.history.until(latest(at.at, at.precision))
    found = fold(until, telling.journey_id, telling.history.version).authorizations.get(one.authorization_id)
    return found or one


def struck_out(telling: Telling) -> Iterator[Command]:
    """What the resource has said, which it says was an error."""
    for each in telling.said:
        yield telling.asks(VoidEvent, event_id=each.event_id, reason=OTHERWISE, dependants=Dependants.KEEP)


def is_told(telling: Telling, command: Command) -> bool:
    """Whether just that was told of that time before."""
    event, at = CARRIES_OUT[type(command)](**command.facts()), command.occurred_at
    return any(
        each.event == event and (at is None or at == each.occurred_at) for each in telling.history.effective
    )


def news(telling: Telling, commands: Iterable[Command]) -> Iterator[Command]:
    """What was not told before: an answer that comes again is none anew, though more was decided since."""
    return (command for command in commands if not is_told(telling, command))
