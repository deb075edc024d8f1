"""How many FHIR resources are taken in a second, beside reading the same bytes and doing nothing with them.

Bundles of one patient each: visits, and ten times as many observations, which are not mapped. The floor is
`json.loads`; the rival, `fhir.resources`, makes its objects of them (R4B; left out where it is not
installed). Sent again, all of it is known.
"""

import json
from collections.abc import Callable, Iterator
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
from journey.ingest.fhir.ingest import ingest
from journey.ingest.files import Found
from journey.store.store import Store

BUNDLES = 20
VISITS = 20
OBSERVATIONS = 200
ROUNDS = 5
FLOOR, RIVAL, OURS, KNOWN = "json.loads", "fhir.resources", "taken in", "taken in again"
COMPARED = ((FLOOR, ""), (RIVAL, FLOOR), (OURS, FLOOR), (OURS, RIVAL), (KNOWN, FLOOR))
FIRST = datetime(2020, 1, 1, 9, tzinfo=UTC)
ZONE = ZoneInfo("UTC")

_numbers = count(1)


def ingest_fhir(server: Scratch) -> Iterator[Figure]:
    """One process, one connection."""
    with closing(Store(server.database())) as store:
        known = _bundles()
        _take(store, known)
        works = {
            FLOOR: lambda: _rate(partial(_read, json.loads, known)),
            OURS: lambda: _rate(partial(_take, store, _bundles())),
            KNOWN: lambda: _rate(partial(_take, store, known)),
        }
        parse = _rival()
        if parse is not None:
            works[RIVAL] = lambda: _rate(partial(_read, parse, known))
        found = measured(works, rounds=ROUNDS)
    if parse is None:
        yield Figure(f"resources: {RIVAL} is not installed, and left out", 0, "/s")
    for name, against in COMPARED:
        if parse is not None or RIVAL not in (name, against):
            yield found.figure(f"resources: {name}", name, "/s", against)


def _rate(work: "partial[None]") -> float:
    started = perf_counter()
    work()
    return BUNDLES * (1 + VISITS + OBSERVATIONS) / (perf_counter() - started)


Parse = Callable[[bytes], object]


def _rival() -> Parse | None:
    """The library's way to read a Bundle, where there is the library."""
    try:
        from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - it may not be there
    except ImportError:
        return None
    return Bundle.model_validate_json


def _read(parse: Parse, bundles: list[bytes]) -> None:
    for each in bundles:
        parse(each)


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
