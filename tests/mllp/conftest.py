from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.ingest.hl7v2.feeding import Feed
from tests.mllp.conversing import Listening


@pytest.fixture
def feed(database_url: str) -> Iterator[Feed]:
    """What is recorded and kept, by another way in."""
    with closing(Feed(database_url)) as feed:
        yield feed


@pytest.fixture
def listening(database_url: str) -> Iterator[Listening]:
    with Listening(database_url) as listening:
        yield listening


@pytest.fixture
def program(tmp_path: Path, database_url: str) -> Iterator[Program]:
    program = Program(tmp_path, {"DATABASE_URL": database_url})
    yield program
    program.end()
