"""Visits: who comes when, who is not booked yet, who did not come and is to be asked again?
Asked by the desk all day, and by a coordinator for no-shows and for those without a time.
"""

from collections.abc import Iterator
from typing import Any

from journey.domain.codes import VisitStatus
from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.projections.listed import Listing, short


class VisitList(Listing):
    """A row for each visit that was not entered in error."""

    table = "visit_list"
    made_of = ("visits", "episode")

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """Past ones too: what came of them is asked for as well."""
        owner = journey.episode.owner
        for each in journey.visits:
            if each.status is VisitStatus.ENTERED_IN_ERROR:
                continue
            yield {
                "visit_id": each.visit_id,
                "status": each.status,
                "service": each.service,
                "encounter_class": each.encounter_class,
                "starts_at": each.start,
                "ends_at": each.end,
                "location": str(each.location) if each.location else None,
                "team": short(owner and owner.team),
                "begun_at": each.begun and each.begun.at,
                "ended_at": each.ended and each.ended.at,
                "sorted_at": each.start or each.since.at,
                "since": each.since.at,
                "event_id": each.since.event_id,
                "over": journey.episode.is_over,
            }
