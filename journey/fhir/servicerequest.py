"""ServiceRequest: what a referral asks for (US Core ServiceRequest). How far it got is told by its Task."""

from collections.abc import Iterable, Iterator

from journey.domain.event import Coded
from journey.domain.referral import Referral, ReferralKind, ReferralStatus
from journey.fhir.chart import Chart
from journey.fhir.data import Json, concept, days, filled, happened, identifier, reference
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import provider

S = ReferralStatus
STATUS = {
    S.DRAFT: "draft",
    S.SENT: "active",
    S.RECEIVED: "active",
    S.INFORMATION_REQUESTED: "active",
    S.ACCEPTED: "active",
    S.DECLINED: "active",
    S.SCHEDULED: "active",
    S.NO_SHOW: "active",
    S.IN_PROGRESS: "active",
    S.CANCELLATION_REQUESTED: "active",
    S.OUTCOME_RECEIVED: "completed",
    S.CLOSED: "completed",
    S.CANCELLED: "revoked",
    S.EXPIRED: "revoked",
}
"""The referral's status in the value set request-status."""

REFERRAL = Coded(system="http://snomed.info/sct", code="3457005", display="Patient referral")
PLACER: Json = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PLAC"}],
    "text": "Placer order number",
}


def service_requests(chart: Chart) -> Iterator[Json]:
    """One for each referral."""
    for referral in chart.journey.referrals:
        yield _service_request(chart, referral)


def _service_request(chart: Chart, referral: Referral) -> Json:
    order = referral.order
    asked = concept(order.service or order.specialty or REFERRAL)
    begun = chart.told(referral.referral_id, "referrals")[0]
    return filled(
        {
            "id": str(referral.referral_id),
            "identifier": _identifiers(referral),
            "status": STATUS[referral.status],
            "intent": "order",
            "category": [concept(REFERRAL)],
            "priority": order.priority,
            "code": asked,
            "quantityQuantity": order.visits and {"value": order.visits, "unit": "visits"},
            "subject": reference("Patient", chart.patient_id),
            "occurrencePeriod": days(order.valid_from, order.valid_until),
            "authoredOn": happened(begun),
            "requester": _requester(chart, referral),
            "performerType": concept(order.specialty),
            "performer": [each] if (each := provider(order.performer)) else None,
            "reasonCode": [concept(order.reason)] if order.reason else None,
            "insurance": _insurance(referral),
            "supportingInfo": documents(order.documents),
        }
    )


def _identifiers(referral: Referral) -> list[Json]:
    own = identifier(referral.referral_id)
    number = referral.order.number
    return [{"type": PLACER, "value": number}, own] if number else [own]


def _requester(chart: Chart, referral: Referral) -> Json | None:
    """Who asks for themselves is the patient."""
    if referral.order.requester is None and referral.order.kind is ReferralKind.SELF:
        return reference("Patient", chart.patient_id)
    return provider(referral.order.requester)


def _insurance(referral: Referral) -> list[Json]:
    authorization_id = referral.order.authorization_id
    return [reference("ClaimResponse", authorization_id)] if authorization_id else []


def documents(told: Iterable[str]) -> list[Json]:
    """What goes with it, by the ids that the documents have where they are kept."""
    return [{"type": "DocumentReference", "identifier": {"value": each}} for each in told if each]


SERVICE_REQUEST = Kind(
    type="ServiceRequest",
    about="A referral: what is asked for, of whom, why and how soon.",
    made=service_requests,
    rooms=frozenset({"referrals"}),
    also=frozenset({"merges"}),
    parameters={
        "patient": By.PATIENT,
        "subject": By.PATIENT,
        "status": By.STATUS,
        "authored": By.DATE,
        "requester": By.OWNER,
        "identifier": By.IDENTIFIER,
    },
    dated="authoredOn",
    owned="requester",
    includes={"patient": Include("subject", ("Patient",)), "subject": Include("subject", ("Patient",))},
    profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-servicerequest",
)
