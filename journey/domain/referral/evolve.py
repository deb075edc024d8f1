"""What is true of the referrals after an event. Total: history is never refused."""

from typing import assert_never

from journey.domain.event import Fact
from journey.domain.referral import events as happened
from journey.domain.referral.events import ReferralOrder
from journey.domain.referral.state import PASSED, TRANSITIONS, Referral, Referrals, ReferralStatus


def evolve(referrals: Referrals, event: happened.ReferralEvent, fact: Fact) -> Referrals:
    """The referrals after this event. One first heard of in the middle is there all the same."""
    known = referrals.get(event.referral_id)
    before = known or Referral(event.referral_id, ReferralStatus.SENT, fact)
    if isinstance(event, happened.ReferralOutcomeReceived) and before.has_told(event.report):
        return referrals
    after = _changed(before, event, fact)
    status = _leads_to(before, event)
    passed = known is not None and known.status in PASSED.get(type(event), ())
    if status is not before.status and not passed:
        after = after._replace(status=status, since=fact)
    return referrals.having(event.referral_id, after)


def _leads_to(referral: Referral, event: happened.ReferralEvent) -> ReferralStatus:
    """Who had taken the patient on before asking for more has done so still."""
    _, status = TRANSITIONS[type(event)]
    if isinstance(event, happened.ReferralInformationProvided) and referral.accepted is not None:
        return ReferralStatus.ACCEPTED
    return ReferralStatus(status or referral.status)


def _changed(referral: Referral, event: happened.ReferralEvent, fact: Fact) -> Referral:
    """What the event says beyond the status."""
    match event:
        case happened.ReferralDrafted() | happened.ReferralChanged():
            return referral._replace(order=event.order)
        case happened.ReferralSent():
            order = referral.order if event.order == ReferralOrder() else event.order
            return referral._replace(order=order, sent=referral.sent or fact, due=None)
        case happened.ReferralTriaged():
            triaged = _ordered(referral, priority=event.priority)
            return triaged._replace(triaged=(event.priority, event.triaged_by))
        case happened.ReferralInformationRequested():
            return referral._replace(due=event.due, asked=event.what)
        case happened.ReferralInformationProvided():
            due = None if referral.status is ReferralStatus.INFORMATION_REQUESTED else referral.due
            return referral._replace(due=due, asked=None, said=event)
        case happened.ReferralAccepted():
            agreed = _ordered(referral, visits=event.visits or referral.order.visits)
            return agreed._replace(accepted=fact, owner=event.owner, due=event.expected_by)
        case happened.ReferralDeclined():
            return referral._replace(accepted=None, owner=event.reroute_owner, due=None, said=event)
        case happened.ReferralRerouted():
            return _ordered(referral, performer=event.performer)._replace(
                owner=None, accepted=None, due=None, said=event
            )
        case happened.ReferralAppointmentNotified():
            return referral._replace(due=None, appointment=(event.start, event.visit_id))
        case happened.ReferralInterimReportReceived():
            return referral._replace(reports=referral.reports | {event.report})
        case happened.ReferralOutcomeReceived():
            return referral._replace(outcome=fact, due=None, reports=referral.reports | {event.report})
        case happened.ReferralLoopClosed():
            return referral._replace(closed=fact, said=event)
        case happened.ReferralReopened():
            return referral._replace(accepted=None, closed=None, outcome=None, due=None, said=event)
        case (
            happened.ReferralCancelled()
            | happened.ReferralCancellationRequested()
            | happened.ReferralCancellationRefused()
            | happened.ReferralExpired()
        ):
            return referral._replace(said=event)
        case (
            happened.ReferralReceiptConfirmed()
            | happened.ReferralNoShowNotified()
            | happened.ReferralCancellationAccepted()
        ):
            return referral
        case _:
            assert_never(event)


def _ordered(referral: Referral, **changed: object) -> Referral:
    return referral._replace(order=referral.order.model_copy(update=changed))
