"""OMG and OSU: referrals as orders (IHE 360X; HL7 v2.5.1 chapter 4). A docstring is the row in the docs.

ORC-2 is the loop's key: the number that the referrer gave it, in every message about it. Whether an order is
a referral at all is said by MSH-21 (360X), by OBR-4 (a referral note), or by its number, where that is known.
"""

from collections.abc import Iterator
from uuid import UUID

from journey.domain.event import Coded, Command, latest
from journey.domain.referral import (
    AcceptReferral,
    AcceptReferralCancellation,
    CancelReferral,
    DeclineReferral,
    ReceiveInterimReport,
    ReceiveReferralOutcome,
    ReferralOrder,
    RefuseReferralCancellation,
    RequestReferralCancellation,
    SendReferral,
)
from journey.domain.referral.state import ReferralStatus
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.ref import SERVICE, loop
from journey.ingest.hl7v2.said import Said, precision
from journey.ingest.hl7v2.tables import PRIORITIES
from journey.ingest.hl7v2.telling import Telling

PROFILE = "360X"
REFERRAL_NOTE = "57133-1"
"""LOINC: what 360X orders in OBR-4, whatever the service."""

STATUSES = "http://terminology.hl7.org/CodeSystem/v2-0038"
UNDER_WAY = frozenset({ReferralStatus.SCHEDULED, ReferralStatus.NO_SHOW, ReferralStatus.IN_PROGRESS})
"""Statuses in which the other service is asked to stop, rather than told that nobody is asked."""


def order(telling: Telling) -> Iterator[Command]:
    """A service is asked (ORC-1 NW, PCC-55); from it, an interim note (ORC-5 IP, PCC-59) or the outcome (CM,
    PCC-57). Another order is parked.
    """
    said, status = telling.said, telling.said.text("ORC", 5).upper()
    if said.text("ORC", 1).upper() == "NW":
        sent = _referral(telling, said.sender)
        yield telling.asks(SendReferral, referral_id=sent, order=_order(said))
        return
    referral_id = _referral(telling, said.receiver)
    report = said.text("OBR", 3) or said.text("MSH", 10) or None
    match status:
        case "IP" | "A":
            yield telling.asks(ReceiveInterimReport, referral_id=referral_id, report=report)
        case "CM":
            yield telling.asks(ReceiveReferralOutcome, referral_id=referral_id, report=report)
        case _:
            raise Unapplied("missing-field", "ORC-5 should be IP or CM where ORC-1 is not NW (360X).")


def status(telling: Telling) -> Iterator[Command]:
    """The service accepts (ORC-5 IP) or declines (CA, PCC-56); the referrer cancels (ORC-1 CA or DC, PCC-58),
    which is confirmed (CR) or not (UC).
    """
    said = telling.said
    control, status = said.text("ORC", 1).upper(), said.text("ORC", 5).upper()
    if control in {"CA", "DC"}:
        yield _cancelled(telling, _referral(telling, said.sender))
        return
    referral_id = _referral(telling, said.receiver)
    reason = _reason(said)
    match control, status:
        case "CR", _:
            yield telling.asks(AcceptReferralCancellation, referral_id=referral_id)
        case "UC", _:
            why = _words(reason, "not said by the service")
            yield telling.asks(RefuseReferralCancellation, referral_id=referral_id, reason=why)
        case ("OC" | "UA", _) | (_, "CA"):
            declined = reason or Coded(system=STATUSES, code="CA", display="Declined")
            yield telling.asks(DeclineReferral, referral_id=referral_id, reason=declined)
        case _, "IP":
            due = said.moment("ORC", 15)
            yield telling.asks(
                AcceptReferral,
                referral_id=referral_id,
                owner=said.text("ORC", 12) or None,
                expected_by=latest(due.at, precision(due)) if due else None,
            )
        case _:
            raise Unapplied("missing-field", "ORC-5 should be IP or CA, or ORC-1 CA, DC, CR or UC (360X).")


def _cancelled(telling: Telling, referral_id: UUID) -> Command:
    known = telling.journey.referrals.get(referral_id)
    under_way = known is not None and known.status in UNDER_WAY
    kind = RequestReferralCancellation if under_way else CancelReferral
    reason = _words(_reason(telling.said), "cancelled by the referrer")
    return telling.asks(kind, referral_id=referral_id, reason=reason)


def _referral(telling: Telling, authority: str) -> UUID:
    """The loop that it is about. Raises Unapplied where it is about another order, or about several."""
    said = telling.said
    if len(said.message.all("ORC")) > 1:
        raise Unapplied("no-mapping", "There are several ORC: a message about a referral has one (360X).")
    field = "ORC" if said.text("ORC", 2) else "OBR"
    referral_id = loop(telling, (field, 2), authority)
    if not (_is_360x(said) or telling.journey.referrals.get(referral_id)):
        raise Unapplied(
            "no-mapping", "MSH-21 is not 360X, OBR-4 not 57133-1, ORC-2 not known: it is no referral's order."
        )
    return referral_id


def _is_360x(said: Said) -> bool:
    return said.text("MSH", 21).upper().startswith(PROFILE) or said.text("OBR", 4) == REFERRAL_NOTE


def _order(said: Said) -> ReferralOrder:
    asked = said.coded(said.message.first("OBR"), 4)
    return ReferralOrder(
        number=said.text("ORC", 2) or said.text("OBR", 2) or None,
        service=SERVICE if asked is None or asked.code == REFERRAL_NOTE else asked,
        reason=said.coded(said.message.first("DG1"), 3) or said.coded(said.message.first("OBR"), 31),
        priority=PRIORITIES.get(said.text("TQ1", 9).upper(), PRIORITIES["R"]),
        requester=said.text("ORC", 12) or said.text("OBR", 16) or None,
        performer=said.receiver if said.receiver != "unknown" else None,
        valid_until=said.day(said.message.first("TQ1"), 8),
    )


def _reason(said: Said) -> Coded | None:
    return said.coded(said.message.first("ORC"), 16)


def _words(reason: Coded | None, otherwise: str) -> str:
    return (reason and (reason.display or reason.code)) or otherwise
