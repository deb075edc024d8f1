"""A log that is full, as a template, and copies of it in which no read model has begun."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from journey.embedded import Cluster
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.projections.told import tell
from tests.served import database

FULL = "template_full"


@pytest.fixture(scope="session")
def full(cluster: Cluster, template: str) -> str:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(FULL), Identifier(template))
        )
    with closing(Store(cluster.url(FULL))) as store:
        tell(store, journeys=12, turns=240, seed=7)
    drain(cluster.url(FULL))
    return FULL


@pytest.fixture
def full_url(cluster: Cluster, full: str) -> Iterator[str]:
    """A database with a full log and empty read models."""
    with database(cluster, full) as url:
        yield url
