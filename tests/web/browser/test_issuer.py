"""Signing in at the issuer as people do: over there, back with a code that counts once, and out of both."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from journey.embedded import Cluster
from tests.api.issuing import AUDIENCE, AUTHORIZE, ENDING, TOKEN, Client, issuing
from tests.api.streaming import on_a_socket
from tests.served import database
from tests.web.browser.window import Told, Window

pytestmark = pytest.mark.database
SECRET = "of the console"  # noqa: S105 - of an issuer that ends with the test


def test_somebody_signs_in_at_the_issuer_sees_their_day_and_signs_out_there(
    chromium: Any, cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    with issuing() as issuer, database(cluster, template) as conninfo:
        issuer.client = Client(secret=SECRET)
        settings: dict[str, Any] = {
            "oidc_issuer": issuer.url,
            "oidc_audience": AUDIENCE,
            "console_oidc_client_id": "console",
            "console_oidc_client_secret": SECRET,
        }
        with on_a_socket(conninfo, home, {}, **settings) as there:
            window = Window(chromium, Told(there.app, there.url, {}, {}), None)
            page = window.page
            page.click("text=Sign in at 127.0.0.1")
            page.wait_for_url("**/console/today")
            assert "oidc:ann" in page.inner_text("header")
            assert "Ward 3 today" in window.text, "as the token says"

            page.click("button:text-is('Sign out')")
            page.wait_for_url("**/console/sign-in")
            page.goto(f"{there.url}/console/today")
            assert urlsplit(page.url).path == "/console/sign-in"
            assert {each["name"] for each in page.context.cookies()} == {"journey_left"}

            over_there = [each.removesuffix(" is elsewhere") for each in window.wrong]
            asked = [urlsplit(each) for each in over_there]
            assert [each.path for each in asked] == [AUTHORIZE, ENDING], window.wrong
            assert parse_qs(asked[0].query)["code_challenge_method"] == ["S256"]
            assert issuer.asked.count(TOKEN) == 1
            window.close()
