"""Claim: a prior authorization as it is asked for (use preauthorization; Da Vinci PAS on R4).

What the payer says of it is its ClaimResponse. Where only whether it is needed was asked, there is no Claim.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from journey.domain.authorization import (
    Authorization,
    AuthorizationCancelled,
    AuthorizationInformationSubmitted,
    AuthorizationItem,
    AuthorizationRequirementDetermined,
    AuthorizationStatus,
    AuthorizationSubmitted,
    AuthorizationUnit,
    ReviewAction,
    Urgency,
)
from journey.domain.authorization.line import Line
from journey.domain.event import Coded, Event
from journey.fhir.chart import Chart
from journey.fhir.data import (
    UNKNOWN,
    Json,
    concept,
    days,
    filled,
    happened,
    identifier,
    instant,
    known,
    named,
    reference,
)
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import provider
from journey.fhir.servicerequest import documents
from journey.fhir.x12 import (
    CANCEL,
    CERTIFICATION_TYPE,
    CERTIFICATION_TYPES,
    COUNTED,
    INFO_CANCELLED,
    INITIAL,
    LEVEL_OF_SERVICE,
    PAS_CODES,
    UNITS,
)

T = TypeVar("T")

S = AuthorizationStatus
STATUS = {
    S.REQUIRED: "draft",
    S.DRAFT: "draft",
    S.NOT_REQUIRED: "active",
    S.SUBMITTED: "active",
    S.RETURNED: "active",
    S.ACKNOWLEDGED: "active",
    S.PENDED: "active",
    S.INFORMATION_REQUESTED: "active",
    S.CONTACT_PAYER: "active",
    S.APPROVED: "active",
    S.PARTIALLY_APPROVED: "active",
    S.MODIFIED: "active",
    S.DENIED: "active",
    S.APPEALED: "active",
    S.REVOKED: "active",
    S.CANCELLED: "cancelled",
}
"""The request's status in the value set fm-status; a denial or a revocation does not unsay the request."""

PRIORITIES = "http://terminology.hl7.org/CodeSystem/processpriority"
PRIORITY = {Urgency.STANDARD: "normal", Urgency.EXPEDITED: "stat"}
RELATION = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"
UNIT_CODES = {unit: code for code, unit in COUNTED.items()}
TYPE: Json = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}],
    "text": "Prior authorization",
}
"""Whether it will be claimed as professional or institutional is not known before it is."""


REPLACES: frozenset[type[Event]] = frozenset((AuthorizationSubmitted, AuthorizationCancelled))
"""What may say that another request is in the place of this one, so that an answer to this one is none."""


def claims(chart: Chart) -> Iterator[Json]:
    """One for each request that was written."""
    for each in chart.journey.authorizations:
        if is_asked(each):
            yield _claim(chart, each)


def is_asked(one: Authorization) -> bool:
    """Whether there is a request, and not only the question whether one is needed."""
    return bool(set(one.said) - {AuthorizationRequirementDetermined})


def _claim(chart: Chart, one: Authorization) -> Json:
    items = [(sequence, line) for sequence, line in sorted(one.lines.items()) if line.item is not None]
    asked = [line.item for _, line in items if line.item is not None] or list(one.request.items)
    lines = dict(items) or {each.sequence: Line(each) for each in asked}
    diagnoses = _numbered(each for item in asked for each in item.diagnoses)
    performers = _numbered(item.performer for item in asked if item.performer)
    request = one.request
    return filled(
        {
            "id": str(one.authorization_id),
            "extension": _level_of_service(request.level_of_service),
            "identifier": identifiers(one),
            "status": STATUS[one.status],
            "type": TYPE,
            "use": "preauthorization",
            "patient": reference("Patient", chart.patient_id),
            "created": created(chart, one),
            "insurer": named("Organization", request.payer),
            "provider": provider(request.requester) or UNKNOWN,
            "priority": known(PRIORITIES, PRIORITY[request.urgency]),
            "related": _related(one),
            "careTeam": [
                {"sequence": number, "provider": provider(each)} for each, number in performers.items()
            ],
            "supportingInfo": _supporting(chart, one),
            "diagnosis": [
                {"sequence": number, "diagnosisCodeableConcept": concept(each)}
                for each, number in diagnoses.items()
            ],
            "insurance": [{"sequence": 1, "focal": True, "coverage": coverage(one)}],
            "item": [_item(item, lines[item.sequence], diagnoses, performers) for item in asked],
        }
    )


def identifiers(one: Authorization) -> list[Json]:
    """The trace number, which the payer answers to, and our own."""
    own = identifier(one.authorization_id)
    return [{"value": one.trace}, own] if one.trace else [own]


def created(chart: Chart, one: Authorization) -> str:
    """When it was first written, or else when we learned of it: a Claim has to say."""
    first = chart.told(one.authorization_id, "authorizations")[0]
    return happened(first) or instant(first.recorded_at)


def coverage(one: Authorization) -> Json:
    """The coverage that pays, by its name where the journey has none."""
    request = one.request
    if request.coverage_id is not None:
        return reference("Coverage", request.coverage_id)
    return named("Coverage", request.plan or request.payer) or UNKNOWN


def _level_of_service(level: Coded | None) -> list[Json]:
    return [{"url": LEVEL_OF_SERVICE, "valueCodeableConcept": concept(level)}] if level else []


def _related(one: Authorization) -> list[Json]:
    """The denied request in whose place it is."""
    if one.supersedes is None:
        return []
    return [{"claim": reference("Claim", one.supersedes), "relationship": known(RELATION, "prior")}]


def _supporting(chart: Chart, one: Authorization) -> list[Json]:
    """The documents that were sent afterwards."""
    told = (each.event for each in chart.of(one.authorization_id))
    sent = [
        name
        for each in told
        if isinstance(each, AuthorizationInformationSubmitted)
        for name in each.documents
    ]
    category = known(PAS_CODES, "additionalInformation")
    return [
        {"sequence": number, "category": category, "valueReference": each}
        for number, each in enumerate(documents(dict.fromkeys(sent)), start=1)
    ]


def _numbered(told: Iterable[T]) -> Mapping[T, int]:
    """Each once, from 1."""
    return {each: number for number, each in enumerate(dict.fromkeys(told), start=1)}


def _item(
    item: AuthorizationItem, line: Line, diagnoses: Mapping[Coded, int], performers: Mapping[str, int]
) -> Json:
    is_out = line.action is ReviewAction.CANCELLED
    kind = known(CERTIFICATION_TYPES, CANCEL if is_out else INITIAL)
    return filled(
        {
            "extension": [{"url": CERTIFICATION_TYPE, "valueCodeableConcept": kind}],
            "modifierExtension": [{"url": INFO_CANCELLED, "valueBoolean": True}] if is_out else None,
            "sequence": item.sequence,
            "careTeamSequence": [performers[item.performer]] if item.performer else None,
            "diagnosisSequence": [diagnoses[each] for each in dict.fromkeys(item.diagnoses)],
            "productOrService": concept(item.service),
            "modifier": [{"coding": [{"code": each}]} for each in item.modifiers],
            "servicedPeriod": days(item.valid_from, item.valid_until),
            "locationCodeableConcept": concept(item.place),
            "quantity": quantity(item.quantity, item.unit),
        }
    )


def quantity(amount: int | None, unit: AuthorizationUnit) -> Json | None:
    """With X12's code for what is counted."""
    if amount is None:
        return None
    return {"value": amount, "unit": unit.value, "system": UNITS, "code": UNIT_CODES[unit]}


CLAIM = Kind(
    type="Claim",
    about="A prior authorization as it is asked for: services, diagnoses, who pays, how urgent it is.",
    made=claims,
    rooms=frozenset({"authorizations"}),
    also=frozenset({"merges"}),
    events=REPLACES,
    parameters={
        "patient": By.PATIENT,
        "status": By.STATUS,
        "created": By.DATE,
        "provider": By.OWNER,
        "identifier": By.IDENTIFIER,
    },
    dated="created",
    owned="provider",
    includes={"patient": Include("patient", ("Patient",))},
)
