"""Topics: what can be subscribed to: the events that each is told of, and the resource it is about."""

from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from journey.domain.event import Recorded
from journey.domain.rules import IN_CARE
from journey.feed.filter import types_of
from journey.fhir.data import OURS

CANONICAL = f"{OURS}SubscriptionTopic/"


class Topic(NamedTuple):
    """`focus`: the type of the resource that its notifications are about. `names`: the field of the events
    with the id of that; None: it is the journey's own, or its patient's.
    """

    name: str
    about: str
    focus: str
    names: str | None
    types: tuple[str, ...]
    has_status: bool = False
    """Whether its events bring the journey to a status."""

    @property
    def filters(self) -> tuple[str, ...]:
        """What it can be narrowed down by."""
        return (*FILTERS, "status") if self.has_status else FILTERS

    @property
    def url(self) -> str:
        return CANONICAL + self.name

    def id_of(self, each: Recorded) -> str | None:
        """The id of the focus; None: whichever there is of its type on the journey."""
        if self.focus == "Patient":
            return None
        found: Any = each.journey_id if self.names is None else getattr(each.event, self.names, None)
        return str(found) if isinstance(found, UUID) else None


def _of(room: str, *names: str) -> tuple[str, ...]:
    """The stored names of these events; all of the room's where none is named."""
    return tuple(f"{room}.{each}" for each in names) or tuple(sorted(types_of(f"{room}.*")))


EVERY = (
    Topic(
        "journey-status",
        "a journey was opened, began, rests, goes on or is over; the patient came",
        "EpisodeOfCare",
        None,
        (
            *_of("journey", "opened", "waitlisted", "activated", "put_on_hold", "resumed"),
            *_of("journey", "closed", "cancelled", "reopened", "entered_in_error"),
            *(each.stored_as for each in IN_CARE),
        ),
        has_status=True,
    ),
    Topic(
        "milestone",
        "a milestone of the pathway was attested, waived or reopened",
        "CarePlan",
        None,
        _of("pathway", "milestone_attested", "milestone_waived", "milestone_reopened"),
    ),
    Topic("referral", "a referral got further, or back", "ServiceRequest", "referral_id", _of("referral")),
    Topic(
        "prior-authorization",
        "the payer said something of a prior authorization: pended, asked for more, decided, revoked",
        "ClaimResponse",
        "authorization_id",
        (
            *_of("authorization", "acknowledged", "pended", "information_requested", "decision_extended"),
            *_of("authorization", "decided", "decision_reviewed", "appeal_decided", "revoked", "returned"),
            *_of("authorization", "extended"),
        ),
    ),
    Topic(
        "appointment",
        "an appointment was made, moved, kept, missed or called off",
        "Appointment",
        "visit_id",
        (
            *_of("visit", "requested", "booked", "waitlisted", "rescheduled", "changed", "cancelled"),
            *_of("visit", "arrived", "no_show", "no_show_reversed", "left_unseen", "completed"),
            *_of("visit", "entered_in_error"),
        ),
    ),
    Topic("handoff", "a handoff was offered, accepted, escalated …", "Task", "handoff_id", _of("handoff")),
    Topic(
        "discharge",
        "a discharge is planned, ordered, done, followed up",
        "Encounter",
        "visit_id",
        _of("discharge"),
    ),
    Topic(
        "timeline-recomputed",
        "a late fact or a correction moved what was known",
        "EpisodeOfCare",
        None,
        _of("correction", "timeline_recomputed"),
    ),
    Topic(
        "merge",
        "two records became one patient's, or two again",
        "Patient",
        None,
        _of("identity", "merged", "unmerged"),
    ),
)
TOPICS = MappingProxyType({each.url: each for each in EVERY})
"""By their canonical addresses."""

FILTERS = ("patient", "journey", "team", "pathway")
"""What each can be narrowed down by: `EpisodeOfCare?patient=Patient/…`."""

NOT_TOLD = {
    f"{CANONICAL}milestone-overdue": "What is overdue follows from the clock, and is no event of the log that"
    " could be told: ask GET /v1/journeys?overdue=true"
}
"""What others have as topics, and we cannot tell of: why."""
