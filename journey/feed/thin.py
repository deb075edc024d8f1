"""Thin: what of an event is told where nobody asked for more, and what goes into an export. Codes, ids,
times, numbers, and the names of teams, pathways and places.

Texts are not, whoever wrote them, nor who the patient is. What is let out is said here; a new field of a new
event stays in until it is one of these.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from journey.domain.correction import Change
from journey.domain.event import Coded, Event
from journey.domain.identity import Demographics, Identifier
from journey.feed.times import utc

NAMES = frozenset(
    {"team", "from_team", "to_team", "pathway", "version", "milestone", "point_of_care", "facility"}
)
"""The fields whose text is a name that the site gave to something of its own."""

NAMES_OF: Mapping[type[BaseModel], frozenset[str]] = MappingProxyType({Change: NAMES | {"what"}})
"""Likewise, of a part of an event in which a name is a name that elsewhere may be anybody's words."""

PERSONAL = (Demographics, Identifier)


def thin(event: Event) -> dict[str, Any]:
    """What may go out of it, as JSON has it; what is empty is left out."""
    return _fields(event)


def _fields(model: BaseModel) -> dict[str, Any]:
    names = NAMES_OF.get(type(model), NAMES)
    said = ((name, _said(value, is_name=name in names)) for name, value in model)
    return {name: value for name, value in said if value is not None and value not in ({}, [])}


def _said(value: Any, *, is_name: bool) -> Any:
    said: Any = None
    match value:
        case bool() | int() | float():
            said = value
        case StrEnum() | UUID() | date() | datetime():
            said = utc(value) if isinstance(value, datetime) else str(value)
        case str() if is_name:
            said = value
        case Coded():
            said = {"system": value.system, "code": value.code}
        case BaseModel() if not isinstance(value, PERSONAL):
            said = _fields(value)
        case tuple() | list():
            said = [one for each in value if (one := _said(each, is_name=is_name)) is not None]
        case _:
            pass
    return said
