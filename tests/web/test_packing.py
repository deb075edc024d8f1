"""What a browser fetches is compressed, where its length tells nobody anything."""

import gzip
import re

import pytest
from httpx2 import Response

from journey.web import packing
from journey.web.packing import BLUR
from journey.web.rendering import version
from tests.served import Api
from tests.web.conftest import Browser

pytestmark = pytest.mark.database


@pytest.fixture(scope="module", autouse=True)
def _waiting(api: Api) -> None:
    api.opened(patient={"family": "Holm"}, team="ward 3")


def asked(browser: Browser, path: str, **headers: str) -> Response:
    return browser.client.get(f"/console/{path}", headers={"Accept-Encoding": "gzip", **headers})


def test_a_page_is_compressed(coordinator: Browser) -> None:
    answer = asked(coordinator, "today")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content) / 2
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["today?team=ward%203", "handoffs?team=x", "lists/unknown"])
def test_what_says_something_of_its_address_is_not(coordinator: Browser, path: str) -> None:
    assert "content-encoding" not in asked(coordinator, path).headers


def test_what_a_form_is_answered_is_not(coordinator: Browser) -> None:
    answer = coordinator.send("patients", q="Holm")
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("said", ["", "identity", "br", "gzip;q=0", "gzip; q=0"])
def test_who_does_not_take_it_is_not_sent_it(coordinator: Browser, said: str) -> None:
    for path in ("today", f"static/console.js?{version()}"):
        answer = coordinator.client.get(f"/console/{path}", headers={"Accept-Encoding": said})
        assert answer.status_code == 200
        assert "content-encoding" not in answer.headers


def test_how_long_a_page_is_is_blurred(coordinator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    for blur in (0, BLUR):
        monkeypatch.setattr(packing, "randbelow", lambda most, blur=blur: min(blur, most - 1))
        lengths.append(int(asked(coordinator, "patients").headers["content-length"]))
    assert lengths[1] - lengths[0] in {BLUR, BLUR + 1}  # and the zero that ends a name


def test_what_stands_beside_the_pages_is_compressed_and_stays_as_it_is(coordinator: Browser) -> None:
    page = coordinator.open("today")
    beside = re.findall(r'(?:href|src)="/console/(static/[^"]+)"', page)
    assert len(beside) > 3
    for each in beside:
        answer = asked(coordinator, each)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", each
        assert answer.headers["vary"] == "Accept-Encoding"
        is_packed = answer.headers.get("content-encoding") == "gzip"
        assert is_packed == (len(gzip.compress(answer.content)) < len(answer.content)), each


def test_under_another_version_it_is_looked_for_again(coordinator: Browser) -> None:
    for query in ("", "?", "?0123456789ab"):
        answer = asked(coordinator, f"static/console.js{query}")
        assert answer.headers["cache-control"] == "public, no-cache"
        again = asked(coordinator, "static/console.js", **{"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_first_page_is_no_more_than_a_hundred_kilobytes(coordinator: Browser) -> None:
    page = asked(coordinator, "today")
    beside = re.findall(r'(?:href|src)="/console/(static/[^"]+)"', page.text)
    every = [page, *(asked(coordinator, each) for each in beside)]
    assert sum(int(each.headers["content-length"]) for each in every) < 100 * 1024
