"""The database goes away and comes back: who asks meanwhile is told so, and nothing has to be restarted."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from journey.api import reads
from journey.api.access import ring
from journey.api.access.table import Role
from journey.embedded import Cluster
from journey.migrate import migrate
from tests.served import Api, served
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.crash]


@pytest.fixture
def cluster_of_its_own(short_folder: Path, postgres_bin_dir: Path | None) -> Iterator[Cluster]:
    with Cluster(short_folder, binaries=postgres_bin_dir) as cluster:
        migrate(cluster.url())
        yield cluster


@pytest.fixture
def api(cluster_of_its_own: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr(reads, "TIMEOUT", 1.0)
    monkeypatch.setattr(ring, "FRESH", 60.0)  # the outage is not to hide behind the look for the key
    with served(cluster_of_its_own.url(), tmp_path) as api:
        yield api


def kill(folder: Path) -> None:
    server = int((folder / "database" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGKILL)

    def is_dead() -> bool:
        try:
            os.kill(server, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{server}/stat").read_text().split()[2] == "Z"

    until(is_dead)


def test_gone_and_back(api: Api, cluster_of_its_own: Cluster, short_folder: Path) -> None:
    journey = api.opened()
    once = {"Idempotency-Key": "once"}
    first = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers=once)
    assert api.get("/readyz", role=None).status_code == 200

    kill(short_folder)
    gone = [
        api.get(journey),
        api.get(f"{journey}/events"),
        api.get("/v1/journeys"),
        api.get(f"{journey}/timeline", headers={"Cache-Control": "no-cache"}),
        api.post(f"{journey}/start-intake", {"channel": "fax"}),
    ]
    for answer in gone:
        assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
        assert answer.headers["Retry-After"]
        assert str(short_folder) not in answer.text
    ready = api.get("/readyz", role=None)
    assert (ready.status_code, ready.json()["database"]) == (503, "cannot be reached")
    assert api.get("/healthz", role=None).status_code == 200
    assert "journey_database_reachable 0.0" in api.get("/metrics", role=Role.COORDINATOR).text

    cluster_of_its_own.start()
    until(lambda: api.get(journey).status_code == 200, timeout=20)
    until(lambda: api.get("/readyz", role=None).status_code == 200, timeout=20)
    again = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers=once)
    assert again.json() == first.json()
    assert [each["version"] for each in api.get(f"{journey}/events").json()["events"]] == [1, 2, 3]


def test_every_connection_cut_and_nobody_notices(api: Api) -> None:
    journey = api.opened()
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> %s"
    for _ in range(3):
        with psycopg.connect(api.conninfo, autocommit=True) as connection:
            connection.execute(cut, (connection.info.backend_pid,))
        assert api.get(journey).status_code == 200
        answer = api.post(f"{journey}/assign-identifier", {"identifier": {"system": "s", "value": "v"}})
        assert answer.status_code == 200, answer.text
