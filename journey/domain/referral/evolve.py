"""What is true of the referrals after an event. Total: history is never refused."""

from typing import assert_never

from journey.domain.event import Fact
from journey.domain.referral import events as happened
from journey.domain.referral.events import ReferralOrder
from journey.domain.referral.state import TRANSITIONS, Referral, Referrals, ReferralStatus


def evolve(referrals: Referrals, event: happened.ReferralEvent, fact: Fact) -> Referrals:
    """The referrals after this event. One first heard of in the middle is there all the same."""
    known = referrals.get(event.referral_id) or Referral(event.referral_id, ReferralStatus.SENT, fact)
    _, status = TRANSITIONS[type(event)]
    after = _changed(known, event, fact)
    if status is not None and status is not known.status:
        after = after._replace(status=ReferralStatus(status), since=fact)
    return referrals.having(event.referral_id, after)


def _changed(referral: Referral, event: happened.ReferralEvent, fact: Fact) -> Referral:
    """What the event says beyond the status."""
    match event:
        case happened.ReferralDrafted() | happened.ReferralChanged():
            return referral._replace(order=event.order)
        case happened.ReferralSent():
            order = referral.order if event.order == ReferralOrder() else event.order
            return referral._replace(order=order, sent=referral.sent or fact, due=None)
        case happened.ReferralTriaged():
            return _ordered(referral, priority=event.priority)
        case happened.ReferralInformationRequested():
            return referral._replace(due=event.due, asked=event.what)
        case happened.ReferralAccepted():
            agreed = _ordered(referral, visits=event.visits or referral.order.visits)
            return agreed._replace(accepted=fact, owner=event.owner, due=event.expected_by)
        case happened.ReferralDeclined():
            return referral._replace(accepted=None, owner=event.reroute_owner, due=None)
        case happened.ReferralRerouted():
            return _ordered(referral, performer=event.performer)._replace(owner=None)
        case happened.ReferralAppointmentNotified():
            return referral._replace(due=None, appointment=(event.start, event.visit_id))
        case happened.ReferralInterimReportReceived():
            return referral._replace(reports=referral.reports | {event.report})
        case happened.ReferralOutcomeReceived():
            return referral._replace(outcome=fact, due=None, reports=referral.reports | {event.report})
        case happened.ReferralLoopClosed():
            return referral._replace(closed=fact)
        case happened.ReferralReopened():
            return referral._replace(closed=None, outcome=None)
        case (
            happened.ReferralReceiptConfirmed()
            | happened.ReferralInformationProvided()
            | happened.ReferralNoShowNotified()
            | happened.ReferralCancelled()
            | happened.ReferralCancellationRequested()
            | happened.ReferralCancellationAccepted()
            | happened.ReferralCancellationRefused()
            | happened.ReferralExpired()
        ):
            return referral
        case _:
            assert_never(event)


def _ordered(referral: Referral, **changed: object) -> Referral:
    return referral._replace(order=referral.order.model_copy(update=changed))
