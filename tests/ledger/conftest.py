"""A ledger made once for each module of tests, and a copy of it for each test to do with as it likes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from journey.embedded import Cluster
from tests.ledger.altered import copied, database, made
from tests.ledger.told import Ledger


@pytest.fixture(scope="module")
def name(cluster: Cluster, template: str) -> Iterator[str]:
    with database(cluster, template) as name:
        yield name


@pytest.fixture(scope="module")
def original(cluster: Cluster, name: str, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return made(cluster.url(name), tmp_path_factory.mktemp("ledger"))


@pytest.fixture
def ledger(cluster: Cluster, name: str, original: Ledger, tmp_path: Path) -> Iterator[Ledger]:
    with copied(cluster, name, original, tmp_path / "home") as ledger:
        yield ledger
