"""What was written is found: who says so waits for the read models, and a FHIR search unasked; it says until
when its index knows what was recorded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest
from starlette.requests import Request

from journey.api import fresh
from journey.api.fresh import is_to_be
from journey.projections.patient_identity import PatientIdentity
from journey.projections.resources import FhirResources
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline
from tests.api.test_reading import projected
from tests.served import Api, number

pytestmark = pytest.mark.database


@contextmanager
def behind(api: Api, model: str, error: str | None = None) -> Iterator[None]:
    """The model's projector waits at its checkpoint."""
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("UPDATE checkpoint SET last_error = %s WHERE name = %s", (error, model))
        connection.commit()
        connection.execute("SELECT position FROM checkpoint WHERE name = %s FOR UPDATE", (model,))
        yield


def found(api: Api, query: str) -> dict[str, Any]:
    answer = api.get(f"/v1/fhir/{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def since(bundle: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(bundle["meta"]["lastUpdated"])


def test_who_has_written_finds_it_at_once(api: Api) -> None:
    journey = api.opened(patient_id=number(601))
    for each in range(602, 612):
        api.told(journey, "record-arrival", visit_id=number(each))
        assert api.get(f"/v1/fhir/Encounter/{number(each)}").status_code == 200
        ids = [one["resource"]["id"] for one in found(api, f"Encounter?patient={number(601)}")["entry"]]
        assert ids == [number(one) for one in range(602, each + 1)]
    everything = found(api, f"Patient/{number(601)}/$everything")
    assert {number(each) for each in range(602, 612)} < {one["resource"]["id"] for one in everything["entry"]}


def test_it_tells_until_when_it_knows_what_was_recorded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "PATIENCE", 0.05)
    journey = api.opened(patient_id=number(621))
    before = found(api, f"Encounter?patient={number(621)}")
    for model, visit in {FhirResources.name: number(622), PatientStatus.name: number(623)}.items():
        with behind(api, model):
            api.told(journey, "record-arrival", visit_id=visit)
            [*_, last] = api.get(f"{journey}/events").json()["events"]
            bundle = found(api, f"Encounter?patient={number(621)}&status=planned")
            assert since(bundle) < datetime.fromisoformat(last["recorded_at"])
    projected(api, journey, 2)
    bundle = found(api, f"Encounter?patient={number(621)}")
    assert since(bundle) > max(since(before), datetime.fromisoformat(last["recorded_at"]))


def test_a_label_that_the_index_does_not_know_yet_keeps_back_what_it_should(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = api.opened(patient_id=number(631))
    api.told(journey, "record-arrival", visit_id=number(632))
    assert "entry" in found(api, f"Encounter?patient={number(631)}")
    monkeypatch.setattr(fresh, "PATIENCE", 0.05)
    with behind(api, PatientStatus.name), behind(api, FhirResources.name):
        body, labelled = {"visit_id": number(632)}, {"X-Security-Labels": "SUD"}
        assert api.post(f"{journey}/check-in", body, headers=labelled).status_code == 200
        assert "entry" not in found(api, f"Encounter?patient={number(631)}")
    assert "entry" not in found(api, f"Encounter?patient={number(631)}")


NOW = {"Cache-Control": "max-age=0, No-Cache"}


def test_a_list_shows_what_has_just_been_written_to_who_says_so(api: Api) -> None:
    for visit in range(641, 661):
        journey = api.opened()
        told = api.told(journey, "record-arrival", visit_id=number(visit))
        assert api.get(f"{journey}/timeline", headers=NOW).json()["version"] == told["version"]
        [row] = api.get(f"/v1/visits?journey={told['journey_id']}", headers=NOW).json()["visits"]
        assert row["visit_id"] == number(visit)


@pytest.mark.parametrize("path", ["", "/timeline"])
@pytest.mark.parametrize("model", [PatientStatus.name, Timeline.name, PatientIdentity.name])
def test_who_says_so_is_told_where_it_takes_too_long(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str, model: str
) -> None:
    monkeypatch.setattr(fresh, "PATIENCE", 0.05)
    journey = api.opened()
    with behind(api, model):
        api.told(journey, "start-intake", channel="phone")
        refused = api.get(journey + path, headers=NOW)
        assert (refused.status_code, refused.json()["code"]) == (503, "not-caught-up")
        assert refused.headers["Retry-After"]
        assert api.get(journey + path).status_code == 200
        assert api.get("/v1/me", headers=NOW).status_code == 200


def test_nobody_waits_for_a_read_model_that_fails(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "PATIENCE", 3600)
    journey = api.opened()
    projected(api, journey, 2)
    with behind(api, Timeline.name, "LookupError"):
        api.told(journey, "start-intake", channel="phone")
        assert api.get(f"{journey}/timeline", headers=NOW).json()["code"] == "not-caught-up"


def test_records_that_were_just_made_one_are_found_together(api: Api) -> None:
    for survivor, retired in [(number(671 + 2 * each), number(672 + 2 * each)) for each in range(5)]:
        api.opened(patient_id=survivor)
        visited = api.opened(patient_id=retired)
        api.told(visited, "record-arrival", visit_id=retired)
        merged = api.post(f"/v1/patients/{survivor}/merge", {"retired": retired})
        assert merged.status_code == 200, merged.text
        assert len(api.get(f"/v1/patients/{survivor}", headers=NOW).json()["records"]) == 2
        [entry] = found(api, f"Encounter?patient={survivor}")["entry"]
        assert entry["resource"]["id"] == retired


@pytest.mark.parametrize("model", [PatientStatus.name, PatientIdentity.name])
def test_what_is_ahead_of_a_restored_log_shows_nothing_of_it(
    api: Api, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(fresh, "PATIENCE", 0.05)
    journey = api.opened()
    projected(api, journey, 2)
    with psycopg.connect(api.conninfo) as connection:
        moved = "UPDATE checkpoint SET position = position + %s WHERE name = %s"
        connection.execute(moved, (1000, model))
        connection.commit()
        assert api.get(journey, headers=NOW).json()["code"] == "not-caught-up"
        bundle = found(api, f"Encounter?patient={number(681)}")
        assert "meta" not in bundle
        connection.execute(moved, (-1000, model))
    monkeypatch.undo()
    assert api.get(journey, headers=NOW).status_code == 200


@pytest.mark.parametrize(
    ("said", "is_wanted"),
    [
        ((), False),
        (("max-age=0",), False),
        (("x-no-cache",), False),
        (("No-Cache",), True),
        (("max-age=0", "no-cache"), True),
        (("max-age=0 ,\tno-cache",), True),
    ],
)
def test_it_is_said_as_http_has_it(said: tuple[str, ...], is_wanted: bool) -> None:
    headers = [(b"cache-control", each.encode()) for each in said]
    assert is_to_be(Request({"type": "http", "headers": headers})) is is_wanted
