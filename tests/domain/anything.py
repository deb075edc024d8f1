"""Any command at all, from small pools of values, so that commands meet the same visits and results."""

import builtins
import types
import typing
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from journey.domain.authorization import LineDecision, RequestFault
from journey.domain.event import Command, Precision
from journey.domain.identity import Demographics
from journey.domain.journey import COMMANDS
from tests.spec import at

IDS = tuple(UUID(int=number) for number in range(2, 5))  # the first is the patient's
MOMENTS = tuple(at(hour) for hour in range(9, 33))
POOLS: dict[Any, st.SearchStrategy[Any]] = {
    UUID: st.sampled_from(IDS),
    str: st.sampled_from(["1970-01-01", "1971-02"]),  # fits dates of birth, and every other text too
    int: st.integers(1, 20),
    date: st.sampled_from([moment.date() for moment in MOMENTS[::8]]),
    float: st.floats(0, 1),
    bool: st.booleans(),
    AwareDatetime: st.sampled_from(MOMENTS),
    types.NoneType: st.none(),
}
FIELDS = st.dictionaries(
    st.sampled_from(["reason", "location", "expected_at", "comment", "visit_id", "nothing"]),
    st.sampled_from([None, "1970-01-01", {"point_of_care": "A"}, MOMENTS[4].isoformat(), 7]),
    max_size=2,
)
PARTICULAR: dict[str, st.SearchStrategy[Any]] = {
    "cleared": st.lists(st.sampled_from(sorted(Demographics.model_fields)), max_size=2).map(tuple),
    "pathway": st.sampled_from(["a-way", "nhs-rtt-18-week"]),
    "version": st.sampled_from(["1.0.0", "2.0.0"]),
    "milestone": st.sampled_from(["seen", "told", "met", "triaged"]),
    "parameters": st.sampled_from([{}, {"pace": "quick"}]),
    "mapping": st.sampled_from([{}, {"seen": "met"}]),
    "end": st.none(),  # before the start, it would be no appointment
    "lines": st.deferred(lambda: st.lists(values(LineDecision), min_size=1, max_size=2).map(tuple)),
    "faults": st.deferred(lambda: st.lists(values(RequestFault), min_size=1, max_size=2).map(tuple)),
}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a field with this annotation."""
    arguments = get_args(annotation)
    match get_origin(annotation) or annotation:
        case known if known in POOLS:
            found = POOLS[known]
        case types.UnionType | typing.Union:
            found = st.one_of([values(each) for each in arguments])
        case typing.Literal:
            found = st.sampled_from(arguments)
        case builtins.dict:
            of, to = arguments
            found = FIELDS if to is Any else st.dictionaries(values(of), values(to), max_size=2)
        case builtins.tuple:
            found = st.lists(values(arguments[0]), max_size=2).map(tuple)
        case typing.Annotated:
            found = values(arguments[0])
        case words if issubclass(words, Enum):
            found = st.sampled_from(list(words))
        case model:
            found = models(model)
    return found


@cache
def models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    fields = {
        name: PARTICULAR[name] if name in PARTICULAR else values(field.annotation)
        for name, field in model.model_fields.items()
        if name not in Command.model_fields or not issubclass(model, Command)
    }
    return st.builds(model, **fields)


def commands(*types_of: type[Command]) -> st.SearchStrategy[Command]:
    """Any of these commands, or any at all, at any time, asked for or reported."""
    return st.builds(
        lambda command, moment, precision, reported: command.model_copy(
            update={"occurred_at": moment, "occurred_precision": precision, "reported": reported}
        ),
        st.sampled_from(types_of or sorted(COMMANDS.values(), key=str)).flatmap(models),
        st.sampled_from(MOMENTS),
        st.sampled_from([Precision.INSTANT, Precision.INSTANT, Precision.HOUR, Precision.DAY]),
        st.booleans(),
    )
