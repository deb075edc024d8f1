"""Whatever is sent to whatever command: an answer that says what is wrong, never a fault of the server."""

import json
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey.api.access.table import Role
from journey.domain.custody import CustodyCommand
from journey.domain.journey import COMMANDS
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

ONE, OTHER = number(1), number(2)
TIMES = [
    "2026-03-01T10:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z",
    "2026-02-30T00:00Z",
]
ODD = [
    "",
    " ",
    "\0",
    "\ud800",
    "é" * 50,
    "' OR 1=1 --",
    "%s %(x)s",
    "{}",
    "null",
    "x" * 300,
    "\x1b[31m",
    "\u202e",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats()
    | st.sampled_from([ONE, OTHER, *TIMES, *ODD])
    | st.text(max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def likely(name: str) -> st.SearchStrategy[Any]:
    """Of a field of this name, mostly what it might take: beyond the first check there are others."""
    if name.endswith("_id"):
        return st.sampled_from([ONE, OTHER]) | values
    if name in {"start", "end", "due", "expected_at", "occurred_at", "deceased_at"}:
        return st.sampled_from(TIMES) | values
    if name in {"identifier", "concern", "reason", "barrier", "code", "outcome", "initiator"}:
        coded = {"system": "s", "code": "c", "value": "v"}
        return st.sampled_from([coded, {"system": "s", "code": "c"}, {"system": "s", "value": "v"}]) | values
    if name == "appointment":
        return (
            st.fixed_dictionaries({}, optional={"start": st.sampled_from(TIMES), "service": values}) | values
        )
    return values


@cache
def bodies(name: str) -> st.SearchStrategy[Any]:
    fields = COMMANDS[name].model_fields
    needed = {field: likely(field) for field, about in fields.items() if about.is_required()}
    rest = {field: likely(field) for field, about in fields.items() if not about.is_required()}
    return st.fixed_dictionaries(needed, optional=rest) | values


@pytest.fixture(scope="module")
def journey(api: Api) -> str:
    return api.opened(status="planned")


@pytest.fixture(scope="module", autouse=True)
def everything_is_projected_in_the_end(api: Api, journey: str) -> Any:
    """What was accepted must not be what the read models choke on."""
    yield

    def health() -> dict[str, Any]:
        found: dict[str, Any] = api.get("/readyz", role=None).json()
        assert all(each["last_error"] is None for each in found["projections"]), found
        return found

    until(lambda: health()["backlog"] == 0)
    until(lambda: not any(each["lag"] for each in health()["projections"]))
    for path in ("", "/events", "/timeline", "?as_of=2026-03-02T00:00:00Z"):
        assert api.get(f"{journey}{path}").status_code in {200, 404}
    assert api.get("/v1/events?limit=500", role=Role.INTEGRATOR).status_code == 200


@pytest.mark.parametrize("name", sorted(COMMANDS))
@settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_command_is_a_fault(api: Api, journey: str, name: str, data: st.DataObject) -> None:
    body = json.dumps(data.draw(bodies(name))).encode()
    headers = {"Content-Type": "application/json"}
    role = Role.COMPLIANCE if COMMANDS[name] in get_args(CustodyCommand) else Role.COORDINATOR
    answer = api.ask("POST", f"{journey}/{name}", role=role, content=body, headers=headers)
    assert answer.status_code in {200, 400, 409, 413, 422}, (body, answer.text)
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from(["/v1/journeys", "/v1/events", f"/v1/journeys/{ONE}", f"/v1/journeys/{ONE}/events"]),
    parameters=st.dictionaries(
        st.sampled_from([
            "q", "mrn", "team", "stage", "limit", "cursor", "after", "as_of", "as_known_at", "min_version",
            "type", "journey", "patient", "status", "overdue",
        ]),
        st.text(max_size=30) | st.sampled_from(ODD + TIMES).filter(lambda text: "\ud800" not in text),
        max_size=3,
    ),
)  # fmt: skip
def test_no_question_is_a_fault(api: Api, path: str, parameters: dict[str, str]) -> None:
    answer = api.get(path, params=parameters, role=Role.INTEGRATOR)
    assert answer.status_code in {200, 404, 422}, (path, parameters, answer.text)
