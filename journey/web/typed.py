"""Typed: what was typed into the fields of a form, kept beside what is wrong with it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from journey.web.page import Asked

NOTHING: Mapping[str, str] = {}


class Filled(NamedTuple):
    """A form as it is shown: what stands in its fields, and what is wrong with each."""

    values: Mapping[str, str]
    faults: Mapping[str, str] = NOTHING
    problem: Mapping[str, Any] | None = None
    """The refusal as a whole."""

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def fault(self, name: str) -> str:
        return self.faults.get(name, "")


def typed(asked: Asked, names: Iterable[str]) -> dict[str, str]:
    """What was filled in, under these names."""
    return {name: asked.said(name) for name in names}


def refused(values: Mapping[str, str], problem: Mapping[str, Any]) -> Filled:
    """What was typed, with each fault beside its field."""
    faults: dict[str, str] = {}
    for each in problem["errors"] or ():
        name = _named(each["field"])
        faults[name] = f"{faults[name]} {each['message']}" if name in faults else each["message"]
    return Filled(values, faults, problem)


def listed(text: str) -> list[str]:
    """What stands between commas or on lines of its own."""
    return [each.strip() for each in text.replace("\n", ",").split(",") if each.strip()]


def _named(field: str) -> str:
    """Of the word of a list that is wrong, the field that the list was typed into."""
    return ".".join(each for each in field.split(".") if not each.isdigit())
