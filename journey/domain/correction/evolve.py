"""What an event reads like after a correction. Total: history is never refused.

A correction changes no room's state of its own: History leaves out what is void, and tells the rest as it
should read.
"""

from dataclasses import replace

from journey.domain.correction.events import EventCorrected
from journey.domain.event import Event, Recorded


def reads(recorded: Recorded, corrected: Recorded) -> Recorded:
    """The event under its own id, as that correction of it says.

    Where it is now said to have happened only after it was first recorded, it counts as recorded with the
    correction: nothing happens after it is recorded.
    """
    correction = corrected.event
    if not isinstance(correction, EventCorrected):
        return recorded
    recorded = _labelled(recorded, corrected)
    event = corrected_event(type(recorded.event), correction) or recorded.event
    if correction.time is None:
        return replace(recorded, event=event)
    at, precision = correction.time
    learnt = recorded.recorded_at if at <= recorded.recorded_at else corrected.recorded_at
    return replace(recorded, event=event, occurred_at=at, occurred_precision=precision, recorded_at=learnt)


def _labelled(recorded: Recorded, corrected: Recorded) -> Recorded:
    """What a labelled correction says bears its labels."""
    labels = corrected.context.labels
    if not labels:
        return recorded
    context = recorded.context
    both = {"labels": tuple(dict.fromkeys((*context.labels, *labels)))}
    return replace(recorded, context_json=context.model_copy(update=both).model_dump_json(exclude_none=True))


def corrected_event(event: type[Event], correction: EventCorrected) -> Event | None:
    """What the event says by this correction; None where only its time is another."""
    if correction.data is None:
        return None
    data = correction.data
    for upcast in event.upcasts[correction.data_version - 1 :]:
        data = upcast(data)
    return event.model_validate(data, extra="ignore")
