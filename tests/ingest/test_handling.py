"""What a person does about a message that was set aside: it is tried again, corrected or left, once."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from journey.domain.event import Actor
from journey.ingest import parked, remedies
from journey.ingest.answers import Handled, Planned
from journey.ingest.fhir import reasons as of_fhir
from journey.ingest.files import Found
from journey.ingest.handling import By, Handling, MessageApplied, NoSuchMessage, NotThatText
from journey.ingest.hl7v2 import reasons as hl7v2
from journey.ingest.hl7v2.inbox import text_of
from journey.ingest.hl7v2.ingest import ingest
from journey.ingest.parked import Asked, Channel, InFull, SetAside, State
from journey.store.errors import KeyReused
from tests.ingest.fhir import feeding as fhir
from tests.ingest.fhir.written import encounter, patient
from tests.ingest.hl7v2.feeding import ZONE, Feed
from tests.ingest.hl7v2.written import PID, evn, message, pv1

pytestmark = pytest.mark.database

ANN = Actor(id="Ann at the interfaces", kind="system", role="integrator")
BAD_TIME = ("ADT^A01", evn("20261340"), PID, pv1())


class Seen:
    """Somebody who sees to what was set aside, and what they see."""

    def __init__(self, url: str) -> None:
        self.hl7v2, self.fhir = Feed(url), fhir.Feed(url)
        self.handling = Handling(self.hl7v2.store, By("key-1", ANN, ZONE))

    def close(self) -> None:
        self.hl7v2.close()
        self.fhir.close()

    def listed(self, **asked: Any) -> list[SetAside]:
        sql, parameters = parked.page_of(Asked(**asked), None, 10)
        return [parked.set_aside(row) for row in self._rows(sql, parameters)]

    def one(self) -> bytes:
        """The only message that was not applied at once."""
        [found] = self._rows("SELECT DISTINCT key FROM inbox_attempt", ())
        return bytes(found[0])

    def full(self, key: bytes) -> InFull:
        [row] = self._rows(parked.ONE, (key,))
        return parked.in_full(row, self._rows(parked.ATTEMPTS, (key,)))

    def _rows(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self.hl7v2.store.datastore.pool.connection() as connection:
            return connection.execute(sql.encode(), parameters).fetchall()


@pytest.fixture
def seen(database_url: str) -> Iterator[Seen]:
    with closing(Seen(database_url)) as seen:
        yield seen


def test_a_message_is_listed_without_what_it_says_and_read_with_all_of_it(seen: Seen) -> None:
    raw = message(*BAD_TIME)
    seen.hl7v2.take(raw)
    [found] = seen.listed()
    assert (found.channel, found.kind, found.state, found.code) == ("hl7v2", "ADT^A01", "parked", "bad-time")
    assert found.places == ("EVN-6",)
    assert found.to_do
    assert "Jane" not in found.model_dump_json()
    full = seen.full(bytes.fromhex(found.id))
    assert full.text == raw.decode().replace("\r", "\n")
    [came] = full.history
    assert (came.what, came.by, came.code, came.text) == ("came", None, "bad-time", None)


def test_there_is_something_to_do_about_each_reason() -> None:
    assert remedies.HL7V2.keys() == hl7v2.PARKED.keys() | hl7v2.REJECTED.keys()
    assert remedies.FHIR.keys() == of_fhir.PARKED.keys() | of_fhir.REJECTED.keys()


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("PV1-19, PV1-50 and PID-18 are empty", ("PV1-19", "PV1-50", "PID-18")),
        ("There is no OBR segment: it says what was examined.", ("OBR",)),
        ("The message does not begin with an MSH segment.", ()),
    ],
)
def test_a_sentence_says_where_it_is_wrong(sentence: str, found: tuple[str, ...]) -> None:
    assert hl7v2.places("bad-value", sentence) == found


def test_lists_are_narrowed_down(seen: Seen) -> None:
    seen.hl7v2.take(message(*BAD_TIME), message("ZZZ^Z99", PID), message("ADT^A11", evn("20260301"), PID))
    seen.fhir.take(encounter(), {"resourceType": "Patient", "identifier": "none"}, {"no": "resource"})
    kinds = {state: {each.code for each in seen.listed(state=state)} for state in parked.OF_STATE}
    assert kinds[State.WAITING] == {"no-visit", "awaits-reference"}
    assert kinds[State.PARKED] == {"bad-time", "no-mapping", "bad-value"}
    assert kinds[State.REJECTED] == {"not-fhir"}
    assert {each.code for each in seen.listed(channel=Channel.FHIR)} == {"bad-value", "awaits-reference"}
    assert [each.code for each in seen.listed(code="bad-time")] == ["bad-time"]
    first = seen.listed()[-1].received_at
    assert len(seen.listed(received_from=first)) == len(seen.listed())
    assert seen.listed(received_to=first) == []


def test_a_corrected_text_is_applied_and_the_message_stays_as_it_came(seen: Seen) -> None:
    raw = message(*BAD_TIME)
    seen.hl7v2.take(raw)
    key = seen.one()
    right = text_of(raw).replace("20261340", "20260301")
    done = seen.handling.correct(key, right, "the clock of the ward")
    assert (done.state, done.code) == (State.APPLIED, None)
    assert done.events > 0
    full = seen.full(key)
    assert (full.state, full.text) == (State.CORRECTED, text_of(raw))
    came, corrected = full.history
    assert (corrected.number, full.corrected_by) == (corrected.number, corrected.number)
    assert (corrected.by, corrected.why, corrected.text) == (ANN.id, "the clock of the ward", right)
    assert came.text is None
    [journey_id] = seen.hl7v2.journey_ids()
    recorded = seen.hl7v2.store.load(journey_id).recorded
    assert {each.context.actor.id for each in recorded} == {ANN.id}
    with pytest.raises(MessageApplied):
        seen.handling.correct(key, right, "again")
    again = seen.handling.replay([key])
    assert [(each.state, each.events) for each in again] == [(State.APPLIED, 0)]
    assert seen.hl7v2.take(right.replace("\n", "\r").encode()).events == 0


def test_a_text_that_is_still_wrong_is_kept_and_the_message_is_as_it_was(seen: Seen) -> None:
    raw = message(*BAD_TIME)
    seen.hl7v2.take(raw)
    key = seen.one()
    done = seen.handling.correct(key, text_of(raw).replace("M1^^^HOSP^MR", ""), "no number")
    assert (done.state, done.code) == (State.PARKED, "no-patient")
    assert "PID-3" in done.places
    full = seen.full(key)
    assert (full.code, full.attempts, full.corrected_by) == ("bad-time", 2, None)
    assert [each.code for each in full.history] == ["bad-time", "no-patient"]
    [again] = seen.handling.replay([key])
    assert again.code == "bad-time"


def test_a_correction_that_waits_is_what_is_tried_when_it_is_over(seen: Seen) -> None:
    cancel = message("ADT^A11", evn("20261340"), PID, pv1())
    seen.hl7v2.take(cancel)
    key = seen.one()
    done = seen.handling.correct(key, text_of(cancel).replace("20261340", "20260301"), "the day")
    assert (done.state, done.code) == (State.WAITING, "nothing-to-cancel")
    seen.hl7v2.take(message("ADT^A01", evn("20260301"), PID, pv1()))
    full = seen.full(key)
    assert full.state is State.CORRECTED
    assert [each.what for each in full.history] == ["came", "corrected", "released"]
    [journey_id] = seen.hl7v2.journey_ids()
    assert seen.hl7v2.store.load(journey_id).recorded[-1].context.actor.id == ANN.id


def test_what_is_tried_in_vain_again_and_again_is_one_line_of_its_history(seen: Seen) -> None:
    seen.hl7v2.take(message(*BAD_TIME))
    key = seen.one()
    for _ in range(3):
        seen.hl7v2.replay()
    seen.handling.replay([key])
    told = [(each.what, each.by, each.times) for each in seen.full(key).history]
    assert told == [("came", None, 1), ("replayed", "the command line", 3), ("replayed", ANN.id, 1)]


def test_a_message_that_is_let_be_waits_no_more_and_can_be_taken_up_again(seen: Seen) -> None:
    seen.hl7v2.take(message("ADT^A11", evn("20260301"), PID, pv1()))
    key = seen.one()
    assert seen.handling.dismiss(key, "cancelled by telephone").state is State.DISMISSED
    assert (seen.listed(), len(seen.listed(state=State.DISMISSED))) == ([], 1)
    seen.hl7v2.take(message("ADT^A01", evn("20260301"), PID, pv1()))
    assert seen.full(key).state is State.DISMISSED
    assert seen.full(key).history[-1].why == "cancelled by telephone"
    assert seen.handling.to_try(None, None, None, 10) == []
    assert [each.state for each in seen.handling.replay([key])] == [State.APPLIED]
    with pytest.raises(MessageApplied):
        seen.handling.dismiss(key, "too late")


def test_those_of_one_reason_are_found_page_by_page_as_they_happened(seen: Seen) -> None:
    stays = [message("ADT^A03", evn(f"2026030{day}"), f"PID|1||N{day}", "PV1|1") for day in (3, 1, 2)]
    seen.hl7v2.take(*stays, message(*BAD_TIME))
    assert [each.code for each in seen.listed()].count("no-visit") == 3
    first = seen.handling.to_try(Channel.HL7V2, "no-visit", None, 2)
    rest = seen.handling.to_try(Channel.HL7V2, "no-visit", first[-1], 2)
    assert [each.happened[:10] for each in (*first, *rest)] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert len(seen.handling.to_try(None, None, None, 10)) == 4
    assert seen.handling.to_try(Channel.FHIR, None, None, 10) == []


def test_a_resource_is_corrected(seen: Seen) -> None:
    wrong = patient(birthDate="yesterday")
    seen.fhir.take(wrong, encounter())
    key = next(bytes.fromhex(each.id) for each in seen.listed(code="bad-value"))
    full = seen.full(key)
    assert full.text == json.dumps(wrong, indent=2)
    assert full.places == ("Patient.birthDate",)
    for broken in ("{", "[]", json.dumps({"resourceType": "Bundle", "entry": []})):
        with pytest.raises(NotThatText):
            seen.handling.correct(key, broken, "in haste")
    unmapped = seen.handling.correct(key, '{"resourceType": "Basic"}', "in haste")
    assert (unmapped.state, unmapped.code) == (State.PARKED, "no-mapping")
    done = seen.handling.correct(key, json.dumps(patient(birthDate="1980-03-01")), "the day")
    assert done.state is State.APPLIED
    assert seen.full(key).text == json.dumps(wrong, indent=2)
    assert seen.listed() == []
    assert seen.fhir.only().identity.demographics.birth_date == "1980-03-01"


def test_a_resource_that_waits_may_be_let_be(seen: Seen) -> None:
    seen.fhir.take(encounter())
    key = seen.one()
    seen.handling.dismiss(key, "a patient of another house")
    seen.fhir.take(patient())
    assert seen.full(key).state is State.DISMISSED
    assert seen.handling.replay([key])[0].state is State.APPLIED


def test_a_corrected_resource_may_wait_for_its_patient(seen: Seen) -> None:
    wrong = encounter(period={"start": "yesterday"})
    seen.fhir.take(wrong)
    key = seen.one()
    done = seen.handling.correct(key, json.dumps(encounter()), "the day")
    assert (done.state, done.code) == (State.WAITING, "awaits-reference")
    seen.fhir.take(patient())
    full = seen.full(key)
    assert (full.state, full.text) == (State.CORRECTED, json.dumps(wrong, indent=2))
    [journey_id] = seen.fhir.journey_ids()
    assert ANN.id in {each.context.actor.id for each in seen.fhir.store.load(journey_id).recorded}


def test_of_two_who_correct_at_once_one_is_told_that_it_is_done(seen: Seen) -> None:
    raw = message(*BAD_TIME)
    seen.hl7v2.take(raw)
    key = seen.one()
    at_once = Barrier(2)

    def correct(day: str) -> State | None:
        at_once.wait()
        try:
            return seen.handling.correct(key, text_of(raw).replace("20261340", day), day).state
        except MessageApplied:
            return None

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(correct, ("20260301", "20260302")))
    assert sorted(map(str, done)) == ["None", "applied"]
    [journey_id] = seen.hl7v2.journey_ids()
    assert seen.hl7v2.told(journey_id).count("visit.admitted") == 1


def test_a_character_that_the_message_has_no_set_for_is_not_lost(seen: Seen) -> None:
    raw = message(*BAD_TIME)
    latin = raw.replace(b"|P|2.5.1", b"|P|2.5.1||||||8859/1").replace(b"Jane", "Åsa".encode("latin-1"))
    seen.hl7v2.take(latin)
    key = seen.one()
    text = seen.full(key).text or ""
    assert "Åsa" in text
    with pytest.raises(NotThatText, match="MSH-18"):
        seen.handling.correct(key, text.replace("Åsa", "Ωmega"), "the name")
    done = seen.handling.correct(key, text.replace("20261340", "20260301"), "the day")
    assert done.state is State.APPLIED
    assert seen.hl7v2.journey_of("M1").identity.demographics.given == ("Åsa",)


def test_what_was_asked_once_is_answered_the_same(seen: Seen) -> None:
    seen.hl7v2.take(message(*BAD_TIME))
    key = seen.one()
    calls: list[int] = []

    def work(by: Handling, keys: Sequence[bytes]) -> list[Handled]:
        calls.append(1)
        return by.replay(keys)

    plan = partial(Planned, [key])
    first = seen.handling.once("this", ["replay", key.hex()], plan, work)
    assert seen.handling.once("this", ["replay", key.hex()], plan, work) == first
    assert len(calls) == 1
    with pytest.raises(KeyReused):
        seen.handling.once("this", ["dismiss", key.hex()], plan, work)


def test_what_is_not_there_is_nobodys_to_see_to(seen: Seen) -> None:
    applied = Found(message("ADT^A01", evn("20260301"), PID, pv1()), "adt", 1)
    ingest(seen.hl7v2.store, [applied], zone=ZoneInfo("UTC"))
    assert seen.handling.replay([bytes(32)]) == []
    for act in (seen.handling.dismiss, lambda key, why: seen.handling.correct(key, "", why)):
        with pytest.raises(NoSuchMessage):
            act(bytes(32), "why not")
