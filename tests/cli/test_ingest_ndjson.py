"""`ingest ndjson`: files of commands taken once, with counts, and what was not applied in a file to mend."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program

pytestmark = pytest.mark.database


def line(journey: str, command: str, **body: Any) -> str:
    return json.dumps({"journey": journey, "command": command, "body": body, "id": f"{command} {body}"})


OPENED = [line(f"{n}", "open-journey", team="ward 3", patient={"family": "Okafor"}) for n in range(3)]
INTAKES = [line(f"{n}", "start-intake", channel="phone") for n in range(3)]
MISTAKEN = [
    line("1", "check-in", visit_id="00000000-0000-0000-0000-000000000001"),
    line("1", "start-intake", chanel="phone"),
    "{what is this",
]


@pytest.fixture
def left(program: Program) -> Path:
    """A folder of files, the first of them compressed."""
    folder = program.folder / "legacy"
    folder.mkdir()
    (folder / "1.ndjson.gz").write_bytes(gzip.compress("\n".join(OPENED).encode()))
    (folder / "2.ndjson").write_text("\n".join([*INTAKES, "", *MISTAKEN]) + "\n")
    return folder


def test_files_are_taken_once_and_what_was_not_applied_is_mended(program: Program, left: Path) -> None:
    done = program.run("ingest", "ndjson", "legacy", "--rejected", "mend.ndjson", "--json")
    assert done.returncode == 1
    counts = json.loads(done.stdout)
    assert counts["reasons"] == {"unknown-visit": 1, "invalid": 1, "malformed-json": 1}
    assert {name: counts[name] for name in ("messages", "applied", "duplicate", "parked", "rejected")} == {
        "messages": 9, "applied": 6, "duplicate": 0, "parked": 0, "rejected": 3,
    }  # fmt: skip
    assert (counts["journeys"], counts["events"]) == (3, 12)
    *named, error = done.stderr.splitlines()
    assert [each.partition(":")[0] for each in named] == [
        f"==> {Path('legacy') / '2.ndjson'}, line {number}" for number in (5, 6, 7)
    ]
    assert error.startswith("Error: Not every line was applied")
    assert "Okafor" not in done.stderr

    kept = (program.folder / "mend.ndjson").read_text().splitlines()
    assert kept[2] == MISTAKEN[2]
    wrong = [json.loads(each) for each in kept[:2]]
    assert [each["rejected"]["code"] for each in wrong] == ["unknown-visit", "invalid"]
    wrong[0]["command"], wrong[1]["body"] = "record-arrival", {"channel": "phone"}
    mended = "".join(f"{json.dumps(each)}\n" for each in wrong)
    (program.folder / "mended.ndjson").write_text(mended)

    again, overwriting = program.all(
        [
            ("ingest", "ndjson", "legacy/1.ndjson.gz", "mended.ndjson", "--rejected", "none.ndjson"),
            ("ingest", "ndjson", "legacy", "--rejected", "legacy/2.ndjson"),
        ]
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-1] == (
        "5 messages, 2 applied, 3 duplicate, 0 parked, 0 rejected, 0 journeys, 1 events"
    )
    assert not (program.folder / "none.ndjson").exists()
    assert overwriting.returncode == 1
    assert "File exists" in overwriting.stderr
    assert (left / "2.ndjson").read_text().startswith(INTAKES[0])
