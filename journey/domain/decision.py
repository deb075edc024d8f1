"""Decision: what is recorded when something is asked of a journey, and what that does to the rest of it.

The rooms say what happens; here it is held against what was recorded of other times.
"""

from collections.abc import Iterator

from journey.domain import journey
from journey.domain.correction import History
from journey.domain.custody import EraseSubject, erase, refuse_erased
from journey.domain.dependants import Weighed, with_dependants
from journey.domain.event import Command, Event
from journey.domain.pathway import Pathways
from journey.domain.recomputed import timeline


def decide(
    history: History, command: Command, pathways: Pathways = journey.NONE_INSTALLED
) -> Iterator[Event]:
    """What happens if this is done at its time, where these pathways are installed.

    Yields nothing when it has already happened.
    """
    if isinstance(command, EraseSubject):
        yield from erase(
            history, journey.fold(history.effective, history.recorded[0].journey_id).custody, command
        )
        return
    refuse_erased(history.recorded)
    events = tuple(journey.decide(history, command, pathways))
    if events and isinstance(command, Weighed):
        events = with_dependants(history, command, events)
    yield from events
    yield from timeline(history, command, events, pathways)
