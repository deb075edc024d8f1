"""What a replay of all steps comes to, for any test that has a history."""

from typing import Any

from journey.domain.correction import History
from journey.domain.journey import journey_at
from journey.domain.pathway import Pathways
from journey.domain.replay import Axis, Walk, answer


def replayed(history: History, axis: Axis, pathways: Pathways) -> dict[str, Any]:
    """Every change, made to an empty answer; each finds what the one before it left."""
    values: dict[str, Any] = {}
    for step in Walk(history, axis, pathways).steps():
        for path, before, after in step.changes or ():
            assert values.get(path) == before, (step.recorded.version, path)
            if after is None:
                del values[path]
            else:
                values[path] = after
    return values


def today(history: History, pathways: Pathways) -> dict[str, Any]:
    """The answer as it is asked for without a replay."""
    journey = journey_at(history)
    assert journey is not None
    return answer(journey, pathways).leaves()


def it_comes_to_today(history: History, pathways: Pathways) -> None:
    for axis in Axis:
        assert replayed(history, axis, pathways) == today(history, pathways), axis
