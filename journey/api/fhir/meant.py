"""Meant: what a parameter of a FHIR search means (R4 section 3.1.1), as a condition on the index."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from journey.api.matching import matching
from journey.api.problems import FieldError, Problem
from journey.conditions import Condition, joined
from journey.fhir.index import reach
from journey.fhir.kind import By

MANY = 100
"""Values of one parameter, with commas between."""

LONGEST = 200
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
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


def refuse(wrong: Mapping[str, str]) -> None:
    """Raises Problem, where something is wrong."""
    if wrong:
        errors = [FieldError(where="query", field=name[:100], message=said) for name, said in wrong.items()]
        raise Problem("invalid", "A parameter is wrong; each is named below.", errors=tuple(errors))


def values(name: str, said: str) -> list[str]:
    """Those between commas, of which one has to fit. A comma in one of them stands behind a backslash."""
    found = [ESCAPED.sub(r"\1", each.strip()) for each in BETWEEN.split(said)]
    if not all(found) or len(found) > MANY or any(len(each) > LONGEST for each in found):
        refuse({name: f"At most {MANY} values, none of them empty or over {LONGEST} characters"})
    return found


def any_of(sql: LiteralString, said: list[str]) -> Condition:
    return Condition(sql, (said,))


def _patient(name: str, said: list[str]) -> Condition:
    """Of all records of a person."""
    ids = [each.removeprefix("Patient/") for each in said]
    try:
        patients = [UUID(each) for each in ids]
    except ValueError:
        refuse({name: "A patient is named by id, as Patient/<id> or alone"})
        raise
    return joined(
        " OR ", [Condition("status.patient_id IN (SELECT same_person(%s))", (each,)) for each in patients]
    )


def _status(name: str, said: list[str]) -> Condition:
    told = [each.rpartition("|") for each in said]
    if any(system and not system.startswith(OF_FHIR) for system, _, _ in told):
        refuse({name: f"A code alone, or with its system under {OF_FHIR}"})
    return any_of("listed.status = ANY(%s)", [code for _, _, code in told])


def _owner(_name: str, said: list[str]) -> Condition:
    return any_of("lower(listed.owner) = ANY(%s)", [each.lower() for each in said])


def _identifier(name: str, said: list[str]) -> Condition:
    if any(each.endswith("|") for each in said):
        refuse({name: "Name the number, too: system|value, |value of no system, or value of any"})
    return any_of("listed.identifiers && %s", said)


def _birth_date(name: str, said: list[str]) -> Condition:
    if not all(map(_is_date, said)):
        refuse({name: "Written as 1970-03-02, 1970-03 or 1970"})
    return joined(" OR ", [Condition("status.birth_date LIKE %s", (f"{each}%",)) for each in said])


def _is_date(said: str) -> bool:
    try:
        reach(said)
    except ValueError:
        return False
    return "T" not in said


def _name(_name: str, said: list[str]) -> Condition:
    return joined(" OR ", [matching(each).condition for each in said])


def _date(name: str, said: list[str]) -> Condition:
    return joined(" OR ", [_within(each) for each in moments(name, ",".join(said))])


def moments(name: str, said: str) -> Iterator[Moments]:
    for each in values(name, said):
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


SAYS: Mapping[By, Callable[[str, list[str]], Condition]] = {
    By.PATIENT: _patient,
    By.STATUS: _status,
    By.DATE: _date,
    By.OWNER: _owner,
    By.IDENTIFIER: _identifier,
    By.NAME: _name,
    By.BIRTH_DATE: _birth_date,
}


def about(name: str, by: By, said: str) -> Condition:
    """Raises Problem."""
    return SAYS[by](name, values(name, said))
