"""Admission: is this journey the caller's to see, and how much of it? Asked wherever one is named.

A journey of another team and one that is not there answer the same, after the same statements. What bears
labels that the caller is not cleared for is withheld, and said to be.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from journey.api.access import glass
from journey.api.access.asking import Asking
from journey.api.access.looks import Known, Looks, Stored
from journey.api.access.table import Reach
from journey.api.access.trail import Basis
from journey.conditions import Condition, all_of, joined
from journey.domain.labels import NONE, Labels
from journey.projections.audience import WHOLE, Audience

REPEATED = """
    SELECT FROM idempotency JOIN event USING (journey_id)
     WHERE journey_id = %s AND key = %s AND event.version = first_version
       AND event.context->'actor'->>'id' = %s
    """
OPENED: LiteralString = """
    status.patient_id IN (
        SELECT same.patient_id FROM break_glass, same_person(break_glass.patient_id) AS same (patient_id)
         WHERE caller = %s AND ended_at IS NULL AND ends_at > now())
    """
THEIRS: LiteralString = "status.teams && %s"
NOBODYS: LiteralString = "status.teams = '{}'"
EVERYBODYS = Condition("true")
CLEARED: LiteralString = "(status.audience = 'everyone' OR (status.audience = 'cleared') = "
LABELS: LiteralString = "status.labels <@ %s"

OR: LiteralString = " OR "

Patients = Sequence[UUID]


class Admission(NamedTuple):
    """Whether the caller may see a journey: why, or `basis` is None. `cleared`: the labels whose events they
    see, None for all; `standing`: where the patient stands by those, where the read model knows.
    """

    journey_id: UUID
    basis: Basis | None
    version: int = 0
    patient_id: UUID | None = None
    labels: Labels = NONE
    cleared: Labels | None = NONE
    standing: str | None = None
    calm_until: datetime | None = None

    @property
    def withheld(self) -> bool:
        """Whether something is recorded that they do not see."""
        return self.cleared is not None and not self.labels <= self.cleared


async def admit(looks: Looks, asking: Asking, journey_id: UUID, *, key: str | None = None) -> Admission:
    """May they? `key`: an answer to their own former request is theirs, even where it gave the journey away.
    Raises StoreUnavailable.
    """
    reads, known = looks.reads, await looks.at(journey_id)
    patient_id = known and known.patient_id
    basis = known and _basis(asking, known.teams)
    broken = False
    if basis is None or (known is not None and known.labels):
        broken = await glass.is_broken(reads, asking.breaks_glass, patient_id)
    if basis is None and known is not None and broken:
        basis = Basis.BREAK_GLASS
    name = asking.caller.name
    if basis is None and key is not None and await reads.rows(REPEATED, (journey_id, key, name)):
        basis = Basis.TEAM
    if basis is None or known is None:
        return Admission(journey_id, None, patient_id=patient_id)
    cleared = None if broken else asking.cleared
    stored = _stored(known, cleared) or (None, None)
    return Admission(journey_id, basis, known.version, known.patient_id, known.labels, cleared, *stored)


def _basis(asking: Asking, at_work: frozenset[str]) -> Basis | None:
    if not asking.caller.reaches(asking.permission, at_work):
        return None
    if asking.reach is Reach.ALL:
        return Basis.EVERY_TEAM
    return Basis.TEAM if at_work else Basis.UNASSIGNED


def _stored(known: Known, cleared: Labels | None) -> Stored | None:
    """The row that is for them. Who is cleared for some of the labels is told from the events."""
    if cleared is None or known.labels <= cleared:
        return known.standings.get(Audience.CLEARED) or known.standings.get(Audience.EVERYONE)
    return known.standings.get(Audience.UNCLEARED) if known.labels.isdisjoint(cleared) else None


def theirs(asking: Asking, opened: Patients | None = None) -> Condition:
    """Which rows of `patient_status AS status` the caller may see: of each journey one, or none. `opened`:
    whose records they have opened in an emergency, where that was looked up: then an index finds the rest.
    """
    audience, teams = of_their_labels(asking, opened), of_their_teams(asking, opened)
    return audience if teams == EVERYBODYS else all_of((audience, teams))


def of_their_labels(asking: Asking, opened: Patients | None = None) -> Condition:
    """Which row of a journey tells what they are cleared for, whoever works on it."""
    cleared = asking.cleared
    if cleared is None:
        return WHOLE
    shown = joined(OR, (Condition(LABELS, (sorted(cleared),)), _opened(asking, opened)))
    return Condition(CLEARED + shown.sql + ")", shown.parameters)


def of_their_teams(asking: Asking, opened: Patients | None = None) -> Condition:
    """Which journeys of `patient_status AS status` are the caller's to see, whatever is recorded of them."""
    bound = Condition(THEIRS, (sorted(asking.caller.teams or ()),)), _opened(asking, opened)
    match asking.reach:
        case Reach.ALL:
            return EVERYBODYS
        case Reach.OWN:
            return joined(OR, (Condition(NOBODYS), *bound))
        case Reach.GRANTED:
            return joined(OR, bound)
        case Reach.NONE:
            return Condition("false")


def _opened(asking: Asking, opened: Patients | None) -> Condition:
    if opened is None:
        return Condition(OPENED, (asking.breaks_glass,))
    return Condition("status.patient_id = ANY(%s)", (list(opened),)) if opened else Condition("false")
