"""About: what a filter has to know of a journey. Whose patient it is, which team was accountable and which
pathway was followed when an event was recorded.

Team and pathway are as the log had last told them by that event, the event itself included: so what somebody
asked for yesterday is found again today, and with it every place in between. Corrections are later events and
change nothing about it. The patient is a person: of records that were merged since, each stands for all.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self
from uuid import UUID

from pydantic_core import from_json

from journey.domain.enrolment import PathwayAssigned, PathwayEnded
from journey.domain.episode import OwnerAssigned, OwnerUnassigned
from journey.domain.labels import Labels

ACCOUNTABLE = (OwnerAssigned.stored_as, OwnerUnassigned.stored_as)
FOLLOWED = (PathwayAssigned.stored_as, PathwayEnded.stored_as)

SELECT = """
    SELECT journey_id, version, type, coalesce(data->>'team', data->>'pathway'), context->>'labels',
           CASE version WHEN 1 THEN ARRAY(SELECT same_person((data->>'patient_id')::uuid)) END
      FROM event
     WHERE journey_id = ANY(%s) AND (version = 1 OR type = ANY(%s))
     ORDER BY version
    """
"""Finds, of journeys, what `about` makes something of."""

TELLING = [*ACCOUNTABLE, *FOLLOWED]


class Told(NamedTuple):
    """The log told that the journey has another team or pathway; None: none any more."""

    version: int
    type: str
    value: str | None
    labels: Labels


class About(NamedTuple):
    """What is known of a journey. `opening`: the labels that it was opened with, and bears as a whole."""

    people: frozenset[UUID] = frozenset()
    opening: Labels = frozenset()
    told: tuple[Told, ...] = ()

    @classmethod
    def of(cls, rows: Sequence[tuple[Any, ...]]) -> Self:
        """From the journey's rows of SELECT, without the journey."""
        _, _, _, labels, people = rows[0]
        told = (Told(version, kind, value, _read(borne)) for version, kind, value, borne, _ in rows)
        return cls(frozenset(people), _read(labels), tuple(each for each in told if each.type in TELLING))

    def team(self, version: int, cleared: Labels | None) -> str | None:
        """Who was accountable as of this version, in small letters, as far as who is cleared for these labels
        is told of it; None of `cleared`: for all.
        """
        return self._last(ACCOUNTABLE, version, cleared)

    def pathway(self, version: int, cleared: Labels | None) -> str | None:
        """Which pathway was followed as of this version, likewise."""
        return self._last(FOLLOWED, version, cleared)

    def is_shown(self, cleared: Labels | None) -> bool:
        """Whether whose journey it is can be told."""
        return cleared is None or self.opening <= cleared

    def _last(self, kinds: Sequence[str], version: int, cleared: Labels | None) -> str | None:
        if not self.is_shown(cleared):
            return None
        shown = (each for each in self.told if cleared is None or each.labels <= cleared)
        said = [each.value for each in shown if each.type in kinds and each.version <= version]
        return said[-1].lower() if said and said[-1] else None


NOTHING = About()


def about(rows: Sequence[tuple[Any, ...]]) -> dict[UUID, About]:
    """What SELECT found, by journey."""
    found: dict[UUID, list[tuple[Any, ...]]] = {}
    for journey_id, *row in rows:
        found.setdefault(journey_id, []).append(tuple(row))
    return {journey_id: About.of(each) for journey_id, each in found.items()}


def _read(labels: str | None) -> Labels:
    return frozenset(from_json(labels)) if labels else frozenset()
