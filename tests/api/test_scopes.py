"""What a grant is narrowed down to, over every route."""

import json
from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.api.access import keys
from journey.api.access.caller import WHATEVER_SCOPES, Caller
from journey.api.access.keys import Grant
from journey.api.access.scopes import RESOURCE, BadScope, Scope, Scopes
from journey.api.access.table import Permission, Role
from journey.api.outcome import BASE
from journey.domain.journey import ROOMS
from tests.api.test_access import GUARDED, filled
from tests.api.test_import import MEDIA, line, lines
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

KINDS = sorted(set(RESOURCE.values()))
LETTERS = st.sets(st.sampled_from("cruds"), min_size=1).map(
    lambda found: "".join(c for c in "cruds" if c in found)
)
SCOPES = st.builds(
    "{}/{}.{}".format,
    st.sampled_from(["user", "system"]),
    st.sampled_from([*KINDS, "*"]),
    st.one_of(LETTERS, st.sampled_from(["read", "write", "*"])),
)
ASKED = st.tuples(
    st.sampled_from(Permission),
    st.sampled_from([*KINDS, "AuditEvent", None]),
    st.sampled_from([None, *"cruds"]),
)


def narrowed(role: Role, *scopes: str) -> Caller:
    return Caller("0", "x", role, scopes=Scopes.of(scopes))


@given(
    role=st.sampled_from(Role),
    scopes=st.lists(SCOPES, max_size=5),
    more=st.lists(SCOPES, max_size=3),
    asked=ASKED,
)
def test_narrowing_never_widens(
    role: Role, scopes: list[str], more: list[str], asked: tuple[Permission, str | None, str | None]
) -> None:
    unbound, narrow = Caller("0", "x", role), narrowed(role, *scopes)
    assert unbound.may(*asked) or not narrow.may(*asked), "no scope opens what the role does not"
    assert narrowed(role, *scopes, *more).may(*asked) or not narrow.may(*asked), "fewer scopes, no more"
    if not scopes:
        assert not narrow.may(*asked) or asked[0] in WHATEVER_SCOPES


@given(scopes=st.lists(SCOPES, max_size=5), asked=ASKED)
def test_what_is_allowed_is_named(
    scopes: list[str], asked: tuple[Permission, str | None, str | None]
) -> None:
    _, resource, interaction = asked
    each = [scope.partition("/")[2].partition(".") for scope in scopes]
    words = {"read": "rs", "write": "cu", "*": "cruds"}
    named = any(
        (interaction or "r") in words.get(letters, letters) and (resource is None or kind in {"*", resource})
        for kind, _, letters in each
    )
    assert Scopes.of(scopes).allow(interaction or "r", resource) is named


@given(st.text())
def test_a_scope_is_read_or_refused(text: str) -> None:
    with suppress(BadScope):
        assert Scope.read(text).interactions


@pytest.mark.parametrize(
    ("text", "interactions"),
    [
        ("system/Task.read", "rs"),
        ("user/Task.write", "cu"),
        ("system/Task.*", "cruds"),
        ("system/*.read", "rs"),
        ("system/Task.cruds", "cruds"),
        ("system/Task.d", "d"),
    ],
)
def test_older_forms_mean_what_they_meant(text: str, interactions: str) -> None:
    assert Scope.read(text).interactions == interactions


@pytest.mark.parametrize(
    "text",
    [
        *("", "Task.rs", "system/Task", "system/Task.", "system/Task.sr", "system/Task.rr", "system/task.rs"),
        *(
            "system/Media.rs",
            "patient/Task.rs",
            "launch/patient",
            "openid",
            "system/Task.rs?status=requested",
        ),
        *("system/Task.rs ", "system/Task.read.write", "system/*.all", "SYSTEM/Task.rs", "system/Task.rs\n"),
    ],
)
def test_a_key_is_not_made_with_a_scope_that_says_nothing(api: Api, text: str) -> None:
    answer = api.post("/v1/keys", {"name": "n", "role": "integrator", "scopes": [text]}, role=Role.ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["message"].startswith("A scope is written system/Task.rs")
    with pytest.raises(BadScope):
        keys.create(api.conninfo, "n", Role.INTEGRATOR, None, Grant(scopes=(text,)))


@pytest.fixture(scope="module")
def holding(api: Api) -> Any:
    """Asks with a key that is narrowed down to these scopes."""
    made: dict[tuple[Role, tuple[str, ...]], str] = {}

    def asked(
        role: Role, scopes: tuple[str, ...], method: str, path: str, *, headers: Any = None, **more: Any
    ) -> Any:
        if (role, scopes) not in made:
            name = f"narrowed {len(made)}"
            made[role, scopes] = keys.create(api.conninfo, name, role, None, Grant(scopes=scopes)).token
        held = {"Authorization": f"Bearer {made[role, scopes]}", **(headers or {})}
        return api.ask(method, path, role=None, headers=held, **more)

    return asked


def of_room(room: str) -> set[str]:
    return {f"/v1/journeys/{{journey_id}}/{each.name()}" for each in get_args(ROOMS[room].commands)}


EVERYBODYS = {
    "/v1/me",
    "/v1/codes",
    "/v1/deliveries",
    "/v1/pathways",
    "/v1/pathways/{pathway}",
    "/v1/log/checkpoint",
}
LINE_BY_LINE = {"/v1/journeys/import", "/v1/fhir"}
WEBHOOKS = {path for _, path in GUARDED if path.startswith("/v1/webhooks")}


@pytest.mark.parametrize(
    ("role", "scopes", "opens"),
    [
        (Role.COORDINATOR, ("system/ServiceRequest.cru",), of_room("referrals") | LINE_BY_LINE),
        (Role.COORDINATOR, ("system/ServiceRequest.rs",), {"/v1/referrals"}),
        (Role.INTEGRATOR, ("system/DiagnosticReport.s",), {"/v1/events", "/v1/events/stream"} | WEBHOOKS),
        (Role.ADMIN, ("system/*.cruds",), set()),
    ],
    ids=["referrals told", "referrals read", "the feed", "an admin"],
)
def test_a_key_opens_what_its_scopes_name_and_nothing_else(
    holding: Any, role: Role, scopes: tuple[str, ...], opens: set[str]
) -> None:
    for method, path in GUARDED:
        if path.startswith(f"{BASE}/"):  # which of them a scope opens depends on the type that is asked for
            continue
        answer = holding(role, scopes, method, filled(path))
        assert (answer.status_code != 403) is (path in opens | EVERYBODYS), (method, path, answer.text)


def test_referrals_are_told_with_their_scope_and_visits_are_not(api: Api, holding: Any) -> None:
    role, scopes = Role.COORDINATOR, ("system/ServiceRequest.cru",)
    journey = api.opened()
    body = {
        "referral_id": number(5),
        "order": {"specialty": {"system": "local", "code": "DERM", "display": "Skin"}},
    }
    told = holding(role, scopes, "POST", f"{journey}/draft-referral", json=body)
    assert told.status_code == 200, told.text
    for command in ("request-visit", "assign-owner", "void-event"):
        answer = holding(role, scopes, "POST", f"{journey}/{command}", json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_an_import_takes_the_lines_that_scopes_name(api: Api, holding: Any) -> None:
    journey = api.opened().rpartition("/")[2]
    order = {"specialty": {"system": "local", "code": "DERM", "display": "Skin"}}
    told = [
        line(journey, "draft-referral", referral_id=number(7), order=order),
        line(journey, "assign-owner", team="ward 4"),
        line("new", "open-journey", team="ward 4"),
    ]
    path, scopes = "/v1/journeys/import?source=scopes", ("system/ServiceRequest.cru",)
    answer = holding(Role.COORDINATOR, scopes, "POST", path, content=lines(*told), headers=MEDIA)
    results = [json.loads(each) for each in answer.text.splitlines()]
    became = [each.get("code", each["status"]) for each in results]
    assert became == ["applied", "forbidden", "forbidden", "complete"]


def test_the_feed_shows_the_rooms_that_scopes_name(api: Api, holding: Any) -> None:
    api.told(api.opened(), "start-intake", channel="phone")
    follows, everything = Role.INTEGRATOR, ("system/*.s",)

    def types(scopes: tuple[str, ...], query: str = "") -> set[str]:
        page = holding(follows, scopes, "GET", f"/v1/events?limit=500{query}").json()
        return {each["type"] for each in page["events"]}

    until(lambda: "intake.started" in types(everything))
    every = types(everything)
    intake = {each for each in every if each.startswith("intake.")}
    assert {"journey.opened", "intake.started"} < every
    assert types(("system/QuestionnaireResponse.rs",)) == intake
    both = ("system/QuestionnaireResponse.s", "system/EpisodeOfCare.s")
    assert {"journey.opened", "intake.started"} <= types(both) <= every
    assert types(both, "&type=intake.*") == intake
    assert types(both, "&type=visit.*") == set()
    closed = holding(follows, ("system/QuestionnaireResponse.cru",), "GET", "/v1/events")
    assert closed.status_code == 403
