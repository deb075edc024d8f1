"""One clinic and one browser for all that is looked at."""

import shutil
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.embedded import Cluster
from journey.ingest.files import Found
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import ingest
from tests.api.streaming import on_a_socket
from tests.api.test_examples import own_pathways
from tests.api.test_read_examples import NO_TIME, SUBSCRIPTION, story
from tests.served import database, served
from tests.web.browser.window import Told

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="package")
def told(
    chromium: Any, cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    assert chromium
    home = tmp_path_factory.mktemp("home")
    with own_pathways(tmp_path_factory.mktemp("pathways")), database(cluster, template) as conninfo:
        tokens = {
            role: keys.create(conninfo, f"looks as {role}", role, "ward 3", Grant()).token for role in Role
        }
        with served(conninfo, home, tokens=tokens) as api:
            journey = story(api).rpartition("/")[2]
            ingest(api.engine.store, [Found(NO_TIME, "adt.hl7", 1)], zone=ZoneInfo("UTC"))
            events = api.get(f"/v1/journeys/{journey}/events").json()["events"]
            webhook = api.post("/v1/webhooks", SUBSCRIPTION, role=Role.INTEGRATOR)
        known = {
            "journey": journey,
            "event": next(each["event_id"] for each in events if each["type"] == "visit.booked"),
            "message": message_key(NO_TIME).hex(),
            "webhook": webhook.headers["location"].rpartition("/")[2],
            "key": tokens[Role.CLINICIAN][3:15],
        }
        with on_a_socket(conninfo, home, tokens) as there:
            yield Told(there.app, there.url, tokens, known)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="NO PAGE WAS LOOKED AT: no playwright")
    if CHROMIUM is None:
        pytest.skip("NO PAGE WAS LOOKED AT: no chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
