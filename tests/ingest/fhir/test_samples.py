"""What becomes of the resources that others wrote: all of it counted, the visits where they belong."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from journey.domain.codes import VisitStatus
from journey.embedded import Cluster
from journey.ingest.fhir.ingest import Counts
from tests.ingest.fhir.feeding import Feed
from tests.ingest.fhir.samples import documents, folder, read
from tests.served import database

SYNTHEA = {"Patient": 100, "Encounter": 2197, "CarePlan": 212}
BULK = {"Patient": 13, "Encounter": 1215}
A_FEW = 12


def visits(feed: Feed) -> Counter[tuple[str, ...]]:
    """Every visit as it is told, and whose it is."""
    found: Counter[tuple[str, ...]] = Counter()
    for journey_id in feed.journey_ids():
        journey = feed.journey(journey_id)
        whose = min(each.value for each in journey.identity.identifiers)
        for each in journey.visits:
            begun, ended = (fact.at.isoformat() if fact else "" for fact in (each.begun, each.ended))
            found[whose, str(each.encounter_class), str(each.status), begun, ended, str(each.service)] += 1
    return found


@pytest.fixture(scope="module")
def synthea(cluster: Cluster, template: str) -> Iterator[tuple[Feed, Counts]]:
    """Every bundle, and what became of it."""
    paths = documents("synthea-smart-r4")
    with database(cluster, template) as url, closing(Feed(url)) as feed:
        yield feed, feed.read(*paths)


def test_every_bundle_of_synthea_is_a_journey_with_all_its_visits(synthea: tuple[Feed, Counts]) -> None:
    feed, counts = synthea

    assert (counts.applied, counts.parked, counts.rejected, counts.journeys) == (2509, 0, 0, 100)
    assert counts.by_type == SYNTHEA
    assert sum(counts.not_mapped.values()) == 22_634 - 2509
    found = visits(feed)
    assert sum(found.values()) == SYNTHEA["Encounter"]
    assert {status for _, _, status, *_ in found} == {str(VisitStatus.FINISHED)}
    assert Counter(encounter_class for _, encounter_class, *_ in found.elements()) == {
        "AMB": 2010,
        "EMER": 124,
        "IMP": 63,
    }


def test_bundles_that_are_read_again_say_nothing_new(synthea: tuple[Feed, Counts]) -> None:
    again = synthea[0].read(*documents("synthea-smart-r4")[:A_FEW])
    assert (again.duplicate, again.applied, again.events) == (sum(again.by_type.values()), 0, 0)
    assert again.by_type["Patient"] == A_FEW


def test_the_visits_of_a_patient_are_those_of_the_bundle(synthea: tuple[Feed, Counts]) -> None:
    feed, _ = synthea
    for path in documents("synthea-smart-r4")[:A_FEW]:
        bodies = [entry["resource"] for entry in read(path)["entry"]]
        (number,) = [
            each["value"]
            for body in bodies
            if body["resourceType"] == "Patient"
            for each in body["identifier"]
            if each.get("type", {}).get("text") == "Medical Record Number"
        ]
        (row,) = feed.rows(
            "SELECT DISTINCT journey_id FROM routing WHERE kind = 'patient' AND value = %s", number
        )
        told = Counter(each["period"]["start"] for each in bodies if each["resourceType"] == "Encounter")
        begun = [each.begun for each in feed.journey(row["journey_id"]).visits]
        assert Counter(fact.at.isoformat() for fact in begun if fact) == told


def test_files_in_any_order_give_the_same_journeys(feed: Feed, tmp_path: Path) -> None:
    """Bundles taken apart into lines, those shuffled: what comes before its patient waits."""
    lines = []
    for path in documents("synthea-smart-r4")[:A_FEW]:
        for entry in read(path)["entry"]:
            if entry["resource"]["resourceType"] in SYNTHEA:
                alone = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
                lines.append(json.dumps(alone))
    random.Random(7).shuffle(lines)  # noqa: S311 - an order that is the same in each run
    half = len(lines) // 2
    for number, part in enumerate((lines[:half], lines[half:])):
        (tmp_path / f"{number}.ndjson").write_text("\n".join(part))

    counts = feed.read(tmp_path)

    assert (counts.applied, counts.parked, counts.journeys) == (len(lines), 0, A_FEW)
    shuffled = visits(feed)
    assert shuffled == _in_order()


def _in_order() -> Counter[tuple[str, ...]]:
    """What the Bundles themselves say, by the journeys that they have made."""
    found: Counter[tuple[str, ...]] = Counter()
    for path in documents("synthea-smart-r4")[:A_FEW]:
        bodies = [entry["resource"] for entry in read(path)["entry"]]
        (person,) = [body for body in bodies if body["resourceType"] == "Patient"]
        whose = min(each["value"] for each in person["identifier"])
        for body in bodies:
            if body["resourceType"] == "Encounter":
                period, kind = body["period"], body["type"][0]
                service = kind["coding"][0]["display"]
                told = (whose, body["class"]["code"], "finished", period["start"], period["end"], service)
                found[told] += 1
    return found


def test_a_bulk_export_is_taken_though_its_patients_come_last(feed: Feed) -> None:
    paths = documents("bulk-export-10")
    assert [path.name.partition(".")[0] for path in paths].index("Encounter") < len(paths) / 2

    counts = feed.read(*paths)

    assert (counts.applied, counts.parked, counts.rejected, counts.journeys) == (1228, 0, 0, 13)
    assert counts.by_type == BULK
    found = visits(feed)
    assert sum(found.values()) == BULK["Encounter"]
    assert len({whose for whose, *_ in found}) == 13


def test_each_example_of_r4_is_applied_passed_over_or_set_aside_with_a_reason(feed: Feed) -> None:
    paths = sorted(folder("hl7-r4-examples").iterdir())
    assert len(paths) == 213

    counts = feed.read(*paths)

    assert counts.applied > 50
    assert set(+counts.reasons) <= {
        "awaits-reference",
        "no-time",
        "too-fine",
        "missing-element",
        "no-patient",
    }
    assert all(row["reason"] for row in feed.inbox() if row["status"] != "applied")
    again = feed.read(*paths)
    assert (again.duplicate, again.events) == (again.messages, 0)


def test_what_a_payer_and_a_provider_said_is_taken_whole(feed: Feed) -> None:
    counts = feed.read(*documents("davinci-pas-2.2.1"))
    assert +counts.reasons == {"two-patients": 1}, "a question about the request of another"
    assert len(feed.only().authorizations.by_id) > 1
