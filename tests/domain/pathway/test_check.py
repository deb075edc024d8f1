"""What is wrong with a definition as a whole: too much of it, or something that could never be."""

from typing import Any

import pytest

from journey.domain.pathway.check import MOST, complaints
from tests.domain.pathway.any_way import CATALOGUE
from tests.domain.pathway.test_course import milestones
from tests.ways import definition


def complained(**changed: Any) -> list[str]:
    return [sentence for _, sentence in complaints(definition(**changed), CATALOGUE)]


def met(**changed: Any) -> dict[str, Any]:
    return milestones({"id": "met", "reached_by": "visit.completed", **changed})


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (
            milestones(*({"id": f"m{at}", "reached_by": "visit.booked"} for at in range(201))),
            "milestones",
        ),
        ({"clocks": [{"id": f"c{each}", "stop": "visit.booked"} for each in range(21)]}, "clocks"),
        (met(reached_by=["visit.completed"] * 1001), "triggers"),
    ],
)
def test_a_pathway_that_would_take_too_long_to_follow_is_refused(changed: dict[str, Any], what: str) -> None:
    (sentence,) = complained(**changed)
    assert f"{what}, and a pathway has {MOST[what]} at most" in sentence


NOT_HAPPENED = {"unless": "visit.cancelled"}


@pytest.mark.parametrize(
    ("reached_by", "never"),
    [
        (NOT_HAPPENED, True),
        ({"all": [NOT_HAPPENED, NOT_HAPPENED]}, True),
        ({"any": [NOT_HAPPENED, "visit.completed"]}, True),
        ({"all": [NOT_HAPPENED, "visit.completed"]}, False),
        ({"any": ["visit.started", "visit.completed"]}, False),
    ],
)
def test_what_no_event_reaches_is_named(reached_by: dict[str, Any], never: bool) -> None:
    assert bool(complained(**met(reached_by=reached_by))) is never


@pytest.mark.parametrize(
    ("earlier", "same", "sentence"),
    [
        ("visit.booked", "visit_id", None),
        ("visit.booked", "appointment", "appointment of visit.booked is no id, nor any other single word"),
    ],
)
def test_a_thing_is_known_by_a_single_word(earlier: str, same: str, sentence: str | None) -> None:
    trigger = {"event": "visit.booked", "of": [{"event": earlier, "same": same}]}
    assert set(complained(**met(reached_by=trigger))) == ({sentence} if sentence else set())
