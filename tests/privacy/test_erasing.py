"""A person is erased: from the events, and from all that was made of them; and that is proven."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from journey.domain.correction import CorrectEvent
from journey.domain.custody import (
    ErasureBasis,
    ErasureNotRequested,
    PlaceLegalHold,
    RequestErasure,
    SecondPersonNeeded,
    StillRetained,
    SubjectErased,
    SubjectIsErased,
    UnderLegalHold,
)
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Actor, Command, Context
from journey.domain.identity import ChangeDemographics, Demographics, Identifier
from journey.domain.personal import ERASED
from journey.domain.task import RequestTask, TaskRequested
from journey.ingest.answers import Planned
from journey.ingest.files import Found
from journey.ingest.handling import By, Handling
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import ingest
from journey.privacy import erasing
from journey.privacy.asking import NobodyToErase
from journey.privacy.erasing import Erased, StillThere, erase
from journey.privacy.waiting import NotCaughtUp
from journey.projections import READ_MODELS
from journey.projections.rebuild import rebuild
from journey.projections.verify import verify
from journey.store.identifiers import uuid7
from journey.store.store import Store
from journey.worker import Worker
from tests.ingest.fhir.feeding import Feed
from tests.ingest.fhir.written import encounter, of, patient
from tests.store.asked import CONTEXT

pytestmark = pytest.mark.database

NAMES = ("Ekström", "Åsa", "19121212-1212", "Strandvägen 7", "+46 8 123 45 67", "her dog bit the nurse")
MODELS = [model.name for model in READ_MODELS]
OFFICER = Context(actor=Actor(id="officer-2", kind="human"), source=CONTEXT.source)


class Clinic:
    """A store, and a worker beside it."""

    def __init__(self, url: str, store: Store) -> None:
        self.url, self.store = url, store

    def tell(self, journey_id: UUID, *commands: Command) -> UUID:
        for command in commands:
            told = self.store.handle(journey_id, command, CONTEXT)
        return told.events[0].event_id

    def patient(self, family: str = "Ekström", number: str = "19121212-1212") -> tuple[UUID, UUID]:
        """A patient of whom all kinds of things are told."""
        patient_id, journey_id = uuid7(), uuid7()
        known = Demographics(family=family, given=("Åsa",), birth_date="1912-12-12", phone="+46 8 123 45 67")
        opening = OpenJourney(
            patient_id=patient_id, patient=known, identifiers=(Identifier(system="se", value=number),)
        )
        self.tell(journey_id, opening, AssignOwner(team="ward 3", person="nurse-9"))
        lives = ChangeDemographics(demographics=Demographics(address="Strandvägen 7"))
        task = RequestTask(task_id=uuid7(), what="her dog bit the nurse", team="ward 3")
        told = self.tell(journey_id, lives, task)
        self.tell(journey_id, CorrectEvent(event_id=told, data={"person": "nurse-9"}, reason="told by her"))
        return patient_id, journey_id

    def ask(self, *journeys: UUID) -> None:
        asked = RequestErasure(erasure_id=uuid7(), basis=ErasureBasis.OBJECTION, reason="her own letter")
        for journey_id in journeys:
            self.tell(journey_id, asked)

    def erase(self, patient_id: UUID, context: Context = OFFICER, *, years: int = 0) -> Erased:
        return erase(self.store, patient_id, context, years_kept=years, models=MODELS)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def everything(self) -> str:
        """What a dump of the database holds, but for the catalogues."""
        tables = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return "".join(str(self.rows(f'SELECT "{table}"::text FROM "{table}"')) for (table,) in tables)  # noqa: S608 - names out of the catalogue


@pytest.fixture
def clinic(database_url: str) -> Iterator[Clinic]:
    with closing(Store(database_url)) as store, Worker(database_url, appended=store.appended):
        yield Clinic(database_url, store)


def test_who_is_erased_is_nowhere_to_be_read_and_everybody_else_is(clinic: Clinic) -> None:
    patient_id, journey_id = clinic.patient()
    _, other = clinic.patient("Lundqvist", "19560101-0000")
    clinic.ask(journey_id)
    before = clinic.rows("SELECT journey_id, version, data::text FROM event ORDER BY 1, 2")
    done = clinic.erase(patient_id)
    assert (done.journeys, done.values) == (1, 8)
    assert done.tables > 20
    dump = clinic.everything()
    assert [name for name in NAMES if name in dump] == ["Åsa", "Strandvägen 7", "+46 8 123 45 67", NAMES[-1]]
    assert clinic.rows("SELECT family FROM patient_status ORDER BY family") == [("Lundqvist",), (None,)]
    after = clinic.rows("SELECT journey_id, version, data::text FROM event ORDER BY 1, 2")
    assert set(before) < set(after), "what is stored, and so what is proven, is as it was"
    told = [each.event for each in clinic.store.load(journey_id).recorded]
    assert [each.what for each in told if isinstance(each, TaskRequested)] == [ERASED]
    assert isinstance(told[-1], SubjectErased)
    assert told[1].identifier.value == ERASED  # type: ignore[attr-defined]  # an identifier was assigned
    assert clinic.store.load(other).recorded[1].event.identifier.value == "19560101-0000"  # type: ignore[attr-defined]  # as above
    assert_read_models_are_right(clinic)


def assert_read_models_are_right(clinic: Clinic) -> None:
    for model in READ_MODELS:
        with psycopg.connect(clinic.url) as connection:
            assert verify(connection, model).differences == (), model.name


def test_a_rebuild_brings_nothing_back(clinic: Clinic) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    for model in READ_MODELS:
        rebuild(clinic.url, model)
    assert "Ekstr" not in clinic.everything()
    assert_read_models_are_right(clinic)


def test_every_journey_of_the_patient_is_erased_or_none(clinic: Clinic) -> None:
    patient_id, first = clinic.patient()
    second = uuid7()
    clinic.tell(second, OpenJourney(patient_id=patient_id))
    clinic.ask(first)
    with pytest.raises(ErasureNotRequested):
        clinic.erase(patient_id)
    assert clinic.rows("SELECT count(*) FROM data_key WHERE wrapped = ''") == [(0,)]
    clinic.ask(second)
    assert clinic.erase(patient_id).journeys == 2
    assert clinic.rows("SELECT count(*) FROM data_key WHERE wrapped = ''") == [(2,)]


def test_what_must_be_kept_is_kept(clinic: Clinic) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)
    with pytest.raises(SecondPersonNeeded):
        clinic.erase(patient_id, CONTEXT)
    with pytest.raises(StillRetained, match="restrict-processing"):
        clinic.erase(patient_id, years=6)
    clinic.tell(journey_id, PlaceLegalHold(hold_id=uuid7(), matter="Doe v. clinic", reason="counsel asks"))
    with pytest.raises(UnderLegalHold):
        clinic.erase(patient_id)
    assert clinic.rows("SELECT count(*) FROM erasure") == [(0,)]
    assert clinic.store.load(journey_id).recorded[1].event.identifier.value == "19121212-1212"  # type: ignore[attr-defined]  # as above


def test_nothing_more_is_told_of_them_and_a_second_time_there_is_nothing_to_do(clinic: Clinic) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    with pytest.raises(SubjectIsErased):
        clinic.tell(journey_id, AssignOwner(team="ward 4"))
    with pytest.raises(NobodyToErase):
        clinic.erase(patient_id)
    again = uuid7()
    clinic.tell(again, OpenJourney(patient_id=patient_id, patient=Demographics(family="Ekström")))
    clinic.ask(again)
    assert clinic.erase(patient_id).journeys == 1


def test_what_is_left_somewhere_is_found_and_stands_in_the_way(clinic: Clinic) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)
    with psycopg.connect(clinic.url) as connection:
        connection.execute("CREATE TABLE planted (journeys uuid[], note bytea, number json)")
        connection.execute(
            "INSERT INTO planted VALUES (%s, %s, NULL), (NULL, NULL, %s)",
            ([journey_id], "said ekström".encode(), '{"of": ["19121212-1212"]}'),
        )
    with pytest.raises(StillThere) as found:
        clinic.erase(patient_id)
    assert [(each.table, each.column, each.rows) for each in found.value.left] == [
        ("planted", "note", 1),
        ("planted", "number", 1),
    ]
    assert "19121212" not in str(found.value)
    with psycopg.connect(clinic.url) as connection:
        connection.execute("DROP TABLE planted")
    assert clinic.erase(patient_id).values == 8
    [(sought, report)] = clinic.rows("SELECT sought, report FROM erasure")
    assert sought is None
    assert report["left"] == 0


@pytest.mark.parametrize("ends_in", ["clear", "sweep", "for_journeys", "_finish"])
def test_ended_in_the_middle_it_goes_on(
    clinic: Clinic, ends_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)

    class PowerCut(BaseException):
        """All that was not committed is gone."""

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(erasing, ends_in, cut)
        with pytest.raises(PowerCut):
            clinic.erase(patient_id)
    assert clinic.erase(patient_id).values == 8
    assert "Ekstr" not in clinic.everything()
    erased = [each for each in clinic.store.load(journey_id).recorded if type(each.event) is SubjectErased]
    assert len(erased) == 1


def test_without_a_worker_it_waits_for_one(database_url: str) -> None:
    with closing(Store(database_url)) as store:
        clinic = Clinic(database_url, store)
        patient_id, journey_id = clinic.patient()
        clinic.ask(journey_id)
        with pytest.raises(NotCaughtUp):
            erase(store, patient_id, OFFICER, years_kept=0, models=MODELS, patience=0.1)
        with Worker(database_url):
            assert clinic.erase(patient_id).journeys == 1


ADMIT = (
    "MSH|^~\\&|adt|ward|journey|here|20260301090000||ADT^A01|M1|P|2.5\r"
    "PID|1||19121212-1212^^^se^MR||Ekström^Åsa||19121212|F\r"
    "PV1|1|I|A^1^1||||||||||||||||V1\r"
)


def test_messages_and_the_numbers_that_led_to_the_journey_go_too(clinic: Clinic) -> None:
    no_visit = ADMIT.replace("ADT^A01|M1", "ADT^A03|M2").replace("V1\r", "\r").replace("|I|", "||")
    raws = [message.encode() for message in (ADMIT, no_visit)]
    ingest(clinic.store, [Found(raw, "adt.hl7", 1) for raw in raws], zone=ZoneInfo("UTC"))
    assert "Ekstr" not in str(clinic.rows("SELECT raw FROM inbox"))
    [(patient_id, journey_id)] = clinic.rows(
        "SELECT patient_id, journey_id FROM routing WHERE kind = 'patient'"
    )
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    assert clinic.rows("SELECT octet_length(raw) FROM inbox") == [(0,)] * len(raws)
    assert clinic.rows("SELECT count(*) FROM routing") == [(0,)]


def test_what_a_message_was_corrected_to_goes_with_it(clinic: Clinic) -> None:
    """Of one that led to the journey, and of one that led nowhere and names the number, or was made to."""
    number, late = "19121212-1212", ADMIT.replace("ADT^A01|M1", "ADT^A12|M2")
    nobodys = [ADMIT[: ADMIT.index("19121212")].replace("|M1|", f"|M{each}|") for each in (3, 4)]
    raws = [ADMIT, late, *nobodys]
    found = [Found(raw.encode(), "adt.hl7", 1) for raw in raws]
    ingest(clinic.store, found, zone=ZoneInfo("UTC"))
    handling = Handling(clinic.store, By("key-1", CONTEXT.actor, ZoneInfo("UTC")))
    keys = [message_key(raw.encode()) for raw in raws[1:]]
    unmapped = late.replace("A12", "Z99")
    told = handling.once(
        "this", "", partial(Planned, keys[:1]), lambda by, keys: [by.correct(keys[0], unmapped, number)]
    )
    assert told.messages[0].code == "no-mapping"
    wrong = ADMIT.replace("20260301090000", "20261340").replace("|M1|", "|M5|")
    assert handling.correct(keys[1], wrong, "Ekström").state == "parked"
    assert handling.dismiss(keys[2], "unknown").state == "dismissed"
    assert number not in str(clinic.rows("SELECT said FROM inbox_attempt"))
    [(patient_id, journey_id)] = clinic.rows(
        "SELECT patient_id, journey_id FROM routing WHERE kind = 'patient'"
    )
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    left = "SELECT inbox.key FROM inbox JOIN inbox_attempt USING (key) WHERE raw <> '' OR said <> ''"
    assert {bytes(key) for (key,) in clinic.rows(left)} == {keys[2]}
    assert clinic.rows("SELECT count(*) FROM inbox_answer") == [(0,)]


@pytest.mark.parametrize("wrong", ["20260301090000||ADT^A12|M2", "20261340||ADT^A01|M2"])
def test_a_message_goes_with_whoever_it_named_until_it_was_corrected(clinic: Clinic, wrong: str) -> None:
    """Whether it had led to their journey by then, or nowhere."""
    other = ADMIT.replace("19121212-1212", "19560101-0000").replace("M1|", "M3|").replace("|V1", "|V3")
    raws = [ADMIT, other, ADMIT.replace("20260301090000||ADT^A01|M1", wrong)]
    ingest(clinic.store, [Found(raw.encode(), "adt.hl7", 1) for raw in raws], zone=ZoneInfo("UTC"))
    handling = Handling(clinic.store, By("key-1", CONTEXT.actor, ZoneInfo("UTC")))
    discharged = other.replace("A01|M3", "A03|M2")
    assert handling.correct(message_key(raws[-1].encode()), discharged, "it was Bo").state == "applied"
    [(patient_id, journey_id)] = clinic.rows(
        "SELECT patient_id, journey_id FROM routing WHERE kind = 'patient' AND value LIKE %s", "19121212%"
    )
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    left = "SELECT count(*) FROM inbox LEFT JOIN inbox_attempt USING (key) WHERE raw <> '' OR said <> ''"
    assert clinic.rows(left) == [(1,)], "what told of the other alone"


def test_resources_that_came_as_fhir_go_too_and_those_that_wait(clinic: Clinic) -> None:
    number, feed = "19121212-1212", Feed(clinic.url)
    fulfil = {"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}
    asked = {"reference": "ServiceRequest/not-yet"}
    waits = {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order", "for": of()}
    waits |= {"code": {"coding": [fulfil]}, "focus": asked}
    with closing(feed):
        feed.take(patient(number, name=[{"family": "Ekström"}]), encounter(), waits)
    assert clinic.rows("SELECT count(*) FROM fhir_awaited") != [(0,)]
    assert number not in str(clinic.rows("SELECT raw FROM inbox"))
    [(patient_id,)] = set(clinic.rows("SELECT patient_id FROM routing WHERE patient_id IS NOT NULL"))
    [(journey_id,)] = clinic.rows("SELECT DISTINCT journey_id FROM event")
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    assert set(clinic.rows("SELECT octet_length(raw) FROM inbox")) == {(0,)}
    assert clinic.rows("SELECT count(*) FROM fhir_awaited") == [(0,)]
    assert number not in clinic.everything()
