"""Where benchmarks run: databases of their own, on a throw-away cluster or the server of DATABASE_URL."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from journey.connection import OPERATING
from journey.database import connect
from journey.migrate import migrate
from journey.settings import Settings

EVENTS = 100_000
JOURNEYS = 100_000
SECONDS = 20.0


class Scratch:
    """A server, and the databases made on it for as long as the block lasts."""

    def __init__(self, url: str, restart: Callable[[], None] | None, stack: ExitStack) -> None:
        self._url = url
        self._stack = stack
        self._numbers = count(1)
        self.restart = restart
        """Kills the server with SIGKILL and starts it again, where it is one of our own."""
        self.events = EVENTS
        """Events in the log of a benchmark that is told how many."""
        self.seconds = SECONDS
        """For how long a benchmark that is told so asks."""
        self.journeys = JOURNEYS
        """Journeys in the read models of a benchmark that is told how many."""

    def database(self, *, migrated: bool = True) -> str:
        """A new database's address."""
        name = f"journey_bench_{os.getpid()}_{next(self._numbers)}"
        self._execute("CREATE DATABASE {}", name)
        if self.restart is None:  # one of our own goes whole
            self._stack.callback(self._execute, "DROP DATABASE {} WITH (FORCE)", name)
        url = make_conninfo(self._url, dbname=name)
        if migrated:
            migrate(url)
        return url

    def _execute(self, statement: str, name: str) -> None:
        with connect(self._url, OPERATING) as connection:  # the disk decides how long
            connection.execute(SQL(statement).format(Identifier(name)))


@contextmanager
def scratch(settings: Settings) -> Iterator[Scratch]:
    """The server. Raises DatabaseUnavailable, and psycopg's error where no database may be created there."""
    with ExitStack() as stack:
        if settings.database_url is not None:
            yield Scratch(settings.database_url, None, stack)
            return
        from journey.embedded import Cluster, watchdog  # noqa: PLC0415 - only where it is used

        folder = Path(tempfile.mkdtemp(prefix="journey-"))
        folder.chmod(0o711)  # the account that the server runs as passes through
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = stack.enter_context(Cluster(folder, binaries=settings.postgres_bin_dir))

        def end(how: signal.Signals) -> None:
            server = watchdog.postmaster(folder / "database" / "data")
            if server is not None:
                os.kill(server, how)

        def restart() -> None:
            end(signal.SIGKILL)
            cluster.start()

        stack.callback(end, signal.SIGQUIT)  # nothing on it need be written down any more
        yield Scratch(cluster.url(), restart, stack)
