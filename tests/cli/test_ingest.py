"""`ingest`: files of messages in, counts out, and what is parked seen and tried again."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program

UNMAPPED = (
    "MSH|^~\\&|LAB|LINDEN|||20260301120000+0000||ADT^Z99|CTRL-1|P|2.5.1\r"
    "EVN||20260301120000+0000\rPID|||M1^^^LINDEN^MR||BRACKENHALL^EDITH\r"
)
COUNTED = ["messages", "applied", "duplicate", "parked", "rejected", "journeys", "events"]


@pytest.fixture
def messages(bare: Program) -> Path:
    """A folder of messages, one file of them gzipped."""
    folder = bare.folder / "messages"
    folder.mkdir()
    plain, packed = folder / "first.hl7", folder / "second.hl7.gz"
    one = ("simulate", "--patients", "3", "--until", "2026-11-01", "--hl7v2", str(plain))
    other = ("simulate", "--patients", "2", "--until", "2026-11-01", "--seed", "9", "--hl7v2", "-")
    piped = bare.start(*other)
    assert bare.run(*one).returncode == 0
    packed.write_bytes(gzip.compress(piped.communicate()[0].encode()))
    return folder


def test_files_and_folders_are_taken_in_once(program: Program, messages: Path) -> None:
    first = program.answer("ingest", "hl7v2", str(messages))
    assert first["messages"] == sum(first[name] for name in COUNTED[1:5]) > 10
    assert first["journeys"] >= 4
    assert first["events"] > first["applied"]
    done = program.run("ingest", "hl7v2", str(messages / "first.hl7"), str(messages / "second.hl7.gz"))
    read = first["messages"]
    assert done.stdout.splitlines()[-1] == (
        f"{read} messages, 0 applied, {read} duplicate, 0 parked, 0 rejected, 0 journeys, 0 events"
    )
    lag = [each["lag_events"] for each in program.answer("projections", "list")]
    assert set(lag) == {0}


def test_what_cannot_be_applied_is_parked_listed_and_tried_again(program: Program) -> None:
    (program.folder / "odd.hl7").write_text(UNMAPPED, newline="")
    done = program.run("ingest", "hl7v2", "-", stdin=program.folder / "odd.hl7")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("1 messages, 0 applied, 0 duplicate, 1 parked, ")
    (parked,) = program.answer("ingest", "parked")
    assert {"id", "happened_at", "received_at", "sender", "kind", "code", "reason", "to_do"} <= set(parked)
    shown = program.run("ingest", "parked").stdout
    assert parked["id"][:12] in shown
    assert "ADT^Z99" in shown
    for text in (json.dumps(parked), shown):
        assert "BRACKENHALL" not in text
        assert "M1" not in text
    again, other = program.all(
        [("ingest", "replay", "--json"), ("ingest", "replay", "--code", "no-patient", "--json")]
    )
    assert json.loads(again.stdout)["parked"] == 1
    assert json.loads(other.stdout)["messages"] == 0


def test_one_that_is_parked_is_seen_to_by_the_beginning_of_its_id(program: Program) -> None:
    text = UNMAPPED.replace("|M1|", "|M9|").replace("BRACKENHALL", "BIRCHWOOD")
    (program.folder / "wrong.hl7").write_text(text, newline="")
    (program.folder / "right.hl7").write_text(text.replace("Z99", "A01"), newline="")
    program.answer("ingest", "hl7v2", "wrong.hl7")
    id_ = program.answer("ingest", "parked")[0]["id"]
    begins = id_[:8]
    why = ("--why", "the trigger")
    shown, dismissed, unknown = program.all(
        [
            ("ingest", "show", begins),
            ("ingest", "dismiss", begins, *why),
            ("ingest", "replay", "0" * 8),
        ]
    )
    corrected = program.run("ingest", "correct", begins, "right.hl7", *why)
    assert "BIRCHWOOD" in shown.stdout
    assert f"{id_[:12]} dismissed: no-mapping" in dismissed.stdout
    assert corrected.stdout == f"{id_[:12]} applied\n"
    assert unknown.returncode == 1
    assert "No message that was set aside has an id that begins so" in unknown.stderr
    [done] = program.answer("ingest", "parked", "--state", "corrected")
    assert done["id"] == id_


def test_a_file_that_cannot_be_read_is_named_and_others_are_done(program: Program, messages: Path) -> None:
    done = program.run("ingest", "hl7v2", "missing.hl7", str(messages / "first.hl7"), "--json")
    assert done.returncode == 1
    assert done.stderr == (
        "==> missing.hl7: It cannot be read: No such file or directory.\n"
        "Error: Not everything could be read; what could be is done.\n"
    )
    assert json.loads(done.stdout)["applied"] > 0
