"""Asked: what a FHIR search means (R4 section 3.1.1), as conditions on the index of resources.

What is not declared is refused, never passed over: a filter that is not applied would tell too much.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from journey.api.matching import matching
from journey.api.problems import FieldError, Problem
from journey.conditions import NOTHING_ASKED, Condition, all_of, joined
from journey.fhir.data import Json
from journey.fhir.index import reach
from journey.fhir.kind import By, Kind

MOST, USUAL = 500, 50
"""Resources on a page."""

MANY = 100
"""Values of one parameter, with commas between."""

LONGEST = 200
COMMON = ("_id", "_lastUpdated", "_count", "_include", "_format", "cursor")
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
NUMBER = re.compile(r"[0-9]{1,3}")
BETWEEN = re.compile(r"(?<!\\),")
ESCAPED = re.compile(r"\\([\\,|$])")
OF_FHIR = "http://hl7.org/fhir/"
"""Where the code systems of statuses are."""


class Moments(NamedTuple):
    """A prefix, and the stretch of time that a value names."""

    prefix: str
    begins: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a moment is as asked for."""
        match self.prefix:
            case "ne":
                return not self.begins <= at < self.ends
            case "gt" | "sa":
                return at >= self.ends
            case "ge":
                return at >= self.begins
            case "lt" | "eb":
                return at < self.begins
            case "le":
                return at < self.ends
            case _:
                return self.begins <= at < self.ends


class Asked(NamedTuple):
    """A search: conditions on `fhir_resource AS listed` and `patient_status AS status`, and what is looked
    at in the resource itself.
    """

    condition: Condition
    updated: tuple[tuple[Moments, ...], ...]
    """Of each of these, one has to hold."""
    includes: tuple[str, ...]
    most: int
    cursor: str | None
    scope: str

    def holds(self, resource: Json) -> bool:
        """Whether it was last changed when it should have been."""
        at = datetime.fromisoformat(resource["meta"]["lastUpdated"])
        return all(any(each.holds(at) for each in values) for values in self.updated)


def asked(kind: Kind, given: Mapping[str, Sequence[str]]) -> Asked:
    """Raises Problem."""
    known = {*kind.parameters, *COMMON}
    refuse({name: _unknown(kind, name) for name in given if name not in known})
    conditions = []
    updated = tuple(tuple(moments("_lastUpdated", each)) for each in given.get("_lastUpdated", ()))
    for name, values in given.items():
        if name in kind.parameters:
            says = SAYS[kind.parameters[name]]
            conditions += [says(name, _values(name, each)) for each in values]
    conditions += [_any_of("listed.id = ANY(%s)", _values("_id", each)) for each in given.get("_id", ())]
    conditions += [joined(" OR ", list(map(_updated_since, each))) for each in updated]
    told = sorted((name, tuple(values)) for name, values in given.items() if name != "cursor")
    return Asked(
        all_of(conditions) if conditions else NOTHING_ASKED,
        updated,
        tuple(_included(kind, given.get("_include", ()))),
        _count(_once(given, "_count")),
        _once(given, "cursor"),
        f"fhir {kind.type} {told}",
    )


def refuse(wrong: Mapping[str, str]) -> None:
    """Raises Problem, where something is wrong."""
    if wrong:
        errors = [FieldError(where="query", field=name, message=said) for name, said in wrong.items()]
        raise Problem("invalid", "A parameter is wrong; each is named below.", errors=tuple(errors))


def _unknown(kind: Kind, name: str) -> str:
    there = ", ".join(sorted({*kind.parameters, *COMMON} - {"_format", "cursor"}))
    plain, _, modifier = name.partition(":")
    if modifier and plain in kind.parameters:
        return f"No modifier is known of {plain}; ask without :{modifier[:20]}"
    return f"{kind.type} is searched by {there}"


def _once(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = given.get(name, ())
    if len(values) > 1:
        refuse({name: "It can be given only once"})
    return values[0] if values else None


def _count(said: str | None) -> int:
    if said is None:
        return USUAL
    if not (NUMBER.fullmatch(said) and 1 <= int(said) <= MOST):
        refuse({"_count": f"A number from 1 to {MOST}"})
    return int(said)


def _values(name: str, said: str) -> list[str]:
    """Those between commas, of which one has to fit. A comma in one of them stands behind a backslash."""
    values = [ESCAPED.sub(r"\1", each.strip()) for each in BETWEEN.split(said)]
    if not all(values) or len(values) > MANY or any(len(each) > LONGEST for each in values):
        refuse({name: f"At most {MANY} values, none of them empty or over {LONGEST} characters"})
    return values


def _any_of(sql: LiteralString, values: list[str]) -> Condition:
    return Condition(sql, (values,))


def _patient(name: str, values: list[str]) -> Condition:
    """Of all records of a person."""
    ids = [each.removeprefix("Patient/") for each in values]
    try:
        patients = [UUID(each) for each in ids]
    except ValueError:
        refuse({name: "A patient is named by id, as Patient/<id> or alone"})
        raise
    return joined(
        " OR ", [Condition("status.patient_id IN (SELECT same_person(%s))", (each,)) for each in patients]
    )


def _status(name: str, values: list[str]) -> Condition:
    told = [each.rpartition("|") for each in values]
    if any(system and not system.startswith(OF_FHIR) for system, _, _ in told):
        refuse({name: f"A code alone, or with its system under {OF_FHIR}"})
    return _any_of("listed.status = ANY(%s)", [code for _, _, code in told])


def _owner(_name: str, values: list[str]) -> Condition:
    return _any_of("lower(listed.owner) = ANY(%s)", [each.lower() for each in values])


def _identifier(name: str, values: list[str]) -> Condition:
    if any(each.endswith("|") for each in values):
        refuse({name: "Name the number, too: system|value, |value of no system, or value of any"})
    return _any_of("listed.identifiers && %s", values)


def _birth_date(name: str, values: list[str]) -> Condition:
    if not all(map(_is_date, values)):
        refuse({name: "Written as 1970-03-02, 1970-03 or 1970"})
    return joined(" OR ", [Condition("status.birth_date LIKE %s", (f"{each}%",)) for each in values])


def _is_date(said: str) -> bool:
    try:
        reach(said)
    except ValueError:
        return False
    return "T" not in said


def _name(_name: str, values: list[str]) -> Condition:
    return joined(" OR ", [matching(each).condition for each in values])


def _date(name: str, values: list[str]) -> Condition:
    return joined(" OR ", [_within(each) for each in moments(name, ",".join(values))])


def moments(name: str, said: str) -> Iterator[Moments]:
    for each in _values(name, said):
        prefix = each[:2] if each[:2] in PREFIXES else "eq"
        at = each.removeprefix(prefix) if each[:2] in PREFIXES else each
        try:
            begins, ends = reach(at)
        except (ValueError, OverflowError):
            refuse({name: "Written as ge2026-03-01 or lt2026-03-01T09:00:00Z; a time has an offset"})
            raise
        if begins.tzinfo is None:
            refuse({name: "A time has an offset: 2026-03-01T09:00:00Z"})
        yield Moments(prefix, begins, ends)


ENDS: LiteralString = "coalesce(listed.ends, 'infinity')"
INSIDE: LiteralString = "(listed.begins >= %s AND " + ENDS + " <= %s)"
BOTH, LOW, HIGH = slice(2), slice(1), slice(1, 2)
WITHIN: Mapping[str, tuple[LiteralString, slice]] = {
    "eq": (INSIDE, BOTH),
    "ne": ("NOT " + INSIDE, BOTH),
    "gt": ("(listed.begins IS NOT NULL AND " + ENDS + " > %s)", HIGH),
    "ge": ("(listed.begins IS NOT NULL AND " + ENDS + " > %s)", LOW),
    "lt": ("listed.begins < %s", LOW),
    "le": ("listed.begins < %s", HIGH),
    "sa": ("listed.begins >= %s", HIGH),
    "eb": ("listed.ends <= %s", LOW),
}
"""What a stretch of time fulfils for each prefix, and which ends of what was asked for it is held to (R4
section 3.1.1.4.8).
"""


def _within(asked: Moments) -> Condition:
    sql, ends = WITHIN[asked.prefix]
    stretch: tuple[datetime, ...] = (asked.begins, asked.ends)
    return Condition(sql, stretch[ends])


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


SAYS: Mapping[By, Callable[[str, list[str]], Condition]] = {
    By.PATIENT: _patient,
    By.STATUS: _status,
    By.DATE: _date,
    By.OWNER: _owner,
    By.IDENTIFIER: _identifier,
    By.NAME: _name,
    By.BIRTH_DATE: _birth_date,
}
