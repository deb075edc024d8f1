"""An erasure is killed at each of its steps, and meets whoever writes, rebuilds or rotates meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from multiprocessing.connection import Connection as Pipe
from threading import Event as Signal
from typing import Any, NoReturn
from uuid import UUID

import psycopg
import pytest

from journey.domain.custody import SubjectErased, SubjectIsErased
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Refused
from journey.domain.task import RequestTask, TaskRequested
from journey.privacy import erasing
from journey.privacy.erasing import RebuildGoesOn, StillThere
from journey.privacy.rotating import rotate
from journey.projections import rebuild as rebuilding
from journey.projections.rebuild import rebuild
from journey.projections.timeline import Timeline
from journey.store.errors import Contended
from journey.store.identifiers import uuid7
from journey.store.store import Store
from journey.worker import Worker
from tests.crash.stopping import come_to_its_point
from tests.privacy.test_erasing import OFFICER, Clinic
from tests.waiting import until

pytestmark = pytest.mark.database

STEPS = ("_destroyed", "for_journeys", "clear", "sweep", "_finish")
WORDS = "her dog bit the nurse"


@pytest.fixture
def clinic(database_url: str) -> Iterator[Clinic]:
    with closing(Store(database_url)) as store, Worker(database_url, appended=store.appended):
        yield Clinic(database_url, store)


def at_the_step(pipe: Pipe, url: str, step: str, patient_id: UUID) -> None:
    """Erase, as far as the end of this step."""
    do = getattr(erasing, step)

    def doing(*given: Any) -> NoReturn:
        do(*given)
        pipe.send("there")
        while True:
            Signal().wait()

    setattr(erasing, step, doing)
    Clinic(url, Store(url)).erase(patient_id)


@pytest.mark.crash
@pytest.mark.parametrize("step", STEPS)
def test_killed_behind_a_step_it_goes_on_when_asked_again(clinic: Clinic, step: str) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)
    with come_to_its_point(at_the_step, clinic.url, step, patient_id):
        pass
    if step == "_finish":
        with pytest.raises(Refused, match="nothing to erase"):
            clinic.erase(patient_id)
    else:
        assert clinic.erase(patient_id).values == 8
    told = [each for each in clinic.store.load(journey_id).recorded if type(each.event) is SubjectErased]
    assert len(told) == 1
    assert WORDS not in clinic.everything()
    assert clinic.rows("SELECT count(*) FROM erasure WHERE sought IS NULL AND report IS NOT NULL") == [(1,)]


def test_two_who_open_one_journey_at_once_make_one_key(clinic: Clinic) -> None:
    for _ in range(10):
        journey_id, patient_id = uuid7(), uuid7()
        with ThreadPoolExecutor(4) as threads:
            for each in [
                threads.submit(clinic.tell, journey_id, OpenJourney(patient_id=patient_id), task(n))
                for n in range(4)
            ]:
                each.result()
        found = [each.event for each in clinic.store.load(journey_id).recorded]
        said = [each.what for each in found if isinstance(each, TaskRequested)]
        assert sorted(said) == [f"{WORDS} {n}" for n in range(4)]
        assert clinic.rows("SELECT count(*) FROM data_key WHERE journey_id = %s", journey_id) == [(1,)]


def task(number: int) -> RequestTask:
    return RequestTask(task_id=uuid7(), what=f"{WORDS} {number}", team="ward 3")


def test_what_is_told_while_it_is_erased_is_erased_or_refused(clinic: Clinic) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)

    def telling() -> int:
        for told in range(20):
            try:
                clinic.tell(journey_id, task(told))
            except SubjectIsErased:
                return told
        return 20

    with ThreadPoolExecutor(3) as threads, psycopg.connect(clinic.url, autocommit=True) as by:
        tellers = [threads.submit(telling) for _ in range(2)]
        turning = threads.submit(rotate, by)
        while not clinic.rows("SELECT FROM erasure WHERE report IS NOT NULL"):
            with suppress(Contended):
                clinic.erase(patient_id)
        told = sum(each.result() for each in tellers)
        turning.result()
    tasks = [each for each in clinic.store.load(journey_id).recorded if isinstance(each.event, TaskRequested)]
    assert len(tasks) == 1 + told
    with pytest.raises(SubjectIsErased):
        clinic.tell(journey_id, task(0))
    assert WORDS not in clinic.everything()
    assert clinic.rows("SELECT wrapped FROM data_key WHERE journey_id = %s", journey_id) == [(b"",)]


def test_a_rebuild_does_not_bring_back_what_it_read_before(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)
    swapped = rebuilding._swapped  # noqa: SLF001 - the moment at which all is read and nothing shown

    def meanwhile(*given: Any) -> Any:
        with pytest.raises(RebuildGoesOn):
            clinic.erase(patient_id)
        return swapped(*given)

    monkeypatch.setattr(rebuilding, "_swapped", meanwhile)
    rebuild(clinic.url, Timeline())
    assert clinic.erase(patient_id).values == 8
    assert WORDS not in clinic.everything()


def test_what_a_killed_rebuild_left_beside_is_found(clinic: Clinic) -> None:
    patient_id, journey_id = clinic.patient()
    clinic.ask(journey_id)
    until(lambda: clinic.rows("SELECT FROM timeline WHERE type = 'custody.erasure_requested'"))
    with psycopg.connect(clinic.url) as connection:
        connection.execute("CREATE SCHEMA rebuilding_timeline")
        connection.execute("CREATE TABLE rebuilding_timeline.timeline AS SELECT * FROM timeline")
    with pytest.raises(StillThere, match=r"rebuilding_timeline\.timeline\.data"):
        clinic.erase(patient_id)
    rebuild(clinic.url, Timeline())
    assert clinic.erase(patient_id, OFFICER).values == 8
    clinic.tell(uuid7(), OpenJourney(patient_id=uuid7()), AssignOwner(team="ward 3"))
