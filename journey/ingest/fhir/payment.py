"""Coverage: who pays, as commands. A docstring is the row in the docs."""

from collections.abc import Iterator
from datetime import date

from journey.domain.coverage import EndCoverage, LineOfBusiness, RecordCoverage
from journey.domain.event import Command
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.pas import line_of_business
from journey.ingest.fhir.resource import Element, Resource
from journey.ingest.fhir.telling import Telling

L = LineOfBusiness


def coverage(telling: Telling) -> Iterator[Command]:
    """Who pays (payor), the plan (class), the member (subscriberId) and until when; cancelled: no more."""
    resource = telling.resource
    if telling.is_old or resource.status == "draft":
        return
    period = resource.one("period")
    since, until = (period.moment("start"), period.moment("end")) if period else (None, None)
    match resource.status:
        case "active":
            yield telling.asks(
                RecordCoverage,
                coverage_id=telling.thing_id,
                payer=_payer(resource),
                line_of_business=_business(resource),
                plan=_plan(resource),
                member_id=_member(resource),
                valid_from=_day(since),
                valid_until=_day(until),
            )
        case "cancelled" | "entered-in-error" as status:
            if telling.thing_id in telling.journey.coverages.by_id:
                yield telling.asks(
                    EndCoverage,
                    coverage_id=telling.thing_id,
                    ended_on=_day(until),
                    reason=f"{status}, says the sender",
                )
        case "":
            raise resource.missing("status", "it says whether it pays")
        case _:
            raise resource.wrong("status", "R4 has no such status")


def _day(moment: Moment | None) -> date | None:
    return moment.at.date() if moment else None


def _payer(resource: Resource) -> str:
    payor = resource.first("payor")
    if payor is None or not (name := _named(payor)):
        raise resource.missing("payor", "it says who pays")
    return name


def _named(reference: Element) -> str:
    identifier = reference.one("identifier")
    number = identifier.short("value") if identifier else ""
    return reference.short("display") or number or reference.short("reference")


def _business(resource: Resource) -> LineOfBusiness | None:
    """As Coverage.type says by its code, else as the payer is called; else nobody has said."""
    payer, found = _payer(resource).lower(), line_of_business(resource)
    by_name = (line for line in (L.MEDICARE, L.MEDICAID) if line.lower() in payer)
    return found or next(by_name, None)


def _plan(resource: Resource) -> str | None:
    for each in resource.all("class"):
        kind = each.coded("type")
        if kind and kind.code in {"plan", "group"}:
            return each.short("name") or each.short("value") or None
    return None


def _member(resource: Resource) -> str | None:
    number = resource.first("identifier")
    return resource.short("subscriberId") or (number.short("value") if number else "") or None
