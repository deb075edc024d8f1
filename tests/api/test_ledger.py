"""Checkpoints and proofs over HTTP, checked with nothing but what was answered."""

from base64 import b64decode
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journey.api.access.table import Role
from journey.ledger.checkpoint import Statement
from journey.ledger.completeness import Completeness, Head, Placed, verify_head
from journey.ledger.merkle import verify_consistency, verify_inclusion
from journey.ledger.note import Verifier, opened
from journey.store.identifiers import uuid7
from tests.served import Api
from tests.waiting import until

OFFICER: dict[str, Any] = {"role": Role.COMPLIANCE}


def checkpoint(api: Api, size: int = 0) -> dict[str, Any]:
    """The last one, of so many events at least."""

    def found() -> dict[str, Any]:
        answer = api.get("/v1/log/checkpoint")
        return dict(answer.json()) if answer.is_success and answer.json()["events"]["size"] >= size else {}

    return until(found)


def statement(api: Api, note: str) -> Statement:
    known = [Verifier.read(each["verifier"]) for each in api.get("/v1/log/checkpoint").json()["keys"]]
    return Statement.read(opened(note, known)[0])


def hashes(given: list[str]) -> list[bytes]:
    return [b64decode(each) for each in given]


def proof(api: Api, **asked: Any) -> dict[str, Any]:
    answer = api.get("/v1/log/proof", params=asked, **OFFICER)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["proof"])


def covered(api: Api, journey: str) -> dict[str, Any]:
    """The last event of a journey, once a checkpoint covers it."""
    events = until(lambda: _sequenced(api, journey))
    checkpoint(api, events[-1]["position"])
    return events[-1]


def _sequenced(api: Api, journey: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = api.get(f"{journey}/events", **OFFICER).json()["events"]
    return events if all(each["position"] for each in events) else []


def test_an_event_is_proven_to_be_in_the_log(api: Api) -> None:
    event = covered(api, api.opened())
    for asked in ({"event": event["event_id"]}, {"position": event["position"]}):
        found = proof(api, **asked)
        events = statement(api, found["checkpoint"]).events
        assert (found["proves"], found["leaf_index"]) == ("inclusion", event["position"] - 1)
        leaf, root = b64decode(found["leaf_hash"]), events.root
        verify_inclusion(found["leaf_index"], events.size, leaf, hashes(found["proof"]), root)


def test_a_look_at_a_patient_is_proven_to_be_in_the_trail(api: Api) -> None:
    journey = api.opened()
    assert api.get(journey).status_code == 200
    [row] = api.get(
        "/v1/audit", params={"journey": journey.rpartition("/")[2], "kind": "read"}, **OFFICER
    ).json()["audit"][:1]

    def in_it() -> dict[str, Any]:
        answer = api.get("/v1/log/proof", params={"access": row["id"]}, **OFFICER)
        return dict(answer.json()["proof"]) if answer.is_success else {}

    found = until(in_it)
    accesses = statement(api, found["checkpoint"]).accesses
    leaf = b64decode(found["leaf_hash"])
    verify_inclusion(found["leaf_index"], accesses.size, leaf, hashes(found["proof"]), accesses.root)


def test_all_events_of_a_journey_are_proven_to_be_all_and_another_to_have_none(api: Api) -> None:
    journey = api.opened()
    api.told(journey, "assign-owner", team="ward 3")
    last = covered(api, journey)
    for journey_id, events in ((UUID(journey.rpartition("/")[2]), last["version"]), (uuid7(), 0)):
        found = proof(api, journey=journey_id)
        assert found["events"] == events
        at = found["found"]
        placed = at and Placed(b64decode(at["key"]), Head(at["events"], b64decode(at["chain"])))
        head = Head(found["events"], b64decode(found["chain"]))
        way = Completeness(tuple(hashes(found["beside"])), placed)
        verify_head(journey_id, head, way, statement(api, found["checkpoint"]).journeys)


def test_the_log_is_proven_to_have_only_grown(api: Api) -> None:
    first = checkpoint(api, covered(api, api.opened())["position"])
    second = checkpoint(api, covered(api, api.opened())["position"])
    found = proof(api, **{"from": first["events"]["size"], "to": second["events"]["size"]})
    one, two = (statement(api, found[name]).events for name in ("first_checkpoint", "checkpoint"))
    assert one == statement(api, first["note"]).events
    verify_consistency(one.size, two.size, one.root, hashes(found["proof"]), two.root)


def test_a_witness_reads_the_note_alone_and_looks_up_an_older_one(api: Api) -> None:
    last = checkpoint(api, covered(api, api.opened())["position"])
    note = api.get(
        "/v1/log/checkpoint", params={"size": last["events"]["size"]}, headers={"Accept": "text/plain"}
    )
    assert note.headers["content-type"].startswith("text/plain")
    assert statement(api, note.text).events == statement(api, last["note"]).events


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"event": UUID(int=1), "position": 1},
        {"from": 1},
        {"to": 1},
        {"from": 2, "to": 1},
        {"from": 1, "to": 2, "journey": UUID(int=1)},
        {"position": 0},
        {"position": 1 << 63},
        {"event": "x"},
        {"position": 1, "tree": "oak"},
    ],
)
def test_what_makes_no_sense_is_refused(api: Api, asked: dict[str, Any]) -> None:
    answer = api.get("/v1/log/proof", params=asked, **OFFICER)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"proof?event={UUID(int=1)}", "no-such-leaf"),
        (f"proof?access={UUID(int=1)}", "no-such-leaf"),
        ("proof?position=999999999", "no-such-leaf"),
        ("proof?from=999999998&to=999999999", "no-such-checkpoint"),
        ("checkpoint?size=999999999", "no-such-checkpoint"),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(api: Api, path: str, code: str) -> None:
    checkpoint(api, covered(api, api.opened())["position"])
    answer = api.get(f"/v1/log/{path}", **OFFICER)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_only_compliance_asks_for_proofs_and_whoever_has_a_key_for_checkpoints(api: Api) -> None:
    last = checkpoint(api, covered(api, api.opened())["position"])
    for role in Role:
        expected = 200 if role is Role.COMPLIANCE else 403
        assert api.get("/v1/log/proof?position=1", role=role).status_code == expected
        assert api.get("/v1/log/checkpoint", role=role).json()["number"] >= last["number"]
    assert api.get("/v1/log/checkpoint", role=None).status_code == 401


def test_what_was_altered_by_hand_is_not_proven(api: Api) -> None:
    position = covered(api, api.opened())["position"]
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger stops a superuser
        connection.execute("UPDATE log SET leaf = sha256(leaf) WHERE position = %s", (position,))
    try:
        answer = api.get("/v1/log/proof", params={"position": position}, **OFFICER)
        assert (answer.status_code, answer.json()["code"]) == (500, "ledger-altered")
    finally:
        with psycopg.connect(api.conninfo) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "UPDATE log SET leaf = event_leaf(event) FROM event WHERE position = %s"
                " AND event.journey_id = log.journey_id AND event.version = log.version",
                (position,),
            )
