"""The resources that others wrote. They stay in the data folder beside the project; where that is absent, a
test that asks for them skips and says so.
"""

import gzip
import json
from pathlib import Path

import pytest

from tests.ingest.fhir.feeding import Json

DATA = Path(__file__).parents[4] / "shared" / "data" / "fhir"


def folder(name: str) -> Path:
    found = DATA / name
    if not found.is_dir():
        pytest.skip(f"The sample resources are not here: this test reads {found}.")
    return found


def documents(name: str) -> list[Path]:
    """The files of a collection, by name."""
    return sorted(path for path in folder(name).iterdir() if path.is_file() and "log" not in path.name)


def read(path: Path) -> Json:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found: Json = json.loads(text)
    return found
