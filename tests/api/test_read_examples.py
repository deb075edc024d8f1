"""Each read's example in the OpenAPI document is an answer that came, of one short story.

`python -m tests.api.test_read_examples` writes journey/api/answers.json: the story is told to a new database
and asked of over HTTP. Here it is told and asked of again. What differs each time, ids and the times at which
something is recorded, is named anew in the order in which it comes.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from journey.api import openapi
from journey.api.access import keys
from journey.api.access.table import Role
from journey.api.app import create_app
from journey.api.lists.every import LISTS
from journey.audit import disclosures
from journey.audit.disclosures import Basis, Channel, Disclosure
from journey.embedded import Cluster
from journey.ingest.files import Found
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import ingest
from journey.log import configure
from journey.migrate import migrate
from journey.settings import Settings
from tests.api.test_examples import own_pathways
from tests.api.test_lists import asking, coded, offer
from tests.api.test_openapi import resolved
from tests.api.test_reading import projected
from tests.served import Api, number, served
from tests.waiting import until
from tests.ways import FIRST as FIRST_WAY

PAGE = Path(openapi.__file__).with_name("answers.json")
TOLD = datetime(2025, 3, 10, 12, tzinfo=UTC)
"""When it is told, in the examples."""

MEDIA_TYPE = "application/json"
HASH = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=")
NUMBER = int | float
NOTE = "journey/…\n13\n…\n\n— journey/… …\n"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{12}\b")
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
ONE_OF_MANY = {
    "codes-in-use": "codes",
    "list-pathways": "pathways",
    "every-key": "keys",
    "every-read-model": "projections",
    "who-may-do-what": "permissions",
    "every-team": "teams",
}
"""Answers without a limit, of which the first row is told."""

CLOCKED = {
    "next": "bmV4dA",
    "last_used_at": "2025-03-10T12:00:00Z",
    "number": 1,
    "size": 13,
    "note": NOTE,
    "checkpoint": NOTE,
    "introduction": "journey/key-introduction/v1\n…\n\n— journey/… …\n",
    "verifier": "journey/…+00000000+…",
    "waiting_median": 3600,
    "waiting_max": 3600,
}
"""What the clock decides, or what has ids within, and how it is told."""

NOW, LATER = "2025-03-04T09:00:00Z", "2100-01-01T00:00:00Z"
REVIEW = {
    "period": {"begins": "2025-02-01T00:00:00Z", "ends": "2025-03-01T00:00:00Z"},
    "scope": "break-glass of February",
    "findings": "Each was called for.",
}
SUBSCRIPTION = {
    "endpoint": "https://payer.example/hooks",
    "recipient": "Payer of the Vale",
    "purpose": "HPAYMT",
    "filter": {"type": ["authorization.*"]},
}
NO_TIME = (
    b"MSH|^~\\&|ADT|HOSP|JOURNEY|HOSP|||ADT^A01|77|P|2.5.1\rPID|1||MRN-1^^^HOSP^MR||Tarnwood^Ada\rPV1|1|O"
)
A_DAY = "from_as_of=2025-03-03T08:30:00Z&to_as_of=2025-03-03T09:30:00Z"
PATIENT = number(1)
MODEL = "/v1/projections/timeline"
STORY: list[tuple[str, dict[str, Any]]] = [
    ("assign-owner", {"team": "ward 3", "person": "nurse-7"}),
    ("assign-pathway", {"pathway": FIRST_WAY["id"], "version": FIRST_WAY["version"]}),
    (
        "send-referral",
        {
            "referral_id": number(2),
            "order": {"service": coded("ECHO", "Echo"), "priority": "urgent", "performer": "cardio"},
        },
    ),
    ("submit-authorization", {"authorization_id": number(3), "request": asking("payer-1", 12)}),
    ("book-visit", {"visit_id": number(4), "appointment": {"start": "2025-03-05T09:00:00Z"}}),
    ("offer-handoff", {"handoff_id": number(5), "offer": offer("days", "watcher")}),
    ("identify-barrier", {"barrier_id": number(6), "code": coded("Z75.3", "Transport"), "owner": "social-1"}),
]


def story(api: Api) -> str:
    """One patient, with something of everything."""
    journey = api.opened(
        patient_id=PATIENT,
        patient={"family": "Tarnwood", "given": ["Ada"], "birth_date": "1970-03-02"},
        identifiers=[{"system": "mrn", "value": "MRN-1"}],
        occurred_at="2025-03-03T08:00:00Z",
    )
    for hour, (command, body) in enumerate(STORY, 9):
        last = api.told(journey, command, **body, occurred_at=f"2025-03-03T{hour:02}:00:00Z")
    projected(api, journey, last["version"])
    return journey


def answers(api: Api) -> dict[str, Any]:
    """What each read answers."""
    journey = story(api)
    doctor = keys.create(api.conninfo, "night doctor", Role.CLINICIAN, "ward 9").token
    night = {"role": None, "headers": {"Authorization": f"Bearer {doctor}"}}
    reason = {"code": "ETREAT", "text": "Collapsed in the lobby."}
    assert api.post("/v1/break-glass", {"patient_id": PATIENT, "reason": reason}, **night).status_code == 201
    compliance: dict[str, Any] = {"role": Role.COMPLIANCE}
    assert api.post("/v1/audit/reviews", REVIEW, **compliance).status_code == 201
    saved = {"query": {"kind": "glass-broken"}}
    assert api.ask("PUT", "/v1/audit/queries/broken-glass", json=saved, **compliance).is_success
    erasure = {"patient_id": PATIENT, "basis": "objection", "reason": "Her letter of Monday."}
    wanted = api.post("/v1/privacy/erasures", erasure, **compliance)
    assert wanted.status_code == 201, wanted.text
    told = Disclosure(Channel.WEBHOOK, "Registry", "PUBHLTH", Basis.PUBLIC_HEALTH, "Events", UUID(PATIENT))
    with psycopg.connect(api.conninfo) as connection:
        disclosures.record(connection, [told])
    integrator: dict[str, Any] = {"role": Role.INTEGRATOR}
    subscribed = api.post("/v1/webhooks", SUBSCRIPTION, **integrator)
    webhook = subscribed.headers["location"]
    ingest(api.engine.store, [Found(NO_TIME, "adt.hl7", 1)], zone=ZoneInfo("UTC"))
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "where-the-patient-stands": (f"{journey}?as_of={NOW}", {}),
        "everything-recorded": (f"{journey}/events?limit=1", {}),
        "what-happened": (f"{journey}/timeline?limit=1", {}),
        "step-by-step": (f"{journey}/replay?limit=1", {}),
        "between-two-moments": (f"{journey}/difference?{A_DAY}", {}),
        "why-it-is-so": (f"{journey}/why?of=responsible", {}),
        "where-they-stood": (f"/v1/replay?patient={PATIENT}&as_of={NOW}", {}),
        "journeys-that-match": ("/v1/journeys?q=tarnwood", {}),
        **{f"list-{name}": (f"/v1/{name}?limit=1&now={NOW}", {}) for name in LISTS},
        "how-patients-flow": (f"/v1/flow?from=2025-03-03T00:00:00Z&to={NOW}", {}),
        "the-log": ("/v1/events?limit=1", {"role": Role.INTEGRATOR}),
        "records-of-a-patient": (f"/v1/patients/{PATIENT}", {}),
        "who-am-i": ("/v1/me", {}),
        "codes-in-use": ("/v1/codes", {}),
        "list-pathways": ("/v1/pathways", {}),
        "what-a-pathway-asks-for": (f"/v1/pathways/{FIRST_WAY['id']}?version={FIRST_WAY['version']}", {}),
        "what-i-have-open": ("/v1/break-glass/mine", night),
        "every-break-glass": ("/v1/break-glass", compliance),
        "who-did-or-saw-what": ("/v1/audit?kind=glass-broken", compliance),
        "what-was-disclosed": (f"/v1/audit/disclosures?patient={PATIENT}&from={NOW}&to={LATER}", compliance),
        "what-nobody-has-reviewed": ("/v1/audit/unreviewed", compliance),
        "every-review": ("/v1/audit/reviews", compliance),
        "every-saved-query": ("/v1/audit/queries", compliance),
        "a-saved-query": ("/v1/audit/queries/broken-glass", compliance),
        "every-erasure": ("/v1/privacy/erasures", compliance),
        "one-erasure": (wanted.headers["location"], compliance),
        "the-checkpoint": ("/v1/log/checkpoint", {}),
        "a-proof": ("/v1/log/proof?position=1", compliance),
        "every-webhook": ("/v1/webhooks", integrator),
        "one-webhook": (webhook, integrator),
        "deliveries": (f"{webhook}/deliveries", integrator),
        "every-message-set-aside": ("/v1/inbox", integrator),
        "messages-by-reason": ("/v1/inbox/counts", integrator),
        "one-message": (f"/v1/inbox/{message_key(NO_TIME).hex()}", integrator),
        "every-key": ("/v1/keys", {"role": Role.ADMIN}),
        "who-may-do-what": ("/v1/access", {"role": Role.ADMIN}),
        "every-team": ("/v1/teams", {"role": Role.ADMIN}),
        "every-delivery": ("/v1/deliveries", {}),
        "every-read-model": ("/v1/projections", {"role": Role.ADMIN}),
        "one-read-model": (MODEL, {"role": Role.ADMIN}),
        "every-verification": ("/v1/log/verification", compliance),
    }
    until(lambda: covered(api))
    assert api.post(f"{MODEL}/rebuild", role=Role.ADMIN).status_code == 202
    until(lambda: api.get(MODEL, role=Role.ADMIN).json()["rebuild"]["ended_at"], 60)
    assert api.post("/v1/log/verification", **compliance).status_code == 202
    until(lambda: api.get("/v1/log/verification", **compliance).json()["verifications"][0]["ended_at"], 60)
    found = {}
    for name, (url, who) in asked.items():
        answer = api.get(url, **who)
        assert answer.status_code == 200, (name, answer.text)
        found[name] = answer.json()
    for name, rows in ONE_OF_MANY.items():
        found[name][rows] = found[name][rows][:1]
    steady(found)
    return found


def steady(found: dict[str, Any]) -> None:
    """How fast something went, and how many checkpoints and records of the trail there were by then."""
    [verification] = found["every-verification"]["verifications"]
    verification["result"] |= dict.fromkeys(("checkpoint", "checkpoints", "anchored", "accesses"), 9)
    verification["progress"] |= {"done": 23, "total": 23, "per_second": 180.5}
    found["one-read-model"]["rebuild"]["progress"]["per_second"] = 180.5
    for each in (found["one-read-model"], *found["every-read-model"]["projections"]):
        each["since"] = NOW


def covered(api: Api) -> bool:
    """Whether a checkpoint covers the whole story."""
    last = api.get("/v1/log/checkpoint")
    with psycopg.connect(api.conninfo) as connection:
        [(end,)] = connection.execute("SELECT max(position) FROM log").fetchall()
    return last.is_success and last.json()["events"]["size"] == end


class Named:
    """Everything that differs each time by a name of its own."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._ids: dict[str, str] = {}

    def named(self, told: Any) -> Any:
        match told:
            case dict():
                return {
                    key: CLOCKED[key]
                    if key in CLOCKED and isinstance(each, str if isinstance(CLOCKED[key], str) else NUMBER)
                    else self.named(each)
                    for key, each in told.items()
                }
            case list():
                return [self.named(each) for each in told]
            case str():
                return HASH.sub(f"{'A' * 43}=", ID.sub(self._id, TIME.sub(self._time, told)))
        return told

    def _id(self, found: re.Match[str]) -> str:
        new = number(len(self._ids) + 1)
        return self._ids.setdefault(found[0], new if "-" in found[0] else new[-12:])

    def _time(self, found: re.Match[str]) -> str:
        """Of what happens while it is told, the hours since it began."""
        at = datetime.fromisoformat(found[0])
        if not self._began <= at < self._began + YEAR:
            return found[0]
        return f"{TOLD + round((at - self._began) / HOUR) * HOUR:%Y-%m-%dT%H:%M:%SZ}"


def page(api: Api) -> str:
    began = datetime.now(UTC)
    return json.dumps(Named(began).named(answers(api)), indent=1, ensure_ascii=False) + "\n"


@pytest.fixture(scope="module", autouse=True)
def the_tests_own_pathways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_pathways(tmp_path_factory.mktemp("pathways")):
        yield


@pytest.mark.database
def test_it_is_what_is_answered(api: Api) -> None:
    assert PAGE.read_text() == page(api), "write it again: python -m tests.api.test_read_examples"


def test_every_read_has_an_example_of_its_shape(settings: Settings) -> None:
    examples = json.loads(PAGE.read_text())
    document = create_app(settings, "", with_worker=False).openapi()
    reads = {
        operation["operationId"]: resolved(document, operation["responses"]["200"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method == "get" and path.startswith("/v1/")
    }
    reads = {name: told for name, told in reads.items() if MEDIA_TYPE in told["content"]}
    assert set(examples) == set(reads)
    for name, answer in reads.items():
        told = answer["content"][MEDIA_TYPE]
        assert told["example"] == examples[name]
        shape = openapi.ANSWERED[told["schema"]["$ref"].rpartition("/")[2]]
        read = shape.model_validate_json(json.dumps(examples[name]))
        assert json.loads(read.model_dump_json(by_alias=True, exclude_unset=True)) == examples[name], name


if __name__ == "__main__":
    configure(Settings.load(log_level="error"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="journey-", dir="/dev/shm")))
        folder.chmod(0o711)
        (folder / "pathways").mkdir()
        stack.enter_context(own_pathways(folder / "pathways"))
        cluster = stack.enter_context(Cluster(folder / "c", durable=False))
        migrate(cluster.url())
        PAGE.write_text(page(stack.enter_context(served(cluster.url(), folder))))
