"""What the rows of each read model say, in a few journeys told by hand."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from journey.domain.codes import Channel
from journey.domain.correction import ReinstateEvent, VoidEvent
from journey.domain.custody import LiftRestriction, RestrictionGround, RestrictProcessing
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Command
from journey.domain.identity import Demographics
from journey.domain.identity import Identifier as Number
from journey.domain.intake import StartIntake
from journey.domain.visit import AdmitPatient, BookVisit
from journey.domain.visit.events import Appointment
from journey.projections import READ_MODELS
from journey.projections.projector import Projector
from journey.store.identifiers import uuid7
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.store.asked import CONTEXT

JOURNEY, PATIENT, VISIT = uuid7(), uuid7(), uuid7()
OPENING = OpenJourney(
    patient_id=PATIENT,
    identifiers=(Number(system="mrn", value="4711"),),
    patient=Demographics(family="Ólafsdóttir", given=("Anna", "Jóna")),
)


def at(hour: int) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC)


class Hospital:
    """Where something is said, and its rows are looked up."""

    def __init__(self, store: Store, url: str) -> None:
        self._store = store
        self._url = url

    def say(self, command: Command, hour: int, *labels: str) -> UUID:
        """It happened at that hour; the id of its first event."""
        context = CONTEXT.model_copy(update={"labels": labels})
        answer = self._store.handle(JOURNEY, command.model_copy(update={"occurred_at": at(hour)}), context)
        drain(self._url)
        for model in READ_MODELS:
            Projector(self._url, model).catch_up()
        return answer.events[0].event_id

    @property
    def status(self) -> dict[str, Any]:
        [row] = self._rows("SELECT * FROM patient_status")
        return row

    @property
    def timeline(self) -> list[dict[str, Any]]:
        return self._rows("SELECT * FROM timeline ORDER BY reaches, recorded_at, version")

    def audiences(self, table: str) -> set[str]:
        """For whom there are rows."""
        return {
            row["audience"] for row in self._rows(SQL("SELECT audience FROM {}").format(Identifier(table)))
        }

    def _rows(self, query: LiteralString | Composed) -> list[dict[str, Any]]:
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def hospital(database_url: str) -> Iterator[Hospital]:
    with closing(Store(database_url)) as store:
        hospital = Hospital(store, database_url)
        hospital.say(OPENING, 8)
        yield hospital


def test_the_status_says_who_it_is_and_where_they_stand(hospital: Hospital) -> None:
    hospital.say(AssignOwner(team="east", person="nurse-7"), 9)
    hospital.say(BookVisit(visit_id=VISIT, appointment=Appointment(start=at(20))), 10)
    row = hospital.status
    assert (row["patient_id"], row["identifiers"]) == (PATIENT, ["4711"])
    assert (row["family"], row["given"]) == ("Ólafsdóttir", "Anna Jóna")
    assert (row["status"], row["stage"]) == ("active", "visit-booked")
    assert (row["team"], row["person"]) == ("east", "nurse-7")
    assert (row["version"], row["position"]) == (5, 5)
    assert row["next_due"] == datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
    assert row["standing"]["next"][0]["step"] == "record-arrival"


def test_what_is_told_late_does_not_undo_what_came_after(hospital: Hospital) -> None:
    hospital.say(AssignOwner(team="west"), 12)
    hospital.say(AssignOwner(team="east"), 10)
    assert hospital.status["team"] == "west"
    assert [row["version"] for row in hospital.timeline] == [1, 2, 3, 5, 4]


def test_a_void_is_struck_out_and_its_reinstatement_brought_back(hospital: Hospital) -> None:
    hospital.say(AssignOwner(team="west"), 9)
    admitted = hospital.say(AdmitPatient(visit_id=VISIT), 10)
    assert hospital.status["stage"] == "in-hospital"
    void = hospital.say(VoidEvent(event_id=admitted, reason="another patient"), 11)
    assert hospital.status["stage"] == "in-care"
    [struck] = [row for row in hospital.timeline if row["voided_by"]]
    assert (struck["event_id"], struck["voided_by"]) == (admitted, void)
    hospital.say(ReinstateEvent(event_id=admitted, reason="it was this one"), 12)
    assert hospital.status["stage"] == "in-hospital"
    assert not [row for row in hospital.timeline if row["voided_by"]]
    assert len(hospital.timeline) == 7


def test_the_timeline_says_who_did_what_to_what(hospital: Hospital) -> None:
    hospital.say(AdmitPatient(visit_id=VISIT), 10)
    row = hospital.timeline[-1]
    assert (row["type"], row["subject_id"]) == ("visit.admitted", VISIT)
    assert (row["actor_id"], row["actor_kind"], row["actor_role"], row["actor_team"]) == (
        "nurse-1",
        "human",
        "nurse",
        "east",
    )
    assert row["data"]["encounter_class"] == "IMP"


def test_a_row_is_there_for_nobody_for_whom_nothing_is_left(hospital: Hospital) -> None:
    """A label parts the audiences, a restriction keeps all from who need not see it, and both go again."""
    hospital.say(BookVisit(visit_id=VISIT, appointment=Appointment(start=at(20))), 9)
    labelled = hospital.say(StartIntake(channel=Channel.PHONE), 10, "SUD")
    steps: tuple[tuple[Command, set[str]], ...] = (
        (AssignOwner(team="west"), {"cleared", "uncleared"}),
        (RestrictProcessing(reason="contested", ground=RestrictionGround.ACCURACY_CONTESTED), {"cleared"}),
        (LiftRestriction(reason="settled"), {"cleared", "uncleared"}),
        (VoidEvent(event_id=labelled, reason="another patient"), {"everyone"}),
        (RestrictProcessing(reason="contested", ground=RestrictionGround.ACCURACY_CONTESTED), {"cleared"}),
        (LiftRestriction(reason="settled"), {"everyone"}),
    )
    for hour, (command, audiences) in enumerate(steps, 11):
        hospital.say(command, hour)
        for table in ("patient_status", "visit_list", "fhir_resource"):
            assert hospital.audiences(table) == audiences, (type(command), table)
