"""Open referrals: every loop that is not closed, where it is and since when?
Asked by a coordinator each morning: "whom are we still waiting on?"
"""

from collections.abc import Iterator
from typing import Any

from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.projections.listed import Listing, short


class OpenReferrals(Listing):
    """A row for each loop that is not closed."""

    table = "open_referral"
    made_of = ("referrals", "episode")

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """None on a journey that is over."""
        owner = journey.episode.owner
        for each in () if journey.episode.is_over else journey.referrals.unfinished():
            order = each.order
            asked = order.service or order.specialty
            yield {
                "referral_id": each.referral_id,
                "status": each.status,
                "number": order.number,
                "service": asked and (asked.display or asked.code),
                "priority": order.priority,
                "performer": order.performer,
                "owner": each.owner,
                "team": short(owner and owner.team),
                "sent_at": each.sent and each.sent.at,
                "due": each.due,
                "appointment": each.appointment[0],
                "since": each.since.at,
                "event_id": each.since.event_id,
            }
