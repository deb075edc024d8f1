"""FHIR sent in over HTTP: what is taken, what each entry is answered, and who may send what."""

import json
from itertools import count
from typing import Any

import psycopg
import pytest
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from tests.ingest.fhir.test_mutated import VALUES, WHOLE, mutated
from tests.ingest.fhir.written import Json, bundle, changed, encounter, patient
from tests.served import Api
from tests.waiting import until

pytestmark = pytest.mark.database

MEDIA = {"Content-Type": "application/fhir+json"}
LINES = {"Content-Type": "application/fhir+ndjson"}
_numbers = count(1)


def sent(api: Api, body: Any, role: Role | None = Role.COORDINATOR, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api.ask("POST", "/v1/fhir", role=role, content=content, headers=MEDIA | headers)


def told(answer: Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+json; fhirVersion=4.0"
    return [each["response"] for each in answer.json().get("entry", [])]


def statuses(answer: Response) -> list[str]:
    return [each["status"] for each in told(answer)]


def someone() -> tuple[str, Json]:
    """A patient whom nobody has heard of, and the id."""
    name = f"p{next(_numbers)}"
    return name, patient(f"N-{name}", name)


def visit_of(name: str, **more: Any) -> Json:
    return encounter(f"e-{name}", subject={"reference": f"Patient/{name}"}, **more)


def codes(outcome: dict[str, Any]) -> list[str]:
    return [each["details"]["coding"][0]["code"] for each in outcome["issue"]]


def test_a_transaction_becomes_a_journey_that_can_be_read(api: Api) -> None:
    name, person = someone()
    answer = sent(api, bundle(person, visit_of(name)))

    assert answer.json()["type"] == "transaction-response"
    _, visit = told(answer)
    assert visit["status"] == "200 OK"
    assert visit["location"].startswith("Encounter/")
    read = f"/v1/fhir/{visit['location']}"
    until(lambda: api.get(read).status_code == 200, timeout=10)  # the read model is told a moment later
    assert (api.get(read).json()["resourceType"], api.get(read).json()["status"]) == ("Encounter", "finished")


def test_the_same_transaction_again_is_said_to_be_known(api: Api) -> None:
    name, person = someone()
    sent(api, bundle(person, visit_of(name)))

    again = told(sent(api, bundle(person, visit_of(name))))

    assert [each["status"] for each in again] == ["200 OK", "200 OK"]
    assert [codes(each["outcome"]) for each in again] == [["duplicate"], ["duplicate"]]


def test_of_a_transaction_with_one_bad_entry_nothing_is_applied(api: Api) -> None:
    name, person = someone()
    bad = visit_of(name, period={"start": "the day before"})

    answer = sent(api, bundle(person, visit_of(name, id="other"), bad))

    assert answer.status_code == 422
    (issue,) = answer.json()["issue"]
    assert issue["expression"] == ["Bundle.entry[2].resource.period.start"]
    assert "day before" not in answer.text
    assert statuses(sent(api, bundle(visit_of(name), kind="batch"))) == ["202 Accepted"]


def test_of_a_batch_each_is_applied_by_itself(api: Api) -> None:
    name, person = someone()
    bad = visit_of(name, id="bad", period={"start": "the day before"})

    answer = sent(api, bundle(person, bad, visit_of(name), kind="batch"))

    assert answer.json()["type"] == "batch-response"
    assert statuses(answer) == ["200 OK", "422 Unprocessable Entity", "200 OK"]


def test_what_is_not_mapped_is_passed_over_and_said_to_be(api: Api) -> None:
    _, person = someone()
    (_, other) = told(sent(api, bundle(person, {"resourceType": "Observation", "id": "o"})))
    assert codes(other["outcome"]) == ["not-mapped"]


def test_what_waits_is_accepted_and_applied_when_the_patient_comes(api: Api) -> None:
    name, person = someone()
    (waits,) = told(sent(api, bundle(visit_of(name))))
    assert (waits["status"], codes(waits["outcome"])) == ("202 Accepted", ["awaits-reference"])

    told(sent(api, bundle(person)))
    (visit,) = told(sent(api, bundle(visit_of(name))))
    assert codes(visit["outcome"]) == ["duplicate"]


def test_what_waited_is_recorded_by_who_sent_it(api: Api) -> None:
    """Whoever sends what it waited for says nothing of it."""
    made = {who: keys.create(api.conninfo, who, Role.INTEGRATOR, None, Grant()) for who in ("first", "then")}
    name, person = someone()
    for who, body in (("first", visit_of(name)), ("then", person)):
        held = {"Authorization": f"Bearer {made[who].token}"} | MEDIA
        content = json.dumps(bundle(body)).encode()
        answer = api.ask("POST", "/v1/fhir?source=both", role=None, content=content, headers=held)
        assert answer.status_code == 200, answer.text
    with psycopg.connect(api.conninfo) as connection:
        rows = connection.execute(
            "SELECT split_part(type, '.', 1), context->'actor'->>'id' FROM event"
            " WHERE context->'source'->>'system' = 'both'"
        ).fetchall()
    assert {who for room, who in rows if room == "visit"} == {"first"}


def test_a_deletion_is_not_taken(api: Api) -> None:
    _, person = someone()
    entry = {"request": {"method": "DELETE", "url": "Patient/1"}}
    mixed = bundle(person, kind="batch")
    mixed["entry"].append(entry)

    assert statuses(sent(api, mixed)) == ["200 OK", "405 Method Not Allowed"]
    assert sent(api, {**mixed, "type": "transaction"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"resourceType": "Patient"}', 422),
        (b'{"resourceType": "Bundle", "type": "searchset"}', 422),
        (b'{"resourceType": "Bundle", "type": ["batch"]}', 422),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": {}}', 422),
        (b'{"resourceType": "Bundle", "type": "transaction", "entry": [7]}', 422),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": []}', 200),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": [7, {"resource": 7}, null]}', 200),
        (b" " * 20_001, 413),
    ],
)
def test_what_is_no_bundle_is_answered_with_an_outcome(api: Api, body: bytes, status: int) -> None:
    answer = sent(api, body)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == ("Bundle" if status == 200 else "OperationOutcome")


@pytest.mark.parametrize(
    "media", ["text/plain", "application/fhir+xml", "application/fhir+json; fhirVersion=5.0", ""]
)
def test_only_r4_json_is_taken(api: Api, media: str) -> None:
    answer = api.ask("POST", "/v1/fhir", content=b"{}", headers={"Content-Type": media})
    assert (answer.status_code, codes(answer.json())) == (415, ["unsupported-media-type"])


def test_lines_are_taken_and_counted(api: Api) -> None:
    name, person = someone()
    visits = (visit_of(name, id=f"{name}-{n}") for n in range(210))
    lines = [person, *visits, {"resourceType": "Observation"}]
    lines.append(visit_of(name, id="bad", status="over"))
    body = b"\n".join(json.dumps(each).encode() for each in lines)
    assert len(body) > 20_000

    answer = api.ask("POST", "/v1/fhir", content=body, headers=LINES)

    assert answer.status_code == 200
    found = {each["name"]: each for each in answer.json()["parameter"]}
    figures = {key: each["valueInteger"] for key, each in found.items() if "valueInteger" in each}
    counted = [figures[name] for name in ("messages", "applied", "parked", "journeys")]
    assert counted == [212, 211, 1, 1]
    assert found["not_mapped"]["part"] == [{"name": "Observation", "valueInteger": 1}]
    (issue,) = found["outcome"]["resource"]["issue"]
    assert (issue["location"], issue["code"]) == (["line 213.status"], "value")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(mutated(), max_size=3), kind=st.sampled_from(["batch", "transaction"]), data=st.data())
def test_whatever_is_sent_is_answered(api: Api, bodies: list[Json], kind: str, data: st.DataObject) -> None:
    whole = bundle(*WHOLE, *bodies, kind=kind)
    for _ in range(data.draw(st.integers(0, 2))):
        entry = data.draw(st.sampled_from(whole["entry"]))
        entry[data.draw(st.sampled_from(["fullUrl", "request", "resource"]))] = data.draw(
            st.sampled_from(VALUES)
        )

    answer = sent(api, whole)

    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 200:
        assert len(told(answer)) == len(whole["entry"])
    else:
        assert answer.json()["issue"]


def bound(api: Api, name: str, team: str, **more: Any) -> dict[str, str]:
    made = keys.create(api.conninfo, name, Role.INTEGRATOR, None, Grant(teams=(team,), **more))
    return {"Authorization": f"Bearer {made.token}"}


def test_who_is_bound_to_a_team_tells_journeys_of_that_team_alone(api: Api) -> None:
    one, other = bound(api, "of ward 5", "ward 5"), bound(api, "of ward 6", "ward 6")
    name, person = someone()
    shared = "?source=shared"

    def ask(body: Json, key: dict[str, str]) -> Response:
        content = json.dumps(body).encode()
        return api.ask("POST", f"/v1/fhir{shared}", role=None, content=content, headers=MEDIA | key)

    assert statuses(ask(bundle(person, visit_of(name)), one)) == ["200 OK", "200 OK"]
    later = changed(visit_of(name), "2026-04-01T00:00:00Z", serviceType={"text": "x"})
    assert statuses(ask(bundle(later, kind="batch"), other)) == ["403 Forbidden"]
    assert ask(bundle(later), other).status_code == 422
    renamed = changed(person, "2026-04-01T00:00:00Z", name=[{"family": "Other"}])
    assert statuses(ask(bundle(renamed, kind="batch"), other)) == ["403 Forbidden"]
    assert statuses(ask(bundle(later, renamed, kind="batch"), one)) == ["200 OK", "200 OK"]


def test_who_is_bound_to_a_team_merges_what_is_theirs_alone(api: Api) -> None:
    ours, theirs = bound(api, "merges in ward 7", "ward 7"), bound(api, "merges in ward 8", "ward 8")

    def ask(body: Json, key: dict[str, str]) -> list[dict[str, Any]]:
        content = json.dumps(body).encode()
        return told(api.ask("POST", "/v1/fhir?source=m", role=None, content=content, headers=MEDIA | key))

    names = []
    for key in (ours, ours, theirs):
        name, person = someone()
        ask(bundle(person, visit_of(name)), key)
        names.append((name, person))
    (_, kept), (own, _), (foreign, _) = names
    for other, codes_ in ((own, []), (foreign, ["two-patients"])):
        link = {"other": {"reference": f"Patient/{other}"}, "type": "replaces"}
        at = f"2026-04-0{2 - len(codes_)}T00:00:00Z"
        [answer] = ask(bundle(changed(kept, at, link=[link]), kind="batch"), ours)
        assert (codes(answer["outcome"]) if "outcome" in answer else []) == codes_


def test_a_scope_is_about_the_types_that_it_names(api: Api) -> None:
    made = keys.create(api.conninfo, "scoped", Role.COORDINATOR, None, Grant(scopes=("system/Patient.cu",)))
    name, person = someone()
    key = {"Authorization": f"Bearer {made.token}"}
    content = json.dumps(bundle(person, visit_of(name), kind="batch")).encode()
    answer = api.ask("POST", "/v1/fhir", role=None, content=content, headers=MEDIA | key)
    assert statuses(answer) == ["200 OK", "403 Forbidden"]


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.ADMIN, None])
def test_who_may_not_write_may_not_send(api: Api, role: Role | None) -> None:
    _, person = someone()
    assert sent(api, bundle(person), role).status_code == (403 if role else 401)
