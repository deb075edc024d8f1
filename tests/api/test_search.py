"""Search finds people as they are asked for: spelt otherwise, in another order, with a typing error."""

from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import pytest

from tests.api.test_reading import projected
from tests.served import Api

pytestmark = pytest.mark.database

PEOPLE: dict[str, dict[str, Any]] = {
    "jürgen": {"family": "Müller-Lüdenscheidt", "given": ["Jürgen"], "birth_date": "1970-03-02"},
    "siobhan": {"family": "O'Sullivan", "given": ["Siobhán", "Mary-Kate"], "birth_date": "1970-02-03"},
    "ngozi": {"family": "Okaforsson", "given": ["Ngozi"], "birth_date": "1984-12-24"},
    "ngo": {"family": "Okafor", "given": ["Ngo"]},
    "ming": {"family": "王", "given": ["小明"]},
    "jose": {"family": "García Márquez", "given": ["José"]},
}
NUMBERS = {"ngozi": "00-4711-X", "jose": "943 476 5919"}


@pytest.fixture(scope="module")
def people(api: Api) -> dict[str, str]:
    made = {}
    for name, patient in PEOPLE.items():
        numbers = [{"system": "mrn", "value": NUMBERS[name]}] if name in NUMBERS else []
        journey = api.opened(patient=patient, identifiers=numbers, patient_id=str(uuid4()))
        projected(api, journey, 3)
        made[journey.rpartition("/")[2]] = name
    return made


def found(api: Api, people: dict[str, str], question: str) -> list[str]:
    """In their order."""
    answer = api.get(f"/v1/journeys?q={quote_plus(question)}")
    assert answer.status_code == 200, answer.text
    return [people[each["journey_id"]] for each in answer.json()["journeys"]]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Mueller", ["jürgen"]),
        ("MULLER", ["jürgen"]),
        ("Müller Lüdenscheidt, Jürgen", ["jürgen"]),
        ("jurgen muellerludenscheidt", ["jürgen"]),
        ("ludenscheid-müller", ["jürgen"]),
        ("Lüdenscheit", ["jürgen"]),
        ("Müller Bertha", []),
        ("osullivan", ["siobhan"]),
        ("O'Sul", ["siobhan"]),
        ("sullivan siobhan", ["siobhan"]),
        ("Sulivan", ["siobhan"]),
        ("marykate", ["siobhan"]),
        ("Kate Mary", ["siobhan"]),
        ("1970-03-02", ["jürgen"]),
        ("02.03.1970", ["jürgen"]),
        ("3.2.1970", ["siobhan"]),
        ("sullivan 03.02.1970", ["siobhan"]),
        ("sullivan 02.03.1970", []),
        ("1984", ["ngozi"]),
        ("4711X", ["ngozi"]),
        ("004711x", ["ngozi"]),
        ("00-4711-X", ["ngozi"]),
        ("ngozi 4711", ["ngozi"]),
        ("4712", []),
        ("9434765919", ["jose"]),
        ("943-476-5919", ["jose"]),
        ("0943 4765919", ["jose"]),
        ("garciamarquez", ["jose"]),
        ("Marquez, Jose", ["jose"]),
        ("Gracia Marquez", ["jose"]),
        ("jose garcai", ["jose"]),
        ("josw garcia", ["jose"]),
        ("jpse garcia", ["jose"]),
        ("hose garcia", ["jose"]),
        ("2.3.70", ["jürgen"]),
        ("12-24-84 okaforsson", ["ngozi"]),
        ("小明", ["ming"]),
        ("王小明", ["ming"]),
        ("明小王", []),
        ("jhsdfkj", []),
        ("% _", []),
    ],
)
def test_people_are_found(api: Api, people: dict[str, str], question: str, names: list[str]) -> None:
    assert found(api, people, question) == names


def test_what_may_be_one_day_or_another_is_both(api: Api, people: dict[str, str]) -> None:
    assert sorted(found(api, people, "3/2/1970")) == ["jürgen", "siobhan"]


def test_in_full_comes_before_what_begins_so_and_that_before_what_is_like_it(
    api: Api, people: dict[str, str]
) -> None:
    assert found(api, people, "okafor") == ["ngo", "ngozi"]
    assert found(api, people, "ngo okafor") == ["ngo", "ngozi"]
    assert found(api, people, "Okafro") == ["ngo"]


def test_the_ranks_go_on_over_pages(api: Api, people: dict[str, str]) -> None:
    seen, url = [], "/v1/journeys?q=ngo&limit=1"
    while url:
        page = api.get(url).json()
        seen += [people[each["journey_id"]] for each in page["journeys"]]
        url = page["next"] and f"/v1/journeys?q=ngo&limit=1&cursor={page['next']}"
    assert seen == ["ngo", "ngozi"]
