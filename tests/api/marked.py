"""Bodies in which every text is a mark, to be looked for where it must not be."""

import types
import typing
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from journey.domain.event import Command

MARK = "Zwetschgenmus"
AT = datetime(2026, 3, 1, 10, tzinfo=UTC).isoformat()
VALUES: dict[Any, Any] = {
    str: MARK,
    UUID: str(UUID(int=7)),
    int: 3,
    float: 0.5,
    bool: True,
    date: "2026-03-01",
    datetime: AT,
    AwareDatetime: AT,
    types.NoneType: None,
    Any: MARK,
}


def marked(annotation: Any) -> Any:
    """A value as JSON for a field with this annotation."""
    arguments = get_args(annotation)
    match get_origin(annotation) or annotation:
        case known if known in VALUES:
            value = VALUES[known]
        case types.UnionType | typing.Union | typing.Annotated:
            value = marked(arguments[0])
        case typing.Literal:
            value = arguments[0]
        case kind if kind is dict:
            value = {marked(arguments[0]): marked(arguments[1])}
        case kind if kind in {tuple, list, frozenset, set}:
            value = [marked(arguments[0])]
        case words if issubclass(words, Enum):
            value = next(iter(words)).value
        case model:
            value = body(model)
    return value


def body(model: type[BaseModel]) -> dict[str, Any]:
    """All that the model may hold, but for when it happened."""
    return {
        name: marked(field.annotation)
        for name, field in model.model_fields.items()
        if not issubclass(model, Command) or name not in Command.model_fields
    }


def without(said: Any, field: str) -> Any:
    """The same without this field, `contact.phone` or `items.0.text`."""
    first, _, rest = field.partition(".")
    if isinstance(said, list):
        return [without(each, rest) for each in said] if rest else []
    if not isinstance(said, dict) or first not in said:
        return said
    if rest and isinstance(said[first], dict | list):
        return said | {first: without(said[first], rest)}
    return {name: value for name, value in said.items() if name != first}
