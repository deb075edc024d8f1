"""Authorizations: what has a payer to decide by when, what was granted until when, and what is left of it?
Asked before a visit is booked, and every day for what waits or runs out.
"""

from collections.abc import Iterator
from typing import Any

from journey.domain.authorization.line import Grant
from journey.domain.authorization.state import Authorization, Authorizations
from journey.domain.authorization.status import ENDED
from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.projections.listed import Listing, short


class AuthorizationStatuses(Listing):
    """A row for each authorization in whose place there is no other."""

    table = "authorization_status"
    made_of = ("authorizations", "episode")

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """With the units of the first item that was granted; what is cancelled or revoked is over."""
        owner = journey.episode.owner
        for each in journey.authorizations.current():
            if each.status in ENDED or journey.episode.is_over:
                continue
            service = each.service
            grant, used = _granted(journey.authorizations, each)
            granted = grant and grant.quantity
            yield {
                "authorization_id": each.authorization_id,
                "status": each.status,
                "number": each.number,
                "service": service and (service.display or service.code),
                "payer": each.request.payer,
                "urgency": each.request.urgency,
                "team": short(owner and owner.team),
                "submitted_at": each.submitted and each.submitted.at,
                "due": each.due,
                "valid_from": grant and grant.valid_from,
                "valid_until": grant and grant.valid_until,
                "granted": granted,
                "used": used,
                "remaining": None if granted is None else max(0, granted - used),
                "unit": grant and grant.unit,
                "since": each.since.at,
                "event_id": each.since.event_id,
            }


def _granted(authorizations: Authorizations, each: Authorization) -> tuple[Grant | None, int]:
    """What may be used of it, and how much is used up."""
    sequence = each.granting(None)
    if sequence is None:
        return None, 0
    return each.lines[sequence].grant, authorizations.consumed(each, sequence)
