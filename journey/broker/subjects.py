"""Subjects: where in the stream an event goes, by its room, its type and who was accountable.

journey.<room>.<type, which has two words>.<team or _>     journey.visits.visit.booked.cardiology
journey.withheld                                           what is not for those who subscribe
journey.control.rewound                                    the log was put back: it says to where

No word says more than the event does to those who subscribe.
"""

from journey.domain.event import Recorded
from journey.feed.filter import OF_ROOM

ALL = "journey"
WITHHELD = (ALL, "withheld")
REWOUND = (ALL, "control", "rewound")

ROOM_OF = {each: room for room, types in OF_ROOM.items() for each in types}


def subject(event: Recorded, team: str | None) -> tuple[str, ...]:
    """The words. `team`: who was accountable when it was recorded, as far as that may be told."""
    kind = event.event.stored_as
    return (ALL, ROOM_OF[kind], *kind.split("."), team or "")
