"""The messages that others wrote, with what their index says of each: 741 from seven sources, 4,045 derived.

They stay in the data folder beside the project. Where that is absent, a test that asks for them
skips and says so.
"""

import csv
import gzip
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from journey.ingest.files import Found
from journey.ingest.hl7v2.files import messages

DATA = Path(__file__).parents[4] / "shared" / "data"


@dataclass(frozen=True)
class Sample:
    """One message and its row in index.csv (or, for the derived journeys, in truth.csv)."""

    raw: bytes
    row: dict[str, str]

    @property
    def source(self) -> str:
        return self.row["file"].partition("/")[0]


def corpus() -> list[Sample]:
    """Every message that index.csv lists, in its order. Fails where a file holds more or fewer."""
    folder = _data("hl7v2")
    rows = list(csv.DictReader((folder / "index.csv").read_text(encoding="utf-8").splitlines()))
    held = {name: raws(folder / name) for name in {row["file"] for row in rows}}
    assert {name: len(found) for name, found in held.items()} == Counter(row["file"] for row in rows)
    return [Sample(held[row["file"]][int(row["n"]) - 1], row) for row in rows]


def sepsis() -> Iterator[Sample]:
    """The journeys made from the sepsis log, in time order, each message with what it was made from."""
    folder = _data("derived") / "sepsis_as_hl7v2"
    with gzip.open(folder / "truth.csv.gz", "rt", encoding="utf-8", newline="") as truth:
        rows = list(csv.DictReader(truth))
    for raw, row in zip(raws(folder / "sepsis_adt_oru.hl7.gz"), rows, strict=True):
        yield Sample(raw, row)


def raws(file: Path) -> list[bytes]:
    """The messages in a file; two sources wrap theirs in formats that are not HL7's."""
    match file.suffix:
        case ".xml":
            found = re.search(r"<message>(.*?)</message>", file.read_text(encoding="utf-8"), re.DOTALL)
            return [html.unescape(found[1]).encode()] if found else []
        case ".json":
            return [json.loads(file.read_text(encoding="utf-8"))["hl7v2"].encode()]
        case _:
            return [found.raw for found in messages([file]) if isinstance(found, Found)]


def _data(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"The sample messages are not here: this test reads {folder}.")
    return folder
