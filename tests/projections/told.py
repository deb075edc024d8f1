"""Journeys with all that makes folding hard: late facts, corrections, corrections taken back."""

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from journey.domain.correction import CorrectEvent, Dependants, ReinstateEvent, VoidEvent
from journey.domain.discharge import PlanDischarge
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Command, Precision, Refused
from journey.domain.identity import AssignIdentifier, ChangeDemographics, Demographics, Identifier
from journey.domain.place import Location
from journey.domain.visit import AdmitPatient, BookVisit, MovePatient, RecordArrival
from journey.domain.visit.events import Appointment
from journey.store.identifiers import uuid7
from journey.store.store import Store
from tests.store.asked import CONTEXT

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def tell(store: Store, *, journeys: int, turns: int, seed: int) -> list[UUID]:
    """So many journeys, opened first, then told in turns, in no order of time."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    ids = [uuid7() for _ in range(journeys)]
    for journey_id in ids:
        store.handle(journey_id, OpenJourney(patient_id=uuid7(), occurred_at=LONG_AGO), CONTEXT)
    for _ in range(turns):
        say_something(store, dice.choice(ids), dice)
    return ids


def say_something(store: Store, journey_id: UUID, dice: random.Random) -> None:
    """One command, at some time or other; it may be refused."""
    with suppress(Refused):
        store.handle(journey_id, _something(store, journey_id, dice), CONTEXT)


def _something(store: Store, journey_id: UUID, dice: random.Random) -> Command:
    recorded = store.load(journey_id).recorded
    visit_id = UUID(int=journey_id.int ^ dice.randrange(2))
    start = LONG_AGO + timedelta(days=dice.randrange(60))
    place = Location(point_of_care=dice.choice("ABC"))
    number = Identifier(system="mrn", value=str(dice.randrange(5)))
    command: Command = dice.choice(
        [
            AssignOwner(team=dice.choice(["east", "west", "north"])),
            AssignIdentifier(identifier=number),
            ChangeDemographics(demographics=Demographics(family=dice.choice(["Ö'Hara", "Smith"]))),
            BookVisit(visit_id=visit_id, appointment=Appointment(start=start)),
            RecordArrival(visit_id=visit_id, reported=True),
            AdmitPatient(visit_id=visit_id, location=place, reported=True),
            MovePatient(visit_id=visit_id, location=place, reported=True),
            PlanDischarge(visit_id=visit_id, reported=True),
            VoidEvent(event_id=dice.choice(recorded).event_id, reason="told wrongly"),
            VoidEvent(
                event_id=dice.choice(recorded).event_id, reason="told wrongly", dependants=Dependants.VOID
            ),
            ReinstateEvent(event_id=dice.choice(recorded).event_id, reason="told rightly"),
            CorrectEvent(event_id=dice.choice(recorded).event_id, happened_at=start, reason="told late"),
        ]
    )
    precision = dice.choice([Precision.INSTANT, Precision.INSTANT, Precision.DAY, Precision.MONTH])
    at = LONG_AGO + timedelta(hours=dice.randrange(24 * 60))
    return command.model_copy(update={"occurred_at": at, "occurred_precision": precision})
