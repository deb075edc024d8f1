"""ServiceRequest and Task: referrals and what becomes of them. A docstring is the row in the docs.

A ServiceRequest is a referral where its category or its code says so. Laboratory tests, images and nursing
orders are ServiceRequests, too, and nobody's journey: they are not mapped.
"""

from collections.abc import Iterator

from journey.domain.codes import Priority
from journey.domain.event import Coded, Command, Event
from journey.domain.referral import (
    AcceptReferral,
    CancelReferral,
    ChangeReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    DraftReferral,
    ExpireReferral,
    ReceiveReferralOutcome,
    ReferralOrder,
    SendReferral,
)
from journey.domain.referral.decide import CARRIES_OUT
from journey.domain.referral.state import Referral, ReferralStatus
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.resource import Element, Resource
from journey.ingest.fhir.telling import Telling

REFERRALS = frozenset({"3457005", "306206005", "103696004", "308292007", "306253008", "183561008", "sdoh"})
"""SNOMED CT: patient referral, to a service, to a specialist, transfer of care …; US Core: social needs."""

ASKED_AS = frozenset(
    {"order", "original-order", "reflex-order", "filler-order", "instance-order", "plan", "proposal"}
)


def is_referral(resource: Resource) -> bool:
    """Whether it asks somebody else to see the patient."""
    if resource.flag("doNotPerform") or resource.short("intent") not in ASKED_AS:
        return False
    codings = [*resource.codes("category"), *resource.codes("code")]
    said = [*(each.text("display") for each in codings), *_words(resource)]
    return any(each.short("code") in REFERRALS for each in codings) or any(
        "referral" in each.lower() or each.lower().startswith("refer ") for each in said
    )


def _words(resource: Resource) -> Iterator[str]:
    yield from (each.text("text") for each in resource.all("category"))
    code = resource.one("code")
    if code is not None:
        yield code.text("text")


def service_request(telling: Telling) -> Iterator[Command]:
    """Where category or code says that it is a referral: written, sent (authoredOn), changed, cancelled
    (revoked); completed is an outcome that waits for review.
    """
    if telling.is_old:
        return
    resource, known = telling.resource, _known(telling)
    order, authored = _order(telling), resource.moment("authoredOn")
    match resource.status:
        case "draft":
            if known is None or (known.status is ReferralStatus.DRAFT and known.order != order):
                yield telling.asks(DraftReferral, authored, referral_id=telling.thing_id, order=order)
        case "active" | "on-hold" | "completed" | "revoked" | "unknown" as status:
            yield from _sent(telling, known, order, authored)
            if status == "completed":
                yield from _unless_said(telling, ReceiveReferralOutcome)
            elif status == "revoked" and (known is None or known.is_open):
                yield telling.asks(
                    CancelReferral, referral_id=telling.thing_id, reason="revoked by the sender"
                )
        case "entered-in-error":
            if known is None or known.is_open:
                yield telling.asks(CancelReferral, referral_id=telling.thing_id, reason="entered in error")
        case _:
            raise resource.wrong("status", "R4 has no such status")


def _known(telling: Telling) -> Referral | None:
    return telling.journey.referrals.get(telling.thing_id)


def _sent(
    telling: Telling, known: Referral | None, order: ReferralOrder, authored: Moment | None
) -> Iterator[Command]:
    if known is None or known.sent is None:
        yield telling.asks(SendReferral, authored, referral_id=telling.thing_id, order=order)
    elif known.order != order and known.is_open:
        yield telling.asks(ChangeReferral, referral_id=telling.thing_id, order=order)


def _order(telling: Telling) -> ReferralOrder:
    resource = telling.resource
    period = resource.one("occurrencePeriod")
    since, until = (period.moment("start"), period.moment("end")) if period else (None, None)
    number = resource.first("identifier")
    priority = resource.short("priority")
    return ReferralOrder(
        number=(number.short("value") or None) if number else None,
        service=resource.coded("code"),
        specialty=resource.coded("performerType"),
        reason=resource.coded("reasonCode"),
        priority=Priority(priority) if priority in set(Priority) else Priority.ROUTINE,
        requester=_named(resource.one("requester")),
        performer=_named(resource.first("performer")),
        valid_from=since.at.date() if since else None,
        valid_until=until.at.date() if until else None,
    )


def _named(reference: Element | None) -> str | None:
    """Who: the number, else the name, else the reference itself."""
    if reference is None:
        return None
    identifier = reference.one("identifier")
    number = identifier.short("value") if identifier else ""
    return number or reference.short("display") or reference.short("reference") or None


def task(telling: Telling) -> Iterator[Command]:
    """Of a referral (focus): received, accepted, rejected, failed, cancelled, completed (lastModified)."""
    if telling.is_old:
        return
    at, owner = telling.resource.moment("lastModified"), _named(telling.resource.one("owner"))
    reason = telling.resource.coded("statusReason")
    why = (reason.display or reason.code) if reason else "says the sender"
    match telling.resource.status:
        case "received":
            yield from _unless_said(telling, ConfirmReferralReceipt, at)
        case "accepted" | "ready" | "in-progress":
            yield from _unless_said(telling, AcceptReferral, at, owner=owner)
        case "rejected":
            coded = reason or Coded(system="http://hl7.org/fhir/task-status", code="rejected")
            yield from _unless_said(telling, DeclineReferral, at, reason=coded)
        case "failed":
            yield from _unless_said(telling, ExpireReferral, at, reason=why)
        case "cancelled" | "entered-in-error":
            yield from _unless_said(telling, CancelReferral, at, reason=why)
        case "completed":
            yield from _unless_said(telling, ReceiveReferralOutcome, at, report=_report(telling.resource))
        case "":
            raise telling.resource.missing("status", "it says how far the task is")
        case _:
            pass


def _report(resource: Resource) -> str | None:
    """What came out of it: a reference to a document."""
    for output in resource.all("output"):
        reference = output.one("valueReference")
        if reference and (name := reference.short("reference")):
            return name
    return None


def _unless_said(
    telling: Telling, command: type[Command], at: Moment | None = None, **facts: object
) -> Iterator[Command]:
    """The command, unless the resource has said it last."""
    referral_id = telling.linked.get("referral", telling.thing_id)
    asked = telling.asks(command, at, referral_id=referral_id, **facts)
    event: Event = CARRIES_OUT[command](**asked.facts())
    if not telling.said or max(telling.said, key=lambda each: each.version).event != event:
        yield asked
