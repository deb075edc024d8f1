"""Whatever is broken in a request or an answer, it is applied or set aside with a sentence: nothing fails."""

import random
from typing import Any

import pytest
from pydantic import ValidationError

from journey.domain.event import Command
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.pas import enclosed, unwrapped
from journey.ingest.fhir.resource import Json
from tests.ingest.fhir.pas.payer import (
    X12,
    Story,
    answer,
    bodies,
    bundle,
    changed,
    claim,
    concept,
    extension,
    item,
    response,
    task,
    update,
)

DETAIL = extension(
    "itemAuthorizedDetail",
    extension=[
        {"url": "quantity", "valueQuantity": {"value": 3, "unit": "visits"}},
        {"url": "productOrServiceCode", "valueCodeableConcept": concept("97110")},
    ],
)
PROVIDER = extension(
    "itemAuthorizedProvider", extension=[{"url": "provider", "valueReference": {"display": "d"}}]
)
PERIOD = extension("itemPreAuthPeriod", valuePeriod={"start": "2026-03-05", "end": "2026-06-05"})
ADDED = {
    "itemSequence": [2],
    "productOrService": concept("97112"),
    "adjudication": answer(2, "A1")["adjudication"],
}
FAULT = {"code": concept("T4", f"{X12}901"), "extension": [extension("errorPath", valueString="Bundle")]}
COVER = {"resourceType": "Coverage", "id": "c", "type": concept("16", f"{X12}1032")}
REQUEST = claim(
    item(
        1,
        quantity={"value": 6, "unit": "visits"},
        servicedPeriod={"start": "2026-03-05", "end": "2026-04-05"},
    ),
    item(2, careTeamSequence=[1], diagnosisSequence=[1]),
    careTeam=[{"sequence": 1, "provider": {"identifier": {"value": "1"}}}],
    diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": concept("G89.4")}],
    insurance=[{"focal": True, "coverage": {"reference": "Coverage/c"}}],
    contained=[COVER],
)
SAID = (
    REQUEST,
    update(item(1, mode="changed"), item(2, certification="3", mode="changed"), item(3, mode="added")),
    response(
        answer(1, "A1", "A-7", "0W", extension=[DETAIL, PROVIDER, PERIOD], noteNumber=[1]),
        answer(2, "A6"),
        addItem=[ADDED],
        processNote=[{"number": 1, "text": "a note"}],
        preAuthRef="A-7",
        preAuthPeriod={"start": "2026-03-05"},
    ),
    response(outcome="error", item=[], error=[FAULT]),
    task(restriction={"period": {"end": "2026-03-09"}}),
)
WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**70, 0.5, "", " ", "A4", "\x00", "\ud800", "x" * 20_000),
    *([], {}, [None], [[]], [{}], {"coding": None}, {"coding": [{"code": 7}]}, {"reference": "Claim/T-1"}),
    *("2026-02-30", "9999-12-31", "0001-01-01", "2026", "Claim/T-1", "3", "http://[", {"value": 1e308}),
)


def ways(part: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in it."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [found for name, each in inner for found in ((*way, name), *ways(each, (*way, name)))]


def aside(story: Story, body: Json) -> str:
    """Why it is set aside; "" where it leads to commands."""
    try:
        return "" if all(isinstance(each, Command) for each in story.commands(body)) else "no command"
    except Unapplied as problem:
        return problem.sentence
    except ValidationError:
        return "It says what cannot be kept."


@pytest.mark.parametrize("number", range(len(SAID)))
def test_each_place_is_broken_in_each_way(number: int) -> None:
    story, body = Story().hears(REQUEST), SAID[number]
    kept = {"resourceType", "use"}
    why = {
        aside(story, changed(body, *way, to=to))
        for way in ways(body)
        if way[0] not in kept
        for to in (..., *random.Random(f"{number} {way}").sample(WRONG, 4))  # noqa: S311 - no secret
    }
    assert "" in why
    assert len(why) > 1
    assert all(each == "" or each.endswith(".") for each in why)
    assert not any("x" * 50 in each for each in why), "a sentence quotes nothing"


def test_what_is_broken_in_several_places_is_recorded_or_set_aside() -> None:
    dice = random.Random(278)  # noqa: S311 - no secret
    for number in range(150):
        story, body = Story().hears(REQUEST), SAID[number % len(SAID)]
        for _ in range(dice.randint(1, 3)):
            places = [way for way in ways(body) if way[0] not in {"resourceType", "use"}]
            body = changed(body, *dice.choice(places), to=dice.choice((..., *WRONG)))
        if not aside(story, body):
            story.hears(body)
            assert story.status is not None


def test_a_broken_bundle_is_unwrapped_and_enclosed_all_the_same() -> None:
    whole = {"resourceType": "Bundle", "type": "history", "entry": [{"resource": bundle(*SAID)}]}
    wrong: tuple[Any, ...] = (..., None, [], {}, "x", 7)
    for way in ways(whole):
        for one in unwrapped(changed(whole, *way, to=wrong[len(way) % len(wrong)])):
            enclosed(one, {"Claim/T-1": REQUEST})
    assert len(list(bodies(whole))) == len(SAID)


def test_what_refers_to_itself_is_enclosed_once() -> None:
    loop = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "PractitionerRole/r"},
    }
    told = claim(
        item(1, careTeamSequence=[1]),
        careTeam=[{"sequence": 1, "provider": {"reference": "PractitionerRole/r"}}],
    )
    story = Story().hears(bundle(told, loop))
    assert story.one.request.items[0].performer == "PractitionerRole/r"
