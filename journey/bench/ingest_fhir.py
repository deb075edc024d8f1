"""How many FHIR resources are taken in a second, beside reading the same JSON and doing nothing with it.

Bundles of one patient each: visits, and ten times as many observations, which are not mapped. The floor reads
the same bytes. Sent again, all of it is known.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from journey.bench.figures import Figure, measured
from journey.bench.scratch import Scratch
from journey.ingest.fhir.documents import read
from journey.ingest.fhir.ingest import ingest
from journey.ingest.files import Found
from journey.store.store import Store

BUNDLES = 20
VISITS = 20
OBSERVATIONS = 200
ROUNDS = 5
FLOOR = "JSON read"
COMPARED = ((FLOOR, ""), ("taken in", FLOOR), ("taken in again", FLOOR))
FIRST = datetime(2020, 1, 1, 9, tzinfo=UTC)
ZONE = ZoneInfo("UTC")

_numbers = count(1)


def ingest_fhir(server: Scratch) -> Iterator[Figure]:
    """One process, one connection."""
    with closing(Store(server.database())) as store:
        known = _bundles()
        _take(store, known)
        works = {
            FLOOR: lambda: _rate(partial(_read, known)),
            COMPARED[1][0]: lambda: _rate(partial(_take, store, _bundles())),
            COMPARED[2][0]: lambda: _rate(partial(_take, store, known)),
        }
        found = measured(works, rounds=ROUNDS)
    for name, against in COMPARED:
        yield found.figure(f"resources: {name}", name, "/s", against)


def _rate(work: "partial[None]") -> float:
    started = perf_counter()
    work()
    return BUNDLES * (1 + VISITS + OBSERVATIONS) / (perf_counter() - started)


def _read(bundles: list[bytes]) -> None:
    for each in bundles:
        read(each)


def _take(store: Store, bundles: list[bytes]) -> None:
    found = [Found(raw, "bench", number) for number, raw in enumerate(bundles, 1)]
    counts = ingest(store, found, zone=ZONE, system="bench")
    if counts.applied + counts.duplicate < BUNDLES * (1 + VISITS):
        raise AssertionError(f"The resources are not what the store takes: {counts.figures()}")


def _bundles() -> list[bytes]:
    """Of patients whom nobody has heard of."""
    return [to_json(_bundle(next(_numbers))) for _ in range(BUNDLES)]


def _bundle(number: int) -> dict[str, Any]:
    subject = {"reference": f"Patient/p{number}"}
    patient = {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": "http://bench.example/mrn", "value": str(number)}],
    }
    visits = (_visit(number, each, subject) for each in range(VISITS))
    observations = (_observation(number, each, subject) for each in range(OBSERVATIONS))
    entries = [{"resource": each} for each in (patient, *visits, *observations)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _visit(number: int, each: int, subject: dict[str, str]) -> dict[str, Any]:
    begins = FIRST + timedelta(days=30 * each)
    return {
        "resourceType": "Encounter",
        "id": f"e{number}-{each}",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [{"text": "Check-up"}],
        "subject": subject,
        "period": {"start": begins.isoformat(), "end": (begins + timedelta(hours=1)).isoformat()},
    }


def _observation(number: int, each: int, subject: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}-{each}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Body height"}]},
        "subject": subject,
        "valueQuantity": {"value": 100 + each, "unit": "cm"},
    }
