"""A journey that cannot be taken up waits alone, in order, until it can; and nobody else does."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection, errors

from journey.projections import parking, projector
from journey.projections.model import Change, ReadModel, Write
from journey.projections.parking import Parked, lies_in_the_journey, retry
from journey.projections.patient_identity import PatientIdentity
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline
from journey.store import log, mapper
from journey.store.mapper import UnknownStoredEvent
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.projections.test_projector import checkpoint, end_of, running, wrong
from tests.projections.told import say_something
from tests.store.asked import CONTEXT, counted, opened, owned_by
from tests.store.test_across import merge, patient, unmerge
from tests.waiting import until

BOTH = pytest.mark.parametrize("model", [PatientStatus(), Timeline()], ids=lambda model: model.name)
TOMORROW = "journey.of_tomorrow"


def waiting(url: str, model: ReadModel) -> list[Parked]:
    with psycopg.connect(url) as connection:
        return parking.parked(connection, model.name)


def first_journey(url: str) -> UUID:
    with psycopg.connect(url) as connection:
        return log.read(connection, 0, 1)[0].journey_id


def stored_by_tomorrow(url: str, journey_id: UUID) -> None:
    """An event of a type that only a newer program knows."""
    with psycopg.connect(url) as connection:
        connection.execute(
            """
            WITH told AS (
                INSERT INTO event SELECT journey_id, version + 1, gen_random_uuid(), %s, 1, occurred_at,
                                         occurred_precision, now(), context, '{}'
                  FROM event WHERE journey_id = %s ORDER BY version DESC LIMIT 1
                RETURNING journey_id, version
            )
            INSERT INTO pending (journey_id, first_version, last_version)
            SELECT journey_id, version, version FROM told
            """,
            (TOMORROW, journey_id),
        )
    drain(url)


@contextmanager
def upgraded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As the newer program: that type is known, and its shape is brought to today's."""
    note = mapper.VALIDATORS["journey.owner_assigned", 1]
    with monkeypatch.context() as patch:
        patch.setitem(mapper.VALIDATORS, (TOMORROW, 1), lambda _: note('{"team": "tomorrow"}'))
        yield


class Particular(ReadModel):
    """Another read model that refuses one journey in its own way, until it does not."""

    def __init__(self, model: ReadModel, journey_id: UUID, *, version: int = 1) -> None:
        self.model, self.journey_id, self.version = model, journey_id, version
        self.name, self.tables, self.folds = model.name, model.tables, model.folds  # type: ignore[misc]  # of another
        self.mended = False
        self.met: list[Change] = []

    def project(self, change: Change) -> Iterator[Write]:
        if change.journey_id == self.journey_id:
            self.met.append(change)
            if not self.mended and change.recorded[-1].version >= self.version:
                raise LookupError("Mary Smith")
        yield from self.model.project(change)


def rows(url: str, model: ReadModel) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        query = psycopg.sql.SQL("SELECT journey_id, count(*), max(version) FROM {} GROUP BY 1 ORDER BY 1")
        return connection.execute(query.format(psycopg.sql.Identifier(model.name))).fetchall()


# --- What parks, and what does not


@BOTH
@pytest.mark.parametrize("batch", [1, 7, 2000])
def test_one_journey_waits_and_all_others_flow(full_url: str, model: ReadModel, batch: int) -> None:
    victim = first_journey(full_url)
    picky = Particular(model, victim)
    assert Projector(full_url, picky, batch=batch).catch_up() == end_of(full_url)
    assert checkpoint(full_url, model) == (end_of(full_url), None)
    [parked] = waiting(full_url, model)
    assert parked[:6] == (model.name, victim, 1, 1, "LookupError", 1)
    assert victim not in [journey_id for journey_id, *_ in rows(full_url, model)]
    assert len(rows(full_url, model)) == 11
    assert wrong(full_url, model) == [f"{model.name} has parked 1 journeys"]


@BOTH
@pytest.mark.parametrize("batch", [1, 9, 2000])
def test_it_waits_from_the_very_event_on(full_url: str, model: ReadModel, batch: int) -> None:
    """In the middle of a journey, in the middle of a batch: what came before is taken up."""
    victim = first_journey(full_url)
    picky = Particular(model, victim, version=6)
    Projector(full_url, picky, batch=batch).catch_up()
    [parked] = waiting(full_url, model)
    assert parked.version == 6
    assert (victim, 5) in [(row[0], row[2]) for row in rows(full_url, model)]
    assert wrong(full_url, model) == [f"{model.name} has parked 1 journeys"]


@BOTH
def test_an_event_of_a_newer_program_parks_its_journey_until_that_runs(
    database_url: str, model: ReadModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Store(database_url)) as store:
        old, other = opened(store), opened(store)
        drain(database_url)
        stored_by_tomorrow(database_url, old)
        store.handle(other, owned_by("east"), CONTEXT)
        with upgraded(monkeypatch):
            store.handle(old, owned_by("west"), CONTEXT)
    drain(database_url)
    Projector(database_url, model).catch_up()
    [parked] = waiting(database_url, model)
    assert (parked.journey_id, parked.version, parked.error) == (old, 2, UnknownStoredEvent.__name__)
    assert sorted(rows(database_url, model)) == sorted(
        [(old, 1, 1), (other, 2 if model.name == "timeline" else 1, 2)]
    )
    assert wrong(database_url, model) == [f"{model.name} has parked 1 journeys"]
    assert list(retry(database_url, model)) == [(old, False)]
    with upgraded(monkeypatch):
        assert list(retry(database_url, model)) == [(old, True)]
        assert wrong(database_url, model) == []


def test_a_row_that_the_database_refuses_parks_its_journey(full_url: str) -> None:
    victim = first_journey(full_url)
    with psycopg.connect(full_url) as connection:
        connection.execute(
            psycopg.sql.SQL("ALTER TABLE timeline ADD CHECK (journey_id <> {} OR version < 3)").format(
                psycopg.sql.Literal(victim)
            )
        )
    Projector(full_url, Timeline(), batch=50).catch_up()
    [parked] = waiting(full_url, Timeline())
    assert (parked.journey_id, parked.error) == (victim, "CheckViolation")
    assert len(rows(full_url, Timeline())) >= 11
    assert checkpoint(full_url, Timeline()) == (end_of(full_url), None)


def test_more_than_many_stop_the_read_model_and_park_nobody(
    full_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "MANY", 3)
    for model in (PatientStatus(), Timeline()):
        with monkeypatch.context() as patch:
            patch.setattr(model, "project", lambda _: iter([Write("SELECT 1 / 0", {})]))
            with pytest.raises(errors.DivisionByZero):
                Projector(full_url, model, batch=100).catch_up()
        assert waiting(full_url, model) == []
        assert checkpoint(full_url, model) == (0, None)


def test_more_than_many_one_after_the_other_stop_it_too(
    full_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where little comes in, each batch holds one journey."""
    monkeypatch.setattr(projector, "MANY", 3)
    model = PatientStatus()
    monkeypatch.setattr(model, "project", lambda _: iter([Write("SELECT 1 / 0", {})]))
    with pytest.raises(errors.DivisionByZero):
        Projector(full_url, model, batch=1).catch_up()
    assert len(waiting(full_url, model)) == 3
    assert checkpoint(full_url, model)[0] < end_of(full_url)


def test_more_than_many_that_cannot_be_read_stop_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "MANY", 3)
    with closing(Store(database_url)) as store:
        journeys = [opened(store) for _ in range(5)]
    drain(database_url)
    Projector(database_url, Timeline()).catch_up()
    for journey_id in journeys:
        stored_by_tomorrow(database_url, journey_id)
    with pytest.raises(UnknownStoredEvent):
        Projector(database_url, Timeline()).catch_up()
    assert waiting(database_url, Timeline()) == []


@pytest.mark.parametrize(
    ("error", "is_its_own"),
    [
        (LookupError(), True),
        (psycopg.DataError("NUL"), True),
        (errors.UntranslatableCharacter(), True),
        (errors.NotNullViolation(), True),
        (errors.ProgramLimitExceeded(), True),
        (errors.UndefinedTable(), False),
        (errors.InsufficientPrivilege(), False),
        (errors.DiskFull(), False),
        (errors.DeadlockDetected(), False),
        (errors.QueryCanceled(), False),
        (errors.AdminShutdown(), False),
        (psycopg.OperationalError("consuming input failed"), False),
        (psycopg.InterfaceError("the connection is closed"), False),
        (MemoryError(), False),
    ],
)
def test_only_what_lies_in_a_journey_parks_it(error: Exception, *, is_its_own: bool) -> None:
    assert lies_in_the_journey(error) is is_its_own


@pytest.mark.parametrize("error", [errors.UndefinedTable(), psycopg.OperationalError("gone")])
def test_what_does_not_lie_in_a_journey_parks_nobody(full_url: str, error: Exception) -> None:
    class Breaking(PatientStatus):
        def project(self, change: Change) -> Iterator[Write]:
            yield from super().project(change)
            raise error

    with pytest.raises(type(error)):
        Projector(full_url, Breaking(), batch=1).catch_up()
    assert counted(full_url, "parked_journey") == checkpoint(full_url, PatientStatus())[0] == 0


def test_a_connection_lost_while_they_are_tried_one_by_one_parks_nobody(full_url: str) -> None:
    victim, lost = first_journey(full_url), list[int]()

    class Breaking(Timeline):
        def project(self, change: Change) -> Iterator[Write]:
            if change.journey_id == victim:
                raise LookupError
            if lost:
                with psycopg.connect(full_url, autocommit=True) as operator:
                    operator.execute("SELECT pg_terminate_backend(%s)", lost)
            yield from super().project(change)

    with psycopg.connect(full_url) as connection:
        lost.append(connection.info.backend_pid)
        with pytest.raises(psycopg.OperationalError):
            Projector(full_url, Breaking(), batch=500).step(connection)
    assert counted(full_url, "parked_journey") == 0
    assert Projector(full_url, Timeline()).catch_up() == end_of(full_url)
    assert wrong(full_url, Timeline()) == []


def test_a_parked_journey_is_not_even_read_ahead(full_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = first_journey(full_url)
    read: list[UUID] = []
    batch = log.batch

    def batched(connection: Connection[Any], after: int, *arguments: Any) -> log.Batch:
        found = batch(connection, after, *arguments)
        read.extend(each.journey_id for each in found.recorded)
        return found

    picky = Particular(Timeline(), victim)
    projecting = Projector(full_url, picky, batch=5)
    with psycopg.connect(full_url) as connection, projecting.ahead() as ahead:
        while not waiting(full_url, Timeline()):
            projecting.step(connection, ahead)
        ahead.rest()
        monkeypatch.setattr(log, "batch", batched)
        while projecting.step(connection, ahead):
            pass
    assert read
    assert victim not in read
    assert wrong(full_url, Timeline()) == ["timeline has parked 1 journeys"]


# --- Taking up what waits


@BOTH
def test_a_retry_that_fails_again_is_counted_and_one_that_does_not_leaves_nothing(
    full_url: str, model: ReadModel
) -> None:
    victim = first_journey(full_url)
    picky = Particular(model, victim, version=4)
    Projector(full_url, picky, batch=10).catch_up()
    for attempts in (2, 3):
        assert list(retry(full_url, picky)) == [(victim, False)]
        assert waiting(full_url, model)[0].attempts == attempts
    picky.mended = True
    assert list(retry(full_url, picky)) == [(victim, True)]
    assert list(retry(full_url, picky)) == []
    assert wrong(full_url, model) == []


def test_each_waiting_journey_is_taken_up_on_its_own(full_url: str) -> None:
    with psycopg.connect(full_url) as connection:
        first, second = list(dict.fromkeys(each.journey_id for each in log.read(connection, 0, 100)))[:2]
    outer = Particular(Particular(Timeline(), first), second)
    Projector(full_url, outer).catch_up()
    assert [each.journey_id for each in waiting(full_url, Timeline())] == [first, second]
    outer.mended = True
    assert list(retry(full_url, outer)) == [(first, False), (second, True)]
    assert [(each.journey_id, each.attempts) for each in waiting(full_url, Timeline())] == [(first, 2)]
    assert wrong(full_url, Timeline()) == ["timeline has parked 1 journeys"]


@BOTH
def test_what_a_projector_kept_is_not_built_upon_after_a_retry_elsewhere(
    full_url: str, model: ReadModel
) -> None:
    """It knew the journey before, passed over it while it waited, and meets it again."""
    dice = random.Random(23)  # noqa: S311 - no secret
    with closing(Store(full_url)) as store, psycopg.connect(full_url) as connection:
        victim = opened(store)
        store.handle(victim, owned_by("one"), CONTEXT)
        drain(full_url)
        picky = Particular(model, uuid4())
        live = Projector(full_url, picky)
        while live.step(connection):
            pass
        for turn in range(4):
            picky.journey_id, picky.mended = victim, False
            for team in ("two", "three"):
                store.handle(victim, owned_by(f"{team} {turn}"), CONTEXT)
                drain(full_url)
                live.step(connection)
            assert len(waiting(full_url, model)) == 1
            say_something(store, victim, dice)
            drain(full_url)
            live.step(connection)
            assert list(retry(full_url, model)) == [(victim, True)]  # another process, with a newer program
            picky.mended = True
            store.handle(victim, owned_by(f"four {turn}"), CONTEXT)
            say_something(store, victim, dice)
            drain(full_url)
            while live.step(connection):
                pass
            assert wrong(full_url, model) == []


@BOTH
def test_two_projectors_and_retries_in_turns_never_build_on_what_is_old(
    full_url: str, model: ReadModel
) -> None:
    """Whoever kept a state, it is in the rows only if the versions say so."""
    dice = random.Random(5)  # noqa: S311 - no secret
    picky = Particular(model, first_journey(full_url))
    two = [Projector(full_url, picky, batch=6) for _ in range(2)]
    with closing(Store(full_url)) as store, psycopg.connect(full_url) as connection:
        for _ in range(60):
            picky.mended = dice.random() < 0.5
            dice.choice(two).step(connection)
            if dice.random() < 0.3:
                list(retry(full_url, picky))
            if dice.random() < 0.5:
                say_something(store, picky.journey_id, dice)
                drain(full_url)
        picky.mended = True
        while two[0].step(connection):
            pass
        list(retry(full_url, picky))
    assert wrong(full_url, model) == []


@BOTH
def test_a_retry_while_the_worker_runs(full_url: str, model: ReadModel) -> None:
    victim = first_journey(full_url)
    picky = Particular(model, victim, version=3)
    with running(Projector(full_url, picky, batch=8)), closing(Store(full_url)) as store:
        for turn in range(5):
            until(lambda: waiting(full_url, model))
            with psycopg.connect(full_url) as operator:  # in the midst of a batch
                operator.execute(parking.LOCK_CHECKPOINT, (model.name,))
                store.handle(victim, owned_by(f"east {turn}"), CONTEXT)
                opened(store)
                drain(full_url)
            assert list(retry(full_url, model)) == [(victim, True)]
            store.handle(victim, owned_by(f"west {turn}"), CONTEXT)
            drain(full_url)
        picky.mended = True
        until(lambda: checkpoint(full_url, model)[0] == end_of(full_url))
        list(retry(full_url, model))
    assert wrong(full_url, model) == []


def test_two_retries_at_once_take_up_once(full_url: str) -> None:
    victim = first_journey(full_url)
    Projector(full_url, Particular(Timeline(), victim)).catch_up()
    one = retry(full_url, Timeline())
    with psycopg.connect(full_url) as connection:
        assert len(parking.parked(connection, "timeline")) == 1
        assert next(one) == (victim, True)
        assert not parking._taken_up(connection, Timeline(), victim)  # noqa: SLF001 - as one that read the list before
    assert list(one) == []
    assert wrong(full_url, Timeline()) == []


def test_a_worker_that_begins_tries_what_waits(full_url: str) -> None:
    """It may be a newer program."""
    victim = first_journey(full_url)
    Projector(full_url, Particular(PatientStatus(), victim)).catch_up()
    with running(Projector(full_url, PatientStatus())):
        until(lambda: not waiting(full_url, PatientStatus()))
    assert wrong(full_url, PatientStatus()) == []


def test_an_older_word_that_is_taken_up_late_does_not_count(database_url: str) -> None:
    """Both journeys of a merge say the same of a patient: the one that waited is not the latest."""
    with closing(Store(database_url)) as store:
        (retired, [journey_id]), (survivor, _) = patient(store), patient(store)
        merge(store, survivor, retired)
        drain(database_url)
        Projector(database_url, Particular(PatientIdentity(), journey_id)).catch_up()
        unmerge(store, survivor, retired)
    drain(database_url)
    Projector(database_url, PatientIdentity()).catch_up()
    assert wrong(database_url, PatientIdentity()) == ["patient_identity has parked 1 journeys"]
    assert list(retry(database_url, PatientIdentity())) == [(journey_id, True)]
    assert wrong(database_url, PatientIdentity()) == []
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT merged_into FROM patient_identity").fetchall() == [(None,)]
