"""Keys are made, changed and revoked from the console, by an admin alone."""

import re
from html import unescape

import pytest

from journey.api.access.table import MEANING, TABLE, Permission, Reach, Role
from tests.served import Api
from tests.waiting import until
from tests.web.conftest import Browser, signed_in

pytestmark = pytest.mark.database


def made(admin: Browser, **form: str) -> tuple[str, str]:
    """The token of a new key, and its page."""
    given = {"role": "coordinator", "reach": "own", "team": "", "teams": "", "labels": "", "scopes": ""}
    answer = admin.send("keys/new", **{**given, **form})
    assert answer.status_code == 200, answer.text
    found = re.search(r"jk_([0-9a-f]+)\.[A-Za-z0-9_-]+", answer.text)
    assert found
    return found[0], f"keys/{found[1]}"


def of(api: Api, page: str) -> dict[str, object]:
    found = api.get("/v1/keys", role=Role.ADMIN).json()["keys"]
    [key] = [each for each in found if each["id"] == page.rpartition("/")[2]]
    return dict(key)


def test_a_key_is_made_and_shown_once(api: Api, admin: Browser) -> None:
    token, page = made(admin, name="Ann <Weaver>", team="ward 3", labels="PSY, ETH")
    assert "ward 3 today" in signed_in(api, Role.COORDINATOR, token).open("today")
    listed = admin.open("keys")
    assert "Ann &lt;Weaver&gt;" in listed
    assert "cleared for ETH, PSY" in listed
    assert token not in listed + admin.open(page)


@pytest.mark.parametrize(
    ("form", "teams"),
    [
        ({"team": "ward 5"}, ["ward 5"]),
        ({"team": "ward 5", "reach": "every"}, None),
        ({"team": "ward 5", "reach": "named", "teams": "ward 5, ward 6"}, ["ward 5", "ward 6"]),
        ({}, None),
    ],
)
def test_whose_journeys_are_theirs_is_as_it_was_said(
    api: Api, admin: Browser, form: dict[str, str], teams: list[str] | None
) -> None:
    _, page = made(admin, name=f"reaches {form}", **form)
    assert of(api, page)["teams"] == teams
    kept = {"role": "coordinator", **filled(admin.open(page))}
    assert admin.send(page, **kept).status_code == 303
    assert of(api, page)["teams"] == teams


def filled(page: str) -> dict[str, str]:
    """What a form says that was not touched."""
    inputs = dict(re.findall(r'<input class="nhsuk-input" id="(\w+)"[^>]* value="([^"]*)"', page))
    chosen = re.findall(r'<select[^>]* id="(\w+)"(?:(?!</select>)[\s\S])*?value="(\w*)" selected', page)
    return inputs | dict(chosen)


def test_what_is_wrong_is_said_beside_its_field(admin: Browser) -> None:
    made(admin, name="Taken")
    taken = admin.send("keys/new", name="Taken", role="clinician", reach="own")
    assert taken.status_code == 409
    assert 'id="name-fault"' in taken.text
    assert 'value="clinician" selected' in taken.text
    wrong = admin.send("keys/new", name="Wrong", role="integrator", reach="own", scopes="everything")
    assert wrong.status_code == 422
    assert 'id="scopes-fault"' in wrong.text
    assert 'value="everything"' in wrong.text


def test_a_key_is_changed(api: Api, admin: Browser) -> None:
    _, page = made(admin, name="Changing", team="ward 1")
    changed = {"role": "integrator", "reach": "named", "teams": "ward 2", "scopes": "system/Encounter.rs"}
    assert admin.send(page, **changed).status_code == 303
    told = of(api, page)
    assert (told["role"], told["team"], told["teams"]) == ("integrator", None, ["ward 2"])
    assert "system/Encounter.rs" in admin.open("keys")
    assert 'id="labels-fault"' in admin.send(page, **changed, labels="no label!").text


def test_a_key_is_revoked_once_that_is_confirmed_and_ends_its_session(api: Api, admin: Browser) -> None:
    token, page = made(admin, name="Leaving")
    browser = signed_in(api, Role.COORDINATOR, token)
    assert "Revoke the key of Leaving?" in admin.open(f"{page}/revoke")
    assert admin.send(f"{page}/revoke").status_code == 303
    assert "Leaving" not in admin.open("keys")
    assert "Leaving" in admin.open("keys?show=revoked")
    admin.open(page, 404)
    until(lambda: browser.client.get("/console/today").status_code == 303)


def test_nobody_but_an_admin_sees_or_makes_keys(coordinator: Browser, officer: Browser) -> None:
    coordinator.open("keys", 403)
    assert coordinator.send("keys/new", name="Mine", role="admin", reach="every").status_code == 403
    officer.open("keys", 403)
    assert 'href="/console/keys"' not in coordinator.open("today")


def test_a_form_of_another_site_makes_no_key(admin: Browser) -> None:
    assert admin.post("keys/new", name="Theirs", role="admin", reach="every").status_code == 403
    assert "Theirs" not in admin.open("keys")


def test_what_each_role_may_is_the_table_that_is_checked(admin: Browser) -> None:
    page = unescape(admin.open("keys/roles"))
    assert page.count('<th scope="row">') == len(Permission)
    for permission, meaning in MEANING.items():
        row = page.partition(meaning)[2].partition("</tr>")[0]
        told = [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        assert told == ["no" if each is Reach.NONE else each for each in TABLE[permission]], permission


def test_teams_are_told_with_whose_keys_open_their_journeys(api: Api, admin: Browser) -> None:
    made(admin, name="Desk of twelve", team="Ward 12")
    made(admin, name="Night desk", team="ward 13", reach="named", teams="ward 12, ward 13")
    api.opened(team="Ward 12")
    until(lambda: cells(admin.open("keys/teams"), "Ward 12")[:2] == ["1", "1"])
    told = cells(admin.open("keys/teams"), "Ward 12")[2]
    assert "Desk of twelve coordinator" in told
    assert "Night desk coordinator, of another team" in told
    assert "some admin" not in admin.open("keys/teams").partition("<main")[2]


def cells(page: str, team: str) -> list[str]:
    """What stands beside the team, as text."""
    row = page.partition(f">{team}</th>")[2].partition("</tr>")[0]
    return [
        " ".join(re.sub("<[^>]+>", " ", cell).replace(" ,", ",").split())
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    ] or ["", ""]
