"""What is true of the authorizations after an event. Total: history is never refused."""

from typing import Any, assert_never

from journey.domain.authorization import events as happened
from journey.domain.authorization.line import Line, answered, overturned, rolled_up
from journey.domain.authorization.request import AppealOutcome, AuthorizationRequest, ReviewAction
from journey.domain.authorization.state import Authorization, Authorizations, Consumption
from journey.domain.authorization.status import ENDED, GRANTED, PASSED, REFUSED, TRANSITIONS
from journey.domain.authorization.status import AuthorizationStatus as S
from journey.domain.event import Fact

ANSWERS = (happened.AuthorizationDecided, happened.AuthorizationReturned)
"""What answers one submission, and nothing once another is in its place."""

COUNTED = (happened.AuthorizationUnitsConsumed, happened.AuthorizationUnitsRestored)
WITHOUT_LINES = {
    AppealOutcome.UPHELD: S.DENIED,
    AppealOutcome.OVERTURNED: S.APPROVED,
    AppealOutcome.PARTIAL: S.PARTIALLY_APPROVED,
}
"""What an appeal leads to where the items were never told."""


def evolve(authorizations: Authorizations, event: happened.AuthorizationEvent, fact: Fact) -> Authorizations:
    """The authorizations after this event. One first heard of in the middle is there all the same."""
    key = event.authorization_id
    known = authorizations.get(key)
    before = known or Authorization(key, S.SUBMITTED, fact)
    if isinstance(event, ANSWERS) and is_outdated(authorizations, before, event):
        return authorizations.having(key, before._replace(disregarded=before.disregarded | {event}))
    after = _changed(before, event, fact)
    if not isinstance(event, COUNTED):
        after = after._replace(said={**after.said, type(event): event})
    _, target = TRANSITIONS[type(event)]
    status = _implied(known, after, event) if target is None else S(target)
    if known is not None and known.status in PASSED.get(type(event), ()) and not _asks_anew(known, event):
        status = known.status
    if status is not before.status:
        after = after._replace(status=status, since=fact)
    if status in GRANTED:
        after = after._replace(approved=after.approved or fact)
    return authorizations.having(key, after)


def is_outdated(
    authorizations: Authorizations,
    known: Authorization,
    event: happened.AuthorizationDecided | happened.AuthorizationReturned,
) -> bool:
    """Whether it answers a submission in whose place there is another."""
    return event.trace in known.earlier or authorizations.is_superseded(known.authorization_id)


def _asks_anew(known: Authorization, event: happened.AuthorizationEvent) -> bool:
    """Whether it is another submission than the one that is further along."""
    if not isinstance(event, happened.AuthorizationSubmitted) or known.submitted is None:
        return False
    return event.trace is not None and event.trace not in {known.trace, *known.earlier}


def _implied(known: Authorization | None, after: Authorization, event: happened.AuthorizationEvent) -> S:
    """The status that follows from what is said of the items."""
    status = after.status
    match event:
        case happened.AuthorizationRequirementDetermined():
            if known is None or known.status in {S.REQUIRED, S.NOT_REQUIRED}:
                status = S.REQUIRED if event.required else S.NOT_REQUIRED
        case happened.AuthorizationDecided() if status not in ENDED and after.lines:
            rolled = rolled_up(after.lines)
            waits_for_us = rolled is S.PENDED and status is S.INFORMATION_REQUESTED
            status = status if waits_for_us else rolled
        case happened.AuthorizationAppealDecided() if status not in ENDED:
            status = rolled_up(after.lines) if after.lines else WITHOUT_LINES[event.outcome]
        case happened.PeerToPeerHeld() if event.reopens and status in REFUSED:
            status = S.PENDED
        case _:
            pass
    return status


def _changed(one: Authorization, event: happened.AuthorizationEvent, fact: Fact) -> Authorization:
    """What the event says beyond the status."""
    match event:
        case happened.AuthorizationRequirementDetermined():
            return one._replace(requirement=event)
        case happened.AuthorizationRequestPrepared():
            return one._replace(request=event.request)
        case happened.AuthorizationSubmitted():
            return _submitted(one, event, fact)
        case happened.AuthorizationAcknowledged() | happened.AuthorizationPended():
            return one._replace(due=event.due or one.due)
        case happened.AuthorizationInformationRequested():
            return one._replace(asked=event.what, asked_by=event.due)
        case happened.AuthorizationInformationSubmitted():
            return one._replace(asked=None, asked_by=None)
        case happened.AuthorizationDecided():
            lines = answered(one.lines, event)
            return _said(one, event)._replace(lines=lines, decided=one.decided or fact)
        case happened.AuthorizationDecisionReviewed():
            return one._replace(reviewed=one.decision)
        case happened.AuthorizationUpdateSubmitted():
            return _updated(one, event)
        case happened.AuthorizationExtended():
            return _in_window(one, event)
        case happened.PeerToPeerScheduled():
            return one._replace(peer_to_peer=event)
        case happened.PeerToPeerHeld():
            return one._replace(peer_to_peer=None)
        case happened.AuthorizationAppealed():
            return one._replace(appeals=tuple(dict.fromkeys((*one.appeals, event.level))), due=event.due)
        case happened.AuthorizationAppealDecided():
            everything = event.outcome is AppealOutcome.OVERTURNED and not event.lines
            lines = overturned(one.lines, event) if everything else answered(one.lines, event)
            return _said(one, event)._replace(lines=lines)
        case happened.AuthorizationDecisionExtended():
            return one._replace(due=event.due)
        case happened.AuthorizationUnitsConsumed():
            return _counting(one, event, Consumption(event.quantity, event.sequence))
        case happened.AuthorizationUnitsRestored():
            used = one.consumed.get(event.consumption_id, Consumption(0))
            return _counting(one, event, used._replace(restored=True))
        case (
            happened.AuthorizationReturned()
            | happened.AuthorizationCancelled()
            | happened.PayerContacted()
            | happened.AuthorizationRevoked()
        ):
            return one
        case _:
            assert_never(event)


def _submitted(one: Authorization, event: happened.AuthorizationSubmitted, fact: Fact) -> Authorization:
    request = one.request if event.request == AuthorizationRequest() else event.request
    lines = dict(one.lines)
    for item in request.items:
        lines[item.sequence] = lines.get(item.sequence, Line())._replace(item=item)
    return _traced(one, event.trace)._replace(
        request=request,
        supersedes=event.supersedes,
        lines=lines,
        due=event.due or one.due,
        submitted=one.submitted or fact,
    )


def _updated(one: Authorization, event: happened.AuthorizationUpdateSubmitted) -> Authorization:
    lines = dict(one.lines)
    for item in (*event.changed, *event.added):
        lines[item.sequence] = lines.get(item.sequence, Line())._replace(item=item, action=None)
    for sequence in event.cancelled:
        lines[sequence] = lines.get(sequence, Line())._replace(action=ReviewAction.CANCELLED, grant=None)
    return _traced(one, event.trace)._replace(lines=lines, due=event.due)


def _traced(one: Authorization, trace: str | None) -> Authorization:
    """What was submitted before under another trace number has been replaced."""
    if trace is None or one.trace is None or trace == one.trace:
        return one._replace(trace=trace or one.trace)
    return one._replace(trace=trace, earlier=(one.earlier | {one.trace}) - {trace})


def _said(
    one: Authorization, event: happened.AuthorizationDecided | happened.AuthorizationAppealDecided
) -> Authorization:
    number = event.number or one.number
    return one._replace(decision=event, number=number, appeal_by=event.appeal_by)


def _in_window(one: Authorization, event: happened.AuthorizationExtended) -> Authorization:
    changed: dict[str, Any] = {"valid_until": event.valid_until}
    if event.valid_from is not None:
        changed["valid_from"] = event.valid_from
    return one._replace(
        lines={
            sequence: line._replace(grant=line.grant and line.grant._replace(**changed))
            for sequence, line in one.lines.items()
        }
    )


def _counting(
    one: Authorization,
    event: happened.AuthorizationUnitsConsumed | happened.AuthorizationUnitsRestored,
    used: Consumption,
) -> Authorization:
    return one._replace(consumed={**one.consumed, event.consumption_id: used})
