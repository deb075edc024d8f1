"""The dice: rare things come in their turn, and the same seed throws the same."""

from collections import Counter

import pytest

from journey.simulate.dice import Dice

CHOICES = ((0.5, "often"), (0.3, "sometimes"), (0.16, "seldom"), (0.04, "rarely"))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_dealt_comes_as_often_as_its_share_says(seed: int) -> None:
    dice = Dice(seed)
    dealt = Counter(dice.dealt(CHOICES) for _ in range(100))
    for share, choice in CHOICES:
        assert abs(dealt[choice] - 100 * share) <= 2
    assert any(dice.dealt(CHOICES) == "rarely" for _ in range(30)), "within little more than one in its share"


def test_each_kind_of_rare_thing_has_turns_of_its_own() -> None:
    dice = Dice(3)
    thrown = [(dice.seldom("one", 0.1), dice.seldom("another", 0.1)) for _ in range(200)]
    assert all(19 <= sum(throws) <= 21 for throws in zip(*thrown, strict=True))
    assert [one for one, _ in thrown] != [another for _, another in thrown]


def test_the_same_seed_deals_the_same() -> None:
    first, second = Dice(5), Dice(5)
    assert [first.dealt(CHOICES) for _ in range(50)] == [second.dealt(CHOICES) for _ in range(50)]
