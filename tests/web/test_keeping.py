"""What was typed while a session came to its end is given back: once, to whoever typed it, nobody else."""

import html
import re
from typing import LiteralString
from urllib.parse import urlencode

import psycopg
import pytest
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.web.sessions import ENDED, digest, opened
from tests.served import Api
from tests.web.conftest import CSRF, Browser

pytestmark = pytest.mark.database
IDLE = "UPDATE console_session SET used_at = used_at - interval '16 minutes'"
OVER = "UPDATE console_session SET ends_at = clock_timestamp()"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
TEXT = "Husband <b>Jon</b> waits outside."


class Typing:
    """Somebody who types a note about a patient."""

    def __init__(self, api: Api, browser: Browser) -> None:
        self.api = api
        self.browser = browser
        self.journey = api.opened(patient={"family": "Holm"}, team="ward 3").rpartition("/")[2]
        self.page = f"/console/patients/{self.journey}/do/add-note"
        page = browser.client.get(self.page).text
        self.form = dict(HIDDEN.findall(page)) | {"text": TEXT}

    def passes(self, time: LiteralString) -> None:
        with psycopg.connect(self.api.conninfo) as connection:
            connection.execute(time)

    def sends(self) -> Response:
        return self.browser.client.request("POST", self.page, data=self.form)

    def locks(self, **more: str) -> Response:
        told = {"page": self.page, "action": self.page, "said": urlencode(self.form), **more}
        return self.browser.post("locked", **told)

    def signs_in(self, role: Role = Role.COORDINATOR, token: str | None = None) -> None:
        assert self.browser.post("sign-in", key=token or self.api.tokens[role]).status_code == 303

    def kept(self) -> str:
        """What the page says of it."""
        page = self.browser.client.get(self.page).text
        return page.partition('id="kept"')[2].partition("</section>")[0]

    def events(self) -> list[str]:
        told = self.api.get(f"/v1/journeys/{self.journey}/events").json()["events"]
        return [each["type"] for each in told]


@pytest.fixture
def typing(api: Api, coordinator: Browser) -> Typing:
    return Typing(api, coordinator)


@pytest.mark.parametrize("passed", [IDLE, OVER])
def test_a_form_that_comes_too_late_is_not_recorded_and_not_lost(
    typing: Typing, passed: LiteralString
) -> None:
    typing.passes(passed)
    answer = typing.sends()
    assert answer.headers["location"] == f"/console/sign-in?next={typing.page}&unsent=1"
    assert "nothing was recorded" in typing.browser.open(answer.headers["location"].removeprefix("/console/"))
    assert "nothing was recorded" not in typing.browser.open("sign-in")
    typing.signs_in()
    kept = typing.kept()
    assert html.escape(TEXT) in kept
    assert "careplan.note_added" not in typing.events()
    again = dict(HIDDEN.findall(kept))
    answer = typing.browser.client.request(
        "POST", typing.page, data={name: html.unescape(value) for name, value in again.items()}
    )
    assert answer.status_code == 303, answer.text
    assert typing.events()[-1] == "careplan.note_added"
    assert typing.kept() == ""


def test_a_screen_that_is_locked_keeps_what_was_typed(typing: Typing) -> None:
    page = typing.locks()
    assert f'name="next" value="{typing.page}"' in page.text
    assert "Jon" not in page.text
    typing.signs_in()
    assert html.escape(TEXT) in typing.kept()
    assert typing.kept() == "", "once"


def test_nobody_else_is_shown_it_and_it_waits_for_who_typed_it(typing: Typing) -> None:
    typing.locks()
    other = keys.create(typing.api.conninfo, "another", Role.COORDINATOR, "ward 3", Grant()).token
    typing.signs_in(token=other)
    assert typing.kept() == ""
    typing.signs_in()
    assert html.escape(TEXT) in typing.kept()


def test_it_stands_on_no_other_page(typing: Typing) -> None:
    typing.locks()
    typing.signs_in()
    assert 'id="kept"' not in typing.browser.open("patients")
    assert html.escape(TEXT) in typing.kept()


def test_the_database_tells_nobody(typing: Typing) -> None:
    typing.locks()
    with psycopg.connect(typing.api.conninfo) as connection:
        [(stored,)] = connection.execute(
            "SELECT sealed FROM console_kept ORDER BY ends_at DESC LIMIT 1"
        ).fetchall()
    assert b"Jon" not in stored


# --- Signed out in another tab


@pytest.mark.parametrize("way", ["sends", "locks"])
def test_what_is_typed_while_one_signs_out_in_another_tab_is_not_lost(typing: Typing, way: str) -> None:
    typing.browser.post("sign-out")
    getattr(typing, way)()
    typing.signs_in()
    assert html.escape(TEXT) in typing.kept()
    assert "careplan.note_added" not in typing.events()


def test_who_signed_in_again_there_sends_it_too_late_and_has_it(typing: Typing) -> None:
    typing.browser.post("sign-out")
    typing.signs_in()
    answer = typing.sends()
    assert answer.status_code == 403
    assert "Open the page again" in answer.text
    assert html.escape(TEXT) in typing.kept()


@pytest.mark.parametrize("way", ["sends", "locks"])
def test_who_signed_in_after_them_is_not_shown_it_and_stays_signed_in(typing: Typing, way: str) -> None:
    other = keys.create(typing.api.conninfo, f"after {way}", Role.COORDINATOR, "ward 3", Grant()).token
    typing.browser.post("sign-out")
    typing.signs_in(token=other)
    assert "Jon" not in getattr(typing, way)().text
    assert typing.kept() == ""
    typing.browser.open("today")
    typing.signs_in()
    assert html.escape(TEXT) in typing.kept()


def test_a_session_that_was_signed_out_of_holds_no_token_and_says_whose_it_was(typing: Typing) -> None:
    typing.browser.post("sign-out")
    secret = typing.browser.cookies["journey_left"]
    with psycopg.connect(typing.api.conninfo) as connection:
        [row] = connection.execute(ENDED, (digest(secret),)).fetchall()
    session = opened(secret, *row)
    assert session is not None
    assert (session.held.token, session.held.csrf) == ("", typing.form["csrf"])
    typing.browser.holds(secret)
    assert typing.browser.client.get("/console/today").status_code == 303


@pytest.mark.parametrize(
    "more",
    [
        {"said": "text=Planted&csrf=" + "0" * 64},
        {"said": "text=Planted"},
        {"said": "csrf=&text="},
        {"said": ""},
    ],
)
def test_what_no_form_of_theirs_said_is_not_kept(typing: Typing, more: dict[str, str]) -> None:
    assert "journey_kept" not in typing.locks(**more).cookies


def test_it_leads_nowhere_else(typing: Typing) -> None:
    typing.locks(page="https://evil.example/console/", action="//evil.example/console/keys")
    typing.signs_in()
    typing.page = "/console"
    assert "evil" not in typing.kept()


def test_another_site_locks_nobody_out_with_words_of_its_own(typing: Typing) -> None:
    told = {"page": typing.page, "action": typing.page, "said": urlencode(typing.form)}
    answer = typing.browser.client.request(
        "POST", "/console/locked", data=told, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert "journey_kept" not in answer.cookies
    assert CSRF.search(typing.browser.client.get(typing.page).text), "signed in still"


def test_after_a_day_it_is_kept_no_more(typing: Typing) -> None:
    typing.locks()
    typing.passes("UPDATE console_kept SET ends_at = clock_timestamp()")
    typing.signs_in()
    assert typing.kept() == ""
    with psycopg.connect(typing.api.conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM console_kept").fetchone() == (0,)
