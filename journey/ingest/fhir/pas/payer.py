"""Under whose rules a payer decides, and so by when.

A number here is a rule that somebody made; where none holds, nothing is said, and nothing is guessed.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from journey.domain.authorization import Urgency
from journey.domain.coverage import LineOfBusiness
from journey.fhir.x12 import NDC, REQUESTED_SERVICE
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.pas.reading import extension, referred
from journey.ingest.fhir.resource import Element, Resource

L = LineOfBusiness

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
SELF_PAY = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"
FILING = "https://codesystem.x12.org/005010/1032"
TYPOLOGY = frozenset({"https://nahdo.org/sopt", "urn:oid:2.16.840.1.113883.3.221.5"})

CODES = {
    (ACT_CODE, "WCBPOL"): L.WORKERS_COMPENSATION,
    (ACT_CODE, "PUBLICPOL"): L.PUBLIC,
    (ACT_CODE, "SUBSIDIZ"): L.PUBLIC,
    (ACT_CODE, "SUBSIDMC"): L.PUBLIC,
    (SELF_PAY, "pay"): L.SELF_PAY,
    (FILING, "16"): L.MEDICARE_ADVANTAGE,
    (FILING, "MA"): L.MEDICARE,
    (FILING, "MB"): L.MEDICARE,
    (FILING, "MC"): L.MEDICAID,
    (FILING, "CI"): L.COMMERCIAL,
    (FILING, "BL"): L.COMMERCIAL,
    (FILING, "CH"): L.PUBLIC,
    (FILING, "OF"): L.PUBLIC,
    (FILING, "VA"): L.PUBLIC,
    (FILING, "WC"): L.WORKERS_COMPENSATION,
}
"""Coverage.type, by system and code: v3 ActCode, coverage-selfpay, X12 1032 (claim filing indicator)."""

PAYERS = (
    ("11", L.MEDICARE_ADVANTAGE),
    ("23", L.CHIP),
    ("33", L.PUBLIC),
    ("81", L.SELF_PAY),
    ("95", L.WORKERS_COMPENSATION),
    ("1", L.MEDICARE),
    ("2", L.MEDICAID),
    ("3", L.PUBLIC),
    ("4", L.PUBLIC),
    ("5", L.COMMERCIAL),
    ("6", L.COMMERCIAL),
)
"""How the codes of the Source of Payment Typology begin; the first that fits."""


class Rule(NamedTuple):
    """How long a payer has, and for requests from which day on."""

    urgency: Urgency
    within: timedelta
    since: datetime


IMPACT = (
    Rule(Urgency.EXPEDITED, timedelta(hours=72), datetime(2026, 1, 1, tzinfo=UTC)),
    Rule(Urgency.STANDARD, timedelta(days=7), datetime(2026, 1, 1, tzinfo=UTC)),
)
"""CMS-0057-F (42 CFR 422.568, 422.572, 431.16, 438.210, 457.495): 72 hours, and 7 calendar days."""

DEADLINES = {L.MEDICARE_ADVANTAGE: IMPACT, L.MEDICAID: IMPACT, L.CHIP: IMPACT}
"""By line of business. A plan on an exchange is under no such rule, nor are commercial and other payers."""


def line_of_business(coverage: Resource) -> LineOfBusiness | None:
    """Under whose rules it pays, as far as Coverage.type says so by a code that means just that."""
    for coding in coverage.codes("type"):
        system, code = coding.short("system"), coding.short("code")
        if found := CODES.get((system, code)):
            return found
        if system in TYPOLOGY:
            return next((line for start, line in PAYERS if code.startswith(start)), None)
    return None


def due(asked: Moment | None, urgency: Urgency, line: LineOfBusiness | None) -> datetime | None:
    """By when the payer has to have decided, where a rule says so."""
    for rule in DEADLINES.get(line, ()) if line and asked else ():
        if asked and rule.urgency is urgency and asked.at >= rule.since:
            return asked.at + rule.within
    return None


def is_drug(resource: Resource, item: Element) -> bool:
    """Whether it asks for a drug: the rule is about other items and services."""
    held = extension(item, REQUESTED_SERVICE)
    ordered = referred(resource, held and held.one("valueReference"))
    if ordered is not None and ordered.type == "MedicationRequest":
        return True
    return any(each.short("system") == NDC for each in item.codes("productOrService"))
