"""ClaimResponse: what the payer says of a prior authorization, item by item (Da Vinci PAS on R4)."""

from collections.abc import Iterator
from typing import NamedTuple

from journey.domain.authorization import (
    Authorization,
    AuthorizationAcknowledged,
    AuthorizationAppealDecided,
    AuthorizationDecided,
    AuthorizationDecisionExtended,
    AuthorizationExtended,
    AuthorizationInformationRequested,
    AuthorizationPended,
    AuthorizationReturned,
    AuthorizationRevoked,
    AuthorizationStatus,
    LineDecision,
    RequestFault,
    ReviewAction,
)
from journey.domain.authorization.line import Grant, Line
from journey.domain.event import Event, Recorded
from journey.fhir.chart import Chart
from journey.fhir.claim import REPLACES, TYPE, coverage, identifiers, quantity
from journey.fhir.data import UNKNOWN, Json, concept, days, filled, happened, instant, known, named, reference
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import provider
from journey.fhir.x12 import (
    ADMINISTRATION_REFERENCE,
    ERROR_FOLLOW_UP,
    ERROR_PATH,
    ITEM_DETAIL,
    ITEM_PERIOD,
    ITEM_PROVIDER,
    REVIEW_ACTION,
    REVIEW_ACTION_CODE,
    REVIEW_ACTIONS,
)

S = AuthorizationStatus
OUTCOME = {
    S.REQUIRED: "queued",
    S.DRAFT: "queued",
    S.SUBMITTED: "queued",
    S.ACKNOWLEDGED: "queued",
    S.PENDED: "partial",
    S.INFORMATION_REQUESTED: "partial",
    S.CONTACT_PAYER: "partial",
    S.APPEALED: "partial",
    S.RETURNED: "error",
    S.NOT_REQUIRED: "complete",
    S.APPROVED: "complete",
    S.PARTIALLY_APPROVED: "complete",
    S.MODIFIED: "complete",
    S.DENIED: "complete",
    S.CANCELLED: "complete",
    S.REVOKED: "complete",
}
"""The request's status in the value set remittance-outcome: how far the payer is, not what it decided."""

UNSAID = frozenset({S.CANCELLED, S.REVOKED})
"""Where nothing that the payer granted may be used."""

SAYS_SO: frozenset[type[Event]] = frozenset(
    (
        AuthorizationAcknowledged,
        AuthorizationReturned,
        AuthorizationPended,
        AuthorizationInformationRequested,
        AuthorizationDecided,
        AuthorizationAppealDecided,
        AuthorizationDecisionExtended,
        AuthorizationExtended,
        AuthorizationRevoked,
    )
)
"""What the payer says; everything else about a request is said by us."""

ADJUDICATION: Json = known("http://terminology.hl7.org/CodeSystem/adjudication", "submitted")
WORDS = {
    ReviewAction.CERTIFIED: "Certified in total",
    ReviewAction.PARTLY_CERTIFIED: "Certified in part",
    ReviewAction.NOT_CERTIFIED: "Not certified",
    ReviewAction.PENDED: "Pended",
    ReviewAction.MODIFIED: "Modified",
    ReviewAction.CANCELLED: "Cancelled",
    ReviewAction.CONTACT_PAYER: "Contact payer",
    ReviewAction.NO_ACTION_REQUIRED: "No action required",
}
"""Our own words for X12's codes."""


class Said(NamedTuple):
    """The payer's last decision on an item, and whose number it bears."""

    line: LineDecision
    number: str | None


def claim_responses(chart: Chart) -> Iterator[Json]:
    """One for each request that the payer said anything of."""
    for each in chart.journey.authorizations:
        told = chart.told(each.authorization_id, "authorizations")
        answers = [one for one in told if type(one.event) in SAYS_SO and one.event not in each.disregarded]
        if answers:
            yield _response(chart, each, answers)


def _response(chart: Chart, one: Authorization, answers: list[Recorded]) -> Json:
    decided = _decided(answers)
    notes = {key: said.line.note for key, said in decided.items() if said.line.note}
    return filled(
        {
            "id": str(one.authorization_id),
            "identifier": identifiers(one),
            "status": "cancelled" if one.status in UNSAID else "active",
            "type": TYPE,
            "use": "preauthorization",
            "patient": reference("Patient", chart.patient_id),
            "created": happened(answers[-1]) or instant(answers[-1].recorded_at),
            "insurer": named("Organization", one.request.payer) or UNKNOWN,
            "requestor": provider(one.request.requester),
            "request": reference("Claim", one.authorization_id),
            "outcome": OUTCOME[one.status],
            "disposition": one.status.replace("-", " "),
            "preAuthRef": one.number,
            "preAuthPeriod": _window(one),
            "item": [
                _item(one, sequence, decided.get(sequence), list(notes))
                for sequence, line in sorted(one.lines.items())
                if _action(line, one) is not None
            ],
            "processNote": [
                {"number": number, "type": "print", "text": text}
                for number, text in enumerate(notes.values(), start=1)
            ],
            "insurance": [{"sequence": 1, "focal": True, "coverage": coverage(one)}],
            "error": _errors(one),
        }
    )


def _decided(answers: list[Recorded]) -> dict[int, Said]:
    """The last decision on each item."""
    said: dict[int, Said] = {}
    for each in answers:
        match each.event:
            case AuthorizationDecided() | AuthorizationAppealDecided() as answer:
                said.update(
                    {line.sequence: Said(line, line.number or answer.number) for line in answer.lines}
                )
            case _:
                pass
    return said


def _window(one: Authorization) -> Json | None:
    """When what was granted may be used, where that is one window for all of it."""
    windows = {(line.grant.valid_from, line.grant.valid_until) for line in one.lines.values() if line.grant}
    return days(*windows.pop()) if len(windows) == 1 else None


def _action(line: Line, one: Authorization) -> ReviewAction | None:
    """What the payer takes its time over as a whole is pended item by item."""
    is_waiting = one.status in {S.PENDED, S.INFORMATION_REQUESTED}
    return line.action or (ReviewAction.PENDED if is_waiting else None)


def _item(one: Authorization, sequence: int, said: Said | None, notes: list[int]) -> Json:
    line = one.lines[sequence]
    action = _action(line, one)
    return filled(
        {
            "extension": [*(_acknowledged(one) if action is ReviewAction.PENDED else ()), *_granted(line)],
            "itemSequence": sequence,
            "noteNumber": [notes.index(sequence) + 1] if sequence in notes else None,
            "adjudication": [_adjudication(action, said)],
        }
    )


def _adjudication(action: ReviewAction | None, said: Said | None) -> Json:
    """The decision stands in the review action (HCR); its number and reason belong to that decision alone."""
    parts: list[Json] = []
    if said is not None and said.line.action is action:
        if said.number:
            parts.append({"url": "number", "valueString": said.number})
        if said.line.reason:
            parts.append({"url": "reasonCode", "valueCodeableConcept": concept(said.line.reason)})
    if action is not None:
        code = known(REVIEW_ACTIONS, action, WORDS[action])
        parts.append({"url": REVIEW_ACTION_CODE, "valueCodeableConcept": code})
    return {"extension": [{"url": REVIEW_ACTION, "extension": parts}], "category": ADJUDICATION}


def _acknowledged(one: Authorization) -> list[Json]:
    """The payer's number of a request that it has not decided."""
    match one.said.get(AuthorizationAcknowledged):
        case AuthorizationAcknowledged(reference=str(number)):
            return [{"url": ADMINISTRATION_REFERENCE, "valueString": number}]
        case _:
            return []


def _granted(line: Line) -> Iterator[Json]:
    """What may be used, when, and by whom."""
    grant = line.grant
    if grant is None:
        return
    if within := days(grant.valid_from, grant.valid_until):
        yield {"url": ITEM_PERIOD, "valuePeriod": within}
    if who := provider(grant.performer):
        yield {"url": ITEM_PROVIDER, "extension": [{"url": "provider", "valueReference": who}]}
    if detail := list(_detail(grant)):
        yield {"url": ITEM_DETAIL, "extension": detail}


def _detail(grant: Grant) -> Iterator[Json]:
    if grant.service is not None:
        yield {"url": "productOrServiceCode", "valueCodeableConcept": concept(grant.service)}
    if amount := quantity(grant.quantity, grant.unit):
        yield {"url": "quantity", "valueQuantity": amount}


def _errors(one: Authorization) -> list[Json]:
    """Why it came back, while it has not been sent again."""
    returned = one.said.get(AuthorizationReturned)
    if one.status is not S.RETURNED or not isinstance(returned, AuthorizationReturned):
        return []
    return [_error(each) for each in returned.faults]


def _error(fault: RequestFault) -> Json:
    parts: list[Json] = []
    if fault.where:
        parts.append({"url": ERROR_PATH, "valueString": fault.where})
    if fault.follow_up:
        parts.append({"url": ERROR_FOLLOW_UP, "valueCodeableConcept": concept(fault.follow_up)})
    return filled({"extension": parts, "code": concept(fault.reason)})


CLAIM_RESPONSE = Kind(
    type="ClaimResponse",
    about="What the payer says of a prior authorization, item by item, and why a request came back.",
    made=claim_responses,
    rooms=frozenset({"authorizations"}),
    also=frozenset({"merges"}),
    events=REPLACES,
    parameters={
        "patient": By.PATIENT,
        "status": By.STATUS,
        "created": By.DATE,
        "requestor": By.OWNER,
        "identifier": By.IDENTIFIER,
    },
    dated="created",
    owned="requestor",
    includes={"patient": Include("patient", ("Patient",)), "request": Include("request", ("Claim",))},
)
