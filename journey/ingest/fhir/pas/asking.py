"""What a Claim asks a payer for: the request and its items."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from journey.domain.authorization import AuthorizationItem, AuthorizationRequest, AuthorizationUnit, Urgency
from journey.domain.coverage import LineOfBusiness
from journey.domain.event import Coded
from journey.fhir.x12 import (
    CARE_TEAM_CLAIM_SCOPE,
    LEVEL_OF_SERVICE,
    LEVELS_OF_SERVICE,
    REQUESTED_SERVICE,
    URGENCIES,
)
from journey.ingest.fhir.pas.payer import line_of_business
from journey.ingest.fhir.pas.reading import (
    extension,
    in_table,
    numbered,
    provider,
    quantity,
    referred,
    sequence,
    window,
)
from journey.ingest.fhir.resource import Element, Resource

PRIORITIES = {"stat": Urgency.EXPEDITED, "normal": Urgency.STANDARD, "deferred": Urgency.STANDARD}
"""Claim.priority (processpriority), where no level of service is told."""

EVENTS = ("patientEvent", "admissionDates")
"""Claim.supportingInfo that says when, where an item does not."""

NO_SERVICE = "not-applicable"


def request(resource: Resource, coverage_id: UUID | None) -> AuthorizationRequest:
    """Raises Unapplied."""
    cover = coverage(resource)
    insurer = resource.one("insurer")
    level = extension(resource, LEVEL_OF_SERVICE)
    return AuthorizationRequest(
        payer=_payer(resource, insurer),
        plan=_plan(cover) if cover else None,
        coverage_id=coverage_id,
        urgency=_urgency(resource, level),
        level_of_service=level.coded("valueCodeableConcept") if level else None,
        requester=provider(resource, resource.one("provider")),
        items=items(resource),
    )


def coverage(resource: Resource) -> Resource | None:
    """The Coverage that the request is made under, where it came along."""
    insurances = list(resource.all("insurance"))
    focal = next((each for each in insurances if each.flag("focal")), next(iter(insurances), None))
    return referred(resource, focal.one("coverage") if focal else None)


def business(resource: Resource) -> LineOfBusiness | None:
    found = coverage(resource)
    return line_of_business(found) if found else None


def _payer(resource: Resource, insurer: Element | None) -> str | None:
    """By the name that people know it by, else its number."""
    found = referred(resource, insurer)
    return (found.short("name") if found else "") or provider(resource, insurer)


def _plan(cover: Resource) -> str | None:
    for each in cover.all("class"):
        kind = each.coded("type")
        if kind is not None and kind.code == "plan":
            return each.short("name") or each.short("value") or None
    return None


def _urgency(resource: Resource, level: Element | None) -> Urgency:
    told = in_table(level, "valueCodeableConcept", LEVELS_OF_SERVICE, URGENCIES)
    if told is not None:
        return told
    priority = next(resource.codes("priority"), None)
    code = priority.short("code") if priority else ""
    if code and code not in PRIORITIES:
        raise resource.unknown("priority", "it should be stat, normal or deferred")
    return PRIORITIES.get(code, Urgency.STANDARD)


def items(resource: Resource) -> tuple[AuthorizationItem, ...]:
    found = tuple(_item(resource, each) for each in resource.all("item"))
    if len({each.sequence for each in found}) < len(found):
        raise resource.wrong("item", "two items have the same sequence")
    return found


def _item(resource: Resource, item: Element) -> AuthorizationItem:
    count, unit = quantity(item.one("quantity"))
    if count is None:
        count, unit = _ordered(resource, item)
    start, end = _days(resource, item)
    return AuthorizationItem(
        sequence=sequence(item, "sequence"),
        service=service(item),
        modifiers=tuple(each.short("code") for each in item.codes("modifier") if each.short("code")),
        diagnoses=tuple(_diagnoses(resource, item)),
        quantity=count,
        unit=unit or AuthorizationUnit.UNITS,
        valid_from=start,
        valid_until=end,
        place=item.coded("locationCodeableConcept"),
        performer=_performer(resource, item),
    )


def service(item: Element) -> Coded:
    """What is asked for; the kind of service (X12 1365) where no procedure is named."""
    found = item.coded("productOrService")
    if found is None or found.code == NO_SERVICE:
        found = item.coded("category")
    if found is None:
        raise item.missing("productOrService", "it says what is asked for")
    return found


def _ordered(resource: Resource, item: Element) -> tuple[int | None, AuthorizationUnit | None]:
    """How much the order behind the item says (ServiceRequest)."""
    held = extension(item, REQUESTED_SERVICE)
    order = referred(resource, held and held.one("valueReference"))
    return (
        quantity(order.one("quantityQuantity")) if order and order.type == "ServiceRequest" else (None, None)
    )


def _days(resource: Resource, item: Element) -> tuple[date | None, date | None]:
    told = window(item, "serviced")
    if told != (None, None):
        return told
    for each in resource.all("supportingInfo"):
        if any(code.short("code") in EVENTS for code in each.codes("category")):
            return window(each, "timing")
    return None, None


def _diagnoses(resource: Resource, item: Element) -> Iterator[Coded]:
    wanted = set(_sequences(item, "diagnosisSequence"))
    for each in resource.all("diagnosis"):
        diagnosis = each.coded("diagnosisCodeableConcept")
        if diagnosis is not None and sequence(each, "sequence") in wanted:
            yield diagnosis


def _performer(resource: Resource, item: Element) -> str | None:
    """Who does it: the one of the care team that the item names, else the one for all of them."""
    team = list(resource.all("careTeam"))
    named = set(_sequences(item, "careTeamSequence"))
    own = [each for each in team if sequence(each, "sequence") in named]
    for_all = [
        each
        for each in team
        if (scope := extension(each, CARE_TEAM_CLAIM_SCOPE)) and scope.flag("valueBoolean")
    ]
    chosen = next(iter(own or for_all), None)
    return provider(resource, chosen.one("provider")) if chosen else None


def _sequences(element: Element, name: str) -> Iterator[int]:
    value = element.body.get(name)
    if value is None:
        return
    if not isinstance(value, list) or not all(type(each) is int for each in value):
        raise element.wrong(name, "it should be a list of whole numbers")
    yield from (numbered(element, name, each) for each in value)
