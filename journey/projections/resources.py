"""Resources: which FHIR resources there are of each journey, and what are they found by?
Asked by every search of an EHR. The resource itself is made from the journey's events when it is read.

What a resource is found by seldom changes with an event: only rows that are other than they were are written.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from uuid import UUID

from journey.domain.journey import Journey
from journey.fhir.chart import Chart
from journey.fhir.every import KINDS
from journey.fhir.index import Entry, entry
from journey.fhir.kind import Kind
from journey.projections.audience import Audience, views
from journey.projections.listed import replaced
from journey.projections.model import Change, ReadModel, Write

FORGET = """
    DELETE FROM fhir_resource
     USING json_to_recordset(%(rows)s) AS gone (journey_id uuid, audience text, type text, id text)
     WHERE fhir_resource.journey_id = gone.journey_id AND fhir_resource.audience = gone.audience
       AND fhir_resource.type = gone.type AND fhir_resource.id = gone.id
    """
KEEP = """
    INSERT INTO fhir_resource
    SELECT * FROM json_populate_recordset(NULL::fhir_resource, %(rows)s)
    ON CONFLICT (journey_id, audience, type, id) DO UPDATE
       SET status = excluded.status, begins = excluded.begins, ends = excluded.ends,
           owner = excluded.owner, identifiers = excluded.identifiers
    """

Entries = dict[tuple[str, str], Entry]


class FhirResources(ReadModel):
    """A row for each resource; what was written of the journeys that were spoken of lately is remembered."""

    name = "fhir_resource"
    keeps = 5_000
    """It takes each event up a second time, and nobody waits for it all day: the rest is read again."""

    def __init__(self) -> None:
        self._written: OrderedDict[tuple[UUID, Audience], tuple[Journey, Entries]] = OrderedDict()

    def project(self, change: Change) -> Iterator[Write]:
        """What is other than it was; all of the journey's, where it is not known how it was."""
        for audience, each in views(change).of:
            yield from self._rows(each, audience)

    def _rows(self, change: Change, audience: Audience) -> Iterator[Write]:
        before, journey = change.before, change.journey
        if before is None:
            now = _entries(KINDS.values(), journey)
            rows = (each._asdict() for each in now.values())
            yield from replaced(self.name, change, rows, audience=audience)
        else:
            moved = [kind for kind in KINDS.values() if _has_moved(kind, before, journey)]
            was = self._known(before, audience)
            types = {kind.type for kind in moved}
            kept = {key: each for key, each in was.items() if key[0] not in types}
            now = kept | _entries(moved, journey)
            yield from _differences(change, audience, was, now)
        self._remember(journey, audience, now)

    def _known(self, before: Journey, audience: Audience) -> Entries:
        """Of the very same state: whoever folds anew has another."""
        state, entries = self._written.get((before.journey_id, audience), (None, Entries()))
        return entries if state is before else _entries(KINDS.values(), before)

    def _remember(self, journey: Journey, audience: Audience, entries: Entries) -> None:
        key = journey.journey_id, audience
        self._written[key] = journey, entries
        self._written.move_to_end(key)
        while len(self._written) > self.keeps:
            self._written.popitem(last=False)


def _differences(change: Change, audience: Audience, was: Entries, now: Entries) -> Iterator[Write]:
    common = {"journey_id": change.journey_id, "audience": audience}
    for type_, id_ in was.keys() - now.keys():
        yield Write(FORGET, {**common, "type": type_, "id": id_})
    for key, each in now.items():
        if was.get(key) != each:
            yield Write(KEEP, {**common, **each._asdict()})


def _has_moved(kind: Kind, before: Journey, journey: Journey) -> bool:
    """A room that nothing happened in is the very same object."""
    return any(getattr(before, room) is not getattr(journey, room) for room in kind.made_of)


def _entries(kinds: Iterable[Kind], journey: Journey) -> Entries:
    """What is found by type of one thing after the other is made of the same chart."""
    chart = Chart(journey)
    found = (entry(kind, body) for kind in kinds for body in (kind.found_by or kind.made)(chart))
    return {(each.type, each.id): each for each in found}
