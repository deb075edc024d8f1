"""A store on a database of the test's own."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from journey.store.store import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with closing(Store(database_url, pool_size=8, timeout=2.0)) as store:
        yield store


@pytest.fixture
def elsewhere(database_url: str) -> Iterator[Store]:
    """The same store in another process, as it were: it shares the database and nothing else."""
    with closing(Store(database_url, pool_size=8, timeout=2.0)) as store:
        yield store
