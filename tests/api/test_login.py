"""Tokens and keys over HTTP: who is let in, what is answered to others, and what is recorded of it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from httpx2 import Response

from journey.api.access import issuer as keys_of_issuer
from journey.api.access import login, ring
from journey.api.access.table import Role
from journey.embedded import Cluster
from tests.api.issuing import AUDIENCE, KEYS, Issuer, issuing, published, rsa_key, send
from tests.served import Api, database, served

pytestmark = pytest.mark.database

ROLES = "coordinator=coordinator,compliance=compliance,keeper=admin"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def api(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory, issuer: Issuer
) -> Iterator[Api]:
    """One that accepts tokens."""
    home = tmp_path_factory.mktemp("home")
    told: dict[str, Any] = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_roles": ROLES}
    with database(cluster, template) as conninfo, served(conninfo, home, forgiving=True, **told) as api:
        yield api


def ask(api: Api, token: str, url: str = "/v1/journeys", method: str = "GET", **more: Any) -> Response:
    return api.ask(method, url, role=None, headers={"Authorization": f"Bearer {token}"}, **more)


def records(api: Api, **having: str) -> list[dict[str, Any]]:
    """The trail's records, the newest first."""
    with psycopg.connect(api.conninfo) as connection:
        rows = connection.execute(
            "SELECT to_json(access_event) FROM access_event ORDER BY at DESC"
        ).fetchall()
    return [row[0] for row in rows if having.items() <= row[0].items()]


def test_a_token_opens_what_its_role_and_teams_may(api: Api, issuer: Issuer) -> None:
    token = issuer.token(sub="coordinator-1", teams=["Ward 3"])
    opened = ask(api, token, method="POST", json={"team": "ward 3"})
    assert opened.status_code == 201
    address = opened.headers["location"]
    assert ask(api, token, address).status_code == 200
    told = ask(api, token, f"{address}/events").json()["events"][0]
    actor = {"id": "oidc:coordinator-1", "kind": "human", "role": "coordinator", "team": "Ward 3"}
    assert told["actor"] == actor
    assert ask(api, issuer.token(sub="elsewhere", teams=["desk"]), address).status_code == 404
    assert ask(api, issuer.token(sub="nowhere", teams=None), address).status_code == 404
    assert ask(api, issuer.token(roles="keeper"), address).status_code == 403
    assert ask(api, issuer.token(roles="compliance", teams=None), address).status_code == 200


def test_scopes_of_a_token_narrow_its_role(api: Api, issuer: Issuer) -> None:
    address = ask(api, issuer.token(), method="POST", json={"team": "ward 3"}).headers["location"]
    reading = issuer.token(scope="openid user/EpisodeOfCare.rs")
    assert ask(api, reading, address).status_code == 200
    refused = ask(api, reading, f"{address}/assign-owner", "POST", json={"team": "ward 3"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert ask(api, issuer.token(scope="patient/*.rs"), address).status_code == 403


def test_a_token_and_a_key_are_never_one_caller(api: Api, issuer: Issuer) -> None:
    key = api.tokens[Role.COORDINATOR]
    name, key_id = "some coordinator", key[3:15]
    again = {"Idempotency-Key": str(uuid4())}
    first = api.post("/v1/journeys", {"team": "x"}, headers=again).json()["journey_id"]
    for sub in (name, key_id, f"jk_{key_id}"):
        held = {"Authorization": f"Bearer {issuer.token(sub=sub, teams=['x'])}"}
        other = api.post("/v1/journeys", {"team": "x"}, role=None, headers=again | held).json()["journey_id"]
        assert other != first
    made = api.post("/v1/keys", {"name": "oidc:ann", "role": "clinician"}, role=Role.ADMIN)
    assert made.status_code == 422
    assert made.json()["errors"][0]["message"].startswith("Names that begin with oidc:")


@pytest.mark.parametrize(
    ("claims", "said", "why"),
    [
        ({"exp": 1}, "The token has expired; ask its issuer for another.", "expired"),
        ({"aud": "else"}, "The token is not accepted; ask its issuer for another, ", "not accepted"),
        ({"iss": "https://example.org"}, "The token is not accepted; ", "not accepted"),
        ({"roles": []}, "The token is not accepted; ", "not accepted"),
    ],
)
def test_a_wrong_token_is_told_no_more_than_that(
    api: Api, issuer: Issuer, claims: dict[str, Any], said: str, why: str
) -> None:
    answer = ask(api, issuer.token(**claims))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.json()["detail"].startswith(said)
    told = f'Bearer realm="journey", error="invalid_token", error_description="{why}"'
    assert answer.headers["WWW-Authenticate"] == told


def test_without_anything_there_is_no_error_to_tell_of(api: Api) -> None:
    answer = api.get("/v1/journeys", role=None)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="journey"'
    assert answer.json()["detail"].startswith("Send an API key that is in use or an access token: ")


def test_why_a_token_is_not_accepted_is_for_the_operator(
    api: Api, issuer: Issuer, capfd: pytest.CaptureFixture[str]
) -> None:
    ask(api, issuer.token(sub="Marked-Person", roles=["coordinator", "keeper"]))
    ask(api, issuer.token(sub="Marked-Person", aud="else"))
    assert ask(api, issuer.token(sub="Marked-Person")).status_code == 200
    said = "".join(capfd.readouterr())
    assert "name several of Journey's roles: see JOURNEY_OIDC_ROLES" in said
    assert "InvalidAudienceError" in said
    assert "Marked-Person" not in said


def test_keys_go_on_while_the_issuer_does_not_answer(
    api: Api, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_of_issuer, "KEPT", -1.0)
    monkeypatch.setattr(keys_of_issuer, "RETRY", -1.0)
    issuer.instead[KEYS] = lambda to: send(to, {}, 500)
    answer = ask(api, issuer.token())
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer-unavailable")
    assert answer.headers["Retry-After"]
    assert api.get("/v1/journeys").status_code == 200
    del issuer.instead[KEYS]
    monkeypatch.setattr(keys_of_issuer, "KEPT", 3600.0)
    assert ask(api, issuer.token()).status_code == 200


def test_a_key_that_the_issuer_withdraws_opens_nothing_any_more(
    api: Api, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token(sub="withdrawn")
    assert ask(api, token).status_code == 200
    first = issuer.keys[:]
    issuer.keys[:] = [published(rsa_key("second"), "second")]
    monkeypatch.setattr(keys_of_issuer, "UNKNOWN", -1.0)
    new = issuer.token(key=rsa_key("second"), head={"kid": "second"})
    assert ask(api, new).status_code == 200
    assert ask(api, token).status_code == 401
    issuer.keys[:] = first
    assert ask(api, token).status_code == 200


def test_failed_attempts_are_recorded_without_what_was_sent(
    api: Api, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.engine.login, "attempts", login.Attempts())
    monkeypatch.setattr(login, "PAUSE", -1.0)
    key = api.tokens[Role.COORDINATOR][:-1] + "!"
    wrong = issuer.token(sub="Marked-Stranger", exp=1)
    for each in (key, wrong):
        assert ask(api, each).status_code == 401
    by_token, by_key = records(api, kind="login")[:2]
    for record in (by_token, by_key):
        assert (record["outcome"], record["caller"], record["name"]) == ("denied", None, None)
        assert (record["method"], record["route"]) == ("GET", "/v1/journeys")
        assert record["peer"]
        assert record["request_id"]
    assert by_key["detail"] == {"key_id": key[3:15], "others_not_recorded": 0}
    assert by_token["detail"]["key_id"] is None
    assert not any(said in str(records(api)) for said in ("Marked-Stranger", key, wrong, wrong[:40]))
    told = api.get("/v1/audit?kind=login", role=Role.COMPLIANCE).json()
    assert told["audit"][0]["outcome"] == "denied"


def test_a_flood_of_attempts_is_counted_and_not_recorded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.engine.login, "attempts", login.Attempts())
    before = len(records(api, kind="login"))
    monkeypatch.setattr(login, "PAUSE", 3600.0)
    for _ in range(20):
        assert ask(api, "jk_000000000000.x").status_code == 401
    assert len(records(api, kind="login")) == before + 1
    monkeypatch.setattr(login, "PAUSE", -1.0)
    ask(api, "jk_000000000000.x")
    assert records(api, kind="login")[0]["detail"]["others_not_recorded"] == 19


def test_many_addresses_are_not_recorded_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(login, "monotonic", lambda: now)
    attempts = login.Attempts()
    recorded = [attempts.to_record(f"peer {number}") for number in range(5000)]
    assert [each for each in recorded if each is not None] == [0] * 10
    now += 1.0
    assert attempts.to_record("peer 0") == 4990
    assert attempts.to_record("peer 0") is None


def test_what_a_key_may_is_changed_and_stands_in_the_trail(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "FRESH", -1.0)
    wanted = {"name": "changing", "role": "coordinator", "team": "Desk"}
    made = api.post("/v1/keys", wanted, role=Role.ADMIN).json()
    assert made["key"]["teams"] == ["desk"]
    address, token = f"/v1/keys/{made['key']['id']}", made["token"]
    theirs = api.opened(team="desk")
    assert ask(api, token, theirs).status_code == 200

    change = {"role": "clinician", "teams": ["Ward 9", "ward 9"], "labels": ["PSY"], "scopes": ["user/*.rs"]}
    changed = api.ask("PUT", address, role=Role.ADMIN, json=change)
    assert changed.status_code == 200
    now = changed.json()
    assert (now["role"], now["team"], now["teams"]) == ("clinician", None, ["ward 9"])
    assert (now["labels"], now["scopes"]) == (["PSY"], ["user/*.rs"])
    assert (now["id"], now["name"]) == (made["key"]["id"], "changing")
    assert ask(api, token, theirs).status_code == 404
    assert ask(api, token, method="POST", json={"team": "ward 9"}).status_code == 403

    everywhere = api.ask("PUT", address, role=Role.ADMIN, json={"role": "clinician", "every_team": True})
    assert everywhere.json()["teams"] is None
    assert ask(api, token, theirs).status_code == 200
    api.ask("DELETE", address, role=Role.ADMIN)

    about = [each for each in records(api) if each["detail"].get("key", {}).get("name") == "changing"]
    assert [each["kind"] for each in about] == ["key-revoked", "key-changed", "key-changed", "key-created"]
    assert {(each["name"], each["role"]) for each in about} == {("some admin", "admin")}
    told = about[2]["detail"]["key"]
    assert (told["role"], told["teams"], told["labels"]) == ("clinician", ["ward 9"], ["PSY"])
    assert token.partition(".")[2] not in str(about)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"role": "boss"},
        {"role": "clinician", "every": True},
        {"role": "clinician", "teams": ["a"], "every_team": True},
        {"role": "clinician", "teams": [""]},
        {"role": "clinician", "labels": ["not a label"]},
        {"role": "clinician", "scopes": ["patient/*.rs"]},
        {"role": "clinician", "scopes": ["system/Task"]},
        {"role": "clinician", "scopes": ["system/Media.rs"]},
        {"role": "clinician", "scopes": ["system/Task.sr"]},
    ],
    ids=str,
)
def test_what_a_key_cannot_be_is_refused_and_changes_nothing(api: Api, wrong: dict[str, Any]) -> None:
    before = api.get("/v1/keys", role=Role.ADMIN).json()
    key_id = api.tokens[Role.CLINICIAN][3:15]
    answer = api.ask("PUT", f"/v1/keys/{key_id}", role=Role.ADMIN, json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    made = api.post("/v1/keys", {"name": "wrong", **wrong}, role=Role.ADMIN)
    assert (made.status_code, len(made.json()["errors"])) == (422, 1)
    after = api.get("/v1/keys", role=Role.ADMIN).json()
    kept = ("id", "name", "role", "team", "teams", "labels", "scopes", "revoked_at")
    told = [[{name: key[name] for name in kept} for key in each["keys"]] for each in (before, after)]
    assert told[0] == told[1]


def test_a_key_that_is_not_in_use_is_not_changed(api: Api) -> None:
    answer = api.ask("PUT", "/v1/keys/0", role=Role.ADMIN, json={"role": "admin"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-key")
    assert api.ask("PUT", "/v1/keys/0", role=Role.COORDINATOR, json={"role": "admin"}).status_code == 403


def test_a_change_that_cannot_be_recorded_is_not_made(api: Api) -> None:
    key_id = api.tokens[Role.INTEGRATOR][3:15]
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        connection.execute("ALTER TABLE access_event ADD CONSTRAINT full_disk CHECK (kind = '') NOT VALID")
        answer = api.ask("PUT", f"/v1/keys/{key_id}", role=Role.ADMIN, json={"role": "admin"})
        connection.execute("ALTER TABLE access_event DROP CONSTRAINT full_disk")
    assert answer.status_code == 500
    listed = {each["id"]: each for each in api.get("/v1/keys", role=Role.ADMIN).json()["keys"]}
    assert listed[key_id]["role"] == "integrator"
