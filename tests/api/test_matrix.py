"""Every route, for every role, on whichever team's journey, whatever it bears: answered as the table says.

The routes are those of the running application, so that a new one without a decision fails here. What decides
is read off the table of who may do what; what is asked is an address and a few headers, and no more.
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import product
from typing import Any, NamedTuple, cast, get_args

import psycopg
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import PERSONAL, SEE_EVERY_LABEL, Permission, Reach, Role, reach
from journey.api.app import create_app
from journey.api.follow.channel import ROUTE as STREAM
from journey.domain.custody import CustodyCommand
from journey.domain.journey import COMMANDS, ROOMS
from journey.settings import Settings
from tests.api.marked import body, without
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

TEAM, OTHERS = "ward 3", "ward 9"
LABEL = "PSY"
MARK = "Quittengelee"
REFERRAL = {"service": {"system": "local", "code": "consult", "display": MARK}}
OPEN = {
    *("/healthz", "/readyz", "/openapi.json", "/asyncapi.json", "/docs", "/metrics", "/v1/fhir/metadata"),
    *("/v1/schemas", "/v1/schemas/{stored_as}/{version}", "/v1/schemas/{stored_as}/{version}/thin"),
}
"""What needs no key, or only shows figures of the process."""


class Whose(StrEnum):
    """Whose journey it is to the one who asks."""

    OWN = "own team's"
    NOBODYS = "nobody's"
    OTHERS = "another team's"
    OPENED = "another team's, with the glass broken"


class Bears(StrEnum):
    """What it bears."""

    NOTHING = "no label"
    A_LABEL = "one labelled event"
    WHOLLY = "opened with a label"


class Class(StrEnum):
    """What an answer is, as far as access goes."""

    ANSWERED = "answered"
    """Also where the request itself makes no sense: it was looked at."""
    FORBIDDEN = "forbidden"
    NOT_THERE = "not there"
    WITHHELD = "withheld"


class Case(NamedTuple):
    """Who asks about which journey."""

    role: Role
    whose: Whose
    bears: Bears
    cleared: bool


CASES = [Case(*each) for each in product(Role, Whose, Bears, (False, True))]
ROUTES = [
    cast(Any, context.original_route)
    for context in iter_route_contexts(create_app(Settings.load(), "", with_worker=False).routes)
]
GUARDED = [route for route in ROUTES if str(route.path) not in OPEN]
ABOUT_A_JOURNEY = [route for route in GUARDED if "{journey_id}" in route.path]
NAMES_OTHERS = {"other_journey_id", "to_journey_id"}
OF_EACH_ROOM = sorted(
    min(each.name() for each in get_args(room.commands) if NAMES_OTHERS.isdisjoint(each.model_fields))
    for room in ROOMS.values()
)
"""One command for each room: they are made alike, and all are asked for by every role below."""

STANDS = {"where_the_patient_stands", "between_two_moments", "why_it_is_so"}
"""What answers where the patient stands, and so not at all where nothing may be told of it."""

READ_ONE = {*STANDS, "everything_recorded", "what_happened", "step_by_step"}
TELL_OF_MANY = {
    "/v1/journeys", "/v1/events", "/v1/worklist", "/v1/handoffs", "/v1/referrals", "/v1/authorizations",
    "/v1/visits", "/v1/barriers", "/v1/replay", STREAM,
}  # fmt: skip
"""What tells of journeys that the address does not name: held to whose they are below."""

TELL_OF_ONE = {
    "/v1/patients/{patient_id}",
    "/v1/patients/{patient_id}/merge",
    "/v1/patients/{patient_id}/unmerge",
}
TELL_AS_FHIR = {
    "/v1/fhir/Patient/{id_}/$everything",
    "/v1/fhir/{type_}",
    "/v1/fhir/{type_}/_search",
    "/v1/fhir/{type_}/{id_}",
    "/v1/fhir/{type_}/{id_}/_history",
    "/v1/fhir/{type_}/{id_}/_history/{version}",
}
"""What tells of journeys as FHIR resources: held to whose they are by tests of its own."""

WORK_ON_ONE = {
    f"/v1/webhooks/{{webhook_id}}/{each}"
    for each in ("enable", "pause", "rotate", "test", "deliveries", "rewind", "replay", "skip")
}
TELL_OF_NOBODYS_TEAM = {
    "/v1/me", "/v1/journeys/import", "/v1/fhir", "/v1/flow", "/v1/pathways", "/v1/pathways/{pathway}",
    "/v1/audit", "/v1/codes", "/v1/keys", "/v1/access", "/v1/teams", "/v1/deliveries",
    "/v1/audit/disclosures", "/v1/audit/suspensions", "/v1/audit/reviews", "/v1/audit/unreviewed",
    "/v1/audit/exports",
    "/v1/fhir/AuditEvent", "/v1/fhir/AuditEvent/{id_}", "/v1/fhir/Provenance", "/v1/fhir/Provenance/{id_}",
    "/v1/privacy/erasures", "/v1/privacy/erasures/{erasure_id}", "/v1/privacy/erasures/{erasure_id}/decide",
    "/v1/audit/queries", "/v1/audit/queries/{name}", "/v1/log/checkpoint", "/v1/log/proof",
    "/v1/log/verification", "/v1/projections", "/v1/projections/{name}", "/v1/projections/{name}/rebuild",
    "/v1/projections/{name}/retry",
    "/v1/webhooks", "/v1/webhooks/{webhook_id}", *WORK_ON_ONE,
    "/v1/inbox", "/v1/inbox/counts", "/v1/inbox/replay", "/v1/inbox/{message_id}",
    *(f"/v1/inbox/{{message_id}}/{each}" for each in ("replay", "correct", "dismiss")),
    "/v1/fhir/Subscription", "/v1/fhir/Subscription/{id_}", "/v1/fhir/Subscription/$status",
    "/v1/fhir/Subscription/{id_}/$status", "/v1/fhir/Subscription/{id_}/$events",
    "/v1/keys/{key_id}", "/v1/break-glass", "/v1/break-glass/mine", "/v1/break-glass/{break_glass_id}",
}  # fmt: skip
"""What is about no journey that was there before, or is asked for by role alone; an import's lines are let in
each by itself.
"""


def test_every_route_has_a_decision() -> None:
    assert all(isinstance(route, APIRoute) and hasattr(route, "asks_for") for route in GUARDED)
    others = {route.path for route in GUARDED} - {route.path for route in ABOUT_A_JOURNEY}
    assert others == TELL_OF_MANY | TELL_OF_ONE | TELL_AS_FHIR | TELL_OF_NOBODYS_TEAM
    assert {route.name for route in ABOUT_A_JOURNEY} - READ_ONE == set(COMMANDS)


class World:
    """A journey of each kind, and a caller for each case."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.bodies = {command: self._body(command) for command in OF_EACH_ROOM}
        self.journeys = {
            (whose, bears): self._journey(whose, bears)
            for whose, bears in product((Whose.OWN, Whose.NOBODYS, Whose.OTHERS), Bears)
        }
        self.tokens = {
            (role, cleared, opens): self._token(role, cleared=cleared, opens=opens)
            for role, cleared, opens in product(Role, (False, True), (False, True))
        }
        journeys = {address.rpartition("/")[2] for address in self.journeys.values()}
        until(lambda: journeys <= listed(api.get("/v1/journeys?limit=500", role=Role.COMPLIANCE)))
        for (role, _, opens), token in self.tokens.items():
            if opens and reach(role, Permission.BREAK_GLASS) is not Reach.NONE:
                self._break(token)

    def _journey(self, whose: Whose, bears: Bears) -> str:
        teams = {Whose.OWN: TEAM, Whose.NOBODYS: None, Whose.OTHERS: OTHERS}
        label = {"X-Security-Labels": LABEL}
        opening = {"team": teams[whose], "patient": {"family": MARK if bears is Bears.WHOLLY else "Known"}}
        opened = self.api.post("/v1/journeys", opening, headers=label if bears is Bears.WHOLLY else {})
        address: str = opened.headers["location"]
        if bears is Bears.A_LABEL:
            sent = {"referral_id": number(1), "order": REFERRAL}
            assert self.api.post(f"{address}/send-referral", sent, headers=label).is_success
        return address

    def _token(self, role: Role, *, cleared: bool, opens: bool) -> str:
        name = f"{role} {'cleared ' * cleared}{'who opens' * opens}"
        grant = Grant((TEAM,), (LABEL,) if cleared else ())
        return keys.create(self.api.conninfo, name, role, TEAM, grant).token

    def _break(self, token: str) -> None:
        for bears in Bears:
            journey_id = self.journeys[Whose.OTHERS, bears].rpartition("/")[2]
            wanted = {"journey_id": journey_id, "reason": {"code": "ETREAT", "text": "Collapsed."}}
            assert self.ask(token, "POST", "/v1/break-glass", json=wanted).status_code == 201

    def token(self, case: Case) -> str:
        return self.tokens[case.role, case.cleared, case.whose is Whose.OPENED]

    def journey(self, case: Case) -> str:
        whose = Whose.OTHERS if case.whose is Whose.OPENED else case.whose
        return self.journeys[whose, case.bears]

    def told_or_read(self, token: str, route: Any, address: str) -> Response:
        """A command is told as of a version that the journey never had, so that it changes nothing."""
        if route.name in READ_ONE:
            return self.ask(token, "GET", address)
        stale = {"Authorization": f"Bearer {token}", "If-Match": '"999"'}
        return self.api.ask("POST", address, role=None, headers=stale, json=self.bodies[route.name])

    def _body(self, command: str) -> dict[str, Any]:
        """One that makes sense."""
        said, url = body(COMMANDS[command]), f"/v1/journeys/{number(404)}/{command}"
        role = Role.COMPLIANCE if COMMANDS[command] in get_args(CustodyCommand) else Role.COORDINATOR
        while (answer := self.api.post(url, said, role=role)).status_code == 422:
            for each in answer.json()["errors"]:
                said = without(said, each["field"])
        assert answer.status_code == 404, answer.text
        return said

    def ask(self, token: str, method: str, url: str, **more: Any) -> Response:
        return self.api.ask(method, url, role=None, headers={"Authorization": f"Bearer {token}"}, **more)


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def listed(answer: Response) -> set[str]:
    rows = next(value for value in answer.json().values() if isinstance(value, list))
    return {row["journey_id"] for row in rows}


def is_theirs(case: Case, permission: Permission) -> bool:
    """By the table, whether the journey is theirs for that."""
    match reach(case.role, permission):
        case Reach.ALL:
            return True
        case Reach.OWN:
            return case.whose is not Whose.OTHERS
        case Reach.GRANTED:
            return case.whose is Whose.OWN
        case Reach.NONE:
            return False


def sees_labelled(case: Case) -> bool:
    """Whoever opens a patient sees all; whose role may not, opens nothing."""
    opened = case.whose is Whose.OPENED and reach(case.role, Permission.BREAK_GLASS) is not Reach.NONE
    return case.cleared or opened or case.role in SEE_EVERY_LABEL


def expected(case: Case, permission: Permission, *, reads: bool) -> Class:
    if reach(case.role, permission) is Reach.NONE:
        return Class.FORBIDDEN
    if not is_theirs(case, permission):
        return Class.NOT_THERE
    hidden = case.bears is Bears.WHOLLY and not sees_labelled(case)
    return Class.WITHHELD if reads and hidden else Class.ANSWERED


def code_of(answer: Response) -> str:
    """Of a problem, or of the OperationOutcome that it is to whoever asks for FHIR."""
    told = answer.json()
    return str(told["issue"][0]["details"]["coding"][0]["code"] if "issue" in told else told["code"])


def found(answer: Response) -> Class:
    if answer.is_success:
        return Class.ANSWERED
    code = code_of(answer)
    known = {"forbidden": Class.FORBIDDEN, "no-such-journey": Class.NOT_THERE, "withheld": Class.WITHHELD}
    return known.get(code, Class.ANSWERED)


@pytest.mark.parametrize("case", CASES, ids=lambda case: ", ".join(map(str, case)))
def test_a_journey_is_answered_as_the_table_says(world: World, case: Case) -> None:
    is_plain = case.bears is Bears.NOTHING and not case.cleared
    commands = OF_EACH_ROOM if is_plain else OF_EACH_ROOM[:1]
    for route in ABOUT_A_JOURNEY:
        if route.name not in READ_ONE.union(commands):
            continue
        address = world.journey(case) + route.path.removeprefix("/v1/journeys/{journey_id}")
        answer = world.told_or_read(world.token(case), route, address)
        whole = route.name in STANDS
        assert found(answer) is expected(case, route.asks_for, reads=whole), (route.path, answer.text)
        if not (is_theirs(case, route.asks_for) and sees_labelled(case)):
            assert MARK not in answer.text, route.path


def asked_of_many() -> Iterator[tuple[str, Permission]]:
    for route in GUARDED:
        if route.path in TELL_OF_MANY and "GET" in route.methods:
            yield route.path, route.asks_for


@pytest.mark.parametrize("role", Role)
def test_what_tells_of_many_tells_of_theirs(world: World, role: Role) -> None:
    """All that they may see, by what bears a label, too, is told of somewhere, and nothing else."""
    for (path, permission), cleared, opens in product(asked_of_many(), (False, True), (False, True)):
        limit = "" if path == STREAM else "?limit=500"
        answer = world.ask(world.tokens[role, cleared, opens], "GET", path + limit)
        if reach(role, permission) is Reach.NONE:
            assert found(answer) is Class.FORBIDDEN, path
            continue
        assert answer.status_code == 200, answer.text
        for whose, bears in product((Whose.OWN, Whose.NOBODYS, Whose.OTHERS), Bears):
            opened = Whose.OPENED if opens and whose is Whose.OTHERS else whose
            case = Case(role, opened, bears, cleared)
            journey_id = world.journeys[whose, bears].rpartition("/")[2]
            if not is_theirs(case, permission):
                assert journey_id not in answer.text, (path, case)
            elif path in {"/v1/journeys", "/v1/replay"}:
                hidden = bears is Bears.WHOLLY and not sees_labelled(case)
                assert (journey_id in listed(answer)) is not hidden, case
        if not (cleared or opens or role in SEE_EVERY_LABEL):
            assert MARK not in answer.text, path


@pytest.mark.parametrize("role", Role)
def test_whatever_tells_of_patients_is_recorded(world: World, role: Role) -> None:
    """Each that was answered, and each that was denied, before the answer came."""
    api, token = world.api, world.tokens[role, True, False]
    journey_id = world.journeys[Whose.OWN, Bears.NOTHING].rpartition("/")[2]
    with psycopg.connect(api.conninfo, autocommit=True) as connection:
        for route in GUARDED:
            if route.name in COMMANDS and route.name not in OF_EACH_ROOM:
                continue
            for method in route.methods:
                path = route.path.replace("{journey_id}", journey_id).replace("{patient_id}", number(9))
                path = path.replace("{type_}", "Encounter").replace("{id_}", number(9))
                answer = world.ask(token, method, path)
                request_id = answer.headers["x-request-id"]
                records = connection.execute(
                    "SELECT outcome, route FROM access_event WHERE request_id = %s", (request_id,)
                ).fetchall()
                denied = answer.status_code == 403 or any(
                    f'"code":"{each}"' in answer.text for each in ("no-such-patient", "no-such-resource")
                )
                if denied:
                    assert records == [("denied", route.path)], (method, path)
                elif answer.is_success and route.asks_for in PERSONAL:
                    assert records == [("done", route.path)], (method, path)
                else:
                    assert records == [], (method, path, answer.text)


FULL = """
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER disk_full BEFORE INSERT ON access_event FOR EACH STATEMENT EXECUTE FUNCTION disk_full();
    """
SAVED = """
    INSERT INTO audit_query (name, query, saved_by) VALUES ('saved', '{}', 'somebody');
    INSERT INTO erasure (erasure_id, patient_id, journeys, basis, requested_by)
    SELECT id, id, '{}', 'objection', 'somebody'
      FROM (SELECT '00000000-0000-0000-0000-000000000009'::uuid AS id) AS one
    """
ROOM_AGAIN = "DROP TRIGGER disk_full ON access_event; DROP FUNCTION disk_full()"


SUBSCRIBED = {"endpoint": "https://payer.example/hooks", "recipient": "Payer of the Vale"}


def asked(path: str, webhook: str) -> str:
    """The address of something that there is, with what it needs to be asked with."""
    needed = {"/v1/audit/disclosures": f"?patient={number(9)}", "/v1/log/proof": "?position=1"}.get(path, "")
    there = {"patient_id": number(9), "name": "saved", "erasure_id": number(9), "webhook_id": webhook}
    there |= {"type_": "Encounter", "id_": number(9), "version": "1"}
    return path.format_map(there) + needed


def test_what_cannot_be_recorded_is_not_answered(world: World) -> None:
    journey = world.journeys[Whose.OWN, Bears.NOTHING]
    subscribed = world.api.post("/v1/webhooks", SUBSCRIBED, role=Role.INTEGRATOR).headers["location"]
    with psycopg.connect(world.api.conninfo, autocommit=True) as connection:
        connection.execute(SAVED)
        connection.execute(FULL)
        try:
            for route in GUARDED:
                if "GET" not in route.methods or route.asks_for not in PERSONAL:
                    continue
                role = Role.INTEGRATOR if route.asks_for is Permission.FEED else Role.COMPLIANCE
                path = journey + route.path.removeprefix("/v1/journeys/{journey_id}")
                url = path if route in ABOUT_A_JOURNEY else asked(route.path, subscribed.rpartition("/")[2])
                answer = world.api.get(url, role=role)
                assert (answer.status_code, code_of(answer)) == (503, "store-unavailable"), url
                assert "Retry-After" in answer.headers
                assert "Known" not in answer.text
            denied = world.api.get(journey, role=Role.ADMIN)
            assert denied.status_code == 503
            wanted = {"patient_id": number(9), "reason": {"code": "ETREAT", "text": "Collapsed."}}
            assert world.api.post("/v1/break-glass", wanted).status_code == 503
            assert world.api.get("/v1/break-glass/mine").json()["break_glass"] == []
        finally:
            connection.execute(ROOM_AGAIN)
    assert world.api.get(journey, role=Role.COMPLIANCE).status_code == 200
