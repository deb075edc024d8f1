"""ClaimResponse: what a payer answers, as commands. A docstring is the row in the docs."""

from collections.abc import Iterator, Sequence
from typing import Any

from journey.domain.authorization import (
    AcknowledgeAuthorization,
    AppealOutcome,
    Authorization,
    AuthorizationStatus,
    DecideAuthorization,
    DecideAuthorizationAppeal,
    LineDecision,
    PendAuthorization,
    RequestFault,
    ReturnAuthorization,
    ReviewAction,
    RevokeAuthorization,
)
from journey.domain.authorization.line import GRANTS
from journey.domain.authorization.status import ENDED, GRANTED
from journey.domain.event import Command
from journey.fhir.x12 import (
    ADMINISTRATION_REFERENCE,
    ERROR_ELEMENT,
    ERROR_FOLLOW_UP,
    ERROR_PATH,
    REVIEWER,
)
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.pas.finding import answered, is_told, news, struck_out, then
from journey.ingest.fhir.pas.information import communications
from journey.ingest.fhir.pas.kinds import is_inquiry
from journey.ingest.fhir.pas.lines import lines
from journey.ingest.fhir.pas.reading import coded, created, extension, said, trace, window
from journey.ingest.fhir.resource import Element, Resource
from journey.ingest.fhir.telling import Telling

A = ReviewAction
OUTCOMES = frozenset({"queued", "complete", "error", "partial"})
WITHDRAWN = "withdrawn by the payer"


def claim_response(telling: Telling) -> Iterator[Command]:
    """The payer answers item by item (the review action of each `adjudication`, whatever `outcome` says): it
    decides, pends, or asks for more (`communicationRequest`); `error`: it cannot process the request.
    """
    resource = telling.resource
    one = answered(telling, resource.at("request"))
    match resource.status:
        case "active":
            yield from news(telling, _said(telling, one))
        case "draft":
            return
        case "cancelled":
            yield from _taken_back(telling, one)
        case "entered-in-error":
            yield from struck_out(telling)
        case _:
            raise resource.wrong("status", "it should be active, draft, cancelled or entered-in-error")


def _said(telling: Telling, one: Authorization) -> Iterator[Command]:
    resource = telling.resource
    if resource.short("outcome") not in OUTCOMES:
        raise resource.wrong("outcome", "it should be queued, complete, error or partial")
    told, at = lines(resource), _at(telling)
    if not told:
        yield from _undecided(telling, one, at)
    elif is_inquiry(resource):
        changed = tuple(each for each in told if _differs(one, each))
        yield from _decided(telling, one, changed, at) if changed else ()
    else:
        yield from _answered(telling, then(telling, one, at), told, at)


def _taken_back(telling: Telling, one: Authorization) -> Iterator[Command]:
    """What was granted may not be used any more; where that was not told, it is told first."""
    if telling.is_old or one.status in ENDED:
        return
    if one.status not in GRANTED:
        yield from news(telling, _said(telling, one))
    if one.status in GRANTED or any(each.action in GRANTS for each in lines(telling.resource)):
        at = telling.resource.updated or created(telling.resource)
        yield telling.asks(RevokeAuthorization, at, authorization_id=one.authorization_id, reason=WITHDRAWN)


def _at(telling: Telling) -> Moment | None:
    """When it was decided: when the answer was made; of one that has been changed since, when that was."""
    resource = telling.resource
    made, changed = created(resource), resource.updated
    if changed is not None and made is not None and changed.at > made.at and telling.said:
        return changed
    return made


def _differs(one: Authorization, line: LineDecision) -> bool:
    """What an inquiry finds says less than the answer did: only another action is news."""
    return line.sequence not in one.lines or one.lines[line.sequence].action is not line.action


def _undecided(telling: Telling, one: Authorization, at: Moment | None) -> Iterator[Command]:
    """No item is answered: the payer has the request, or cannot process it."""
    resource = telling.resource
    faults = tuple(_fault(each) for each in resource.all("error"))
    if resource.short("outcome") == "error" or faults:
        if not faults:
            raise resource.missing("error", "it says what is wrong with the request")
        yield telling.asks(
            ReturnAuthorization,
            at,
            authorization_id=one.authorization_id,
            faults=faults,
            trace=_answers(resource, one),
        )
    elif resource.short("outcome") == "queued":
        reference = resource.short("preAuthRef") or None
        yield telling.asks(
            AcknowledgeAuthorization, at, authorization_id=one.authorization_id, reference=reference
        )
    else:
        raise resource.missing("item", "the decision is in the adjudication of each item")


def _fault(error: Element) -> RequestFault:
    follow_up = extension(error, ERROR_FOLLOW_UP)
    held = extension(error, ERROR_ELEMENT)
    inner = next(held.all("extension"), None) if held else None
    element = (held.short("valueString") if held else "") or (inner.short("valueString") if inner else "")
    path = said(error, ERROR_PATH, "valueString")
    return RequestFault(
        reason=coded(error, "code", error.at("code")),
        where=", ".join(filter(None, (element, path))) or None,
        follow_up=follow_up.coded("valueCodeableConcept") if follow_up else None,
    )


def _answered(
    telling: Telling, one: Authorization, told: Sequence[LineDecision], at: Moment | None
) -> Iterator[Command]:
    """What waits is pended; where an item was decided before, or is now, the answer says so item by item."""
    is_open = [each.action is A.PENDED for each in told]
    is_appealed = one.status is AuthorizationStatus.APPEALED
    reference = _reference(telling.resource)
    if (all(is_open) and reference) or (any(is_open) and is_appealed):
        yield telling.asks(
            AcknowledgeAuthorization, at, authorization_id=one.authorization_id, reference=reference
        )
    of_appeal = _appeal_decided(telling, one, told, at)
    if is_appealed or is_told(telling, of_appeal):
        if not any(is_open):
            yield of_appeal
        return
    pended = telling.asks(PendAuthorization, at, authorization_id=one.authorization_id, reason=told[0].reason)
    waits_for_us = one.status is AuthorizationStatus.INFORMATION_REQUESTED
    is_first = all(line.is_open for line in one.lines.values()) and not waits_for_us
    if all(is_open) and (is_first or is_told(telling, pended)):
        yield pended
    else:
        yield from _decided(telling, one, told, at)
    if any(is_open):
        yield from communications(telling, one, at)


def _reference(resource: Resource) -> str | None:
    """The payer's number of what it has not decided."""
    numbers = (said(each, ADMINISTRATION_REFERENCE, "valueString") for each in resource.all("item"))
    return next(filter(None, numbers), None) or resource.short("preAuthRef") or None


def _decided(
    telling: Telling, one: Authorization, told: Sequence[LineDecision], at: Moment | None
) -> Iterator[Command]:
    yield telling.asks(
        DecideAuthorization,
        at,
        authorization_id=one.authorization_id,
        trace=_answers(telling.resource, one),
        reviewer=_reviewer(telling.resource),
        **_whole(telling.resource, told),
    )


def _appeal_decided(
    telling: Telling, one: Authorization, told: Sequence[LineDecision], at: Moment | None
) -> Command:
    actions = {each.action for each in told} - {A.CANCELLED, A.NO_ACTION_REQUIRED}
    if actions <= {A.NOT_CERTIFIED}:
        outcome = AppealOutcome.UPHELD
    else:
        outcome = AppealOutcome.OVERTURNED if actions == {A.CERTIFIED} else AppealOutcome.PARTIAL
    return telling.asks(
        DecideAuthorizationAppeal,
        at,
        authorization_id=one.authorization_id,
        outcome=outcome,
        **_whole(telling.resource, told),
    )


def _whole(resource: Resource, told: Sequence[LineDecision]) -> dict[str, Any]:
    """What holds for all items, with each of them: the days, and the number that all share that are granted,
    else all that have one.
    """
    granted = {each.number for each in told if each.number and each.action in GRANTS}
    own = granted or {each.number for each in told if each.number}
    number = resource.short("preAuthRef") or (next(iter(own)) if len(own) == 1 else None)
    start, end = window(resource, "preAuth")
    return {
        "lines": tuple(
            each.model_copy(update={"number": None}) if each.number == number else each for each in told
        ),
        "number": number,
        "valid_from": start,
        "valid_until": end,
    }


def _answers(resource: Resource, one: Authorization) -> str | None:
    """Which submission it answers, where it is one that is known."""
    request = resource.one("request")
    identifier = request.one("identifier") if request else None
    told = (identifier.short("value") if identifier else "", trace(resource))
    ours = {one.trace, *one.earlier}
    return next((each for each in told if each and each in ours), None)


def _reviewer(resource: Resource) -> str | None:
    held = extension(resource, REVIEWER)
    named = extension(held, "reviewerNPI") if held else None
    number = named.one("valueIdentifier") if named else None
    return (number.short("value") or None) if number else None
