"""One example of anything the domain defines, always the same, with every field filled in."""

import builtins
import types
import typing
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

PLAIN: dict[Any, Any] = {
    UUID: UUID("01900000-0000-7000-8000-000000000001"),
    AwareDatetime: datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    date: date(2026, 3, 2),
    int: 3,
    float: 0.5,
    bool: True,
    dict: {"reason": "as told"},
}
TEXTS = {"birth_date": "1970-01-01", "language": "ps", "cleared": "phone"}


def example(annotation: Any, name: str = "") -> Any:
    """A value of this type, for a field of this name."""
    arguments = get_args(annotation)
    value: Any
    match get_origin(annotation) or annotation:
        case plain if plain in PLAIN:
            value = PLAIN[plain]
        case builtins.str:
            value = TEXTS.get(name, f"{name} as told")
        case types.UnionType | typing.Union | typing.Annotated:
            value = example(arguments[0], name)
        case builtins.tuple:
            value = (example(arguments[0], name),)
        case typing.Literal:
            value = arguments[0]
        case words if issubclass(words, Enum):
            value = next(iter(words))
        case model:
            value = filled(model)
    return value


M = TypeVar("M", bound=BaseModel)


def filled(model: type[M]) -> M:
    """An instance with every field filled in."""
    return model(**{name: example(field.annotation, name) for name, field in model.model_fields.items()})
