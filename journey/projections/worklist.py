"""Worklist: what has to be done next, by whom, by when, since when, and does something block it?
Asked by every team each morning, and all day for what is overdue.
"""

from collections.abc import Iterator
from typing import Any

from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.projections.listed import Listing, short


class Worklist(Listing):
    """A row for each step that is next, or later and due."""

    table = "worklist"

    def rows(self, journey: Journey, stands: Standing) -> Iterator[dict[str, Any]]:
        """In the order of the answer; what waits for another step is there once it has a due time."""
        owner = stands.responsible
        happened = {each.event_id: each.occurred_at for each in journey.recorded}
        blocked = {each.subject_id for each in stands.blocked_by} - {None}
        steps = (*stands.next, *(step for step in stands.later if step.due is not None))
        for item, step in enumerate(steps):
            yield {
                "item": item,
                "step": step.step,
                "title": step.title,
                "subject_id": step.subject_id,
                "due": step.due,
                "warn_at": step.warn_at,
                "owner": short(step.owner),
                "team": short(owner.team) if owner else None,
                "person": owner.person if owner else None,
                "waits_for": list(step.waits_for),
                "blocked": bool(step.waits_for) or step.subject_id in blocked,
                "since": happened[step.event_id],
                "event_id": step.event_id,
            }
