"""Messages of other systems that mean harm: whatever stands in them is text on every page that shows it."""

import html
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from journey.api.access.table import Role
from journey.embedded import Cluster
from journey.ingest.fhir import ingest as fhir
from journey.ingest.files import Found
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import ingest
from tests.api.test_quiet import logged
from tests.api.test_reading import projected
from tests.ingest.fhir.written import appointment, encounter, of, patient, referral, task
from tests.ingest.hl7v2.written import evn, message, segment
from tests.served import TO_THIS_MACHINE, Api, database, served
from tests.waiting import until
from tests.web.conftest import Browser, signed_in
from tests.web.test_hostile import EVIL, Seen

__all__ = ["logged"]
pytestmark = pytest.mark.database

ZONE = ZoneInfo("UTC")
WHEN = "20260301090000+0000"


def evil(name: str, **kept: str) -> str:
    """The segment with the same in each of its fields, but for those that are kept: `f7="2026…"`."""
    return segment(name, dict.fromkeys(range(1, 46), EVIL) | {int(k[1:]): v for k, v in kept.items()})


def pid(number: str) -> str:
    named = {
        "f3": f"{number}^^^HOSP^MR",
        "f5": f"{EVIL}^{EVIL}^{EVIL}",
        "f11": f"{EVIL}^{EVIL}^{EVIL}^{EVIL}",
    }
    empty = dict.fromkeys(("f2", "f4", "f18", "f19", "f20", "f29", "f33"), "")
    return evil("PID", **named, **empty, f7="19700302", f30="N", f24="", f25="", f31="")


def pv1(number: str) -> str:
    place = f"{EVIL}^{EVIL}^{EVIL}^{EVIL}"
    doctor = f"N1^{EVIL}^{EVIL}"
    times = dict.fromkeys(("f25", "f29", "f34", "f35", "f44", "f45"), "")
    return evil(
        "PV1", f2="I", f3=place, f6=place, f7=doctor, f17=doctor, f19=f"{number}^^^HOSP^VN", f50="", **times
    )


VISIT = (
    evil("PV2", f3=f"{EVIL}^{EVIL}", f8="", f9="", f33="", f47=""),
    evil("NTE"),
    evil("DG1", f3=f"I10^{EVIL}^I10"),
)
SAID = {
    "ADT^A01": (evn(WHEN), pid("E1"), pv1("E1"), *VISIT, evil("NK1"), evil("IN1"), evil("AL1"), evil("OBX")),
    "ADT^A08": (evn(WHEN), pid("E1"), pv1("E1"), *VISIT),
    "ORU^R01": (
        pid("E1"),
        pv1("E1"),
        evil("OBR", f2=EVIL, f3=EVIL, f4=f"{EVIL}^{EVIL}", f7=WHEN, f8="", f14="", f22=WHEN, f25="F"),
        evil("OBX", f2="TX", f3=f"{EVIL}^{EVIL}", f8="HH", f11="F", f14=WHEN),
        evil("NTE"),
    ),
    "SIU^S12": (
        evil("SCH", f1="E9", f2="E9", f7=f"{EVIL}^{EVIL}", f11="^^^20260401090000+0000^20260401093000+0000"),
        pid("E1"),
        evil("AIS", f3=f"{EVIL}^{EVIL}", f4=WHEN),
        evil("AIL"),
        evil("NTE"),
    ),
    "REF^I12": (
        evil("RF1", f1="P", f2="S", f6="R-9^CLINIC", f7="20260125", f8="20260210"),
        evil("PRD", f1="RT", f2=f"{EVIL}^{EVIL}", f7=f"N-2^{EVIL}"),
        evil("DG1", f3=f"{EVIL}^{EVIL}^I10"),
        evil("PR1", f3=f"{EVIL}^{EVIL}^C4", f5=""),
        pid("E1"),
    ),
}
ABOUT = {"code": EVIL, "display": EVIL, "system": "http://local.example"}
RESOURCES: tuple[dict[str, Any], ...] = (
    patient(
        "E2",
        "e2",
        name=[{"family": EVIL, "given": [EVIL], "text": EVIL}],
        telecom=[{"system": "phone", "value": EVIL}],
        address=[{"text": EVIL, "line": [EVIL], "city": EVIL}],
        text={"status": "generated", "div": EVIL},
    ),
    encounter(
        "v1",
        subject=of("e2"),
        type=[{"coding": [ABOUT], "text": EVIL}],
        reasonCode=[{"coding": [ABOUT], "text": EVIL}],
        location=[{"location": {"display": EVIL}}],
        participant=[{"individual": {"display": EVIL}}],
    ),
    appointment(
        "a2",
        description=EVIL,
        comment=EVIL,
        serviceType=[{"coding": [ABOUT], "text": EVIL}],
        reasonCode=[{"text": EVIL}],
        participant=[
            {"actor": of("e2"), "status": "accepted"},
            {"actor": {"display": EVIL}, "status": "accepted"},
        ],
    ),
    referral(
        "r2",
        subject=of("e2"),
        code={"coding": [ABOUT], "text": EVIL},
        reasonCode=[{"text": EVIL}],
        performer=[{"display": EVIL}],
        requester={"display": EVIL},
        note=[{"text": EVIL}],
    ),
    task("t2", focus="ServiceRequest/r2", description=EVIL, owner={"display": EVIL}) | {"for": of("e2")},
)
OF_A_PATIENT = (
    *("patients/{}", "patients/{}/timeline", "patients/{}/report", "patients/{}/discharge-summary"),
    *("patients/{}/do", "replay/{}", "today", "lists", "lists/visits", "lists/unbooked", "patients"),
)


@pytest.fixture(scope="module")
def api(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """It may send to this machine."""
    with (
        database(cluster, template) as conninfo,
        served(
            conninfo,
            tmp_path_factory.mktemp("home"),
            forgiving=True,
            **TO_THIS_MACHINE,
        ) as found,
    ):
        yield found


def shown(browser: Browser, address: str) -> str:
    """The page, in which nothing is but text."""
    page = browser.open(address)
    assert Seen(page).wrong == [], address
    return page


def journey_of(api: Api, number: str) -> str:
    def found() -> list[Any]:
        return list(api.get(f"/v1/journeys?mrn={number}").json()["journeys"])

    until(found)
    [row] = found()
    return str(row["journey_id"])


def test_messages_are_text_on_the_pages_of_their_patient(api: Api, coordinator: Browser) -> None:
    for kind, segments in SAID.items():
        counts = ingest(api.engine.store, [Found(message(kind, *segments), EVIL, 1)], zone=ZONE)
        assert counts.applied == 1, (kind, counts)
    journey = journey_of(api, "E1")
    events = api.get(f"/v1/journeys/{journey}/events?limit=500", role=Role.COMPLIANCE).json()
    projected(api, f"/v1/journeys/{journey}", events["events"][-1]["version"])
    told = [shown(coordinator, each.format(journey)) for each in OF_A_PATIENT]
    assert sum("evilx" in page for page in told) > 5


def test_resources_are_text_on_the_pages_of_their_patient(api: Api, coordinator: Browser) -> None:
    found = [Found(json.dumps(each).encode(), EVIL, 1) for each in RESOURCES]
    counts = fhir.ingest(api.engine.store, found, zone=ZONE, system="test")
    assert counts.applied == len(RESOURCES), counts
    journey = journey_of(api, "E2")
    events = api.get(f"/v1/journeys/{journey}/events?limit=500", role=Role.COMPLIANCE).json()
    projected(api, f"/v1/journeys/{journey}", events["events"][-1]["version"])
    told = [shown(coordinator, each.format(journey)) for each in OF_A_PATIENT]
    assert sum("evilx" in page for page in told) > 5


@pytest.mark.parametrize("kind", [*SAID, EVIL])
def test_a_parked_message_is_text_and_stands_in_no_address_or_log(
    api: Api, kind: str, logged: pytest.CaptureFixture[str]
) -> None:
    """Shown, typed again, still wrong, and left for a reason that means harm as well."""
    segments = SAID.get(kind, (evil("EVN"), evil("PID"), evil("PV1"), evil("ZZZ")))
    wrong = (segment("EVN", {6: EVIL}), *(each for each in segments if not each.startswith("EVN")))
    raw = message(kind, *wrong)
    counts = ingest(api.engine.store, [Found(raw, EVIL, 1)], zone=ZONE)
    assert counts.parked == 1
    browser, address = signed_in(api, Role.INTEGRATOR), f"parked/{message_key(raw).hex()}"
    page = shown(browser, address)
    assert "evilx" in page
    for href in re.findall(r'(?:href|action|hx-get)="([^"]*)"', page):
        assert "evilx" not in html.unescape(href)
    text = f"{raw.decode()}\r{evil('NTE')}</textarea><evilx onx=1>"
    for do in ("correct", "replay", "dismiss"):
        answer = browser.send(address, do=do, text=text, why=EVIL, once=f"{address}-{do}")
        assert Seen(answer.text).wrong == []
        assert "evilx" not in answer.headers.get("location", "")
    assert answer.status_code == 303
    assert "evilx" in shown(browser, f"{address}?done=dismiss")
    shown(browser, "parked?state=dismissed")
    assert "evilx" not in "".join(logged.readouterr())


def test_a_parked_resource_is_text(api: Api, integrator: Browser) -> None:
    wrong = {**RESOURCES[0], "id": "e3", "birthDate": EVIL, EVIL: EVIL}
    for raw in (json.dumps(wrong).encode(), f'{{"resourceType": "{EVIL}'.encode()):
        fhir.ingest(api.engine.store, [Found(raw, EVIL, 1)], zone=ZONE, system="test")
    page = shown(integrator, "parked?channel=fhir")
    for address in re.findall(r'href="/console/(parked/[0-9a-f]{64})"', page):
        assert "evilx" in shown(integrator, address)
        answer = integrator.send(address, do="correct", text=json.dumps(wrong), why=EVIL, once=address)
        assert Seen(answer.text).wrong == []
        assert "evilx" in answer.text


@pytest.mark.parametrize(
    "query", ["state=<evilx>", "code=<evilx>", "from=<evilx>", "applied=<evilx>&left=<evilx>"]
)
def test_what_is_asked_of_the_list_is_text(integrator: Browser, query: str) -> None:
    answer = integrator.client.get(f"/console/parked?{query}")
    assert answer.status_code in {200, 422}
    assert Seen(answer.text).wrong == []


class Hostile(BaseHTTPRequestHandler):
    """An endpoint that answers with what it would like the page to do."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500, EVIL)
        self.send_header("Content-Type", "text/html")
        self.send_header("Location", f"javascript:{EVIL}")
        self.send_header("Content-Length", str(len(EVIL)))
        self.end_headers()
        self.wfile.write(EVIL.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hooks"
        server.shutdown()


def test_what_a_receiver_answers_is_text_in_the_history_of_deliveries(
    api: Api, integrator: Browser, endpoint: str
) -> None:
    wanted = {
        "endpoint": endpoint,
        "recipient": EVIL,
        "purpose": "HPAYMT",
        "filter": {"type": ["journey.opened"]},
    }
    made = api.post("/v1/webhooks", wanted, role=Role.INTEGRATOR)
    assert made.is_success, made.text
    url = made.headers["location"]
    page = f"subscriptions/{url.rpartition('/')[2]}"
    tested = integrator.send(page, do="test")
    assert "it answered 500" in tested.text
    assert Seen(tested.text).wrong == []
    api.opened()

    def deliveries() -> str:
        return api.get(f"{url}/deliveries", role=Role.INTEGRATOR).text

    until(lambda: '"status":500' in deliveries())
    shown(integrator, page)
    shown(integrator, "subscriptions")
    assert "evilx" not in deliveries()
