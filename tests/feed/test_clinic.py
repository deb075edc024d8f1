"""The feed of a simulated clinic: every event is a CloudEvent of its schemas, and each filter leaves what a
plain look at the log leaves, on every channel.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode
from uuid import UUID

import jsonschema_rs
import psycopg
import pytest
from psycopg.sql import SQL
from pydantic_core import to_json

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.audit.disclosures import Basis
from journey.cli.filling import fill
from journey.delivery.finding import Window, found
from journey.delivery.follower import Clearance
from journey.domain.event import Recorded
from journey.domain.journey import ROOMS
from journey.embedded import Cluster
from journey.feed import schemas
from journey.feed.envelope import CloudEvent, Payload, cloud_event
from journey.feed.filter import Filter
from journey.feed.sse import heard
from journey.simulate import simulate
from journey.store.mapper import recorded
from journey.store.recorder import COLUMNS
from journey.store.sequencer import drain
from journey.store.store import Store
from journey.webhooks.subscription import Subscription
from tests.served import Api, database, served
from tests.store.asked import CONTEXT, opened, owned_by
from tests.waiting import until

pytestmark = pytest.mark.database

LABELS = ("PSY", "HIV", "ETH", "SUD", "SDV", "SEX", "GDIS")
ALL = SQL("SELECT position, {columns} FROM log JOIN event USING (journey_id, version) ORDER BY position")
ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
TIMES = {"time", "recordedtime"}


class Line(NamedTuple):
    """An event of the log, and what was last told of its journey by then."""

    event: Recorded
    patient: str
    team: str | None
    pathway: str | None

    @property
    def position(self) -> int:
        return self.event.position or 0


class Clinic(NamedTuple):
    api: Api
    token: str
    log: list[Line]


def lines(events: list[Recorded]) -> Iterator[Line]:
    """The plain look: from the first event to the last, with what each journey was last told."""
    patients: dict[UUID, str] = {}
    last: dict[tuple[UUID, str], str | None] = {}
    for each in events:
        said = json.loads(each.event.model_dump_json(exclude_none=True))
        match each.event.stored_as:
            case "journey.opened":
                patients[each.journey_id] = said["patient_id"]
            case "journey.owner_assigned" | "journey.owner_unassigned":
                last[each.journey_id, "team"] = said.get("team")
            case "pathway.assigned" | "pathway.ended":
                last[each.journey_id, "pathway"] = said.get("pathway")
        team, pathway = (last.get((each.journey_id, of)) for of in ("team", "pathway"))
        yield Line(each, patients[each.journey_id], team, pathway)


@pytest.fixture(scope="module")
def clinic(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with database(cluster, template) as conninfo:
        fill(conninfo, simulate(12, seed=5, months=4, until=date(2026, 3, 2)))
        with closing(Store(conninfo)) as store:
            labelled = CONTEXT.model_copy(update={"labels": ("PSY",)})
            for _ in range(3):
                store.handle(opened(store), owned_by("west"), labelled)
        drain(conninfo)
        with psycopg.connect(conninfo) as connection:
            rows = connection.cursor(binary=True).execute(ALL.format(columns=COLUMNS)).fetchall()
        log = list(lines([recorded(row[1:], row[0]) for row in rows]))
        token = keys.create(conninfo, "partner", Role.INTEGRATOR, None, Grant(labels=LABELS)).token
        with served(conninfo, tmp_path_factory.mktemp("home")) as api:
            yield Clinic(api, token, log)


def faults(event: dict[str, Any]) -> list[str]:
    """What of the envelope is not as CloudEvents 1.0 has it (sections 3.1 and 3.2; JSON format 3.1)."""
    wrong = [name for name in ("id", "source", "specversion", "type") if not event.get(name)]
    for name, value in event.items():
        if name == "data":
            continue
        is_number = isinstance(value, int) and -(2**31) <= value < 2**31
        if (
            not ATTRIBUTE.fullmatch(name)
            or not (isinstance(value, str) or is_number)
            or value == ""
            or (name in TIMES and datetime.fromisoformat(value).tzinfo is None)
        ):
            wrong.append(name)
    return wrong if event.get("specversion") == "1.0" else [*wrong, "specversion"]


MINIMUM = {
    "specversion": "1.0",
    "type": "com.example.someevent",
    "time": "2018-04-05T03:56:24Z",
    "id": "1234-1234-1234",
    "source": "/mycontext/subcontext",
    "datacontenttype": "application/json",
    "data": {"message": "Hello World!"},
}
"""The example of the conformance suite (HTTP, structured mode)."""


def test_the_rules_of_cloudevents_are_those_of_its_conformance_suite() -> None:
    assert faults(MINIMUM) == []
    assert faults({"specversion": "1.0", "type": "t", "id": "i", "source": "s"}) == []
    bad: tuple[dict[str, Any], ...] = (
        {"id": ""}, {"source": None}, {"specversion": "0.3"}, {"type": ""}, {"camelCase": "x"},
        {"with_line": "x"}, {"float": 1.5}, {"nested": {}}, {"null": None}, {"large": 2**31},
        {"time": "2018-04-05T03:56:24"},
    )  # fmt: skip
    for each in bad:
        assert faults(MINIMUM | each), each


@pytest.mark.parametrize("payload", Payload)
def test_every_event_is_a_cloudevent_of_its_schemas(clinic: Clinic, payload: Payload) -> None:
    envelope = jsonschema_rs.validator_for(CloudEvent.model_json_schema(mode="serialization"))
    known = {each["schema" if payload is Payload.FULL else "thin"] for each in schemas.known()}
    types = set()
    for line in clinic.log:
        event = json.loads(to_json(cloud_event(line.event, payload)))
        assert faults(event) == []
        envelope.validate(event)
        assert event["dataschema"] in known
        kind = type(line.event.event)
        jsonschema_rs.validator_for(schemas.schema(kind, payload)).validate(event["data"])
        types.add(kind)
    assert len(types) > 60
    sequences = [cloud_event(line.event)["sequence"] for line in clinic.log]
    assert sequences == sorted(sequences)


CAME_TO = {
    "journey.waitlisted": "waitlist",
    "journey.activated": "active",
    "journey.put_on_hold": "onhold",
    "journey.resumed": "active",
    "journey.closed": "finished",
    "journey.cancelled": "cancelled",
    "journey.reopened": "active",
    "journey.entered_in_error": "entered-in-error",
}


def wants(asked: dict[str, list[str]], line: Line) -> bool:
    """Whether the event fits one word of each field that is asked for."""
    kind = line.event.event.stored_as
    fits = {
        "type": lambda word: kind == word or (word[-1] == "*" and kind.startswith(word[:-1])),
        "room": lambda word: kind in {each.stored_as for each in get_args(ROOMS[word].events)},
        "journey": lambda word: str(line.event.journey_id) == word,
        "patient": lambda word: line.patient == word,
        "team": lambda word: line.team is not None and line.team.lower() == word.lower(),
        "pathway": lambda word: line.pathway is not None and line.pathway.lower() == word.lower(),
        "label": lambda word: word in line.event.context.labels,
        "status": lambda word: word == CAME_TO.get(kind, getattr(line.event.event, "status", None)),
    }
    return all(any(map(fits[name], words)) for name, words in asked.items())


def usual(found: list[str | None]) -> str:
    """The word that is told most often."""
    return Counter(each for each in found if each).most_common(1)[0][0]


def questions(log: list[Line]) -> Iterator[dict[str, list[str]]]:
    team = usual([each.team for each in log])
    pathway = usual([each.pathway for each in log])
    patients = sorted({each.patient for each in log})
    journey = str(log[0].event.journey_id)
    borne = sorted({label for each in log for label in each.event.context.labels})
    yield {}
    yield {"type": ["visit.*"]}
    yield {"type": ["visit.*", "referral.sent"], "room": ["visits"]}
    yield {"room": ["handoffs", "authorizations"]}
    yield {"team": [team.upper()]}
    yield {"pathway": [pathway]}
    yield {"patient": patients[:2]}
    yield {"status": ["active", "planned"], "type": ["journey.*"]}
    yield {"status": ["finished", "cancelled", "onhold"], "team": [team]}
    yield {"journey": [journey], "room": ["visits", "referrals"]}
    yield {"team": [team], "pathway": [pathway], "type": ["visit.*"]}
    yield {"patient": patients[2:6], "team": [team], "room": ["visits"]}
    for label in borne:
        yield {"label": [label]}
        yield {"label": [label], "patient": patients}


def pulled(clinic: Clinic, asked: dict[str, list[str]]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    after, more = "", True
    while more:
        page = answer(clinic, "/v1/events", {**asked, "limit": ["500"], "after": [after]}).json()
        events += page["events"]
        after, more = page["next"], page["more"]
    return events


def streamed(clinic: Clinic, asked: dict[str, list[str]]) -> list[dict[str, Any]]:
    told = answer(clinic, "/v1/events/stream", {**asked, "lasting": ["0"]}).text.splitlines()
    return [json.loads(each.data) for each in heard(told) if each.event == "message"]


def answer(clinic: Clinic, path: str, asked: dict[str, list[str]]) -> Any:
    key = {"Authorization": f"Bearer {clinic.token}"}
    found = clinic.api.client.get(f"{path}?{urlencode(asked, doseq=True)}", headers=key)
    assert found.status_code == 200, found.text
    return found


def subscription(wanted: Filter) -> Subscription:
    told = ("Partner", None, "HPAYMT", Basis.PAYMENT, "active", ())
    return Subscription(
        UUID(int=1), "partner", "https://partner.example", wanted, Payload.THIN, *told, 0, 0, 1, 0, None, None
    )


def test_each_channel_leaves_what_a_plain_look_leaves(clinic: Clinic) -> None:
    head = clinic.log[-1].position
    until(lambda: len(pulled(clinic, {"type": ["journey.opened"]})) >= 12)
    found_some = 0
    with psycopg.connect(clinic.api.conninfo) as connection:
        for asked in questions(clinic.log):
            left = [line.position for line in clinic.log if wants(asked, line)]
            found_some += bool(left)
            told = pulled(clinic, asked)
            assert [int(each["sequence"]) for each in told] == left, asked
            assert streamed(clinic, asked) == told, asked
            of = subscription(Filter.model_validate(asked))
            planned, reached = found(
                connection, of, Clearance(None, None, frozenset(LABELS)), Window(0, head, head)
            )
            assert ([position for position, _, _ in planned], reached) == (left, head), asked
    assert found_some > 10
