"""Health is told in words, with figures, and to whom it concerns."""

import re

import psycopg
import pytest

from journey.api.access.table import Role
from journey.api.readiness import PARTS
from journey.projections import READ_MODELS
from tests.served import Api
from tests.waiting import until
from tests.web.conftest import Browser

pytestmark = pytest.mark.database
REACHED = "SELECT name FROM checkpoint WHERE name = 'timeline'"
PARKED = """
    INSERT INTO parked_journey (model, journey_id, version, position, error)
    VALUES ('timeline', gen_random_uuid(), 1, 1, 'LookupError')
    """


def test_it_is_told_how_far_everything_has_come(api: Api, admin: Browser) -> None:
    api.opened()
    until(lambda: "Everything runs" in admin.open("health"))
    until(lambda: admin.open("health").count("up to date") == len(READ_MODELS))
    until(lambda: api.get("/v1/log/checkpoint", role=Role.ADMIN).is_success)
    page = admin.open("health")
    assert re.search(r"position [1-9]\d*, in epoch 1", page)
    assert re.search(r"checkpoint [1-9]\d* of", page)
    assert "dead letters: 0" in page
    assert set(PARTS) >= {model.name for model in READ_MODELS}


def test_patients_that_a_read_model_could_not_take_up_come_first(api: Api, admin: Browser) -> None:
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        until(lambda: connection.execute(REACHED).fetchone())
        connection.execute(PARKED)
        until(lambda: admin.open("health").count("up to date") == len(READ_MODELS) - 1)
        page = admin.open("health")
        connection.execute("DELETE FROM parked_journey")
    assert 'action="/console/health/timeline/retry"' in page
    assert re.findall(r'id="part-(\w+)"', page)[0] == "timeline"


def test_what_is_wrong_is_said(admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journey.api.readiness.TOO_FAR_BEHIND", -1)
    page = admin.open("health")
    assert "Not everything runs" in page
    assert "timeline is 0 events behind the log." in page
    assert "Everything runs." not in page


def test_it_looks_again_by_its_own_part_alone(admin: Browser) -> None:
    page = admin.open("health")
    assert 'hx-get="/console/health" hx-trigger="every 10s"' in page
    part = admin.open("health", headers={"HX-Request": "true"})
    assert part.strip().startswith('<div id="health"')


def test_it_tells_nothing_of_patients(api: Api, integrator: Browser) -> None:
    journey = api.opened(patient={"family": "Zandstra"}).rpartition("/")[2]
    page = integrator.open("health")
    assert "Zandstra" not in page
    assert journey not in page


@pytest.mark.usefixtures("errands_begin_at_once")
def test_a_read_model_is_made_anew_and_it_is_seen_how_far_that_is(api: Api, admin: Browser) -> None:
    api.opened()
    until(lambda: admin.open("health").count("up to date") == len(READ_MODELS))
    with psycopg.connect(api.conninfo) as reader:
        reader.execute("SELECT FROM timeline")
        assert admin.send("health/timeline/rebuild").headers["location"] == "/console/health"
        until(lambda: "this has to end" in admin.open("health"), 60)
        page = admin.open("health")
        assert "is made anew" in page
        assert re.search(r'<progress max="(\d+)" value="\1" aria-label="Making timeline anew">', page)
        assert re.search(r"[\d,]+ of [\d,]+ events, [\d,]+ a second, and is being finished", page)
        assert 'hx-trigger="every 1s" hx-target="#health"' in page
        admin.send("health/timeline/stop")
        until(lambda: "<progress" not in admin.open("health"), 30)
    page = admin.open("health")
    assert "It was stopped, and nothing is changed by it." in page
    assert 'hx-trigger="every 1s"' not in page


def test_patients_that_wait_are_tried_again(api: Api, admin: Browser) -> None:
    journey = api.opened().rpartition("/")[2]
    until(lambda: admin.open("health").count("up to date") == len(READ_MODELS))
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute("DELETE FROM timeline WHERE journey_id = %s", (journey,))
        connection.execute(
            "INSERT INTO parked_journey (model, journey_id, version, position, error)"
            " SELECT 'timeline', journey_id, version, position, 'LookupError' FROM log"
            " WHERE journey_id = %s AND version = 1",
            (journey,),
        )
    came = admin.send("health/timeline/retry").headers["location"]
    assert came == "/console/health?taken_up=1&blocked=0"
    assert "1 patient was taken up." in admin.open(came.removeprefix("/console/"))


def test_who_does_not_operate_it_sees_it_and_changes_nothing(coordinator: Browser) -> None:
    page = coordinator.open("health")
    assert "up to date" in page
    assert "Make it anew" not in page
    assert coordinator.send("health/timeline/rebuild").status_code == 403
