"""One API for each module of tests."""

from collections.abc import Iterator

import pytest

from journey.embedded import Cluster
from tests.served import Api, database, served


@pytest.fixture(scope="module")
def api(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with (
        database(cluster, template) as conninfo,
        served(conninfo, tmp_path_factory.mktemp("home"), forgiving=True, max_body_bytes=20_000) as api,
    ):
        yield api
