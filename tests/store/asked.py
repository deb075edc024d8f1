"""What the tests of the store ask for, and how it can be shown that somebody else was first."""

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest

from journey.domain.codes import JourneyStatus
from journey.domain.correction import History
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Actor, Command, Context, Source
from journey.store.identifiers import uuid7
from journey.store.store import Store

CONTEXT = Context(
    actor=Actor(id="nurse-1", kind="human", role="nurse", team="east"),
    source=Source(system="test", channel="test"),
)


def opened(store: Store) -> UUID:
    """A new journey of one event."""
    journey_id = uuid7()
    store.handle(journey_id, OpenJourney(patient_id=uuid7(), status=JourneyStatus.PLANNED), CONTEXT)
    return journey_id


def owned_by(team: str) -> Command:
    """One event each time, where another team is accountable."""
    return AssignOwner(team=team)


def versions(store: Store, journey_id: UUID) -> list[int]:
    return [each.version for each in store.load(journey_id).recorded]


def counted(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
        )
        return int((row.fetchone() or (0,))[0])


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, store: Store, others: Callable[[], object], *, times: int = 1
) -> None:
    """After each of its next loads, and so before it appends, others do this."""
    load, left = store.load, [others] * times

    def loading(journey_id: UUID) -> History:
        history = load(journey_id)
        if left:
            left.pop()()
        return history

    monkeypatch.setattr(store, "load", loading)
