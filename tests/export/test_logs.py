"""What is exported of real logs is, read back, what the logs hold: the same variants, the same durations."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from journey.bench.ward import fill
from journey.embedded import Cluster
from journey.export import Selection, export
from tests.export import SENDING
from tests.pathways.eventlogs import (
    ATC,
    LOINC,
    TRIAGE,
    WARDS,
    Case,
    needs_logs,
    sepsis,
    sepsis_journey,
)
from tests.served import database
from tests.ways import pathways

pytestmark = needs_logs

XES = "{http://www.xes-standard.org/}"
CODES = {code: name for words in (TRIAGE, LOINC, ATC) for name, code in words.items()}
Variants = Counter[tuple[str, ...]]
Steps = list[tuple[str, datetime]]


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return dict(list(sepsis().items())[:200])


@pytest.fixture(scope="module")
def url(cluster: Cluster, template: str, cases: dict[str, Case]) -> Iterator[str]:
    with database(cluster, template) as url:
        journeys = [sepsis_journey(case, pathways()) for case in cases.values()]
        fill(url, (each for journey in journeys for each in journey.recorded))
        yield url


def written(url: str, form: str, file: Path, **chosen: Any) -> Path:
    assert export(url, Selection(**chosen), form, str(file), lambda _: None, sending=SENDING) > 0
    return file


def step(kind: str, said: dict[str, Any]) -> str | None:
    """The activity of the log that an exported event stands for; None for what the log has not."""
    match kind:
        case "assessment.recorded" | "result.received" | "treatment.given":
            return CODES[said["kind.code"] if "kind.code" in said else said["code.code"]]
        case "visit.admitted" | "visit.moved":
            wards = {ward: name for name, ward in WARDS.items()}
            return wards[said["location.point_of_care"]]
        case "visit.arrived":
            return "ER Registration"
        case "visit.started":
            return "Return ER"
        case "discharge.departed":
            return "Release"
        case _:
            return None


def in_the_log(cases: dict[str, Case]) -> tuple[Variants, list[float]]:
    """The variants, and how long each case took; a release is a release, whatever its letter."""
    variants = Counter(
        tuple("Release" if row.activity.startswith("Release") else row.activity for row in case)
        for case in cases.values()
    )
    return variants, sorted((case[-1].at - case[0].at).total_seconds() for case in cases.values())


def read_back(traces: dict[str, Steps]) -> tuple[Variants, list[float]]:
    variants = Counter(tuple(name for name, _ in steps) for steps in traces.values())
    lengths = sorted(
        (max(at for _, at in steps) - min(at for _, at in steps)).total_seconds() for steps in traces.values()
    )
    return variants, lengths


def of_xes(file: Path) -> dict[str, Steps]:
    root = ET.parse(file).getroot()  # noqa: S314 - written here
    assert root.tag == f"{XES}log"
    assert root.attrib["xes.version"] == "1849.2016"
    found: dict[str, Steps] = {}
    for trace in root.iter(f"{XES}trace"):
        steps: Steps = []
        for event in trace.iter(f"{XES}event"):
            said = {each.attrib["key"]: each.attrib["value"] for each in event}
            data = {key.removeprefix("data."): value for key, value in said.items()}
            assert said["lifecycle:transition"] == "complete"
            if name := step(said["type"], data):
                steps.append((name, datetime.fromisoformat(said["time:timestamp"])))
        found[trace[0].attrib["value"]] = steps
    return found


def flattened(data: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in data.items():
        found |= flattened(value, f"{path}{name}.") if isinstance(value, dict) else {f"{path}{name}": value}
    return found


def of_ocel(file: Path) -> dict[str, Steps]:
    read = json.loads(file.read_text())
    objects = {each["id"]: each["type"] for each in read["objects"]}
    assert len(objects) == len(read["objects"])
    assert set(objects.values()) == {each["name"] for each in read["objectTypes"]}
    declared = {each["name"]: {one["name"] for one in each["attributes"]} for each in read["eventTypes"]}
    found: dict[str, Steps] = {}
    for event in read["events"]:
        said = {each["name"]: each["value"] for each in event["attributes"]}
        assert set(said) <= declared[event["type"]]
        assert all(each["objectId"] in objects for each in event["relationships"])
        [journey] = [
            each["objectId"] for each in event["relationships"] if objects[each["objectId"]] == "journey"
        ]
        steps = found.setdefault(journey, [])
        if name := step(said["type"], flattened(json.loads(said.get("data", "{}")))):
            steps.append((name, datetime.fromisoformat(event["time"])))
    return found


def of_csv(file: Path) -> dict[str, Steps]:
    found: dict[str, Steps] = {}
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            steps = found.setdefault(row["journey_id"], [])
            if name := step(row["type"], flattened(json.loads(row["data"] or "{}"))):
                steps.append((name, datetime.fromisoformat(row["occurred_at"])))
    return found


def of_ndjson(file: Path) -> dict[str, Steps]:
    found: dict[str, Steps] = {}
    for line in file.read_text().splitlines():
        event = json.loads(line)
        steps = found.setdefault(event["subject"], [])
        if name := step(event["type"], flattened(event["data"])):
            steps.append((name, datetime.fromisoformat(event["time"])))
    return found


READ = {"xes": of_xes, "ocel": of_ocel, "csv": of_csv, "ndjson": of_ndjson}


@pytest.mark.parametrize("form", READ)
def test_variants_and_durations_are_those_of_the_log(
    form: str, url: str, tmp_path: Path, cases: dict[str, Case]
) -> None:
    assert read_back(READ[form](written(url, form, tmp_path / form))) == in_the_log(cases)


def test_events_of_a_trace_are_in_the_order_of_time_and_ties_in_that_of_versions(
    url: str, tmp_path: Path
) -> None:
    root = ET.parse(written(url, "xes", tmp_path / "log.xes")).getroot()  # noqa: S314 - written here
    for trace in root.iter(f"{XES}trace"):
        said = [{each.attrib["key"]: each.attrib["value"] for each in event} for event in trace[1:]]
        order = [(each["time:timestamp"], int(each["journey:version"])) for each in said]
        assert order == sorted(order)


def test_a_packed_file_holds_the_same(url: str, tmp_path: Path) -> None:
    plain = written(url, "csv", tmp_path / "log.csv")
    packed = written(url, "csv", tmp_path / "log.csv.gz")
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"log.csv", "log.csv.gz"}


def test_a_time_or_a_journey_is_chosen(url: str, tmp_path: Path, cases: dict[str, Case]) -> None:
    begins, ends = datetime(2014, 3, 1, tzinfo=UTC), datetime(2014, 4, 1, tzinfo=UTC)
    part = of_ndjson(written(url, "ndjson", tmp_path / "part", begins=begins, ends=ends))
    rows = sum(begins <= row.at < ends for case in cases.values() for row in case)
    assert sum(map(len, part.values())) == rows > 0
    journey = next(iter(part))
    assert list(of_ndjson(written(url, "ndjson", tmp_path / "one", journey=journey))) == [journey]
