"""Groups: the resources of one journey, told in one append, after who the patient is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from journey.domain.codes import JourneyStatus
from journey.domain.correction import History
from journey.domain.episode import OpenJourney
from journey.domain.event import Command, Context, Source
from journey.domain.identity import AssignIdentifier, ChangeDemographics, Demographics, Identifier
from journey.ingest.fhir.item import CHANNEL
from journey.ingest.fhir.mapping import ORDER
from journey.ingest.fhir.placing import Placed
from journey.ingest.fhir.telling import Telling
from journey.store.sayings import Saying

CORRELATION = UUID("0d2f7f1e-55c4-4f0e-9b0a-8a6a2b9d9a10")
"""The namespace of the ids that tie together what one resource led to."""


@dataclass
class Group:
    """What is told to one journey."""

    journey_id: UUID
    patient_id: UUID
    continues: UUID | None
    placed: list[Placed] = field(default_factory=list)
    persons: list[Placed] = field(default_factory=list)
    """The Patients of whom the journey is told, in whatever window they came."""
    opens: bool = False
    """Whether the Patients alone open it."""
    known: tuple[tuple[Identifier, ...], Demographics] | None = None
    """Who the patient is by another journey of theirs."""

    def sayings(self) -> list[Saying]:
        """The Patients first; then the others in the order in which they began."""
        opening = Saying(self._opening, self._context_of_opening())
        persons = [Saying(_told_of(each), context(each)) for each in self.persons]
        return [opening, *persons, *(Saying(_said_by(each), context(each)) for each in self.in_order())]

    def in_order(self) -> list[Placed]:
        return sorted(self.placed, key=_order)

    @property
    def _first(self) -> Placed:
        """Of what the journey is opened."""
        return self.persons[0] if self.persons else self.in_order()[0]

    def _context_of_opening(self) -> Context:
        told = context(self._first)
        # labels of one resource alone are not those of the whole journey
        return told if self.persons else told.model_copy(update={"labels": ()})

    def _opening(self, history: History) -> Iterator[Command]:
        if history.recorded:
            return
        person = self.persons[0].person if self.persons else None
        identifiers, demographics = self.known or ((), Demographics())
        if person is not None:
            identifiers, demographics = person.identifiers, person.demographics
        began = [at for each in self.placed if (at := each.begins)]
        yield OpenJourney(
            patient_id=self.patient_id,
            status=JourneyStatus.PLANNED,
            continues=self.continues,
            identifiers=identifiers,
            patient=demographics,
            team=self._first.item.sender.team,
            occurred_at=min(began, default=None) if not began or min(began) <= _now(began) else None,
            reported=True,
        )


def _now(began: Sequence[datetime]) -> datetime:
    return datetime.now(began[0].tzinfo)


def _order(placed: Placed) -> tuple[int, bool, float, int, int]:
    begins = placed.begins
    updated = placed.item.updated
    return (
        ORDER[placed.row.type],
        begins is None,
        begins.timestamp() if begins else 0.0,
        int(updated.timestamp()) if updated else 0,
        placed.item.number,
    )


def _said_by(placed: Placed) -> Callable[[History], Iterator[Command]]:
    def commands(history: History) -> Iterator[Command]:
        linked = {
            kind: place.thing_id
            for kind, place in placed.linked.items()
            if place.journey_id == placed.place.journey_id
        }
        telling = Telling(
            placed.item.came,
            placed.resource,
            placed.place.journey_id,
            history,
            placed.place.thing_id,
            placed.item.name,
            placed.is_old,
            linked,
        )
        yield from placed.row.commands(telling)

    return commands


def _told_of(placed: Placed) -> Callable[[History], Iterator[Command]]:
    """What is new of who the patient is."""

    def commands(history: History) -> Iterator[Command]:
        person = placed.person
        if person is None:
            return
        telling = Telling(
            placed.item.came, placed.resource, placed.place.journey_id, history, placed.place.thing_id, ""
        )
        known = set(telling.journey.identity.identifiers)
        for identifier in person.identifiers:
            if identifier not in known:
                yield telling.asks(AssignIdentifier, identifier=identifier)
        if not placed.is_old:
            yield telling.asks(ChangeDemographics, demographics=person.demographics)

    return commands


def context(placed: Placed) -> Context:
    """By who sent it, whenever it is told; by who corrected it."""
    item = placed.item
    source = Source(system=item.came.source, channel=CHANNEL, message_id=item.name or None)
    return Context(
        actor=item.correction.note.actor if item.correction else item.sender.actor,
        purpose=item.sender.purpose,
        source=source,
        correlation_id=uuid5(CORRELATION, item.key.hex()),
        labels=placed.labels,
    )
