"""One throw-away PostgreSQL a run, one database a test, cloned from a template that the real migrations
made.
"""

import gc
import os
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql

from journey.embedded import Cluster
from journey.log import configure
from journey.migrate import migrate
from journey.settings import PREFIX, Settings
from tests.processes import processes

SYSTEM_POSTGRES = Path("/usr/lib/postgresql")
TEMPLATE = "template_journey"
OBJECTS = 2_000_000
"""New ones between two looks for cycles."""

_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        choices=["embedded", "system"],
        default="embedded",
        help="the server to test against: embedded, or the oldest under /usr/lib/postgresql",
    )


LONG = (
    "tests/crash/",
    "tests/broker/",
    "tests/webhooks/",
    "tests/bench/",
    "tests/contract/",
    "tests/ingest/",
    "tests/mllp/",
    "tests/web/browser/",
    "tests/api/test_server.py",
    "tests/api/test_stopping.py",
    "tests/api/test_stream.py",
    "tests/projections/test_kept_rows.py",
    "tests/fhir/test_anything.py",
)
"""Files of tests that wait more than they work, or work long: begun first, so that nobody is waited for."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_configure(config: pytest.Config) -> None:
    """The developer's own settings stay out of the tests, and of the programs they start. What is logged is
    logged as in service: without that, a traceback draws every local variable, for seconds.
    """
    for name in [name for name in os.environ if name.startswith(PREFIX) or name == "DATABASE_URL"]:
        del os.environ[name]
    os.environ["JOURNEY_MASTER_KEY_FILE"] = str(_master_key(config))
    configure(Settings.load(log_format="json"))
    gc.set_threshold(OBJECTS, 100)


def pytest_collection_finish() -> None:
    """Thousands of tests are no garbage: no look for cycles goes over them again."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """What is garbage is told of once; then nothing is left that pytest would look at five times more."""
    gc.collect()
    gc.freeze()


def _master_key(config: pytest.Config) -> Path:
    """One for the whole run, and for the programs that it starts."""
    folder = tempfile.TemporaryDirectory(prefix="journey-key-")
    config.add_cleanup(folder.cleanup)
    path = Path(folder.name) / "master.key"
    path.write_bytes(b64encode(AESGCM.generate_key(256)))
    return path


@pytest.fixture(scope="session")
def postgres_bin_dir(pytestconfig: pytest.Config) -> Path | None:
    """The programs of the server under test; None for the embedded ones."""
    if pytestconfig.getoption("--postgres") == "embedded":
        return None
    installed = sorted(
        (path for path in SYSTEM_POSTGRES.glob("*/bin") if int(path.parent.name) >= 15),
        key=lambda path: int(path.parent.name),
    )
    if not installed:
        pytest.skip(
            f"no PostgreSQL 15 or newer under {SYSTEM_POSTGRES}: nothing was tested against a system's server"
        )
    return installed[0]


@contextmanager
def throw_away_folder() -> Iterator[Path]:
    """Short-named for sockets, open for another account to pass through, and in memory where there is room:
    a cluster is a thousand files.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    folder = Path(tempfile.mkdtemp(prefix="journey-", dir=memory if roomy else None))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For clusters of a test's own: pytest's folders are closed to other accounts, and their names long."""
    with throw_away_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def cluster(postgres_bin_dir: Path | None) -> Iterator[Cluster]:
    with (
        throw_away_folder() as folder,
        Cluster(folder, durable=False, binaries=postgres_bin_dir) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(cluster.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(cluster: Cluster, template: str) -> Iterator[str]:
    """A migrated database of the test's own."""
    yield from _database(cluster, template)


@pytest.fixture
def empty_database_url(cluster: Cluster) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    yield from _database(cluster, "template1")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.load(database_url=database_url, home=tmp_path / "home")


def _database(cluster: Cluster, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(create)
        yield cluster.url(name)
        connection.execute(drop)


@pytest.fixture
def errands_begin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forked from a process that has the program imported."""
    monkeypatch.setattr("journey.errands.runner.PROCESSES", processes)
