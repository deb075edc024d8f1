"""The definitions that are at hand, each with its calendar, and ready to be followed."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from hashlib import sha256
from zoneinfo import ZoneInfo

from journey.domain.pathway.definition import Definition
from journey.domain.pathway.plan import Plan
from journey.domain.pathway.span import Calendar

Holidays = Callable[[str, int], frozenset[date]]
"""The public holidays of a country, or of a part of it, in a year."""


def _no_holidays(_: str, __: int) -> frozenset[date]:
    return frozenset()


class Pathways:
    """Every definition by id and version. Never changed once made."""

    def __init__(self, definitions: Iterable[Definition] = (), holidays: Holidays = _no_holidays) -> None:
        self._holidays = holidays
        self._plans: dict[str, dict[str, Plan]] = {}
        for definition in definitions:
            self._plans.setdefault(definition.id, {})[definition.version] = Plan(
                definition, self._calendar(definition), _digest(definition)
            )

    def _calendar(self, definition: Definition) -> Calendar:
        place = definition.calendar.holidays
        zone = ZoneInfo(definition.calendar.zone)
        if place is None:
            return Calendar(zone)
        return Calendar(zone, lambda year: self._holidays(place, year))

    def __iter__(self) -> Iterator[Definition]:
        return (plan.definition for name in sorted(self._plans) for plan in self._plans[name].values())

    def plan(self, pathway: str, version: str | None) -> Plan | None:
        """That version, or the latest where none is named; None where it is not installed."""
        versions = self._plans.get(pathway, {})
        if version is None:
            return versions[max(versions, key=_in_order)] if versions else None
        return versions.get(version)

    def get(self, pathway: str, version: str | None) -> Definition | None:
        """The definition of that plan."""
        plan = self.plan(pathway, version)
        return None if plan is None else plan.definition

    def versions(self, pathway: str) -> tuple[str, ...]:
        """What is installed of it, the oldest first."""
        return tuple(sorted(self._plans.get(pathway, {}), key=_in_order))

    def digest(self, definition: Definition) -> str:
        """What tells a definition from another that claims the same version."""
        plan = self.plan(definition.id, definition.version)
        return _digest(definition) if plan is None else plan.digest


def _in_order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _digest(definition: Definition) -> str:
    return sha256(definition.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:16]
