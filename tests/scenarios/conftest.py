"""Whole journeys, told over HTTP as those would who coordinate them."""

from collections.abc import Iterator

import pytest

from journey.embedded import Cluster
from tests.served import Api, database, served


@pytest.fixture(scope="package")
def api(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One for all of them: each scenario tells journeys of its own."""
    with (
        database(cluster, template) as conninfo,
        served(conninfo, tmp_path_factory.mktemp("home")) as api,
    ):
        yield api
