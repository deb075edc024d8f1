"""What a file of evidence holds, and what it proves to whoever has nothing but it."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import psycopg
import pytest

from journey.audit.disclosures import NOTICE
from journey.domain.episode import AssignOwner
from journey.evidence.checking import Trusted, checked
from journey.evidence.form import LISTED, Period
from journey.evidence.reading import Unsound
from journey.evidence.timeline import escape
from journey.ledger.answers import NotYet
from journey.ledger.merkle import Unproven
from journey.ledger.note import Verifier
from journey.ledger.seal import Seal
from journey.ledger.seals import Place, Seals
from journey.store.store import Store
from tests.evidence.checker import check
from tests.evidence.conftest import Case
from tests.store.asked import CONTEXT

pytestmark = pytest.mark.database

NOTES = "SELECT note FROM ledger_checkpoint ORDER BY number"


def files(evidence: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(evidence)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def lines(evidence: bytes, name: str = "events.ndjson") -> list[dict[str, Any]]:
    return [json.loads(line) for line in files(evidence)[name].splitlines()]


def test_both_checkers_find_it_sound(case: Case, evidence: bytes) -> None:
    check(BytesIO(evidence))
    sound = checked(BytesIO(evidence))
    two = list(case.patients)[:2]
    [(events,)] = case.ledger.rows("SELECT count(*) FROM log")
    assert (sound.journeys, sound.accesses, sound.size, sound.earlier) == (2, 4, events, 3)
    assert {each["stored"]["journey_id"] for each in lines(evidence)} == set(map(str, two))
    assert 2 < sound.events < events
    assert sound.opened > 0
    assert (sound.is_known, sound.manifest_signed, sound.since) == (False, True, None)


def test_the_same_state_makes_the_same_files(case: Case, evidence: bytes) -> None:
    again = files(case.made(*list(case.patients.values())[:2])[0])
    same = {name for name, content in files(evidence).items() if content == again[name]}
    assert same >= set(LISTED) - {"timeline.html"}


def test_what_is_personal_is_read_and_is_not_in_what_is_stored(evidence: bytes) -> None:
    named = [each for each in lines(evidence) if each["stored"]["type"] == "identity.demographics_changed"]
    assert {each["read"]["data"]["demographics"]["family"] for each in named} & {"Smith", "Ö'Hara"}
    assert not [each for each in named if "Smith" in str(each["stored"]) or "Hara" in str(each["stored"])]


def test_of_a_period_are_the_journeys_and_the_looks_in_it(case: Case) -> None:
    patient = case.patients[next(iter(case.patients))]
    before = Period(begins=None, ends=datetime(2026, 1, 1, tzinfo=UTC))
    nothing, made = case.made(patient, period=before)
    assert (made.manifest.journeys, made.manifest.accesses) == ((), 0)
    check(BytesIO(nothing))
    assert checked(BytesIO(nothing)).events == 0
    [(last,)] = case.ledger.rows("SELECT max(at) FROM access_event")
    _, made = case.made(patient, period=Period(begins=datetime(2026, 1, 1, tzinfo=UTC), ends=last))
    assert (made.manifest.events > 0, made.manifest.accesses) == (True, 3)
    assert case.made(patient, accesses=False)[1].manifest.accesses == 0


def test_whoever_has_the_key_or_a_checkpoint_trusts_no_file(case: Case, evidence: bytes) -> None:
    notes = [note for (note,) in case.ledger.rows(NOTES)]
    [(verifier,)] = case.ledger.rows("SELECT verifier FROM ledger_key")
    known = checked(BytesIO(evidence), Trusted(Verifier.read(verifier), notes[1]))
    assert (known.is_known, known.since) == (True, case.ledger.statements()[1].events.size)
    with pytest.raises(Unsound, match="is not among the keys"):
        checked(BytesIO(evidence), Trusted(Seal.made("somebody").verifier))
    with pytest.raises(Unsound, match="the checkpoint that you have: no key that is trusted"):
        checked(BytesIO(evidence), Trusted(checkpoint=notes[0].replace("\n", "x\n", 1)))


def test_a_checkpoint_that_the_recipient_has_is_continued_where_it_is_asked_for(case: Case) -> None:
    ledger, patient = case.ledger, next(iter(case.patients.values()))
    for _ in range(5):
        ledger.looked(1)
        ledger.notarize()
    note = ledger.rows(NOTES)[2][0]
    without, asked = case.made(patient)[0], case.made(patient, since=note)[0]
    assert checked(BytesIO(asked), Trusted(checkpoint=note)).since == ledger.statements()[2].events.size
    with pytest.raises(Unsound, match="have it made with --since"):
        checked(BytesIO(without), Trusted(checkpoint=note))


def test_without_the_key_at_hand_the_manifest_is_not_signed(case: Case) -> None:
    elsewhere = Place(case.ledger.place.home / "elsewhere")
    unsigned, _ = case.made(*list(case.patients.values())[:2], place=elsewhere)
    check(BytesIO(unsigned))
    assert not checked(BytesIO(unsigned)).manifest_signed
    assert "manifest.note" not in files(unsigned)


class Page(HTMLParser):
    """What the timeline is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.struck = 0
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.struck += ("class", "struck") in attrs
        assert not [name for name, _ in attrs if name in {"src", "href", "onload", "onclick"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_timeline_tells_all_of_it_and_loads_nothing(case: Case) -> None:
    made = case.made(*case.patients.values())[0]
    page, told = Page(files(made)["timeline.html"].decode()), lines(made)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.tags.count("section") == len(case.patients) + 1
    voided = {each["read"]["data"]["voids"] for each in told if each["stored"]["type"] == "correction.voided"}
    back = {each["read"]["data"].get("reinstates") for each in told}
    assert len(voided - back) <= page.struck <= len(voided)
    for said in (
        "Ö'Hara",
        "Smith",
        "Does not hold: #",
        "Corrected by #",
        'Ward 5, "east"',
        "stage: in-care → ",
    ):
        assert said in page.text
    assert page.text.count("nurse-1 (nurse) east") == len(told)


def test_nobodys_name_turns_a_line_of_the_timeline_around() -> None:
    assert (
        escape("Board\u202e\u2066 <b>") == "Board\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} &lt;b&gt;"
    )


def test_a_changed_row_is_no_evidence(case: Case) -> None:
    journey_id, patient = list(case.patients.items())[4]
    change = "UPDATE event SET context = replace(context::text, %s, %s)::json WHERE journey_id = %s"
    with psycopg.connect(case.ledger.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE event DISABLE TRIGGER event_is_immutable")
        connection.execute(change, ("nurse-1", "nurse-9", journey_id))
        with pytest.raises(Unproven):
            case.made(patient)
        connection.execute(change, ("nurse-9", "nurse-1", journey_id))
        connection.execute("ALTER TABLE event ENABLE TRIGGER event_is_immutable")
    assert case.made(patient)[1].manifest.events > 0


def test_what_is_erased_is_told_as_erased_and_proven_all_the_same(case: Case) -> None:
    journey_id, patient = list(case.patients.items())[5]
    told = lines(case.made(patient)[0])
    with psycopg.connect(case.ledger.url, autocommit=True) as connection:
        connection.execute(
            "UPDATE data_key SET wrapped = '', destroyed_at = now() WHERE journey_id = %s", (journey_id,)
        )
    erased, _ = case.made(patient)
    check(BytesIO(erased))
    sound = checked(BytesIO(erased))
    was = [each for each in told if each["how"] == "opened"]
    assert (sound.opened, sound.erased, sound.events) == (0, len(was), len(told))
    assert [each["leaf"] for each in lines(erased)] == [each["leaf"] for each in told]
    assert {each["how"] for each in lines(erased)} == {"plain", "erased"}
    assert not [each for each in lines(erased) if "key" in each or "sealed" in each["read"]["data"]]
    assert files(erased)["timeline.html"].count(b"its key is destroyed") == len(was)


def test_another_key_is_trusted_because_the_one_before_introduced_it(case: Case) -> None:
    ledger, patient = case.ledger, next(iter(case.patients.values()))
    with psycopg.connect(ledger.url, autocommit=True) as connection:
        first = Verifier.read(ledger.rows("SELECT verifier FROM ledger_key")[0][0])
        second = Seals(connection, ledger.place).rotate()
    ledger.looked(1)
    ledger.notarize()
    made, _ = case.made(patient)
    check(BytesIO(made))
    by_first, by_second = (checked(BytesIO(made), Trusted(each)) for each in (first, second))
    assert by_first.manifest_signed
    assert by_second.manifest_signed
    assert by_first.earlier > by_second.earlier == 0


def test_what_is_of_a_part_2_program_goes_with_its_notice(case: Case) -> None:
    journey_id, patient = list(case.patients.items())[2]
    assert case.made(patient)[1].manifest.notice is None
    store = Store(case.ledger.url)
    store.handle(journey_id, AssignOwner(team="south"), CONTEXT.model_copy(update={"labels": ("ETH",)}))
    store.close()
    case.ledger.notarize()
    made, told = case.made(patient)
    assert told.manifest.notice == NOTICE
    assert NOTICE in Page(files(made)["timeline.html"].decode()).text


def test_without_a_checkpoint_there_is_no_evidence(database_url: str, case: Case) -> None:
    nothing = Case(case.ledger._replace(url=database_url), {})
    with pytest.raises(NotYet):
        nothing.made(UUID(int=1))
