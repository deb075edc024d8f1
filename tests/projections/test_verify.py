"""Verifying names the first thing that is wrong, and takes nothing for wrong that is merely on its way."""

from contextlib import closing

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from journey.projections import READ_MODELS
from journey.projections import verify as module
from journey.projections.model import ReadModel, tables_of
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline
from journey.projections.verify import Verified, verify
from journey.store.store import Store
from journey.worker import Worker
from tests.projections.test_parking import Particular, first_journey
from tests.projections.test_projector import end_of
from tests.projections.test_rebuild import appending, caught_up
from tests.waiting import until


def verified(url: str, model: ReadModel, at_most: int = 1) -> Verified:
    with psycopg.connect(url) as connection:
        return verify(connection, model, at_most=at_most)


def said(url: str, model: ReadModel, at_most: int = 1) -> list[str]:
    return [str(each) for each in verified(url, model, at_most).differences]


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("at_once", [1, 5, 250])
def test_what_the_log_gives_is_right(
    full_url: str, model: ReadModel, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    Projector(full_url, model, batch=31).catch_up()
    assert verified(full_url, model) == Verified(model.name, end_of(full_url), 12, 0, ())


def test_one_that_has_not_begun_is_empty_and_right(full_url: str) -> None:
    assert verified(full_url, Timeline()) == Verified("timeline", 0, 0, 0, ())


def test_the_first_row_is_named_and_what_is_wrong_with_it(full_url: str) -> None:
    caught_up(full_url)
    victim = first_journey(full_url)
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute("UPDATE timeline SET actor_id = 'x', type = 'y' WHERE position IN (3, 9)")
        connection.execute(
            "UPDATE patient_status SET standing = '{}', team = 'nobody' WHERE journey_id = %s", (victim,)
        )
        assert said(full_url, PatientStatus()) == [
            f"patient_status {victim} everyone differs: standing, team"
        ]
        first, second = said(full_url, Timeline(), at_most=5)
        assert first.startswith("timeline ")
        assert first.endswith(" differs: actor_id, type")
        assert said(full_url, Timeline()) == [first] != [second]
        connection.execute("DELETE FROM patient_status WHERE journey_id = %s", (victim,))
        assert said(full_url, PatientStatus()) == [f"patient_status {victim} everyone is missing"]
    caught_up(full_url)


def test_rows_of_nobody_are_named(full_url: str) -> None:
    caught_up(full_url)
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute("INSERT INTO patient_identity VALUES (gen_random_uuid(), NULL, 1)")
        connection.execute("UPDATE patient_status SET journey_id = gen_random_uuid() WHERE position % 2 = 0")
    [stranger] = said(full_url, READ_MODELS[2])
    assert stranger.startswith("patient_identity ")
    assert stranger.endswith(" is not in the log")
    assert {each.rpartition(" is ")[2] for each in said(full_url, PatientStatus(), 99)} == {
        "missing",
        "not in the log",
    }


def test_a_row_that_is_gone_is_named_in_every_table(full_url: str) -> None:
    caught_up(full_url)
    gone: set[str] = set()
    with psycopg.connect(full_url, autocommit=True) as connection:
        for table in tables_of(PatientStatus()):
            first = SQL("DELETE FROM {0} WHERE ctid = (SELECT min(ctid) FROM {0})").format(Identifier(table))
            gone |= {table} if connection.execute(first).rowcount else set()
    assert len(gone) > 3
    named = [each.partition(" ") for each in said(full_url, PatientStatus(), 99)]
    assert {table for table, _, _ in named} == gone
    assert all(rest.endswith(" is missing") for _, _, rest in named)


def test_a_cell_that_is_another_is_named_in_every_table(full_url: str) -> None:
    caught_up(full_url)
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute("UPDATE worklist SET step = 'x'; UPDATE visit_list SET team = 'nobody'")
    wrong = {(each.table, *each.columns) for each in verified(full_url, PatientStatus(), 999).differences}
    assert wrong == {("worklist", "step"), ("visit_list", "team")}


def test_it_is_one_moment_while_all_goes_on(full_url: str) -> None:
    caught_up(full_url)
    with (
        closing(Store(full_url)) as store,
        Worker(full_url, appended=store.appended),
        appending(full_url) as appended,
    ):
        reached = []
        for turn in range(5):
            until(lambda: appended() > 20 * turn)  # noqa: B023 - at once
            for model in READ_MODELS:
                found = verified(full_url, model)
                assert found.differences == ()
                reached.append(found.position)
    assert len(set(reached)) > 1


def test_what_waits_is_said_and_not_a_difference(full_url: str) -> None:
    victim = first_journey(full_url)
    for model in (PatientStatus(), Timeline()):
        Projector(full_url, Particular(model, victim, version=4), batch=9).catch_up()
        assert verified(full_url, model) == Verified(model.name, end_of(full_url), 12, 1, ())


def test_a_row_of_a_journey_that_waits_is_held_to_what_it_was(full_url: str) -> None:
    victim = first_journey(full_url)
    Projector(full_url, Particular(Timeline(), victim, version=4)).catch_up()
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute("UPDATE timeline SET type = 'x' WHERE journey_id = %s AND version = 2", (victim,))
        assert said(full_url, Timeline()) == [f"timeline {victim} 2 differs: type"]


def test_it_leaves_nothing_behind_and_says_how_far_it_is(full_url: str) -> None:
    caught_up(full_url)
    told: list[tuple[int, int]] = []
    with psycopg.connect(full_url) as connection:
        for _ in range(2):
            assert verify(connection, Timeline(), told=lambda *far: told.append(far)).differences == ()
        assert connection.execute("SELECT to_regclass('pg_temp.timeline')").fetchone() == (None,)
    assert told[-1] == (12, 12)
