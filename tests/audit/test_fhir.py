"""The audit as FHIR R4: AuditEvent by the patterns of IHE BALP, and Provenance."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.bundle import Bundle

from journey.api.access.trail import Kind, Outcome
from journey.audit.auditevent import audit_events
from journey.audit.coding import PROFILE
from journey.audit.entries import Entry
from journey.audit.provenance import provenance
from journey.audit.reports import FORMS, Report

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
JOURNEY, ADA, BEN = UUID(int=1), UUID(int=2), UUID(int=3)
READ = Entry(
    id=UUID(int=9),
    at=AT,
    kind="read",
    outcome="done",
    caller="0a1b2c3d4e5f",
    name="Ann",
    role="clinician",
    team="ward 3",
    purpose="TREAT",
    basis="team",
    method="GET",
    route="/v1/journeys/{journey_id}",
    journeys=[JOURNEY],
    patients=[ADA],
    type=None,
    version=None,
    source="http",
    peer="192.0.2.7",
    request_id="request-1",
    correlation_id=None,
    detail={},
)
SEARCH = READ._replace(
    kind="search", route="/v1/journeys", patients=[ADA, BEN], detail={"query": "team=ward+3"}
)
RECORDED = READ._replace(
    kind="recorded",
    caller=None,
    method=None,
    route=None,
    basis=None,
    type="journey.opened",
    version=1,
    peer="journey",
    detail={
        "occurred_at": "2026-03-01T00:00:00+00:00",
        "occurred_precision": "day",
        "actor_kind": "human",
        "voids": None,
        "corrects": None,
    },
)
VOIDED = RECORDED._replace(
    version=7, type="correction.voided", detail={**RECORDED.detail, "voids": str(UUID(int=5))}
)
DISCLOSED = READ._replace(
    kind="disclosed",
    caller="key 0a1b",
    name="Registry",
    role=None,
    team=None,
    purpose="PUBHLTH",
    basis="public-health",
    method=None,
    route=None,
    source="webhook",
    peer="https://registry.example.org/in",
    request_id=None,
    detail={"description": "what happened, in full", "positions": [7], "labels": [], "notice": None},
)
FAILED = READ._replace(kind="login", outcome="denied", caller=None, name=None, role=None, team=None,
                       purpose=None, journeys=[], patients=[], basis=None)  # fmt: skip

ACTIONS, OUTCOMES, NETWORKS = set("CRUDE"), {"0", "4", "8", "12"}, set("12345")
"""The required value sets of R4."""

SOURCE, DESTINATION = "110153", "110152"
CLIENT_OF = {"Read": DESTINATION, "Query": SOURCE, "Create": SOURCE, "Update": SOURCE}
INTERACTIONS = {
    "Read": {"read", "vread"},
    "Query": {"search", "search-type", "search-system"},
    "Create": {"create"},
    "Update": {"update", "patch"},
}
ACTION_OF = {"Read": "R", "Query": "E", "Create": "C", "Update": "U"}
USERS = {
    "Read": {"IRCP"},
    "Query": {"IRCP"},
    "Create": {"AUT", "INF", "CST"},
    "Update": {"AUT", "INF", "CST"},
}
OBJECT_ROLES = {"3", "4", "20"}


def validated(*entries: Entry) -> list[dict[str, Any]]:
    """The resources of a report, all of them as R4 has them."""
    report = Report(FORMS["fhir"])
    text = "".join([report.told([each]) for each in entries] + [report.end()])
    Bundle.model_validate_json(text)
    bundle = json.loads(text)
    for each in bundle["entry"]:
        resource = each["resource"]
        assert each["fullUrl"].endswith(f"/fhir/{resource['resourceType']}/{resource['id']}")
    assert len({each["fullUrl"] for each in bundle["entry"]}) == len(bundle["entry"])
    resources = [each["resource"] for each in bundle["entry"]]
    for each in resources:
        if each["resourceType"] == "AuditEvent":
            holds_required_codes(each)
            holds_its_profile(each)
    return resources


def holds_required_codes(event: dict[str, Any]) -> None:
    assert event["action"] in ACTIONS
    assert event["outcome"] in OUTCOMES
    assert all(isinstance(each["requestor"], bool) for each in event["agent"])
    assert all(each["network"]["type"] in NETWORKS for each in event["agent"] if "network" in each)


def code(agent: dict[str, Any]) -> str:
    return str(agent["type"]["coding"][0]["code"])


def entities(event: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in event["entity"] if each["type"]["code"] == kind]


def holds_its_profile(event: dict[str, Any]) -> None:
    """What the profiles of BALP 1.1 ask for beyond FHIR."""
    for profile in event.get("meta", {}).get("profile", []):
        name = profile.removeprefix(PROFILE)
        assert event["outcome"] == "0"
        agents = {code(each): each for each in event["agent"]}
        if name == "PrivacyDisclosure.Source":
            assert (event["type"]["code"], event["action"]) == ("110106", "R")
            assert "disclose" in {each["code"] for each in event["subtype"]}
            assert agents[SOURCE]["who"] == event["source"]["observer"]
            assert {"who", "network"} <= agents[DESTINATION].keys()
            assert len(entities(event, "1")) == len(entities(event, "2")) == 1
            continue
        base = name.removeprefix("Patient")
        assert event["type"]["code"] == "rest"
        assert event["action"] == ACTION_OF[base]
        assert {each["code"] for each in event["subtype"]} <= INTERACTIONS[base]
        client = agents[CLIENT_OF[base]]
        server = agents[SOURCE if CLIENT_OF[base] == DESTINATION else DESTINATION]
        assert {"who", "network"} <= client.keys() & server.keys()
        users = [each for each in event["agent"] if each.get("name")]
        assert all(code(each) in USERS[base] and each["requestor"] for each in users)
        assert not any("network" in each for each in users)
        assert len(entities(event, "1")) == int(name.startswith("Patient"))
        [thing] = entities(event, "2")
        if base == "Query":
            assert thing["role"]["code"] == "24"
            assert "what" not in thing
            base64.b64decode(thing["query"], validate=True)
        else:
            assert thing["role"]["code"] in OBJECT_ROLES
            assert "what" in thing


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.RECORDED, Kind.DISCLOSED}))
def test_every_kind_of_access_is_an_audit_event(kind: Kind, outcome: Outcome) -> None:
    for patients in ([], [ADA], [ADA, BEN]):
        for journeys in ([], [JOURNEY]):
            validated(READ._replace(kind=kind, outcome=outcome, patients=patients, journeys=journeys))


def test_a_read_tells_who_whose_and_what_for() -> None:
    [event] = validated(READ)
    assert event["meta"]["profile"] == [PROFILE + "PatientRead"]
    [user] = [each for each in event["agent"] if each.get("name") == "Ann"]
    assert user["who"]["identifier"]["value"] == "0a1b2c3d4e5f"
    assert user["role"] == [{"text": "clinician"}]
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"
    assert {"display": "ward 3"} in [each["who"] for each in event["agent"]]
    [request] = entities(event, "XrequestId")
    assert request["what"]["identifier"]["value"] == "request-1"
    [patient] = entities(event, "1")
    assert patient["what"] == {"reference": f"Patient/{ADA}"}
    assert event["agent"][0]["network"] == {"address": "192.0.2.7", "type": "2"}


def test_of_several_patients_there_is_one_for_each_with_what_was_asked() -> None:
    events = validated(SEARCH)
    assert {entities(each, "1")[0]["what"]["reference"] for each in events} == {
        f"Patient/{ADA}",
        f"Patient/{BEN}",
    }
    for each in events:
        [query] = entities(each, "2")
        assert base64.b64decode(query["query"]) == b"GET /v1/journeys?team=ward+3"


def test_a_system_has_no_user_behind_it() -> None:
    [event] = validated(READ._replace(role="integrator", name="Lakeside", team=None))
    assert [each["requestor"] for each in event["agent"]] == [True, False]
    assert event["agent"][0]["purposeOfUse"]


@pytest.mark.parametrize(("outcome", "said"), [("refused", "4"), ("denied", "8")])
def test_what_was_not_done_has_no_profile(outcome: str, said: str) -> None:
    [event] = validated(READ._replace(outcome=outcome))
    assert event["outcome"] == said
    assert "meta" not in event


def test_somebody_who_was_not_let_in_is_not_known() -> None:
    [event] = validated(FAILED)
    assert event["type"]["code"] == "110114"
    assert event["agent"][0]["who"] == {"display": "not known"}


def test_a_disclosure_goes_from_here_to_its_recipient() -> None:
    [event] = validated(DISCLOSED)
    assert event["meta"]["profile"] == [PROFILE + "PrivacyDisclosure.Source"]
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "PUBHLTH"
    assert event["agent"][1]["network"] == {"address": "https://registry.example.org/in", "type": "5"}


def test_what_was_recorded_has_a_provenance_beside_its_event() -> None:
    event, origin = validated(RECORDED)
    assert event["meta"]["profile"] == [PROFILE + "PatientCreate"]
    assert event["entity"][-1]["what"] == {"reference": f"EpisodeOfCare/{JOURNEY}/_history/1"}
    assert origin["target"] == [{"reference": f"EpisodeOfCare/{JOURNEY}/_history/1"}]
    assert (origin["occurredDateTime"], origin["recorded"]) == ("2026-03-01", "2026-03-02T09:30:00.000000Z")
    parts = {each["type"]["coding"][0]["code"]: each["who"]["display"] for each in origin["agent"]}
    assert parts == {"author": "Ann", "enterer": "journey (http)"}
    assert "entity" not in origin


@pytest.mark.parametrize(("field", "role"), [("voids", "removal"), ("corrects", "revision")])
def test_a_correction_names_what_it_takes_back(field: str, role: str) -> None:
    corrects = VOIDED._replace(detail={**RECORDED.detail, field: str(UUID(int=5))})
    event, origin = validated(corrects)
    assert event["meta"]["profile"] == [PROFILE + "PatientUpdate"]
    [taken_back] = origin["entity"]
    assert taken_back["role"] == role
    assert taken_back["what"]["identifier"]["value"] == f"urn:uuid:{UUID(int=5)}"


@pytest.mark.parametrize(
    ("precision", "told"),
    [
        ("instant", "2026-03-01T00:00:00.000000Z"),
        ("minute", "2026-03-01T00:00:00.000000Z"),
        ("day", "2026-03-01"),
        ("month", "2026-03"),
        ("year", "2026"),
        ("unknown", None),
    ],
)
def test_when_it_happened_is_told_as_exactly_as_it_is_known(precision: str, told: str | None) -> None:
    entry = RECORDED._replace(detail={**RECORDED.detail, "occurred_precision": precision})
    _, origin = validated(entry)
    assert origin.get("occurredDateTime") == told


def test_nothing_to_tell_is_a_bundle_too() -> None:
    assert "entry" not in json.loads(Report(FORMS["fhir"]).end())
    Bundle.model_validate_json(Report(FORMS["fhir"]).end())


def test_only_what_was_recorded_has_a_provenance() -> None:
    def of(entries: Iterator[Entry]) -> list[bool]:
        return [provenance(each) is not None for each in entries]

    assert of(iter([READ, SEARCH, DISCLOSED, RECORDED])) == [False, False, False, True]
    assert len(list(audit_events(READ._replace(patients=[])))) == 1
