"""Signing in at the issuer: the browser goes there and comes back, and what comes back counts once."""

from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import psycopg
import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from journey.embedded import Cluster
from journey.settings import Settings, SettingsError
from tests.api.issuing import AUDIENCE, DISCOVERY, ENDING, TOKEN, Client, Issuer, issuing, send
from tests.inside import Inside
from tests.served import Api, database, served
from tests.web.conftest import CSRF, Browser

pytestmark = pytest.mark.database

SECRET = "of the console"  # noqa: S105 - of an issuer that ends with the test
ENDS_WITH_IT = """
    SELECT ends_at - begun_at BETWEEN interval '100 seconds' AND interval '120 seconds'
      FROM console_session ORDER BY begun_at DESC LIMIT 1
    """
LEFT = "SELECT count(*) FROM console_session WHERE ends_at > clock_timestamp()"
EXPIRED = "UPDATE console_session SET ends_at = clock_timestamp()"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found


@pytest.fixture(autouse=True)
def ordinary(issuer: Issuer) -> None:
    issuer.client = Client(secret=SECRET)
    issuer.instead.clear()


@pytest.fixture(scope="module")
def api(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory, issuer: Issuer
) -> Iterator[Api]:
    with (
        database(cluster, template) as conninfo,
        served(
            conninfo,
            tmp_path_factory.mktemp("home"),
            forgiving=True,
            oidc_issuer=issuer.url,
            oidc_audience=AUDIENCE,
            console_oidc_client_id="console",
            console_oidc_client_secret=SECRET,
        ) as found,
    ):
        yield found


@pytest.fixture
def browser(api: Api) -> Browser:
    """Nobody's yet."""
    transport = ASGITransport(api.app, raise_app_exceptions=False)
    client = AsyncClient(transport=transport, base_url="http://testserver")
    return Browser(Inside(api.client.portal, client))


class Stays(HTTPRedirectHandler):
    """The browser of these tests follows by hand."""

    def redirect_request(self, *_: Any) -> None:
        return None


def away(browser: Browser, wanted: str = "/console/today") -> str:
    """Where the issuer sends the browser, which has signed in there."""
    answer = browser.client.get("/console/oidc", params={"next": wanted})
    assert answer.status_code == 303, answer.text
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
    assert "Max-Age=600" in answer.headers["set-cookie"]
    return sent_back(answer.headers["location"])


def sent_back(address: str) -> str:
    opener = build_opener(Stays)
    opener.addheaders = []
    try:
        opener.open(address, timeout=5)
    except OSError as answer:
        location: str = answer.headers["Location"]  # type: ignore[attr-defined]  # an HTTPError, and closed
        answer.close()  # type: ignore[attr-defined]  # the same
        return location
    raise AssertionError(address)


def back(browser: Browser, address: str) -> Response:
    return browser.client.get(address.removeprefix("http://testserver"))


def test_the_form_offers_to_sign_in_at_the_issuer(browser: Browser) -> None:
    page = browser.open("sign-in?next=/console/lists")
    assert 'href="/console/oidc?next=/console/lists">Sign in at 127.0.0.1</a>' in page


def test_the_issuer_is_asked_for_a_code_and_told_no_secret(browser: Browser, issuer: Issuer) -> None:
    answer = browser.client.get("/console/oidc")
    asked = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert answer.headers["location"].startswith(f"{issuer.url}/authorize?")
    assert asked["redirect_uri"] == "http://testserver/console/oidc/callback"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert browser.cookies["journey_oidc"].strip('"').split()[0] not in answer.headers["location"]


def test_who_signed_in_there_is_signed_in_here(browser: Browser) -> None:
    answer = back(browser, away(browser, "/console/lists/barriers"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/lists/barriers")
    assert "journey_oidc" not in browser.cookies
    assert "oidc:ann" in browser.open("lists/barriers")


def test_it_leads_nowhere_else(browser: Browser) -> None:
    answer = back(browser, away(browser, "https://evil.example/"))
    assert answer.headers["location"] == "/console"


@pytest.mark.parametrize("change", [("state=", "state=x"), ("iss=", "iss=x"), ("state=", "said=")])
def test_an_answer_to_another_question_signs_nobody_in(browser: Browser, change: tuple[str, str]) -> None:
    answer = back(browser, away(browser).replace(*change))
    assert answer.status_code == 400
    assert "Begin again" in answer.text
    assert "journey_session" not in browser.cookies


def test_an_answer_in_another_browser_signs_nobody_in(browser: Browser) -> None:
    address = away(browser)
    answer = back(browser.forgets(), address)
    assert answer.status_code == 400
    assert "journey_session" not in browser.cookies


@pytest.mark.parametrize(
    "claims", [{"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"iss": "another"}, {"exp": 1}]
)
def test_an_id_token_that_is_not_for_this_sign_in_signs_nobody_in(
    browser: Browser, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.client.claims = claims
    answer = back(browser, away(browser))
    assert answer.status_code == 403
    assert "You could not be signed in there" in answer.text
    assert "journey_session" not in browser.cookies


def test_a_code_counts_once(browser: Browser) -> None:
    address = away(browser)
    kept = browser.cookies["journey_oidc"]
    assert back(browser, address).status_code == 303
    assert back(browser.forgets(), address).status_code == 400
    browser.client.client.cookies.set("journey_oidc", kept)
    assert back(browser, address).status_code == 403
    assert "journey_session" not in browser.cookies


def test_a_code_is_worth_nothing_without_the_verifier(browser: Browser, issuer: Issuer) -> None:
    address = away(browser)
    [asked] = issuer.client.codes.values()
    asked["code_challenge"] = "another browser's"
    assert back(browser, address).status_code == 403


def test_what_the_issuer_complains_of_is_not_shown_as_ours(browser: Browser) -> None:
    state = dict(parse_qsl(urlsplit(away(browser)).query))["state"]
    said = f"/console/oidc/callback?error=access_denied&error_description=Call+0900&state={state}"
    answer = browser.client.get(said)
    assert answer.status_code == 403
    assert "0900" not in answer.text
    assert "journey_session" not in browser.cookies


def answers(body: object, status: int = 200) -> Any:
    def answer(to: BaseHTTPRequestHandler) -> None:
        send(to, body, status)

    return answer


@pytest.mark.parametrize("told", [{}, {"access_token": 7, "token_type": "Bearer"}, b"<html>", []])
def test_an_answer_that_is_no_token_signs_nobody_in(browser: Browser, issuer: Issuer, told: object) -> None:
    address = away(browser)
    issuer.instead[TOKEN] = answers(told)
    assert back(browser, address).status_code == 403


@pytest.mark.parametrize(
    "told", [{}, {"issuer": "https://another.example"}, {"authorization_endpoint": "http://10.1.2.3/"}]
)
def test_an_issuer_that_says_where_else_to_go_is_not_followed(
    browser: Browser, issuer: Issuer, told: dict[str, str]
) -> None:
    issuer.instead[DISCOVERY] = answers({**issuer.configuration(), **told} if told else {}, 200)
    answer = browser.client.get("/console/oidc")
    assert answer.status_code == 403
    assert "come with a key" in answer.text


def test_somebody_without_a_role_here_is_told_so(browser: Browser, issuer: Issuer) -> None:
    address = away(browser)
    token = {"access_token": issuer.token(roles=["cook"]), "token_type": "Bearer", "expires_in": 300}
    [asked] = issuer.client.codes.values()
    id_token = issuer.token(aud="console", nonce=asked["nonce"])
    issuer.instead[TOKEN] = answers({**token, "id_token": id_token})
    answer = back(browser, address)
    assert answer.status_code == 401
    assert "journey_session" not in browser.cookies


def test_a_session_ends_with_its_token(api: Api, browser: Browser, issuer: Issuer) -> None:
    issuer.client.lasting = 120
    back(browser, away(browser))
    browser.open("today")
    with psycopg.connect(api.conninfo) as connection:
        [(ends_with_it,)] = connection.execute(ENDS_WITH_IT).fetchall()
        assert ends_with_it
        connection.execute(EXPIRED)
    answer = browser.client.get("/console/today")
    assert answer.headers["location"] == "/console/sign-in?next=/console/today"


def test_a_token_is_renewed_under_another_secret_and_open_forms_stay_good(
    browser: Browser, issuer: Issuer
) -> None:
    issuer.client.lasting, issuer.client.renews = 30, True
    back(browser, away(browser))
    before = browser.cookies["journey_session"]
    form = CSRF.search(browser.open("patients"))
    after = browser.cookies["journey_session"]
    assert after != before
    assert issuer.asked.count(TOKEN) >= 2
    assert form
    assert browser.post("patients", csrf=form[1], q="quist").status_code == 200
    browser.holds(before)
    browser.open("today")


def test_a_token_that_the_issuer_does_not_renew_goes_on_while_it_holds(
    browser: Browser, issuer: Issuer
) -> None:
    issuer.client.lasting, issuer.client.renews = 30, True
    back(browser, away(browser))
    issuer.client.renewing.clear()
    before = browser.cookies["journey_session"]
    browser.open("today")
    assert browser.cookies["journey_session"] == before


def signed_out(browser: Browser) -> Response:
    return browser.client.request("POST", "/console/sign-out")


def test_who_signed_in_there_is_signed_out_there(api: Api, browser: Browser, issuer: Issuer) -> None:
    with psycopg.connect(api.conninfo) as connection:
        connection.execute("DELETE FROM console_session")
    back(browser, away(browser))
    answer = signed_out(browser)
    there = answer.headers["refresh"].removeprefix("0; url=")
    assert there.startswith(f"{issuer.url}{ENDING}?id_token_hint=")
    assert sent_back(there) == "http://testserver/console/sign-in"
    assert unescape(answer.text).count(there) == 1
    assert "journey_session" not in browser.cookies
    with psycopg.connect(api.conninfo) as connection:
        assert connection.execute(LEFT).fetchone() == (0,)
    assert signed_out(browser).headers["location"] == "/console/sign-in"


def test_a_renewed_session_is_signed_out_there_as_well(browser: Browser, issuer: Issuer) -> None:
    issuer.client.lasting, issuer.client.renews = 30, True
    back(browser, away(browser))
    before = browser.cookies["journey_session"]
    browser.open("today")
    assert browser.cookies["journey_session"] != before
    assert ENDING in signed_out(browser).headers["refresh"]


@pytest.mark.parametrize("named", [None, "http://10.1.2.3/end"])
def test_where_it_cannot_be_ended_there_it_is_ended_here(
    browser: Browser, issuer: Issuer, named: str | None
) -> None:
    back(browser, away(browser))
    issuer.instead[DISCOVERY] = answers({**issuer.configuration(), "end_session_endpoint": named})
    answer = signed_out(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    assert "journey_session" not in browser.cookies


def test_the_console_is_nobodys_client_without_an_issuer() -> None:
    with pytest.raises(SettingsError, match="JOURNEY_OIDC_ISSUER"):
        Settings.load(console_oidc_client_id="console")
