"""Asked: a FHIR search as it is asked (R4 section 3.1.1): by what, in what order, how much, what comes along.

What is not declared is refused, never passed over: a filter that is not applied would tell too much. Who says
`Prefer: handling=lenient` is told what was passed over.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from journey.api.fhir.meant import Moments, about, any_of, moments, refuse, values
from journey.conditions import NOTHING_ASKED, Condition, all_of, joined
from journey.fhir.data import Json
from journey.fhir.every import referring_to
from journey.fhir.kind import By, Kind

MOST, USUAL = 500, 50
"""Resources on a page."""

NUMBER = re.compile(r"[0-9]{1,3}")
ELEMENT = re.compile(r"[A-Za-z]{1,64}")
UPDATED = "_lastUpdated"
RESULT = {
    "_count": f"How many are on a page, at most {MOST}; 0 is `_summary=count`.",
    "_elements": "The elements that are told, beside those that have to be there.",
    "_include": "What a resource refers to comes along.",
    "_revinclude": "What refers to a resource comes along.",
    "_sort": "By the date, `_lastUpdated` or `_id`; with `-` before it, the last first.",
    "_summary": "`count`: how many there are, and none of them.",
    "_total": "`accurate` or `estimate`: how many there are stands beside the page.",
}
"""Parameters that are about the answer, and not about the resources."""

COMMON = ("_id", UPDATED, *RESULT)
UNSAID = ("_format", "cursor")
"""Nothing that is searched by."""


class Total(StrEnum):
    """Whether it is told how many there are."""

    NONE = "none"
    ESTIMATE = "estimate"
    ACCURATE = "accurate"


class Sort(NamedTuple):
    """`by`: None for the id."""

    by: By | None = None
    updated: bool = False
    falling: bool = False


class Asked(NamedTuple):
    """A search: conditions on `fhir_resource AS listed` and `patient_status AS status`, and what is looked
    at in the resource itself.
    """

    condition: Condition
    updated: tuple[tuple[Moments, ...], ...]
    """Of each of these, one has to hold."""
    sort: Sort
    includes: tuple[str, ...]
    reverse: tuple[str, ...]
    elements: frozenset[str] | None
    total: bool
    most: int
    """0 where only the total is asked for."""
    cursor: str | None
    scope: str
    ignored: Mapping[str, str]
    """Parameters that were passed over, and why."""

    def holds(self, resource: Json) -> bool:
        """Whether it was last changed when it should have been."""
        at = datetime.fromisoformat(resource["meta"]["lastUpdated"])
        return all(any(each.holds(at) for each in given) for given in self.updated)


def asked(kind: Kind, said: Mapping[str, Sequence[str]], *, lenient: bool = False) -> Asked:
    """Raises Problem."""
    known = {*kind.parameters, *COMMON, *UNSAID}
    unknown = {name: _unknown(kind, name) for name in said if name not in known}
    ignored = {name: why for name, why in unknown.items() if lenient and ":" not in name}
    refuse({name: why for name, why in unknown.items() if name not in ignored})
    given = {name: each for name, each in said.items() if name in known}
    refuse({name: "It holds a NUL character" for name in given if "\0" in "".join(given[name])})
    updated = tuple(tuple(moments(UPDATED, each)) for each in given.get(UPDATED, ()))
    conditions = [
        about(name, kind.parameters[name], each)
        for name in given
        if name in kind.parameters
        for each in given[name]
    ]
    conditions += [any_of("listed.id = ANY(%s)", values("_id", each)) for each in given.get("_id", ())]
    conditions += [joined(" OR ", list(map(_updated_since, each))) for each in updated]
    told = sorted((name, tuple(each)) for name, each in given.items() if name != "cursor")
    most = _count(_once(given, "_count"))
    counted = _one_of(given, "_summary", ("count", "false")) == "count" or not most
    return Asked(
        all_of(conditions) if conditions else NOTHING_ASKED,
        updated,
        _sort(kind, _once(given, "_sort")),
        tuple(_included(kind, given.get("_include", ()))),
        tuple(_reverse(kind, given.get("_revinclude", ()))),
        _elements(_once(given, "_elements")),
        counted or _one_of(given, "_total", tuple(Total)) in {Total.ACCURATE, Total.ESTIMATE},
        0 if counted else most,
        _once(given, "cursor"),
        f"fhir {kind.type} {told}",
        ignored,
    )


def _unknown(kind: Kind, name: str) -> str:
    """Why it is refused."""
    plain, _, modifier = name.partition(":")
    if modifier and plain in {*kind.parameters, *COMMON}:
        return f"No modifier is known of {plain}; ask without :{modifier[:20]}"
    if plain.partition(".")[2] or plain == "_has":
        return "What is referred to is not searched through; ask for that first, and then by its id"
    return f"{kind.type} is searched by {', '.join(sorted({*kind.parameters, *COMMON}))}"


def _once(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    said = given.get(name, ())
    if len(said) > 1:
        refuse({name: "It can be given only once"})
    return said[0] if said else None


def _one_of(given: Mapping[str, Sequence[str]], name: str, words: Sequence[str]) -> str | None:
    said = _once(given, name)
    if said is not None and said not in words:
        refuse({name: f"One of {', '.join(words)}"})
    return said


def _count(said: str | None) -> int:
    if said is None:
        return USUAL
    if not (NUMBER.fullmatch(said) and int(said) <= MOST):
        refuse({"_count": f"A number up to {MOST}"})
    return int(said)


def _sort(kind: Kind, said: str | None) -> Sort:
    if said is None or said == "_id":
        return Sort()
    name, falling = said.removeprefix("-"), said.startswith("-")
    if name == UPDATED:
        return Sort(updated=True, falling=falling)
    if kind.parameters.get(name) is not By.DATE:
        dates = [each for each, by in sorted(kind.parameters.items()) if by is By.DATE]
        there = ", ".join([UPDATED, *dates])
        refuse({"_sort": f"One of {there}, with - before it for the last first; or _id"})
    return Sort(By.DATE, falling=falling)


def _elements(said: str | None) -> frozenset[str] | None:
    if said is None:
        return None
    names = values("_elements", said)
    if not all(map(ELEMENT.fullmatch, names)):
        refuse({"_elements": "The names of elements, with commas between: status,period"})
    return frozenset(names)


def _updated_since(asked: Moments) -> Condition:
    """What may have been changed then. The resource itself says whether it was."""
    if asked.prefix in {"eq", "gt", "ge", "sa"}:
        return Condition("status.recorded_at >= %s", (asked.begins,))
    return NOTHING_ASKED


def _included(kind: Kind, said: Sequence[str]) -> Iterator[str]:
    """`Encounter:patient` or `Encounter:patient:Patient`."""
    for each in said:
        source, _, rest = each.partition(":")
        name = rest.partition(":")[0]
        if source != kind.type or name not in kind.includes:
            there = ", ".join(f"{kind.type}:{one}" for one in sorted(kind.includes)) or "nothing"
            refuse({"_include": f"What can come along is {there}"})
        yield name


def _reverse(kind: Kind, said: Sequence[str]) -> Iterator[str]:
    """`Encounter:patient` of a Patient, or `Encounter:patient:Patient`."""
    there = referring_to(kind.type)
    for each in said:
        name = each.removesuffix(f":{kind.type}")
        if name not in there:
            refuse({"_revinclude": f"What can come along is {', '.join(there) or 'nothing'}"})
        yield name
