"""Fulfilment: how far a referral got, as the Task that fulfils its ServiceRequest (IHE 360X)."""

from collections.abc import Iterator

from journey.domain.event import Coded
from journey.domain.referral import Referral, ReferralStatus
from journey.fhir.assignment import TASK_CODES, assignment, business
from journey.fhir.chart import Chart
from journey.fhir.data import Json, concept, filled, known, period, reference
from journey.fhir.parties import provider

S = ReferralStatus
STATUS = {
    S.DRAFT: ("draft", None),
    S.SENT: ("requested", None),
    S.RECEIVED: ("received", None),
    S.INFORMATION_REQUESTED: ("received", "awaiting-information"),
    S.ACCEPTED: ("accepted", None),
    S.DECLINED: ("rejected", None),
    S.SCHEDULED: ("in-progress", "appointment-booked"),
    S.NO_SHOW: ("in-progress", "appointment-noshow"),
    S.IN_PROGRESS: ("in-progress", "interim-results"),
    S.CANCELLATION_REQUESTED: ("in-progress", "cancellation-requested"),
    S.OUTCOME_RECEIVED: ("completed", "outcome-final"),
    S.CLOSED: ("completed", None),
    S.CANCELLED: ("cancelled", None),
    S.EXPIRED: ("cancelled", None),
}
"""The referral's status as Task.status and Task.businessStatus, as the room says."""

SAYS_WHY = frozenset({S.DECLINED, S.CANCELLATION_REQUESTED, S.CANCELLED, S.EXPIRED})


def fulfilments(chart: Chart) -> Iterator[Json]:
    """One for each referral."""
    for referral in chart.journey.referrals:
        yield _fulfilment(chart, referral)


def _fulfilment(chart: Chart, referral: Referral) -> Json:
    status, more = STATUS[referral.status]
    focus = reference("ServiceRequest", referral.referral_id)
    return assignment(
        chart,
        referral.referral_id,
        "referrals",
        {
            "status": status,
            "statusReason": _reason(referral),
            "businessStatus": business("referral-status", more),
            "priority": referral.order.priority,
            "code": known(TASK_CODES, "fulfill", "Fulfill the focal request"),
            "basedOn": [focus],
            "focus": focus,
            "requester": provider(referral.order.requester),
            "owner": provider(referral.owner or referral.order.performer),
            "executionPeriod": chart.span(referral.accepted, referral.outcome),
            "restriction": _restriction(referral),
            "note": [{"text": f"Asked for: {referral.asked}"}] if referral.asked else None,
            "output": _reports(referral),
        },
    )


def _reason(referral: Referral) -> Json | None:
    reason: Coded | str | None = getattr(referral.said, "reason", None)
    return concept(reason) if referral.status in SAYS_WHY else None


def _restriction(referral: Referral) -> Json | None:
    """Until when an answer is due, and how often the patient may be seen."""
    within = period(None, referral.due)
    return filled({"repetitions": referral.order.visits, "period": within}) or None


def _reports(referral: Referral) -> list[Json]:
    told = sorted(each for each in referral.reports if each)
    return [{"type": {"text": "Report"}, "valueString": each} for each in told]
