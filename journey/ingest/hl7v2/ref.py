"""REF and RRI: referrals and their answers, as commands (HL7 v2.5.1 chapter 11). A docstring is the row in
the docs.

RF1-6 is the loop's key: the number that the referrer gave it, in the answer as in the question. An AUT
segment tells of the payer's authorization of what is asked for.
"""

from collections.abc import Iterator
from uuid import UUID, uuid5

from journey.domain.authorization import (
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizedItem,
    DecideAuthorization,
    LineDecision,
    ReviewAction,
    SubmitAuthorization,
)
from journey.domain.event import Coded, Command
from journey.domain.referral import (
    AcceptReferral,
    CancelReferral,
    ChangeReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    ExpireReferral,
    ReferralOrder,
    SendReferral,
)
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.er7 import Segment
from journey.ingest.hl7v2.said import Said, clean
from journey.ingest.hl7v2.tables import PRIORITIES, REFERRED_TO, REFERRERS
from journey.ingest.hl7v2.telling import Telling

SERVICE = Coded(system="http://terminology.hl7.org/CodeSystem/v2-0281", code="Med")
"""What is asked for where neither PR1, OBR nor RF1-3 says: medical care (table 0281)."""


def refer(telling: Telling) -> Iterator[Command]:
    """A service is asked to see the patient; RF1-1 may say at once what became of it."""
    key, authorization = _key(telling, telling.said.sender), telling.said.message.first("AUT")
    authorization_id = None if authorization is None else _authorization_id(key, telling, authorization)
    if authorization is not None and authorization_id is not None:
        yield from _authorized(telling, authorization, authorization_id)
    order = _order(telling.said, authorization_id)
    yield telling.asks(SendReferral, referral_id=key, order=order)
    if _status(telling.said) != "P":
        yield from _answered(telling, key)


def change(telling: Telling) -> Iterator[Command]:
    """The referrer says something else, or more."""
    key = _key(telling, telling.said.sender)
    yield telling.asks(ChangeReferral, referral_id=key, order=_order(telling.said, None))


def cancel(telling: Telling) -> Iterator[Command]:
    """The referrer asks nobody any more (RF1-10 says why)."""
    reason = _reason(telling.said)
    yield telling.asks(
        CancelReferral,
        referral_id=_key(telling, telling.said.sender),
        reason=(reason and (reason.display or reason.code)) or "cancelled by the referrer",
    )


def answer(telling: Telling) -> Iterator[Command]:
    """What the other service says of it (RF1-1, table 0283): pending, accepted, rejected, expired."""
    yield from _answered(telling, _key(telling, telling.said.receiver))


def _answered(telling: Telling, referral_id: UUID) -> Iterator[Command]:
    said = telling.said
    match _status(said):
        case "A":
            owner = _provider(said, REFERRED_TO)
            yield telling.asks(AcceptReferral, referral_id=referral_id, owner=owner)
        case "R":
            reason = _reason(said) or Coded(system=STATUSES, code="R", display="Rejected")
            yield telling.asks(DeclineReferral, referral_id=referral_id, reason=reason)
        case "E":
            yield telling.asks(ExpireReferral, referral_id=referral_id, reason="expired, says the sender")
        case "P" | "":
            yield telling.asks(ConfirmReferralReceipt, referral_id=referral_id)
        case _:
            raise Unapplied("missing-field", "RF1-1 should be P, A, R or E (table 0283).")


STATUSES = "http://terminology.hl7.org/CodeSystem/v2-0283"


def _status(said: Said) -> str:
    return said.text("RF1", 1).upper()


def loop(telling: Telling, place: tuple[str, int], authority: str) -> UUID:
    """The referral of the number there, and of who gave it that. Raises Unapplied where it is empty."""
    said, (name, field) = telling.said, place
    number = said.text(name, field)
    if not number:
        raise Unapplied("missing-field", f"{name}-{field} is empty: it says which referral it is.")
    given_by = said.text(name, field, 2) or said.text(name, field, 3) or authority
    return uuid5(telling.journey_id, f"referral|{given_by}|{number}")


def _key(telling: Telling, authority: str) -> UUID:
    return loop(telling, ("RF1", 6), authority)


def _order(said: Said, authorization_id: UUID | None) -> ReferralOrder:
    return ReferralOrder(
        number=said.text("RF1", 6) or None,
        service=_service(said),
        reason=said.coded(said.message.first("DG1"), 3) or _reason(said),
        priority=PRIORITIES.get(said.text("RF1", 2).upper(), PRIORITIES["R"]),
        requester=_provider(said, REFERRERS),
        performer=_provider(said, REFERRED_TO),
        authorization_id=authorization_id,
        valid_from=said.day(said.message.first("RF1"), 7),
        valid_until=said.day(said.message.first("RF1"), 8),
    )


def _service(said: Said) -> Coded:
    """What is asked for: the procedure (PR1-3), else the order (OBR-4), else the kind of care (RF1-3)."""
    message = said.message
    found = (said.coded(message.first(name), field) for name, field in (("PR1", 3), ("OBR", 4), ("RF1", 3)))
    return next(filter(None, found), SERVICE)


def _reason(said: Said) -> Coded | None:
    return said.coded(said.message.first("RF1"), 10)


def _provider(said: Said, roles: frozenset[str]) -> str | None:
    """The provider in one of these roles (PRD-1): the number (PRD-7), else the name of the place (PRD-4)."""
    for segment in said.message.all("PRD"):
        if clean(segment.component(1, 1)).upper() in roles:
            return clean(segment.component(7, 1)) or clean(segment.component(4, 4)) or None
    return None


# --- AUT: the authorization of what is asked for


def _authorization_id(referral_id: UUID, telling: Telling, segment: Segment) -> UUID:
    number = clean(segment.component(6, 1))
    return uuid5(telling.journey_id, f"authorization|{number}") if number else uuid5(referral_id, "AUT")


def _authorized(telling: Telling, segment: Segment, authorization_id: UUID) -> Iterator[Command]:
    """It was asked for, and granted where a number says so (AUT-6)."""
    said = telling.said
    number = clean(segment.component(6, 1)) or None
    request = AuthorizationRequest(
        payer=clean(segment.component(2, 1)) or clean(segment.component(3, 1)) or None,
        plan=clean(segment.component(1, 1)) or None,
        requester=_provider(said, REFERRERS),
        items=(AuthorizationItem(sequence=1, service=_service(said), quantity=_count(segment, 8)),),
    )
    yield telling.asks(SubmitAuthorization, authorization_id=authorization_id, request=request)
    if number is not None:
        authorized = AuthorizedItem(quantity=_count(segment, 9))
        line = LineDecision(sequence=1, action=ReviewAction.CERTIFIED, authorized=authorized)
        yield telling.asks(
            DecideAuthorization,
            authorization_id=authorization_id,
            lines=(line,),
            number=number,
            valid_from=said.day(segment, 4),
            valid_until=said.day(segment, 5),
        )


def _count(segment: Segment, field: int) -> int | None:
    text = clean(segment.component(field, 1))
    return int(text) if text.isascii() and text.isdecimal() and int(text[:6]) > 0 else None
