"""A demo: signed in with one click, on the machine that it runs on alone, and shown what to try first."""

import re
from collections.abc import Iterator

import pytest
from httpx2 import Response

from journey.api.access.table import Role
from journey.web.demo import ROLES, STEPS, Demo
from tests.served import Api
from tests.web.conftest import CSRF, Browser, signed_in

pytestmark = pytest.mark.database
HERE = {"host": "127.0.0.1:8000"}
OFFERED = re.compile(r'<button class="j-role" name="role" value="(\w+)">')
STEP = re.compile(r'<li><a href="([^"]+)">[^<]+</a> <small>')


@pytest.fixture
def demo(api: Api) -> Iterator[Browser]:
    """Somebody who has not signed in yet."""
    journey = api.opened(patient={"family": "Holm"}, team="ward 3").rpartition("/")[2]
    api.app.state.demo = Demo({str(role): token for role, token in api.tokens.items()}, journey)
    browser = signed_in(api, Role.COORDINATOR).forgets()
    yield browser
    del api.app.state.demo


def clicked(browser: Browser, role: str, **headers: str) -> Response:
    return browser.client.request(
        "POST", "/console/sign-in", data={"role": role, "key": ""}, headers={**HERE, **headers}
    )


def test_nobody_signs_in_without_a_key_elsewhere(coordinator: Browser) -> None:
    assert not OFFERED.search(coordinator.open("sign-in", headers=HERE))
    assert clicked(coordinator.forgets(), "coordinator").status_code == 401


def test_a_role_is_one_click(demo: Browser) -> None:
    page = demo.open("sign-in", headers=HERE)
    assert OFFERED.findall(page) == list(ROLES) == [str(role) for role in Role]
    assert "jk_" not in page.replace("It begins with jk_", "")
    for role in ROLES:
        assert clicked(demo, role).status_code == 303
        assert f"<small>{role}" in demo.open("display", headers=HERE)


def test_what_is_no_role_is_refused(demo: Browser) -> None:
    assert clicked(demo, "<b>").status_code == 401


@pytest.mark.parametrize(
    "headers", [{"host": "clinic.example"}, {"x-forwarded-for": "10.0.0.7"}, {"forwarded": "for=10.0.0.7"}]
)
def test_another_machine_or_a_name_that_is_rebound_is_offered_nothing(
    demo: Browser, headers: dict[str, str]
) -> None:
    assert not OFFERED.search(demo.open("sign-in", headers={**HERE, **headers}))
    assert clicked(demo, "coordinator", **headers).status_code == 401


@pytest.mark.parametrize("role", STEPS)
def test_the_first_steps_of_each_role_lead_somewhere_until_they_are_enough(demo: Browser, role: str) -> None:
    clicked(demo, role)
    first = demo.client.get("/console", headers=HERE).headers["location"]
    page = demo.client.get(first, headers=HERE).text
    steps = STEP.findall(page)
    assert len(steps) == len(STEPS[role]) == 5
    for step in steps:
        assert demo.client.get(step, headers=HERE).status_code == 200, step
    [csrf] = {*CSRF.findall(page)}
    enough = {"csrf": csrf, "back": first}
    answer = demo.client.request("POST", "/console/first-steps", data=enough, headers=HERE)
    assert answer.headers["location"] == first
    assert not STEP.search(demo.client.get(first, headers=HERE).text)


def test_no_first_steps_where_it_is_no_demo(coordinator: Browser) -> None:
    assert not STEP.search(coordinator.open("today", headers=HERE))
