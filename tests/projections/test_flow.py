"""The rows of the flow are what the log gives, in whatever pieces it came and whatever was said late."""

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from journey.cli.filling import fill
from journey.domain.correction import CorrectEvent, VoidEvent
from journey.domain.enrolment import AssignPathway
from journey.domain.episode import AssignOwner, CloseJourney, OpenJourney, RemoveJourney
from journey.domain.event import Command
from journey.domain.visit import BookVisit, RecordArrival, RecordNoShow, StartVisit
from journey.domain.visit.events import Appointment
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.projections.verify import verify
from journey.simulate import simulate
from journey.store.identifiers import uuid7
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.spec import at
from tests.store.asked import CONTEXT

JOURNEY, VISIT = uuid7(), uuid7()


@pytest.mark.parametrize("batch", [3, 2000])
def test_the_rows_of_a_clinic_are_what_the_log_gives(database_url: str, batch: int) -> None:
    fill(database_url, simulate(6, seed=5, months=6, until=date(2026, 3, 2)))
    drain(database_url)
    Projector(database_url, PatientStatus(), batch=batch).catch_up()
    with psycopg.connect(database_url) as connection:
        assert verify(connection, PatientStatus(), at_most=3).differences == ()
        for table in ("flow_stage", "flow_milestone", "flow_clock", "flow_visit"):
            counted = SQL("SELECT count(*) FROM {}").format(Identifier(table))
            assert connection.execute(counted).fetchall() != [(0,)], table


class Told:
    """One journey, told and projected step by step."""

    def __init__(self, url: str, store: Store) -> None:
        self._url = url
        self._store = store
        self._projector = Projector(url, PatientStatus())

    def say(self, command: Command, when: datetime) -> UUID:
        timed = command.model_copy(update={"occurred_at": when})
        answer = self._store.handle(JOURNEY, timed, CONTEXT)
        drain(self._url)
        self._projector.catch_up()
        return answer.events[0].event_id

    def rows(self, query: str) -> list[dict[str, Any]]:
        with psycopg.connect(self._url) as connection:
            assert verify(connection, PatientStatus()).differences == ()
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            return connection.execute(query.encode()).fetchall()

    def stages(self) -> list[tuple[Any, ...]]:
        rows = self.rows("SELECT stage, entered_at, left_at FROM flow_stage ORDER BY place")
        return [tuple(row.values()) for row in rows]


@pytest.fixture
def septic(database_url: str) -> Any:
    with closing(Store(database_url)) as store:
        told = Told(database_url, store)
        told.say(OpenJourney(patient_id=uuid7()), at(8))
        told.say(AssignPathway(pathway="inpatient-sepsis"), at(8))
        yield told


def test_before_the_start_there_are_no_rows(septic: Told) -> None:
    assert septic.stages() == []


def test_a_stage_lasts_until_the_journey_is_over(septic: Told) -> None:
    arrival = RecordArrival(visit_id=VISIT, encounter_class="EMER")
    septic.say(arrival, at(9))
    assert septic.stages() == [("arrived", at(9), None)]
    septic.say(AssignOwner(team="west"), at(10))
    [row] = septic.rows("SELECT team, pathway, version FROM flow_stage")
    assert (row["team"], row["pathway"], row["version"]) == ("west", "inpatient-sepsis", "1.0.0")
    septic.say(CloseJourney(override_reason="went elsewhere"), at(11))
    assert septic.stages() == [("arrived", at(9), at(11))]
    clocks = septic.rows("SELECT clock, state FROM flow_clock ORDER BY clock")
    assert {row["state"] for row in clocks} == {"unfinished"}
    septic.say(RemoveJourney(reason="another patient"), at(12))
    assert septic.stages() == []


def test_what_is_voided_or_moved_moves_the_rows(septic: Told) -> None:
    arrived = septic.say(RecordArrival(visit_id=VISIT, encounter_class="EMER"), at(9))
    septic.say(CorrectEvent(event_id=arrived, happened_at=at(8, 30), reason="told late"), at(10))
    assert septic.stages() == [("arrived", at(8, 30), None)]
    septic.say(VoidEvent(event_id=arrived, reason="somebody else"), at(11))
    assert septic.stages() == []


def test_a_visit_that_was_missed_and_then_kept_counts_once_each(septic: Told) -> None:
    start = at(10)
    septic.say(BookVisit(visit_id=VISIT, appointment=Appointment(start=start)), at(9))
    assert septic.rows("SELECT * FROM flow_visit") == []
    septic.say(RecordNoShow(visit_id=VISIT), start + timedelta(hours=1))
    [row] = septic.rows("SELECT missed, came FROM flow_visit")
    assert (row["missed"], row["came"]) == (1, False)
    septic.say(RecordArrival(visit_id=VISIT), start + timedelta(minutes=20))
    septic.say(StartVisit(visit_id=VISIT), start + timedelta(minutes=30))
    [row] = septic.rows("SELECT missed, came FROM flow_visit")
    assert (row["missed"], row["came"]) == (0, True)
