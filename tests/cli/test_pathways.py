"""Commands about pathways: the definitions at hand, files of them, and a patient who follows one."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from journey.domain.enrolment import AssignPathway, WaiveMilestone
from journey.domain.episode import AssignOwner, OpenJourney
from journey.domain.event import Command
from journey.domain.pathway.definition import Definition
from journey.domain.referral import ConfirmReferralReceipt
from journey.domain.treatment import RecordRttStatus
from journey.domain.visit import Appointment, BookVisit
from journey.pathways import shipped
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.cli.conftest import Program
from tests.cli.test_journeys import BY_ANN
from tests.pathways.test_reading import RIGHT

JOURNEY = UUID("0190b8a0-0000-7000-8000-000000000001")
REFERRAL, VISIT = UUID(int=3), UUID(int=4)


def test_the_pathways_at_hand_are_listed(bare: Program) -> None:
    rows = bare.answer("pathway", "list")
    assert [row["id"] for row in rows] == [path.stem for path in shipped()]
    (rtt,) = [row for row in rows if row["id"] == "nhs-rtt-18-week"]
    assert rtt == {
        "id": "nhs-rtt-18-week",
        "version": "1.0.0",
        "title": "NHS consultant-led treatment within 18 weeks of referral",
        "stages": 5,
        "milestones": 5,
        "clocks": 1,
    }
    lines = bare.run("pathway", "list").stdout.splitlines()
    assert lines[0].split() == ["pathway", "version", "stages", "milestones", "clocks", "title"]
    assert [line.split()[0] for line in lines[1:]] == [row["id"] for row in rows]


def test_a_site_adds_its_own(bare: Program) -> None:
    folder = bare.folder / "pathways"
    folder.mkdir()
    (folder / "own.yaml").write_text(RIGHT)
    site = bare.having(JOURNEY_PATHWAYS=str(folder))
    assert "a-way" in [row["id"] for row in site.answer("pathway", "list")]
    (folder / "next.yaml").write_text(RIGHT.replace("1.0.0", "1.1.0"))
    assert site.run("pathway", "show", "a-way").stdout.startswith("pathway      a-way 1.1.0 ")
    first = site.run("pathway", "show", "a-way", "--version", "1.0.0")
    assert first.stdout.startswith("pathway      a-way 1.0.0 ")
    (folder / "next.yaml").write_text(RIGHT)
    for command in (("pathway", "list"), ("serve", "--port", "0")):
        done = site.run(*command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "Error: own.yaml:2: version: a-way 1.0.0 is there already; a new version has a new number\n"
        )


def test_a_folder_that_is_not_there_is_not_taken_for_an_empty_one(bare: Program) -> None:
    done = bare.having(JOURNEY_PATHWAYS="nowhere").run("pathway", "list")
    said = f"Error: JOURNEY_PATHWAYS is '{bare.folder}/nowhere': it should be a folder.\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_files_are_checked_and_every_mistake_is_named(bare: Program) -> None:
    (bare.folder / "right.yaml").write_text(RIGHT)
    (bare.folder / "wrong.yaml").write_text(
        RIGHT.replace("GB-ENG", "GB-XX").replace("requires: [seen]", "requires: [sene]")
    )
    right = bare.run("pathway", "check", "right.yaml")
    assert (right.returncode, right.stdout, right.stderr) == (0, "right.yaml: ok\n", "")
    both = bare.run("pathway", "check", "right.yaml", "wrong.yaml", "missing.yaml")
    assert (both.returncode, both.stdout) == (1, "right.yaml: ok\n")
    holidays, milestone, missing = both.stderr.splitlines()
    assert holidays.startswith("wrong.yaml:4: calendar.holidays: no public holidays are known of GB-XX;")
    assert milestone.startswith("wrong.yaml:19: milestones[1].requires[0]: there is no milestone sene;")
    assert missing == "missing.yaml:1: cannot be read: No such file or directory"
    told = bare.run("pathway", "check", "right.yaml", "wrong.yaml", "--json")
    assert told.returncode == 1
    first, other = TypeAdapter(list[dict[str, object]]).validate_json(told.stdout)
    assert first == {"file": "right.yaml", "ok": True, "mistakes": []}
    assert other["ok"] is False
    mistakes = TypeAdapter(list[dict[str, object]]).validate_python(other["mistakes"])
    assert [(each["line"], each["field"]) for each in mistakes] == [
        (4, "calendar.holidays"),
        (19, "milestones[1].requires[0]"),
    ]


def test_a_copy_of_what_ships_needs_a_number_of_its_own(bare: Program) -> None:
    (bare.folder / "own.yaml").write_text(shipped()[0].read_text())
    done = bare.run("pathway", "check", "own.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("is there already; a new version has a new number\n")


def test_what_ships_passes_the_check(bare: Program) -> None:
    done = bare.run("pathway", "check", *map(str, shipped()))
    assert (done.returncode, len(done.stdout.splitlines())) == (0, len(shipped()))


@pytest.mark.parametrize("name", [path.stem for path in shipped()])
def test_a_definition_is_shown_whole(bare: Program, name: str) -> None:
    definition = Definition.model_validate(bare.answer("pathway", "show", name))
    page = bare.run("pathway", "show", name).stdout
    for each in definition.every_milestone():
        assert re.search(rf"^ +{each.id} · |^milestones +{each.id} · ", page, re.MULTILINE)
        assert each.owner is None or each.owner in page
    for parts in (definition.stages, definition.clocks, definition.branches, definition.blockers):
        assert [part.id for part in parts if part.id not in page] == []


def test_the_page_says_when_and_by_whom(bare: Program) -> None:
    page = bare.run("pathway", "show", "nhs-rtt-18-week").stdout
    assert "triaged · Referral triaged · booking-team" in page
    assert "due within 5bd of start" in page
    assert "target 18w, to be met by 92%" in page
    assert "rtt.status_recorded where code is 33 and communicated is true" in page
    assert "of the same visit_id" in page


def test_a_pathway_that_is_not_at_hand(bare: Program) -> None:
    unknown, version = bare.all(
        [("pathway", "show", "nowhere"), ("pathway", "show", "nhs-rtt-18-week", "--version", "9")]
    )
    assert unknown.stderr == (
        "Error: No such pathway is at hand: journey pathway list shows all there are.\n"
    )
    assert version.stderr == "Error: No such pathway is at hand: it is there in version 1.0.0.\n"
    assert {unknown.returncode, version.returncode} == {1}


# --- A patient who follows one


@pytest.fixture
def followed(program: Program, database_url: str) -> Iterator[Program]:
    """Referred on the second of March; the triage was waived, and an appointment is booked."""
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    told: list[Command] = [
        AssignOwner(team="booking"),
        AssignPathway(pathway="nhs-rtt-18-week"),
        ConfirmReferralReceipt(referral_id=REFERRAL, reported=True),
        WaiveMilestone(milestone="triaged", reason="referred by a consultant"),
        BookVisit(visit_id=VISIT, appointment=Appointment(start=start.replace(month=4))),
    ]
    store = Store(database_url)
    try:
        opened = store.handle(
            JOURNEY, OpenJourney(patient_id=UUID(int=9), team="front desk", occurred_at=start), BY_ANN
        )
        assert opened
        for minute, command in enumerate(told, 1):
            store.handle(
                JOURNEY, command.model_copy(update={"occurred_at": start.replace(minute=minute)}), BY_ANN
            )
        yield program
    finally:
        store.close()


def test_where_a_patient_stands_on_a_pathway(followed: Program, database_url: str) -> None:
    page = followed.run("show", str(JOURNEY), "--as-of", "2026-06-29 10:00Z").stdout
    assert re.findall(r"^(\w+(?: \w+)?)  +", page, re.MULTILINE) == [
        *("journey", "patient", "status", "pathway", "stage", "responsible", "reached", "next", "later"),
        *("overdue", "at risk", "waived", "clocks", "blocked by", "open visits", "why"),
    ]
    flat = re.sub(r" +", " ", page)
    for said in (
        "pathway nhs-rtt-18-week 1.0.0 NHS consultant-led treatment within 18 weeks of referral since",
        "stage booked since",
        "first-seen due 2026-04-27 22:59, overdue by 62 d 11 h outpatient-clinic #",
        "decided due 2026-06-01 22:59, overdue by 27 d 11 h, waits for first-seen consultant #",
        "clock-stopped due 2026-07-06 22:59, in 7 d 12 h consultant #",
        "at risk First definitive treatment, or a decision that ends the wait",
        "waived triaged referred by a consultant #",
        "clocks rtt running since 2026-03-02 09:03, 119 d 0 h 18w, due 2026-07-06 22:59, 7 d 12 h left #",
    ):
        assert said in flat
    late = re.sub(r" +", " ", followed.run("show", str(JOURNEY), "--as-of", "2026-07-08").stdout)
    assert "due 2026-07-06 22:59, breached by 1 d 1 h" in late
    store = Store(database_url)
    stop = RecordRttStatus(code="30", occurred_at=datetime(2026, 6, 30, 12, tzinfo=UTC))
    store.handle(JOURNEY, stop, BY_ANN)
    store.close()
    ended = re.sub(r" +", " ", followed.run("show", str(JOURNEY), "--as-of", "2026-07-20").stdout)
    assert re.search(r"rtt stopped since .* until 2026-06-30 12:00 18w, due .*, 6 d 10 h left", ended)


def test_who_kept_to_a_pathway_and_where_others_left_it(followed: Program, database_url: str) -> None:
    def asked(*more: str) -> dict[str, Any]:
        drain(database_url)
        Projector(database_url, PatientStatus()).catch_up()
        figures: dict[str, Any] = followed.answer("pathway", "conformance", "nhs-rtt-18-week", *more)
        return figures

    counted = {"pathway": "nhs-rtt-18-week", "journeys": 1, "complete": 0, "fit": 0, "milestones": []}
    assert asked() == {**counted, "departures": []}
    with closing(Store(database_url)) as store:
        stop = RecordRttStatus(code="30", occurred_at=datetime(2026, 7, 30, 12, tzinfo=UTC))
        store.handle(JOURNEY, stop, BY_ANN)
    found = asked("--journeys", "--team", "booking")
    assert found["milestones"] == [{"milestone": "clock-stopped", "missing": 0, "late": 1, "out-of-order": 0}]
    assert (found["complete"], found["fit"]) == (1, 0)
    [late] = found["departures"]
    assert (late["journey_id"], late["version"], late["team"]) == (str(JOURNEY), "1.0.0", "booking")
    assert (late["at"], late["due"]) == ("2026-07-30T12:00:00Z", "2026-07-06T22:59:59Z")
    assert asked("--team", "nobody")["journeys"] == 0
    shown, unknown = followed.all(
        [
            ("pathway", "conformance", "nhs-rtt-18-week", "--journeys"),
            ("pathway", "conformance", "nowhere"),
        ]
    )
    lines = shown.stdout.splitlines()
    assert lines[0] == "1 journeys, 1 complete; 0 of these kept to it"
    assert lines[2].split() == ["clock-stopped", "0", "1", "0"]
    assert lines[-1].split() == [str(JOURNEY), "late", "clock-stopped"]
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("Error: No such pathway is at hand")
