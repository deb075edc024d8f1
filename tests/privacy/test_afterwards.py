"""Who was erased comes again, by the messages of another system."""

from collections.abc import Iterator
from contextlib import closing
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from journey.ingest.attempts import Kept
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.outcome import Led, Outcome, Verdict
from journey.ingest.hl7v2.receiver import Receiver
from journey.store.boxes import boxed
from journey.store.store import Store
from journey.store.vault import vault
from journey.worker import Worker
from tests.privacy.test_erasing import ADMIT, Clinic

pytestmark = pytest.mark.database

AGAIN = ADMIT.replace("|M1|", "|M7|").replace("V1\r", "V2\r").replace("202603010900", "202603050900")


@pytest.fixture
def clinic(database_url: str) -> Iterator[Clinic]:
    with closing(Store(database_url)) as store, Worker(database_url, appended=store.appended):
        yield Clinic(database_url, store)


def admitted(clinic: Clinic, receiver: Receiver) -> tuple[UUID, UUID]:
    receiver.take(ADMIT.encode(), "adt", 1)
    [found] = clinic.rows("SELECT patient_id, journey_id FROM routing WHERE kind = 'patient'")
    return UUID(str(found[0])), UUID(str(found[1]))


def test_who_comes_again_gets_another_journey_though_the_numbers_were_remembered(clinic: Clinic) -> None:
    receiver = Receiver(clinic.store, ZoneInfo("UTC"))
    patient_id, journey_id = admitted(clinic, receiver)
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    taken = receiver.take(AGAIN.encode(), "adt", 2)
    assert taken.outcome.status == "applied", taken
    [(again,)] = clinic.rows("SELECT journey_id FROM routing WHERE kind = 'patient'")
    assert again != journey_id
    assert clinic.rows("SELECT value FROM routing WHERE patient_id = %s", patient_id) == []


def test_a_message_is_sealed_by_its_journeys_key_and_is_gone_with_it(clinic: Clinic) -> None:
    patient_id, journey_id = admitted(clinic, Receiver(clinic.store, ZoneInfo("UTC")))
    [(raw, sealed_for)] = clinic.rows("SELECT raw, sealed_for FROM inbox")
    assert sealed_for == journey_id
    with pytest.raises(Exception, match="not at hand"):
        vault().kms.unwrap(raw)
    clinic.ask(journey_id)
    clinic.erase(patient_id)
    late = AGAIN.replace("|M7|", "|M8|")
    with clinic.store.datastore.connection() as connection:
        message = kept(late)
        box = boxed(connection, message.key, message.raw, journey_id)
        inbox = Receiver(clinic.store, ZoneInfo("UTC")).inbox
        inbox.put(connection, message=message, outcome=led_to(journey_id), box=box)
    assert clinic.rows("SELECT raw, sealed_for FROM inbox") == [(b"", journey_id)] * 2


def kept(raw: str) -> Kept:
    return Kept(message_key(raw.encode()), raw.encode(), "adt", 2)


def led_to(journey_id: UUID) -> Outcome:
    return Outcome(Verdict("applied"), Led(journey_id=journey_id))
