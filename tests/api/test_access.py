from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest
from fastapi.routing import iter_route_contexts

from journey.api.access import keys, ring
from journey.api.access.table import Permission, Reach, Role, reach
from journey.api.app import create_app
from journey.settings import Settings
from tests.api.test_matrix import code_of
from tests.served import Api, number

pytestmark = pytest.mark.database

OPEN = {
    *("/healthz", "/readyz", "/openapi.json", "/asyncapi.json", "/docs", "/v1/fhir/metadata"),
    *("/v1/schemas", "/v1/schemas/{stored_as}/{version}", "/v1/schemas/{stored_as}/{version}/thin"),
}
FROM_HERE_OR_WITH_A_KEY = {"/metrics"}


def routes() -> Iterator[tuple[str, str, Permission | None]]:
    """Every method and address of the application, whoever added it, and what it asks for."""
    app = create_app(Settings.load(), "", with_worker=False)
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield method, str(route.path), getattr(route.original_route, "asks_for", None)


ASKS_FOR = {(method, path): permission for method, path, permission in routes()}
ROUTES = sorted(ASKS_FOR)
GUARDED = [(method, path) for method, path in ROUTES if path not in OPEN | FROM_HERE_OR_WITH_A_KEY]


def filled(path: str) -> str:
    return (
        path.replace("{journey_id}", number(1))
        .replace("{key_id}", "0")
        .replace("{break_glass_id}", number(2))
        .replace("{stored_as}/{version}", "journey.opened/1")
    )


def test_there_are_routes_to_guard() -> None:
    assert len(GUARDED) > 60
    assert {path for _, path in ROUTES} - {path for _, path in GUARDED} == OPEN | FROM_HERE_OR_WITH_A_KEY


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer jk_000000000000.x", "Basic YTpi"])
def test_nothing_is_answered_without_a_key(api: Api, given: str | None) -> None:
    headers = {"Authorization": given} if given else {}
    for method, path in GUARDED:
        answer = api.ask(method, filled(path), role=None, headers=headers, content=b"{")
        assert (answer.status_code, code_of(answer)) == (401, "unauthorized"), path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for path in FROM_HERE_OR_WITH_A_KEY:
        assert api.get(path, role=None, headers=headers).status_code == 401
    for path in OPEN:
        assert api.get(filled(path), role=None, headers=headers).status_code == 200


@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_the_table_says_and_nothing_else(api: Api, role: Role) -> None:
    for method, path in GUARDED:
        answer = api.ask(method, filled(path), role=role)
        allowed = reach(role, cast(Permission, ASKS_FOR[method, path])) is not Reach.NONE
        assert (answer.status_code == 403) is not allowed, (path, answer.text)
        assert answer.status_code != 401
        if not allowed:
            assert code_of(answer) == "forbidden"


def test_an_admin_sees_no_patient_and_compliance_changes_nothing() -> None:
    may = {role: {each for each in Permission if reach(role, each) is not Reach.NONE} for role in Role}
    assert may[Role.ADMIN] == {
        Permission.ADMIN,
        Permission.DEFINITIONS,
        Permission.OPERATE,
        Permission.VERIFY,
    }
    assert Permission.WRITE not in may[Role.COMPLIANCE]


def test_a_key_is_its_whole_token(api: Api) -> None:
    token = api.tokens[Role.COORDINATOR]
    other = api.tokens[Role.CLINICIAN]
    wrong = [
        token[:-1],
        token + "A",
        token.partition(".")[0] + "." + other.partition(".")[2],
        token.replace("jk_", "jk-"),
        token + "\x7f",
    ]
    for each in wrong:
        answer = api.get("/v1/journeys", role=None, headers={"Authorization": f"Bearer {each}"})
        assert answer.status_code == 401
    right = {"Authorization": f"bearer  {token} "}
    assert api.get("/v1/journeys", role=None, headers=right).status_code == 200


def test_an_admin_makes_lists_and_ends_keys(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "FRESH", -1.0)
    made = api.post(
        "/v1/keys", {"name": "Reception", "role": "clinician", "team": "desk"}, role=Role.ADMIN
    ).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert api.get("/v1/journeys", role=None, headers=bearer).status_code == 200

    again = api.post("/v1/keys", {"name": "Reception", "role": "clinician"}, role=Role.ADMIN)
    assert (again.status_code, again.json()["code"]) == (409, "name-taken")

    listed = {each["id"]: each for each in api.get("/v1/keys", role=Role.ADMIN).json()["keys"]}
    key: dict[str, Any] = listed[made["key"]["id"]]
    assert (key["name"], key["role"], key["team"], key["revoked_at"]) == (
        "Reception",
        "clinician",
        "desk",
        None,
    )
    assert key["last_used_at"].endswith(":00:00Z")
    assert "secret" not in str(listed)

    address = f"/v1/keys/{key['id']}"
    assert api.ask("DELETE", address, role=Role.ADMIN).json()["revoked_at"] is not None
    assert api.get("/v1/journeys", role=None, headers=bearer).status_code == 401
    gone = api.ask("DELETE", address, role=Role.ADMIN)
    assert (gone.status_code, gone.json()["code"]) == (404, "no-such-key")


def test_a_name_may_be_taken_again_once_its_key_is_ended(api: Api) -> None:
    first = keys.create(api.conninfo, "night desk", Role.COORDINATOR)
    second = keys.create(api.conninfo, "night desk", Role.COORDINATOR, replace=True)
    with pytest.raises(keys.NameTaken):
        keys.create(api.conninfo, "night desk", Role.ADMIN)
    listed = {key.id: key.revoked_at for key in keys.list_keys(api.conninfo)}
    assert listed[first.key.id] is not None
    assert listed[second.key.id] is None
    with pytest.raises(keys.NoSuchKey):
        keys.revoke(api.conninfo, first.key.id)


def test_the_secret_is_stored_nowhere(api: Api) -> None:
    secret = api.tokens[Role.COORDINATOR].partition(".")[2]
    with psycopg.connect(api.conninfo) as connection:
        stored = connection.execute("SELECT api_key::text FROM api_key").fetchall()
    assert len(stored) >= len(Role)
    assert secret not in str(stored)
    assert secret.encode().hex() not in str(stored)


def test_figures_are_for_this_machine_or_for_whoever_has_a_key(api: Api) -> None:
    assert api.get("/metrics", role=Role.ADMIN).status_code == 200
    assert api.get("/metrics", role=None).status_code == 401
