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
    event = recorded.event if correction.data is None else _event(type(recorded.event), correction)
    if correction.time is None:
        return replace(recorded, event=event)
    at, precision = correction.time
    learnt = recorded.recorded_at if at <= recorded.recorded_at else corrected.recorded_at
    return replace(recorded, event=event, occurred_at=at, occurred_precision=precision, recorded_at=learnt)


def _event(event: type[Event], correction: EventCorrected) -> Event:
    data = correction.data or {}
    for upcast in event.upcasts[correction.data_version - 1 :]:
        data = upcast(data)
    return event.model_validate(data, extra="ignore")
