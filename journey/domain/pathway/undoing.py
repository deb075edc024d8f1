"""Undoing: which of the events that reach a milestone still count, after what undid it.

What names a thing undoes what the same kind of thing reached only where it is that very thing: another
visit that is cancelled leaves the booking of this one as it is. All else undoes whatever was before it.
"""

from collections.abc import Sequence

from journey.domain.event import Event, identifying
from journey.domain.pathway.plan import NOWHERE, Hit

Thing = tuple[str, object]


class Undone:
    """Up to where it is undone, by what."""

    def __init__(self, hits: Sequence[Hit], reopened: int = NOWHERE) -> None:
        self._things: dict[Thing, int] = {}
        self._kinds: dict[str, int] = {"": reopened}
        for hit in hits:
            thing = _thing(hit.recorded.event)
            self._things[thing] = self._kinds[thing[0]] = hit.place
        self.latest = max(self._kinds.values())

    def still(self, hits: Sequence[Hit]) -> list[Hit]:
        """Those of these that are not undone."""
        return [hit for hit in hits if hit.place > self.latest or hit.place > self._until(hit)]

    def _until(self, hit: Hit) -> int:
        thing = _thing(hit.recorded.event)
        others = (place for kind, place in self._kinds.items() if kind != thing[0] or not kind)
        return max(NOWHERE, self._things.get(thing, NOWHERE), *others)


def _thing(event: Event) -> Thing:
    """What the event is about: the field that names it, and its id; nothing where it names none."""
    names = identifying(type(event))
    return (names[0], getattr(event, names[0])) if names else ("", None)
