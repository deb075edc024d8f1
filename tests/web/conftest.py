"""The console, on an API of its own for each module of tests, used as a browser does: cookies and forms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from journey.api.access.table import Role
from journey.embedded import Cluster
from journey.web.acts import Acts
from tests.inside import Inside
from tests.served import Api, database, served

CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass
class Browser:
    """Somebody at a browser, signed in."""

    client: Inside

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self.client.client.cookies)

    def forgets(self) -> "Browser":
        """Its cookies."""
        self.client.client.cookies.clear()
        return self

    def holds(self, secret: str) -> None:
        self.client.client.cookies.set("journey_session", secret)

    def post(self, path: str, **form: Any) -> Response:
        """A form, whoever made it."""
        return self.client.request("POST", f"/console/{path}", data=form)

    def open(self, path: str, status: int = 200, **more: Any) -> str:
        """The page."""
        answer = self.client.get(f"/console/{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, **form: Any) -> Response:
        """A form of the page before, which has been filled in."""
        pages = [self.client.get(f"/console/{each}").text for each in ("patients", "keys/new")]
        found = CSRF.search("".join(pages))
        assert found, pages
        return self.post(path, csrf=found[1], **form)


@pytest.fixture(scope="module")
def api(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with (
        database(cluster, template) as conninfo,
        served(conninfo, tmp_path_factory.mktemp("home"), forgiving=True) as api,
    ):
        yield api


def signed_in(api: Api, role: Role, token: str | None = None) -> Browser:
    transport = ASGITransport(api.app, raise_app_exceptions=False)
    client = AsyncClient(transport=transport, base_url="http://testserver")
    browser = Browser(Inside(api.client.portal, client))
    answer = browser.post("sign-in", key=token or api.tokens[role])
    assert answer.status_code == 303, answer.text
    return browser


@pytest.fixture
def coordinator(api: Api) -> Browser:
    return signed_in(api, Role.COORDINATOR)


@pytest.fixture
def officer(api: Api) -> Browser:
    return signed_in(api, Role.COMPLIANCE)


@pytest.fixture
def integrator(api: Api) -> Browser:
    return signed_in(api, Role.INTEGRATOR)


@pytest.fixture
def admin(api: Api) -> Browser:
    return signed_in(api, Role.ADMIN)


@pytest.fixture(scope="module")
def acts(api: Api) -> Acts:
    return Acts(api.get("/openapi.json").json())
