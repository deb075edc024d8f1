"""What Da Vinci PAS adds to a resource, read into the domain's values: extensions, codes, days, quantities,
providers.

A Claim, ClaimResponse or Task carries what it refers to inside it (see `enclosed`), so that what it means
never depends on what else has come.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TypeVar

from journey.domain.amount import MOST
from journey.domain.authorization import AuthorizationUnit
from journey.domain.event import Coded, Precision
from journey.fhir.x12 import COUNTED, NPI
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.resource import TYPE, Element, Resource

U = AuthorizationUnit
MEASURES = {
    **COUNTED,
    **{word: unit for unit in U for word in (str(unit), str(unit).removesuffix("s"))},
    "1": U.UNITS,
    "d": U.DAYS,
    "h": U.HOURS,
    "min": U.MINUTES,
    "mo": U.MONTHS,
}
"""By X12 355, the word itself, or UCUM."""

COARSE = frozenset({Precision.YEAR, Precision.MONTH})
DAY = len("2026-03-01")
V = TypeVar("V")


def extensions(element: Element, url: str) -> Iterator[Element]:
    return (each for each in element.all("extension") if each.text("url") == url)


def extension(element: Element, url: str) -> Element | None:
    return next(extensions(element, url), None)


def said(element: Element, url: str, value: str) -> str:
    """The text in an extension: `value` is the name of the element that holds it."""
    found = extension(element, url)
    return found.short(value) if found else ""


def in_table(element: Element | None, name: str, system: str, table: Mapping[str, V]) -> V | None:
    """What the code of this system stands for; None where none is said. Raises Unapplied of any other."""
    codes = [] if element is None else list(element.codes(name))
    for each in codes:
        if each.short("system") == system and (code := each.short("code")):
            if code not in table:
                raise each.unknown("code", f"{system} has no such code here")
            return table[code]
    if element is not None and codes:
        raise element.unknown(name, f"it should be a code of {system}")
    return None


def referred(resource: Resource, reference: Element | None) -> Resource | None:
    """The resource that is meant, where it came along."""
    text = reference.text("reference") if reference else ""
    _, _, id_ = text.removeprefix("urn:uuid:").removeprefix("#").rpartition("/")
    kind = text.split("/")[-2] if "/" in text else ""
    for each in resource.all("contained") if id_ else ():
        type_ = each.text("resourceType")
        if each.text("id") == id_ and TYPE.fullmatch(type_) and kind in {"", type_}:
            return Resource(each.body, each.path, each.zone)
    return None


def provider(resource: Resource, reference: Element | None) -> str | None:
    """Who is meant: the number of the one in the role, else of the role, else of the organization."""
    if reference is None:
        return None
    role = referred(resource, reference)
    if role is None or role.type != "PractitionerRole":
        return _named(resource, reference)
    behind = (each for name in ("practitioner", "organization") if (each := role.one(name)))
    return next((_named(resource, each) for each in behind), None) or _named(resource, reference)


def _named(resource: Resource, reference: Element) -> str | None:
    """The NPI, else another number, else the name of an organization, else what the reference says."""
    found, identifier = referred(resource, reference), reference.one("identifier")
    own = identifier.short("value") if identifier else ""
    numbered = _number(found) if found else ""
    name = found.short("name") if found and found.type == "Organization" else ""
    return own or numbered or name or reference.short("display") or reference.short("reference") or None


def _number(resource: Resource) -> str:
    numbers = [(each.short("system") != NPI, each.short("value")) for each in resource.all("identifier")]
    return next((value for _, value in sorted(numbers) if value), "")


def day(element: Element, name: str) -> date | None:
    """The day in a date or dateTime, as it is written there."""
    moment = element.moment(name)
    if moment is None:
        return None
    if moment.precision in COARSE:
        raise element.wrong(name, "it should be a day, as 2026-03-01")
    return date.fromisoformat(element.text(name)[:DAY])


def window(element: Element | None, name: str) -> tuple[date | None, date | None]:
    """The days of a choice of date, dateTime or Period: `name` is `serviced` of `servicedPeriod`."""
    if element is None:
        return None, None
    for kind in ("Date", "DateTime"):
        if (on := day(element, f"{name}{kind}")) is not None:
            return on, on
    period = element.one(f"{name}Period")
    start, end = (day(period, "start"), day(period, "end")) if period else (None, None)
    if period is not None and start and end and end < start:
        raise period.wrong("end", "it is before the start")
    return start, end


def quantity(element: Element | None) -> tuple[int | None, AuthorizationUnit | None]:
    """How much of what: a Quantity. Raises Unapplied for what is no whole number, or no count."""
    value = None if element is None else element.body.get("value")
    if element is None or value is None:
        return None, None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value != value // 1
        or not 1 <= value <= MOST
    ):
        raise element.wrong("value", f"it should be a whole number from 1 to {MOST}")
    for name in ("unit", "code"):
        if (word := element.short(name)) and (unit := MEASURES.get(word) or MEASURES.get(word.lower())):
            return int(value), unit
    if element.short("unit") or element.short("code"):
        raise element.unknown("unit", "it is no count of visits, units, days, hours, minutes or months")
    return int(value), None


def sequence(element: Element, name: str) -> int:
    number = element.count(name)
    if number is None:
        raise element.missing(name, "it says which item is meant")
    return numbered(element, name, number)


def numbered(element: Element, name: str, number: int) -> int:
    if not 1 <= number <= MOST:
        raise element.wrong(name, f"it should be from 1 to {MOST}")
    return number


def created(resource: Resource) -> Moment | None:
    return resource.moment("created")


def trace(resource: Resource) -> str | None:
    """The number of a submission (TRN), which its answer echoes."""
    first = resource.first("identifier")
    return (first.short("value") if first else "") or None


def coded(element: Element | None, name: str, where: str) -> Coded:
    """A CodeableConcept that has to be there."""
    found = None if element is None else element.coded(name)
    if element is None or found is None:
        raise Unapplied("missing-element", f"{where} is empty: it says what is meant.", where)
    return found
