"""What it costs that what is personal is stored encrypted: to load a journey, to rebuild a read model.

The floor is the same build over the same events with nothing encrypted. A quarter of the events is
personal, as in the simulated clinic: somebody's words, a name or a number.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid5

from journey.bench import ward
from journey.bench.figures import Figure, measured, seconds
from journey.bench.load import MILLISECONDS, TIMES
from journey.bench.rebuild import rebuilt
from journey.bench.scratch import Scratch
from journey.domain.careplan import NoteAdded
from journey.domain.event import Event, Recorded
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.store.store import Store
from journey.store.vault import vault

LENGTH = 50
EVERY = 4
"""Of so many events of the ward, one is a note instead."""

REBUILDS = 3
PLAIN, SEALED = "not encrypted", "encrypted"
WORDS = "Slept little, asks for her daughter; the dressing is dry. Family informed on the phone."


def privacy(server: Scratch) -> Iterator[Figure]:
    """In one thread, one after the other; a rebuild in this process, with nobody beside it."""
    journeys = max(1, server.events // 4 // LENGTH)
    with ExitStack() as stack:
        urls = {PLAIN: server.database(), SEALED: server.database()}
        ward.fill(urls[PLAIN], _told(journeys))
        ward.fill(urls[SEALED], sealed(_told(journeys)))
        first = next(_told(1)).journey_id
        stores = {name: stack.enter_context(closing(Store(url))) for name, url in urls.items()}
        loads = {name: partial(_loaded, store, first) for name, store in stores.items()}
        found = measured({name: partial(seconds, load, times=TIMES) for name, load in loads.items()})
        for name in (PLAIN, SEALED):
            against = PLAIN if name == SEALED else ""
            yield found.figure(f"load {LENGTH} events: {name}", name, "ms", against, scale=MILLISECONDS)
        model = PatientStatus()
        for url in urls.values():
            Projector(url, model).catch_up()
        works = {name: partial(_rebuilt, url) for name, url in urls.items()}
        found = measured(works, rounds=REBUILDS)
        for name in (PLAIN, SEALED):
            against = PLAIN if name == SEALED else ""
            what = f"rebuild {model.name}, {journeys * LENGTH} events: {name}"
            yield found.figure(what, name, "s", against)


def _told(journeys: int) -> Iterator[Recorded]:
    for number in range(journeys):
        for each in ward.journey(number, LENGTH):
            yield replace(each, event=_noted(each)) if _is_note(each) else each


def _is_note(each: Recorded) -> bool:
    """The bed that the patient was moved to is as good as a note."""
    return each.version % EVERY == 0 and each.event.stored_as == "visit.moved"


def _noted(each: Recorded) -> Event:
    return NoteAdded(note_id=uuid5(each.journey_id, f"note {each.version}"), text=WORDS)


def sealed(recorded: Iterable[Recorded]) -> Iterator[Recorded]:
    """The same, each journey with a key of its own."""
    keys: dict[UUID, bytes] = {}
    for each in recorded:
        if each.journey_id not in keys:
            keys[each.journey_id] = vault().fresh()
        yield replace(each, key=keys[each.journey_id])


def _loaded(store: Store, journey_id: UUID) -> object:
    return store.load(journey_id)


def _rebuilt(url: str) -> float:
    """Seconds for a thousand events."""
    return 1000 / rebuilt(url, PatientStatus())
