"""Every read model is what the log gives, however it came about."""

import random
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from journey.bench import recomputed
from journey.bench.scratch import scratch
from journey.domain.episode import AssignOwner
from journey.domain.identity import AssignIdentifier, ChangeDemographics, Demographics, Identifier
from journey.projections import READ_MODELS, projector
from journey.projections.folded import FoldedJourneys
from journey.projections.model import Change, ReadModel, Write
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline
from journey.settings import Settings
from journey.store import log
from journey.store.sequencer import drain, sequence
from journey.store.store import Store
from journey.worker import Worker
from tests.projections.told import say_something, tell
from tests.store.asked import CONTEXT, counted
from tests.waiting import until

MODELS = pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)


def wrong(url: str, *models: ReadModel) -> list[str]:
    with psycopg.connect(url) as connection:
        return list(recomputed.complaints(connection, models or READ_MODELS))


def checkpoint(url: str, model: ReadModel) -> tuple[int, str | None]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT position, last_error FROM checkpoint WHERE name = %s", (model.name,)
        ).fetchone()
    return found or (0, None)


def end_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        [(end,)] = connection.execute("SELECT max(position) FROM log").fetchall()
        return int(end)


@contextmanager
def running(*projectors: Projector) -> Iterator[None]:
    with ExitStack() as stack:
        for each in projectors:
            each.start()
            stack.callback(each.stop)
        yield


# --- The same rows


@MODELS
@pytest.mark.parametrize("batch", [1, 7, 2000])
def test_batches_of_any_size_give_the_same_rows(full_url: str, model: ReadModel, batch: int) -> None:
    assert Projector(full_url, model, batch=batch).catch_up() == end_of(full_url)
    assert wrong(full_url, model) == []


@MODELS
def test_beginning_again_after_every_batch_gives_the_same_rows(full_url: str, model: ReadModel) -> None:
    with psycopg.connect(full_url) as connection:
        while Projector(full_url, model, batch=13).step(connection):
            pass
    assert wrong(full_url, model) == []


@MODELS
def test_a_log_that_grows_meanwhile_gives_the_same_rows(database_url: str, model: ReadModel) -> None:
    """What is told comes in small pieces, and each is projected before the next is told."""
    dice = random.Random(11)  # noqa: S311 - no secret
    projecting = Projector(database_url, model, batch=5)
    with (
        closing(Store(database_url)) as store,
        psycopg.connect(database_url) as connection,
        psycopg.connect(database_url, autocommit=True) as sequencing,
    ):
        ids = tell(store, journeys=4, turns=0, seed=0)
        for _ in range(120):
            say_something(store, dice.choice(ids), dice)
            if dice.random() < 0.5:
                sequence(sequencing)
                projecting.step(connection)
    drain(database_url)
    projecting.catch_up()
    assert wrong(database_url, model) == []


def test_the_recomputation_would_notice(full_url: str) -> None:
    for model in READ_MODELS:
        Projector(full_url, model).catch_up()
    with psycopg.connect(full_url) as connection:
        connection.execute("UPDATE patient_status SET team = 'nobody'")
        connection.execute("DELETE FROM timeline WHERE position = 5")
        connection.execute("UPDATE checkpoint SET position = position - 1 WHERE name = 'timeline'")
    said = "\n".join(wrong(full_url))
    assert re.search(r"^patient_status \S+ everyone differs: team$", said, re.MULTILINE)
    assert re.search(r"^timeline \S+ \d+ is missing$", said, re.MULTILINE)
    assert f"timeline has come to {end_of(full_url) - 1} of {end_of(full_url)}" in said


def changes(url: str, folded: FoldedJourneys, batch: int) -> list[Change]:
    found: list[Change] = []
    with psycopg.connect(url) as connection:
        while events := log.read(connection, found[-1].position if found else 0, batch):
            one = list(folded.changes(connection, events))
            found += sorted(one, key=lambda change: change.position)
    return found


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_journeys_that_are_put_aside_come_back_the_same(full_url: str, batch: int) -> None:
    assert changes(full_url, FoldedJourneys(capacity=3), batch) == changes(full_url, FoldedJourneys(), batch)


def test_a_state_that_somebody_else_has_moved_on_from_is_not_built_upon(full_url: str) -> None:
    """Two projectors took turns: what the first keeps is out of date when its turn comes again."""
    first, second = (Projector(full_url, PatientStatus(), batch=20) for _ in range(2))
    with psycopg.connect(full_url) as connection:
        turn = 0
        while (first if turn % 2 else second).step(connection):
            turn += 1
    assert wrong(full_url, PatientStatus()) == []


# --- Waking, leading, failing


def test_a_lost_notification_is_made_up_for(full_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "LOOK_ANYWAY", 0.05)
    model = PatientStatus()
    with running(Projector(full_url, model)), closing(Store(full_url)) as store:
        until(lambda: checkpoint(full_url, model)[0] == end_of(full_url))
        tell(store, journeys=1, turns=1, seed=3)
        drain(full_url)
        until(lambda: checkpoint(full_url, model)[0] == end_of(full_url))
    assert wrong(full_url, model) == []


SOON = 3.0
"""Seconds: a look anyway, and the pauses of a busy machine."""

EARS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND query LIKE 'LISTEN%'
    """


def test_a_dead_ear_is_made_up_for(full_url: str) -> None:
    model = Timeline()
    with (
        closing(Store(full_url)) as store,
        Worker(full_url, appended=store.appended),
        psycopg.connect(full_url, autocommit=True) as operator,
    ):
        until(lambda: checkpoint(full_url, model)[0] == end_of(full_url))
        for turn in range(3):
            until(lambda: operator.execute(EARS).fetchall())
            tell(store, journeys=1, turns=1, seed=turn)
            until(lambda: not pending(full_url))
            until(lambda: checkpoint(full_url, model)[0] == end_of(full_url), SOON)
    assert wrong(full_url, model) == []


@pytest.mark.crash
def test_a_killed_server_is_gone_on_from(postgres_bin_dir: Path | None) -> None:
    with scratch(Settings.load(postgres_bin_dir=postgres_bin_dir)) as server:
        assert server.restart is not None
        url = server.database()
        with closing(Store(url)) as store, Worker(url, appended=store.appended):
            for turn in range(2):
                tell(store, journeys=2, turns=5, seed=turn)
                server.restart()
                tell(store, journeys=1, turns=5, seed=turn)
                until(lambda: not pending(url), SOON)
                until(lambda: {checkpoint(url, model)[0] for model in READ_MODELS} == {end_of(url)}, SOON)
        assert wrong(url) == []


LEADERS = """
    SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
     WHERE locktype = 'advisory' AND granted AND datname = current_database()
    """


def test_one_of_two_leads_and_the_other_takes_over(full_url: str) -> None:
    model = Timeline()
    with (
        running(*(Projector(full_url, model, batch=3) for _ in range(2))),
        closing(Store(full_url)) as store,
        psycopg.connect(full_url, autocommit=True) as operator,
    ):
        for turn in range(3):
            [(leader,)] = until(lambda: operator.execute(LEADERS).fetchall())
            operator.execute("SELECT pg_terminate_backend(%s)", (leader,))
            tell(store, journeys=1, turns=3, seed=turn)
            drain(full_url)
            until(lambda: checkpoint(full_url, model)[0] == end_of(full_url))
    assert wrong(full_url, model) == []


class Failing(PatientStatus):
    """Cannot take any journey, until it can."""

    failing = True

    def project(self, change: Change) -> Iterator[Write]:
        if self.failing:
            raise LookupError("Mary Smith")
        yield from super().project(change)


def test_a_statement_that_the_database_refuses_is_no_lost_connection(
    full_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = PatientStatus()
    monkeypatch.setattr(projector, "MANY", 3)

    def refused(_: Change) -> Iterator[Write]:
        raise psycopg.errors.ProgramLimitExceeded

    monkeypatch.setattr(model, "project", refused)
    with running(Projector(full_url, model)):
        until(lambda: checkpoint(full_url, model)[1] == "ProgramLimitExceeded")
    assert checkpoint(full_url, model)[0] == counted(full_url, "parked_journey") == 0


def test_no_text_is_too_long_for_the_lists(database_url: str) -> None:
    """What cannot be compressed is what an index refuses."""
    dice = random.Random(3)  # noqa: S311 - no secret
    long = "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(9_000))
    with closing(Store(database_url)) as store:
        [journey_id] = tell(store, journeys=1, turns=0, seed=0)
        for command in (
            AssignOwner(team=long, person=long),
            ChangeDemographics(demographics=Demographics(family=long, given=(long, long))),
            AssignIdentifier(identifier=Identifier(system=long, value=long)),
        ):
            store.handle(journey_id, command, CONTEXT)
    drain(database_url)
    Projector(database_url, PatientStatus()).catch_up()
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT standing->'responsible'->>'team' FROM patient_status").fetchone()
    assert found == (long,)


@pytest.mark.parametrize("since", ["from the beginning", "later"])
def test_a_read_model_that_fails_says_with_what_and_recovers(
    full_url: str, monkeypatch: pytest.MonkeyPatch, since: str
) -> None:
    monkeypatch.setattr(projector, "LOOK_ANYWAY", 0.05)
    monkeypatch.setattr(projector, "MANY", 0)  # it may recover while it is tried journey by journey
    if since == "later":
        Projector(full_url, PatientStatus()).catch_up()
        with closing(Store(full_url)) as store:
            tell(store, journeys=4, turns=2, seed=5)
        drain(full_url)
    model = Failing()
    with running(Projector(full_url, model)):
        until(lambda: checkpoint(full_url, model)[1] == "LookupError")
        assert checkpoint(full_url, model)[0] < end_of(full_url)
        model.failing = False
        until(lambda: checkpoint(full_url, model) == (end_of(full_url), None))
    assert wrong(full_url, PatientStatus()) == []


def test_an_error_that_cannot_even_be_remembered_does_not_end_it(
    full_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "LOOK_ANYWAY", 0.05)
    monkeypatch.setattr(projector, "STANDBY", 0.01)
    monkeypatch.setattr(projector, "MANY", 3)
    model = Failing()
    projecting = Projector(full_url, model)
    tries = []

    def away(change: Change) -> Iterator[Write]:
        tries.append(change)
        monkeypatch.setattr(projecting, "_conninfo", "host=/nowhere")
        raise LookupError

    monkeypatch.setattr(model, "project", away)
    with running(projecting):
        until(lambda: tries)
        model.failing = False
        monkeypatch.undo()
        until(lambda: checkpoint(full_url, model)[0] == end_of(full_url))


# --- All of it


def test_a_worker_brings_what_is_appended_into_every_read_model(database_url: str) -> None:
    with closing(Store(database_url)) as store, Worker(database_url, appended=store.appended):
        for seed in range(3):
            tell(store, journeys=2, turns=10, seed=seed)
            until(lambda: not wrong(database_url) and not pending(database_url))
    assert wrong(database_url) == []


def pending(url: str) -> int:
    with psycopg.connect(url) as connection:
        [(waiting,)] = connection.execute("SELECT count(*) FROM pending").fetchall()
        return int(waiting)
