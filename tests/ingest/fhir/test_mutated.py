"""Whatever is done to a resource, taking it crashes nothing, and each is counted once."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingest.fhir.feeding import Feed, Json
from tests.ingest.fhir.written import (
    ACT,
    appointment,
    bundle,
    encounter,
    episode,
    of,
    patient,
    referral,
    task,
)

WHOLE: tuple[Json, ...] = (
    patient(
        name=[{"use": "official", "family": "Doe", "given": ["Jane"]}],
        birthDate="1980-02-29",
        telecom=[{"system": "phone", "value": "1"}],
        address=[{"line": ["1 Street"], "city": "Town"}],
        communication=[{"language": {"coding": [{"code": "en"}]}, "preferred": True}],
        meta={"lastUpdated": "2026-01-01T00:00:00Z", "security": [{"system": ACT, "code": "PSY"}]},
    ),
    encounter(
        code="IMP",
        identifier=[{"system": "HOSP", "value": "V1"}],
        classHistory=[{"class": {"code": "EMER"}, "period": {"start": "2026-03-01T09:00:00Z"}}],
        statusHistory=[{"status": "onleave", "period": {"start": "2026-03-01T09:10:00Z"}}],
        location=[{"location": {"display": "Ward"}, "period": {"start": "2026-03-01T09:20:00Z"}}],
        hospitalization={"dischargeDisposition": {"coding": [{"system": "x", "code": "home"}]}},
        participant=[{"individual": {"reference": "Practitioner/1"}}],
        appointment=[{"reference": "Appointment/a1"}],
        episodeOfCare=[{"reference": "EpisodeOfCare/s1"}],
    ),
    appointment(
        cancelationReason={"coding": [{"code": "pat"}]}, basedOn=[{"reference": "ServiceRequest/r1"}]
    ),
    episode(statusHistory=[{"status": "planned", "period": {"start": "2025-12-01"}}]),
    referral(reasonCode=[{"text": "x"}], performer=[{"display": "x"}], priority="urgent"),
    task(owner={"display": "x"}, output=[{"valueReference": {"reference": "DocumentReference/1"}}]),
    {
        "resourceType": "Coverage",
        "id": "c1",
        "status": "active",
        "beneficiary": of(),
        "payor": [{"display": "Payer"}],
        "class": [{"type": {"coding": [{"code": "plan"}]}, "value": "Gold"}],
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
    },
    {
        "resourceType": "CarePlan",
        "id": "k1",
        "status": "active",
        "intent": "plan",
        "subject": of(),
        "title": "Plan",
        "created": "2026-01-02",
        "activity": [{"detail": {"code": {"text": "walk"}, "status": "in-progress"}}],
    },
    {"resourceType": "CareTeam", "id": "w1", "status": "active", "subject": of(), "name": "Ward 5"},
    {
        "resourceType": "Consent",
        "id": "n1",
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "patient": of(),
        "dateTime": "2026-01-02",
        "provision": {"type": "deny", "actor": [{"reference": {"display": "Lab"}}]},
    },
)

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "\x00",
    "x" * 300,
    "2026-13-01",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "2027-01-01T00:00:00Z",
    "Patient/other",
    "#p1",
    "urn:uuid:x",
    [],
    {},
    [None],
    [[]],
    ["x"],
    {"reference": "Patient/p1"},
    {"coding": "x"},
    {"start": 7},
)


def places(body: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to everything in it."""
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in members:
        yield (*way, name)
        yield from places(value, (*way, name))


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A resource with up to three of its elements replaced by something else, or gone."""
    body = deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        ways = [way for way in places(body) if way != ("resourceType",)]
        if not ways:
            break
        *way, last = draw(st.sampled_from(ways))
        inner: Any = body
        for name in way:
            inner = inner[name]
        if draw(st.booleans()):
            inner[last] = deepcopy(draw(st.sampled_from(VALUES)))
        else:
            del inner[last]
    return body


SHARED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
"""One database for all examples of a test: what came before is a part of what each meets."""


def test_nothing_is_wrong_with_them_before(feed: Feed) -> None:
    feed.take(bundle(*WHOLE))
    assert {row["status"] for row in feed.inbox()} == {"applied"}


@settings(max_examples=250, deadline=None, suppress_health_check=SHARED)
@given(bodies=st.lists(mutated(), min_size=1, max_size=4))
def test_a_mutated_resource_is_applied_or_set_aside(feed: Feed, bodies: list[Json]) -> None:
    feed.take(bundle(*WHOLE))
    counts = feed.take(bundle(*bodies, kind="batch"))
    assert counts.messages + sum(counts.not_mapped.values()) == len(bodies)


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
@given(raw=st.binary(max_size=200), keep=st.integers(0, 400))
def test_bytes_are_read_or_set_aside(feed: Feed, raw: bytes, keep: int) -> None:
    cut = json.dumps(bundle(patient("M9", "p9"))).encode()[:keep]
    feed.take(cut + raw)


@settings(max_examples=100, deadline=None, suppress_health_check=SHARED)
@given(
    body=st.recursive(
        st.sampled_from(VALUES),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["resourceType", "entry", "resource", "type", "fullUrl", "id", "parameter"]),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_set_aside(feed: Feed, body: Any) -> None:
    feed.take(json.dumps({"resourceType": "Bundle", "entry": body}).encode())
    feed.take(json.dumps({"resourceType": "Parameters", "parameter": body}).encode())
    feed.take(json.dumps(body).encode())
