"""What is exported of a log with corrections and late facts: what holds, or everything, marked."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from journey.domain.correction import CorrectEvent, VoidEvent
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.visit import AdmitPatient
from journey.export import FORMATS, Selection, export
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.store.identifiers import uuid7
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.export import SENDING
from tests.spec import at
from tests.store.asked import CONTEXT
from tests.store.test_across import merge, patient

JOURNEY, OTHER = uuid7(), uuid7()


@pytest.fixture
def told(database_url: str) -> tuple[str, UUID, UUID]:
    """A journey with an admission that was none and an owner since another time; and another journey."""
    with closing(Store(database_url)) as store:

        def say(journey_id: UUID, command: Any, hour: int) -> UUID:
            timed = command.model_copy(update={"occurred_at": at(hour)})
            return store.handle(journey_id, timed, CONTEXT).events[0].event_id

        say(JOURNEY, OpenJourney(patient_id=uuid7()), 8)
        say(OTHER, OpenJourney(patient_id=uuid7()), 9)
        owned = say(JOURNEY, AssignOwner(team="=west & <east>\x0b"), 12)
        admitted = say(JOURNEY, AdmitPatient(visit_id=uuid7()), 10)
        say(JOURNEY, VoidEvent(event_id=admitted, reason="somebody else"), 13)
        say(JOURNEY, CorrectEvent(event_id=owned, happened_at=at(9), reason="told late"), 14)
    drain(database_url)
    Projector(database_url, PatientStatus()).catch_up()
    return database_url, owned, admitted


def lines(url: str, folder: Path, **chosen: Any) -> list[dict[str, Any]]:
    file = folder / "log.ndjson"
    export(url, Selection(**chosen), "ndjson", str(file), lambda _: None, sending=SENDING)
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_what_holds_goes_out_as_it_should_read(told: tuple[str, UUID, UUID], tmp_path: Path) -> None:
    url, owned, _ = told
    found = lines(url, tmp_path)
    assert [each["type"] for each in found] == ["journey.opened", "journey.opened", "journey.owner_assigned"]
    assert (found[-1]["id"], found[-1]["time"][:13]) == (str(owned), "2026-03-02T09")
    assert all("voided" not in each for each in found)


def test_everything_goes_out_as_it_was_recorded_and_marked(
    told: tuple[str, UUID, UUID], tmp_path: Path
) -> None:
    url, owned, admitted = told
    found = {each["id"]: each for each in lines(url, tmp_path, everything=True)}
    assert len(found) == 6
    assert [each["id"] for each in found.values() if each["voided"]] == [str(admitted)]
    assert found[str(owned)]["time"][:13] == "2026-03-02T12"
    sequences = [each["sequence"] for each in found.values()]
    assert sequences == sorted(sequences)


def test_a_team_is_chosen(told: tuple[str, UUID, UUID], tmp_path: Path) -> None:
    assert {each["subject"] for each in lines(told[0], tmp_path, team="=west & <east>\x0b")} == {str(JOURNEY)}
    assert lines(told[0], tmp_path, pathway="inpatient-sepsis") == []


@pytest.mark.parametrize("everything", [False, True])
def test_every_format_holds_the_same_events(
    told: tuple[str, UUID, UUID], tmp_path: Path, everything: bool
) -> None:
    """Also with a team whose name no format likes."""
    expected = len(lines(told[0], tmp_path, everything=everything))
    for form in FORMATS:
        file = tmp_path / f"log.{form}"
        chosen = Selection(everything=everything)
        assert export(told[0], chosen, form, str(file), lambda _: None, sending=SENDING) == expected
    root = ET.parse(tmp_path / "log.xes").getroot()  # noqa: S314 - written here
    assert len(root.findall("{*}trace/{*}event")) == expected
    assert len(json.loads((tmp_path / "log.ocel").read_text())["events"]) == expected
    text = (tmp_path / "log.csv").read_text()
    assert ",=west" not in text


def test_a_merge_is_about_both_patients(database_url: str, tmp_path: Path) -> None:
    with closing(Store(database_url)) as store:
        (retired, _), (survivor, _) = patient(store), patient(store)
        merge(store, survivor, retired)
    drain(database_url)
    export(database_url, Selection(), "ocel", str(tmp_path / "log"), lambda _: None, sending=SENDING)
    read = json.loads((tmp_path / "log").read_text())
    merged = [each for each in read["events"] if each["type"] == "Patient merged"]
    about = {(each["objectId"], each["qualifier"]) for each in merged[0]["relationships"]}
    assert len(merged) == 2
    assert {(f"patient:{retired}", "retired"), (f"patient:{survivor}", "survivor")} < about
    there = [each["id"] for each in read["objects"]]
    assert len(there) == len(set(there)) == 4
    assert {each["objectId"] for one in read["events"] for each in one["relationships"]} == set(there)


def test_an_empty_log_is_a_whole_file_in_every_format(database_url: str, tmp_path: Path) -> None:
    for form in FORMATS:
        assert (
            export(database_url, Selection(), form, str(tmp_path / form), lambda _: None, sending=SENDING)
            == 0
        )
    assert not ET.parse(tmp_path / "xes").getroot().findall("{*}trace")  # noqa: S314 - written here
    assert json.loads((tmp_path / "ocel").read_text())["events"] == []


def test_two_at_once_to_one_file_do_not_meet(told: tuple[str, UUID, UUID], tmp_path: Path) -> None:
    """Another process begins and ends in the midst of this one's."""
    file, said = tmp_path / "log.csv", list[float]()
    program = (
        "import sys; from journey.export import Selection, export; from tests.export import SENDING\n"
        "export(sys.argv[1], Selection(everything=True), 'csv', sys.argv[2], lambda _: None, sending=SENDING)"
    )

    def meanwhile(far: float) -> None:
        if not said:
            subprocess.run([sys.executable, "-c", program, told[0], str(file)], check=True)
            assert len(file.read_text().splitlines()) == 7
        said.append(far)

    assert export(told[0], Selection(), "csv", str(file), meanwhile, sending=SENDING) == 3
    assert len(file.read_text().splitlines()) == 4
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_is_no_file(told: tuple[str, UUID, UUID], tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="name a file"):
        export(told[0], Selection(), "csv", str(tmp_path), lambda _: None, sending=SENDING)
    assert list(tmp_path.iterdir()) == []


def test_of_what_cannot_be_written_nothing_is_left(told: tuple[str, UUID, UUID], tmp_path: Path) -> None:
    def full(_: float) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="space"):
        export(told[0], Selection(), "csv", str(tmp_path / "log.csv"), full, sending=SENDING)
    assert list(tmp_path.iterdir()) == []
