import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.api import readiness
from journey.api.access.table import Role
from journey.api.reads import Reads
from journey.embedded import Cluster
from journey.projections.rebuild import rebuild
from journey.projections.timeline import Timeline
from journey.worker import Worker
from tests.served import Api, database, served
from tests.waiting import until

pytestmark = pytest.mark.database
DELIVERIES = """
    WITH made AS (
        INSERT INTO webhook
               (id, owner, endpoint, description, payload, recipient, purpose, basis, state, secret, position)
        SELECT gen_random_uuid(), id, 'https://example.org', 'counted', 'thin', 'r', 'p', 'b', 'disabled',
               '', 0
          FROM api_key LIMIT 1
        RETURNING id
    )
    INSERT INTO webhook_delivery (webhook, number, position, event_id, journey_id, state)
    SELECT id, number, number, gen_random_uuid(), gen_random_uuid(), state
      FROM made, unnest(ARRAY['waiting', 'waiting', 'pending', 'dead', 'delivered', 'skipped'])
                 WITH ORDINALITY AS each (state, number)
    """


def test_alive(api: Api) -> None:
    assert api.get("/healthz", role=None).json() == {"alive": True}


def test_ready_says_how_far_everything_is(api: Api) -> None:
    api.opened()
    until(lambda: api.get("/readyz", role=None).json()["position"] == 2)
    until(lambda: all(each["lag"] == 0 for each in api.get("/readyz", role=None).json()["projections"]))
    answer = api.get("/readyz", role=None)
    ready = answer.json()
    assert answer.status_code == 200
    assert (ready["ready"], ready["database"], ready["migrations"]) == (True, "reached", "current")
    assert ready["backlog"] == 0
    assert [each["name"] for each in ready["projections"]] == [
        "patient_status",
        "timeline",
        "patient_identity",
        "fhir_resource",
    ]
    assert all((each["parked"], each["last_error"]) == (0, None) for each in ready["projections"])


def test_parked_journeys_are_shown_and_keep_nothing_from_being_ready(api: Api) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        until(
            lambda: (
                connection.execute("SELECT FROM checkpoint WHERE name = 'timeline'").fetchone() is not None
            )
        )
        connection.execute(
            "INSERT INTO parked_journey (model, journey_id, version, position, error)"
            " VALUES ('timeline', gen_random_uuid(), 1, 1, 'LookupError')"
        )
        answer = api.get("/readyz", role=None)
        text = api.get("/metrics", role=Role.ADMIN).text
        connection.execute("DELETE FROM parked_journey")
    assert answer.status_code == 200
    assert {each["name"]: each["parked"] for each in answer.json()["projections"]}["timeline"] == 1
    assert 'journey_projection_parked{model="timeline"} 1.0' in text
    assert 'journey_projection_parked{model="patient_status"} 0.0' in text


def reasons(api: Api) -> list[str]:
    """Why it is not ready."""
    answer = api.get("/readyz", role=None)
    said: list[str] = answer.json()["reasons"]
    assert (answer.status_code, answer.json()["ready"]) == ((503, False) if said else (200, True))
    return said


def test_not_ready_while_far_behind(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "TOO_FAR_BEHIND", -1)
    assert "timeline is 0 events behind the log." in reasons(api)
    monkeypatch.undo()
    assert reasons(api) == []


def test_not_ready_while_every_connection_is_taken(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, portal = api.engine.reads.pool, api.client.portal
    monkeypatch.setattr(pool, "timeout", 0.2)
    taken: list[Any] = []
    while len(taken) < pool.max_size:
        taken.append(portal.call(pool.getconn, 10.0))
    assert reasons(api) == ["No database connection of this process is free, or none answers in time."]
    for each in taken:
        portal.call(pool.putconn, each)
    assert reasons(api) == []


def test_those_who_ask_at_the_same_time_look_together(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may ask, and each look asks the database."""
    asked = []

    async def counted(reads: Reads) -> readiness.Log:
        asked.append(reads)
        return await log_of(reads)

    async def ask() -> list[readiness.Ready]:
        state: readiness.Readiness = api.app.state.readiness
        return await asyncio.gather(*(state.looked(api.engine) for _ in range(50)))

    log_of = readiness.log_of
    monkeypatch.setattr(readiness, "log_of", counted)
    portal = api.client.portal
    assert [each.ready for each in portal.call(ask)] == [True] * 50
    assert len(asked) == 1


def test_not_ready_while_commands_are_sent_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(api.engine, "under_way", 1_000_000)
        assert reasons(api) == ["More commands are waiting than can be handled soon."]
    assert reasons(api) == []


def test_not_ready_while_nobody_leads(
    cluster: Cluster, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database(cluster, template) as conninfo, served(conninfo, tmp_path, with_worker=False) as api:
        assert reasons(api) == []  # for a moment, another may follow
        monkeypatch.setattr(readiness, "LEADERLESS_FOR", -1.0)
        [said] = reasons(api)
        assert said.startswith("No worker leads sequencer, patient_status, ")
        assert 'journey_part_led{part="sequencer"} 0.0' in api.get("/metrics", role=Role.ADMIN).text
        with Worker(conninfo), Worker(conninfo):
            until(lambda: reasons(api) == [])
            until(lambda: api.get("/readyz", role=None).json()["epoch"] is not None)  # begun by who leads
            assert api.get("/readyz", role=None).json()["epoch"]["number"] == 1
            assert 'journey_part_led{part="timeline"} 1.0' in api.get("/metrics", role=Role.ADMIN).text
        until(lambda: reasons(api) != [])


def test_not_ready_while_a_read_model_is_ahead_of_the_log(
    cluster: Cluster, template: str, tmp_path: Path
) -> None:
    """Its rows were restored, and the log with fewer events than they had seen."""
    with database(cluster, template) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("INSERT INTO checkpoint (name, position) VALUES ('timeline', 7)")
        with served(conninfo, tmp_path) as api:
            until(lambda: reasons(api) == ["timeline is ahead of the log and has to be rebuilt."])
            api.opened()
            assert rebuild(conninfo, Timeline()).model == "timeline"
            until(lambda: reasons(api) == [])


def test_not_ready_on_another_version_of_the_database(api: Api) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        row = connection.execute(
            "DELETE FROM schema_migration WHERE name LIKE '0004%' RETURNING *"
        ).fetchone()
        answer = api.get("/readyz", role=None)
        connection.execute("INSERT INTO schema_migration VALUES (%s, %s, %s, %s)", row)
    assert answer.status_code == 503
    assert "0004_api_keys.sql" in answer.json()["migrations"]
    assert reasons(api) == []


def test_not_ready_on_a_database_of_a_newer_version(api: Api) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO schema_migration (name, sha256, milliseconds) VALUES ('9999_later.sql', '', 1)"
        )
        [said] = reasons(api)
        connection.execute("DELETE FROM schema_migration WHERE name = '9999_later.sql'")
    assert said.startswith("The database has had 9999_later.sql")
    assert reasons(api) == []


def test_figures(api: Api) -> None:
    journey = api.opened()
    api.post(f"{journey}/close-journey", {"outcome": None})
    api.post(f"{journey}/complete-intake")
    api.get("/nowhere")
    text = api.get("/metrics", role=Role.ADMIN).text
    for line in (
        'journey_http_requests_total{method="POST",route="/v1/journeys",status="201"}',
        'journey_http_requests_total{method="GET",route="unknown",status="404"}',
        'journey_commands_total{command="open-journey",outcome="recorded"}',
        'journey_commands_total{command="complete-intake",outcome="intake-not-open"}',
        "journey_log_position ",
        "journey_sequencer_backlog ",
        'journey_projection_lag_events{model="timeline"}',
        'journey_pool_connections{pool="reads",state="available"}',
        "journey_database_reachable 1.0",
    ):
        assert line in text, line
    assert journey not in text


def test_deliveries_are_counted_by_how_they_are(api: Api) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute(DELIVERIES)
        counted = api.get("/v1/deliveries").json()
        text = api.get("/metrics", role=Role.ADMIN).text
        connection.execute("DELETE FROM webhook WHERE description = 'counted'")
    assert counted == {"waiting": 2, "pending": 1, "dead": 1}
    assert 'journey_webhook_deliveries{state="waiting"} 2.0' in text
    assert api.get("/v1/deliveries", role=None).status_code == 401
