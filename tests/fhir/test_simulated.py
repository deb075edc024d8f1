"""All that a simulated clinic's journeys are told as is valid, in each version that there ever was."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from journey.domain.correction import History
from journey.domain.journey import journey_at
from journey.fhir.data import references
from journey.fhir.every import KINDS
from journey.fhir.index import entry
from journey.fhir.kind import Kind, chart_of, current, versions
from tests.domain.test_replay import simulated
from tests.fhir.telling import unreadable
from tests.fhir.us_core import PROFILES, untold
from tests.fhir.validating import Json, assert_valid

PATIENTS, WHOLE = 60, 12
"""So many patients, and of so many of them every version."""


@cache
def clinic() -> Sequence[History]:
    return simulated(PATIENTS)


def resources(history: History) -> Iterator[tuple[Kind, Json]]:
    for kind in KINDS.values():
        for body in current(kind, history):
            yield kind, body


def test_every_resource_is_valid_and_leads_to_what_is_there() -> None:
    bodies = [body for history in clinic() for _, body in resources(history)]
    assert_valid(*bodies, known={f"{body['resourceType']}/{body['id']}" for body in bodies})
    told = Counter(body["resourceType"] for body in bodies)
    assert set(told) == set(KINDS), "what is never told here is tested nowhere"


def test_every_version_of_every_resource_is_valid() -> None:
    for history in clinic()[:WHOLE]:
        for kind, body in resources(history):
            told = list(versions(kind, body["id"], history))
            assert told[0].body == body
            assert_valid(*(each.body for each in told if each.body is not None))
            numbers = [each.number for each in told]
            assert numbers == sorted(set(numbers), reverse=True)


def test_what_was_erased_is_still_valid() -> None:
    for history in clinic()[:WHOLE]:
        whole = {(kind.type, body["id"]) for kind, body in resources(history)}
        erased = list(resources(unreadable(history)))
        assert_valid(*(body for _, body in erased))
        assert {(kind.type, body["id"]) for kind, body in erased} == whole


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.profile], ids=lambda kind: kind.type
)
def test_what_is_known_of_what_us_core_supports_is_told(kind: Kind) -> None:
    assert kind.profile in PROFILES
    told = 0
    for history in clinic():
        journey = journey_at(history)
        assert journey is not None
        for body in current(kind, history):
            told += 1
            assert not list(untold(body, journey)), body
    assert told


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_a_resource_has_what_it_is_found_by_and_brings_along(kind: Kind) -> None:
    """An element that is named wrongly is in none of them."""
    named = {each.path for each in kind.includes.values()} | {*filter(None, (kind.dated, kind.owned))}
    bodies = [body for history in clinic() for body in current(kind, history)]
    led = {(path, told.partition("/")[0]) for body in bodies for path, told in references(body)}
    assert named <= {name for body in bodies for name in body} | {path for path, _ in led}
    for include in kind.includes.values():
        assert {type_ for path, type_ in led if path == include.path} <= {*include.types}


@pytest.mark.parametrize(
    "kind", [each for each in KINDS.values() if each.found_by], ids=lambda kind: kind.type
)
def test_what_is_found_for_less_is_what_the_whole_says(kind: Kind) -> None:
    assert kind.found_by is not None
    for history in clinic():
        chart = chart_of(history)
        assert chart is not None
        whole = [entry(kind, body) for body in kind.made(chart)]
        assert [entry(kind, body) for body in kind.found_by(chart)] == whole
