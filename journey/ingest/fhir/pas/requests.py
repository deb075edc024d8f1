"""Claim: what is asked of a payer, as commands. A docstring is the row in the docs."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from journey.domain.authorization import (
    AppealAuthorization,
    AppealLevel,
    Authorization,
    AuthorizationAppealed,
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizationStatus,
    AuthorizationSubmitted,
    CancelAuthorization,
    PrepareAuthorization,
    SubmitAuthorization,
    UpdateAuthorization,
)
from journey.domain.authorization.status import ENDED
from journey.domain.event import Command
from journey.fhir.x12 import (
    ADMINISTRATION_REFERENCE,
    APPEALS,
    AUTHORIZATION_NUMBER,
    CANCEL,
    EXTENSION,
    REVISED,
)
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.pas.asking import business, items, request
from journey.ingest.fhir.pas.finding import known, news, numbered, struck_out, then
from journey.ingest.fhir.pas.kinds import certification, is_cancelled, is_inquiry, is_update, mode
from journey.ingest.fhir.pas.payer import due, is_drug
from journey.ingest.fhir.pas.reading import created, said, sequence, trace
from journey.ingest.fhir.reasons import PARKED
from journey.ingest.fhir.resource import Resource
from journey.ingest.fhir.telling import Telling

OWN = ("sequence", "service", "modifiers", "diagnoses", "quantity", "valid_from", "valid_until", "place")
"""What an item says by itself."""

CANCELLED = "cancelled by the requester"


def claim(telling: Telling) -> Iterator[Command]:
    """The payer is asked (`item`, by when by the line of business); an update (`related`) changes, adds and
    cancels items; certification type 3 cancels all, 1, 2 and N appeal. An inquiry asks for nothing new.
    """
    resource = telling.resource
    if is_inquiry(resource):
        return
    match resource.status:
        case "active":
            yield from news(telling, _asked(telling))
        case "draft":
            wanted = request(resource, telling.linked.get("coverage"))
            yield from news(
                telling,
                [
                    telling.asks(
                        PrepareAuthorization,
                        created(resource),
                        authorization_id=telling.thing_id,
                        request=wanted,
                    )
                ],
            )
        case "cancelled":
            yield from _withdrawn(telling)
        case "entered-in-error":
            yield from struck_out(telling)
        case _:
            raise resource.wrong("status", "it should be active, draft, cancelled or entered-in-error")


def _asked(telling: Telling) -> Iterator[Command]:
    resource = telling.resource
    kinds = {kind for each in (resource, *resource.all("item")) if (kind := certification(each))}
    whole = certification(resource)
    if whole == CANCEL:
        yield _cancel(telling, _prior(telling))
    elif whole in APPEALS or (kinds and kinds <= APPEALS):
        yield from _appealed(telling, _prior(telling))
    elif next(resource.all("related"), None) is not None and is_update(resource):
        yield from _updated(telling, _prior(telling))
    elif kinds and kinds <= {REVISED, EXTENSION} and known(telling, telling.thing_id) is None:
        yield from _revised(telling, numbered(telling, _payers_numbers(resource), resource.at("item")))
    else:
        yield from _submitted(telling)


def _prior(telling: Telling) -> Authorization:
    """The request that it is about. Raises Unapplied while nobody knows it."""
    for key in (telling.linked.get("authorization"), telling.thing_id):
        if (one := known(telling, key)) is not None:
            return one
    where = telling.resource.at("related[0].claim")
    raise Unapplied("awaits-reference", PARKED["awaits-reference"], where)


def _payers_numbers(resource: Resource) -> set[str]:
    told = (
        said(item, url, "valueString")
        for item in resource.all("item")
        for url in (AUTHORIZATION_NUMBER, ADMINISTRATION_REFERENCE)
    )
    return set(filter(None, told))


def _submitted(telling: Telling) -> Iterator[Command]:
    """It is asked for, unless another submission is in its place, or it has said just that before."""
    resource = telling.resource
    one, number = known(telling, telling.thing_id), trace(resource)
    wanted = request(resource, telling.linked.get("coverage"))
    if not wanted.items:
        raise resource.missing("item", "it says what is asked for")
    if one is not None and _has_asked(telling, number, wanted):
        return
    if one is None or number not in one.earlier:
        yield telling.asks(
            SubmitAuthorization,
            created(resource),
            authorization_id=telling.thing_id,
            trace=number,
            request=wanted,
            supersedes=_superseded(telling),
            due=_due(telling, wanted),
        )


def _superseded(telling: Telling) -> UUID | None:
    """The request in whose place it is: one that was denied takes no update, another is sent for it."""
    prior = known(telling, telling.linked.get("authorization"))
    is_over = prior is not None and prior.status in {AuthorizationStatus.DENIED, *ENDED}
    return (
        prior.authorization_id if prior and is_over and prior.authorization_id != telling.thing_id else None
    )


def _has_asked(telling: Telling, number: str | None, wanted: AuthorizationRequest) -> bool:
    """Whether it is a copy of what was told before, as it stands beside an answer, with less of the rest."""
    made = created(telling.resource)
    return any(
        (event.authorization_id, event.trace) == (telling.thing_id, number)
        and (made is None or made.at == each.occurred_at)
        and _is_copy(wanted, event.request)
        for each in telling.history.effective
        if isinstance(event := each.event, AuthorizationSubmitted)
    )


def _is_copy(wanted: AuthorizationRequest, known: AuthorizationRequest) -> bool:
    """Whether the Claim by itself asks for the same; a quantity may stand in the order behind it."""
    return len(wanted.items) == len(known.items) and all(
        getattr(one, name) == getattr(other, name) or (name == "quantity" and one.quantity is None)
        for one, other in zip(wanted.items, known.items, strict=True)
        for name in OWN
    )


def _due(telling: Telling, wanted: AuthorizationRequest) -> datetime | None:
    """By the rules of who pays. Drugs have their own, which are not known here."""
    resource = telling.resource
    asked_for = list(resource.all("item"))
    if asked_for and all(is_drug(resource, item) for item in asked_for):
        return None
    recorded = telling.journey.coverages.get(coverage_id) if (coverage_id := wanted.coverage_id) else None
    line = recorded.terms.line_of_business if recorded and recorded.terms else None
    return due(created(resource), wanted.urgency, line or business(resource))


def _updated(telling: Telling, one: Authorization) -> Iterator[Command]:
    """What is marked as changed, added or cancelled; where nothing is left, the whole is cancelled."""
    resource = telling.resource
    wanted = {each.sequence: each for each in items(resource)}
    flags = {sequence(each, "sequence"): (mode(each), is_cancelled(each)) for each in resource.all("item")}
    gone = tuple(key for key, (told, out) in flags.items() if out and (told or not _is_out(one, key)))
    if flags and all(out for _, out in flags.values()):
        yield _cancel(telling, one)
        return
    changed, added = (
        tuple(wanted[key] for key, (told, out) in flags.items() if told == kind and not out)
        for kind in ("changed", "added")
    )
    if changed or added or gone or trace(resource) not in {None, one.trace, *one.earlier}:
        yield _update(telling, one, changed, added, gone)


def _is_out(one: Authorization, key: int) -> bool:
    return key in one.lines and one.lines[key].action == "C"


def _revised(telling: Telling, one: Authorization) -> Iterator[Command]:
    """All items again, as they are asked for now, by the payer's numbers."""
    wanted = items(telling.resource)
    changed = tuple(each for each in wanted if each.sequence in one.lines)
    added = tuple(each for each in wanted if each.sequence not in one.lines)
    yield _update(telling, one, changed, added, ())


def _update(
    telling: Telling,
    one: Authorization,
    changed: tuple[AuthorizationItem, ...],
    added: tuple[AuthorizationItem, ...],
    cancelled: tuple[int, ...],
) -> Command:
    wanted = request(telling.resource, telling.linked.get("coverage") or one.request.coverage_id)
    return telling.asks(
        UpdateAuthorization,
        created(telling.resource),
        authorization_id=one.authorization_id,
        trace=trace(telling.resource),
        changed=changed,
        added=added,
        cancelled=cancelled,
        due=_due(telling, wanted),
    )


def _cancel(telling: Telling, one: Authorization) -> Command:
    at = created(telling.resource)
    return telling.asks(CancelAuthorization, at, authorization_id=one.authorization_id, reason=CANCELLED)


def _appealed(telling: Telling, one: Authorization) -> Iterator[Command]:
    """One level higher than before; the same Claim appeals once."""
    at = created(telling.resource)
    if telling.has_said(AuthorizationAppealed) or (at and _has_appealed(telling, one, at)):
        return
    before = then(telling, one, at)
    running = before.appeals[-1] if before.status is AuthorizationStatus.APPEALED else before.next_appeal
    level = running or list(AppealLevel)[-1]
    yield telling.asks(AppealAuthorization, at, authorization_id=one.authorization_id, level=level)


def _has_appealed(telling: Telling, one: Authorization, at: Moment) -> bool:
    return any(
        event.authorization_id == one.authorization_id and each.occurred_at == at.at
        for each in telling.history.effective
        if isinstance(event := each.event, AuthorizationAppealed)
    )


def _withdrawn(telling: Telling) -> Iterator[Command]:
    """It is not asked for any more; where that it was is not known, it is told first."""
    one = known(telling, telling.thing_id)
    if one is None:
        yield from _submitted(telling)
    if not telling.is_old and (one is None or one.status not in ENDED):
        at = telling.resource.updated or created(telling.resource)
        yield telling.asks(CancelAuthorization, at, authorization_id=telling.thing_id, reason=CANCELLED)
