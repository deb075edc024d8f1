"""What is asked too often, too much at once or of a database that has stopped is told to wait."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

import psycopg
import pytest
from httpx2 import Response
from starlette.requests import Request

from journey.api import edge, engine, limits, reads
from journey.api.access.table import Role
from journey.api.figures import Figures
from journey.api.problems import Problem
from journey.connection import Limits
from journey.embedded import Cluster
from journey.migrate import migrate
from journey.store import recorder
from tests.served import Api, database, served
from tests.waiting import until

pytestmark = pytest.mark.database

BURST, FULL = 40, 3


@pytest.fixture(scope="module")
def strict(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API that lets a key ask now and then, and is soon full."""
    home = tmp_path_factory.mktemp("strict")
    with (
        database(cluster, template) as conninfo,
        served(conninfo, home, rate_per_second=0.001, rate_burst=BURST, max_requests=FULL) as api,
    ):
        yield api


def refused(answer: Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_key_that_asks_too_often_is_told_when_to_come_again(strict: Api) -> None:
    asked = [strict.get("/v1/pathways", role=Role.COMPLIANCE) for _ in range(BURST + 2)]
    assert [each.status_code for each in asked] == [200] * BURST + [429] * 2
    refused(asked[-1], 429, "too-many-requests")
    assert int(asked[-1].headers["Retry-After"]) in {999, 1000}
    assert strict.get("/v1/pathways", role=Role.CLINICIAN).status_code == 200
    assert 'journey_rate_limited_total{whose="key"} 2.0' in strict.get("/metrics", role=Role.ADMIN).text


def test_whoever_has_a_network_guesses_no_more_than_whoever_has_an_address() -> None:
    counted = limits.Limits(Figures(), rate=0, burst=1)

    def of(host: str) -> Request:
        return Request({"type": "http", "client": (host, 50000), "headers": []})

    for number in range(int(limits.GUESSES)):
        counted.failed(of(f"2001:db8::{number:x}"))
        counted.failed(of("::ffff:192.0.2.7"))
    for same in ("2001:db8::ffff", "192.0.2.7"):
        with pytest.raises(Problem, match="too-many-requests"):
            counted.before(of(same))
    for other in ("2001:db8:0:1::1", "::ffff:192.0.2.8", "192.0.2.8", "unknown:1"):
        counted.before(of(other))


def test_who_guesses_is_not_looked_at_for_a_while(strict: Api) -> None:
    known, unknown = Role.CLINICIAN, Role.COORDINATOR
    assert strict.get("/v1/pathways", role=known).status_code == 200
    guess = {"Authorization": f"Bearer jk_{'0' * 12}.{'A' * 43}"}
    guessed = [strict.get("/v1/journeys", role=None, headers=guess) for _ in range(int(limits.GUESSES) + 5)]
    refused(guessed[0], 401, "unauthorized")
    refused(guessed[-1], 429, "too-many-requests")
    assert guessed[-1].headers["Retry-After"] == "1"
    assert strict.get("/v1/pathways", role=known).status_code == 200
    right = strict.get("/v1/pathways", role=unknown)  # as good a guess as any, from there
    refused(right, 429, "too-many-requests")
    until(lambda: strict.get("/v1/pathways", role=unknown).status_code == 200)


def test_more_at_once_than_there_may_be(strict: Api) -> None:
    url = "/v1/events?type=visit.*&wait=30"
    with ThreadPoolExecutor(2 * FULL) as pool:
        asked = [pool.submit(strict.get, url, role=Role.INTEGRATOR) for _ in range(2 * FULL)]
        sent_away = [each.result() for each in islice(as_completed(asked), FULL)]
        for each in sent_away:
            refused(each, 503, "overloaded")
            assert each.headers["Retry-After"]
        assert strict.get("/healthz", role=None).status_code == 200
        assert strict.get("/metrics", role=Role.ADMIN).status_code == 200
        strict.client.portal.call(strict.engine.growth.end_waiting)
        answers = sorted(each.result().status_code for each in asked)
    assert answers == [200] * FULL + [503] * FULL


def test_addresses_and_headers_have_a_size(api: Api) -> None:
    refused(api.get(f"/v1/journeys?q={'x' * edge.LONGEST_ADDRESS}"), 414, "address-too-long")
    refused(api.get(f"/{'x' * edge.LONGEST_ADDRESS}"), 414, "address-too-long")
    large = {"X-Anything": "x" * edge.LARGEST_HEADERS}
    refused(api.get("/v1/journeys", headers=large), 431, "headers-too-large")
    many = {f"X-{each}": "x" * 100 for each in range(edge.LARGEST_HEADERS // 100)}
    refused(api.get("/v1/journeys", headers=many), 431, "headers-too-large")


def test_an_answer_that_takes_too_long(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "PATIENCE", 0.2)
    refused(api.get("/v1/events?type=visit.*&wait=20", role=Role.INTEGRATOR), 503, "too-slow")


@pytest.fixture
def cluster_of_its_own(short_folder: Path, postgres_bin_dir: Path | None) -> Iterator[Cluster]:
    with Cluster(short_folder, binaries=postgres_bin_dir, durable=False) as cluster:
        migrate(cluster.url())
        yield cluster


BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name ~ '^journey (reads|store)'"


def test_a_database_that_has_stopped_keeps_nobody_waiting(
    cluster_of_its_own: Cluster, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the server nor any of its processes says a word: what is asked is answered all the same."""
    quick = Limits(statement=1, lock=1, idle=10)
    monkeypatch.setattr(reads, "ANSWERING", quick)
    monkeypatch.setattr(recorder, "ANSWERING", quick)
    monkeypatch.setattr(engine, "PATIENCE", 4.0)
    conninfo = cluster_of_its_own.url()
    with served(conninfo, tmp_path, with_worker=False, read_pool_size=2, write_threads=2) as api:
        journey = api.opened()
        server = int((short_folder / "database" / "data" / "postmaster.pid").read_text().split()[0])
        pools = (api.engine.reads.pool, api.engine.store.datastore.pool)

        def backends() -> list[int]:
            """All that the process has, once none is being opened."""
            with psycopg.connect(conninfo) as connection:
                found = connection.execute(BACKENDS).fetchall()
            there = sum(each.get_stats()["pool_size"] for each in pools)
            return [pid for (pid,) in found] if len(found) == there else []

        stopped = [*until(backends), server]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            with ThreadPoolExecutor(60) as pool:
                told = f"{journey}/start-intake"
                asked = [
                    *(pool.submit(api.get, journey) for _ in range(25)),
                    *(pool.submit(api.post, told, {"channel": "fax"}) for _ in range(25)),
                    *(pool.submit(api.get, "/readyz", role=None) for _ in range(10)),
                ]
                answers = [each.result() for each in asked]
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        assert {each.status_code for each in answers} == {503}
        assert all(each.headers["Retry-After"] for each in answers[:50])
        until(lambda: api.get(journey).status_code == 200, timeout=20)
        until(lambda: api.post(f"{journey}/start-intake", {"channel": "fax"}).status_code == 200, timeout=30)
