"""Open barriers: what stands in patients' way, what does it block, and who sees to it?
Asked by social workers and coordinators, and by whoever plans transport and interpreters.
"""

from collections.abc import Iterator
from typing import Any

from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.projections.listed import Listing, short


class OpenBarriers(Listing):
    """A row for each barrier that is neither resolved nor given up."""

    table = "open_barrier"
    made_of = ("barriers", "episode")

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """None on a journey that is over."""
        owner = journey.episode.owner
        for each in () if journey.episode.is_over else journey.barriers.standing():
            yield {
                "barrier_id": each.barrier_id,
                "status": each.status,
                "code": each.code and each.code.code,
                "what": each.what or each.name,
                "blocks": list(each.blocks),
                "owner": each.owner,
                "team": short(owner and owner.team),
                "due": each.due,
                "since": each.since.at,
                "event_id": each.since.event_id,
            }
