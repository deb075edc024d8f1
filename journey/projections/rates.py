"""Rates: of the visits that were to be, how many were missed; of what payers decided, how much was denied?
Asked with the flow, by whoever plans.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from journey.domain.attendance import CAME, mistaken_left_out
from journey.domain.authorization.request import ReviewAction
from journey.domain.codes import JourneyStatus, VisitStatus
from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.domain.visit.events import NoShowRecorded
from journey.projections.listed import Listing, short

A = ReviewAction
DECIDED = frozenset({A.CERTIFIED, A.PARTLY_CERTIFIED, A.MODIFIED, A.NOT_CERTIFIED})


class Attended(NamedTuple):
    """When the patient first came to each visit, and how often each was missed."""

    came: dict[UUID, datetime]
    missed: Counter[UUID]


NOBODY = Attended({}, Counter())


class FlowVisits(Listing):
    """A row for each visit that the patient came to or missed."""

    table = "flow_visit"
    made_of = ("visits", "episode", "enrolment")

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """A no-show that is only proposed, or was none, is not counted."""
        owner = journey.episode.owner
        visits = () if _is_mistaken(journey) else tuple(journey.visits)
        attended = _attended(journey) if visits else NOBODY
        for each in visits:
            came, missed = attended.came.get(each.visit_id), attended.missed[each.visit_id]
            at = each.start or came
            if at is None or not (came or missed) or each.status is VisitStatus.ENTERED_IN_ERROR:
                continue
            yield {
                "visit_id": each.visit_id,
                "pathway": journey.enrolment.pathway,
                "team": short(owner and owner.team),
                "at": at,
                "booked": each.start is not None,
                "came": came is not None,
                "missed": missed,
                "left_unseen": each.status is VisitStatus.LEFT_UNSEEN,
            }


def _is_mistaken(journey: Journey) -> bool:
    return journey.episode.status is JourneyStatus.ENTERED_IN_ERROR


def _attended(journey: Journey) -> Attended:
    attended = Attended({}, Counter())
    for each in mistaken_left_out(journey.recorded):
        event = each.event
        if isinstance(event, NoShowRecorded):
            attended.missed[event.visit_id] += not event.proposed
        elif type(event) in CAME:
            visit_id: UUID = event.visit_id  # type: ignore[attr-defined]  # every event of a visit names it
            attended.came.setdefault(visit_id, each.occurred_at)
    return attended


class FlowDecisions(Listing):
    """A row for each item that a payer has granted or denied: the last word on it."""

    table = "flow_decision"
    made_of = ("authorizations", "episode", "enrolment")

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """What was withdrawn later was decided all the same; what an appeal overturned is not denied."""
        owner = journey.episode.owner
        for each in () if _is_mistaken(journey) else journey.authorizations:
            for sequence, line in each.lines.items():
                if each.decided is None or line.action not in DECIDED:
                    continue
                service = next(iter(line.services()), each.service)
                name = service and (service.display or service.code)
                yield {
                    "authorization_id": each.authorization_id,
                    "item": sequence,
                    "pathway": journey.enrolment.pathway,
                    "team": short(owner and owner.team),
                    "service": short(name or None),
                    "denied": line.action is A.NOT_CERTIFIED,
                    "decided_at": each.decided.at,
                }
