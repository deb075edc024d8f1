from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.ingest.fhir.feeding import Feed


@pytest.fixture
def feed(database_url: str) -> Iterator[Feed]:
    with closing(Feed(database_url)) as feed:
        yield feed
