"""Handoff board: who is asked to take which patient over, since when, and who has not answered in time?
Asked at every change of shift, and by whoever sees to it that nobody is dropped.
"""

from collections.abc import Iterator
from typing import Any

from journey.domain.handoff.state import ENDED, UNACCEPTED, Party
from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.projections.listed import Listing, short


class HandoffBoard(Listing):
    """A row for each handoff that is not over."""

    table = "handoff_board"
    made_of = ("handoffs", "episode")

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """None on a journey that is over: closing it ended what was open."""
        if journey.episode.is_over:
            return
        for each in journey.handoffs:
            if each.status in ENDED:
                continue
            offer, to = each.offer, each.acceptor or (each.asked[-1] if each.asked else Party(None))
            yield {
                "handoff_id": each.handoff_id,
                "status": each.status,
                "kind": offer and offer.kind,
                "severity": offer and offer.severity,
                "from_team": short(each.sender.team),
                "to_team": short(to.team),
                "to_person": to.person,
                "level": each.level,
                "offered_at": each.offered and each.offered.at,
                "due": each.due if each.status in UNACCEPTED else None,
                "since": each.since.at,
                "open_actions": sum(1 for _ in each.to_do()),
                "open_questions": sum(one.answer is None for one in each.questions.values()),
                "event_id": each.since.event_id,
            }
