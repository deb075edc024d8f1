"""One API for each module of tests."""

from collections.abc import Iterator

import pytest

from journey.embedded import Cluster
from journey.errands import runner
from tests.processes import processes
from tests.served import Api, database, served


@pytest.fixture(scope="module")
def api(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with (
        database(cluster, template) as conninfo,
        served(conninfo, tmp_path_factory.mktemp("home"), forgiving=True, max_body_bytes=20_000) as api,
    ):
        yield api


@pytest.fixture
def errands_begin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forked from a process that has the program imported."""
    monkeypatch.setattr(runner, "PROCESSES", processes)
