"""Processes that are told to stop, or killed: what was taken in is answered, and others go on."""

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from journey.bench import parts
from journey.bench.soak import Part
from journey.store.sequencer import LOCK
from journey.store.store import Store
from tests.api.serving import Running, running
from tests.store.asked import opened
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.crash]

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event'::regclass"


def refuses(server: Running) -> bool:
    """Whether nobody takes in anything new."""
    try:
        with socket.create_connection(server.address, timeout=5):
            return False
    except OSError:
        return True


def opens(server: Running, number: int) -> int:
    with httpx2.Client(base_url=server.client.base_url, headers=server.key(), timeout=20) as client:
        return client.post("/v1/journeys", json={}, headers={"Idempotency-Key": str(number)}).status_code


@pytest.mark.parametrize(("workers", "requests"), [(1, 12), (2, 4)])
def test_told_to_stop_it_drains_then_answers_what_it_took_in_and_nothing_new(
    workers: int, requests: int, database_url: str, tmp_path: Path
) -> None:
    patient = make_conninfo(database_url, options="-c lock_timeout=60s -c statement_timeout=60s")
    with (
        running(patient, tmp_path, workers, JOURNEY_DRAIN_SECONDS="600") as server,
        psycopg.connect(database_url) as holding,
        psycopg.connect(database_url, autocommit=True) as looking,
        ThreadPoolExecutor(requests) as clients,
    ):
        until(lambda: server.client.get("/readyz").status_code == 200, 20)
        server.process.send_signal(signal.SIGTERM)
        with httpx2.Client(base_url=server.client.base_url, timeout=60) as probe:
            until(lambda: probe.get("/readyz").json()["reasons"] == ["This process is about to stop."])
        assert opens(server, -1) == 201
        holding.execute("LOCK TABLE event IN SHARE MODE")  # none can end before the process hears of it
        answers = [clients.submit(opens, server, number) for number in range(requests)]
        until(lambda: looking.execute(WAITING).fetchone() == (4,))
        if workers == 1:  # of several, each tells the others only now and then what waits in it
            waiting = f"journey_commands_waiting {requests}.0"
            until(lambda: waiting in server.client.get("/metrics").text)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refuses(server))
        assert server.process.poll() is None
        holding.rollback()
        assert [answer.result() for answer in answers] == [201] * requests
        said, _ = server.process.communicate(timeout=20)
        assert (server.process.returncode, said) == (0, "tidied up\n")
        assert looking.execute("SELECT count(DISTINCT journey_id) FROM event").fetchone() == (requests + 1,)


@contextmanager
def worker(conninfo: str) -> Iterator[Part]:
    part = Part("worker", parts.worker, (conninfo,))
    part.start()
    yield part
    part.kill()


def test_a_worker_that_is_killed_is_followed_by_the_one_that_stands_by(database_url: str) -> None:
    with (
        psycopg.connect(database_url, autocommit=True) as looking,
        closing(Store(database_url)) as store,
        worker(database_url) as first,
    ):

        def leads() -> bool:
            held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s"
            return looking.execute(held, (LOCK,)).fetchone() == (1,)

        def seen(journeys: int) -> bool:
            return looking.execute("SELECT count(*) FROM patient_status").fetchone() == (journeys,)

        def present(workers: int) -> bool:
            there = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
            rows = looking.execute(f"{there} application_name = 'journey listener'").fetchone()
            return rows == (workers,)

        until(leads, 20)
        with worker(database_url):
            until(lambda: present(2), 20)
            opened(store)
            until(lambda: seen(1))
            first.kill()
            opened(store)
            until(lambda: seen(2))
            assert leads()
        assert looking.execute("SELECT count(*) FROM store_epoch").fetchone() == (1,)
