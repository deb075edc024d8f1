import psycopg
import pytest

from journey.api import health
from journey.api.access.table import Role
from tests.served import Api
from tests.waiting import until

pytestmark = pytest.mark.database


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


def test_not_ready_while_far_behind(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TOO_FAR_BEHIND", -1)
    answer = api.get("/readyz", role=None)
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


def test_not_ready_on_another_version_of_the_database(api: Api) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        row = connection.execute(
            "DELETE FROM schema_migration WHERE name LIKE '0004%' RETURNING *"
        ).fetchone()
        answer = api.get("/readyz", role=None)
        connection.execute("INSERT INTO schema_migration VALUES (%s, %s, %s, %s)", row)
    assert answer.status_code == 503
    assert "0004_api_keys.sql" in answer.json()["migrations"]
    assert api.get("/readyz", role=None).status_code == 200


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
