"""Admission: is this journey the caller's to see, and how much of it? Asked wherever one is named.

A journey of another team and one that is not there answer the same, after the same statements. What bears
labels that the caller is not cleared for is withheld, and said to be.
"""

from typing import LiteralString, NamedTuple
from uuid import UUID

from journey.api.access import glass
from journey.api.access.asking import Asking
from journey.api.access.table import Reach
from journey.api.access.trail import Basis
from journey.api.conditions import Condition, all_of
from journey.api.reads import Reads
from journey.domain import labels
from journey.domain.careteam import teams
from journey.domain.correction import History
from journey.domain.journey import journey_at
from journey.domain.labels import NONE, Labels
from journey.projections.audience import Audience
from journey.store.mapper import recorded
from journey.store.recorder import FOR_EVER, SELECT_FORWARD

LOOK = """
    SELECT status.version, status.patient_id, status.teams, status.labels, status.audience,
           status.standing::text,
           (SELECT max(version) FROM event WHERE event.journey_id = asked.journey_id)
      FROM (VALUES (%s::uuid)) AS asked (journey_id) LEFT JOIN patient_status AS status USING (journey_id)
     ORDER BY status.audience
    """
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
THEIRS: LiteralString = "(status.teams && %s OR " + OPENED + ")"
THEIRS_OR_NOBODYS: LiteralString = "(status.teams = '{}' OR " + THEIRS + ")"
EVERYBODYS = Condition("true")
WHOLE = Condition("status.audience <> 'uncleared'")
"""Every journey once, with all that is recorded of it."""

CLEARED: LiteralString = (
    "(status.audience = 'everyone' OR (status.audience = 'cleared') = (status.labels <@ %s OR "
    + OPENED
    + "))"
)


class Known(NamedTuple):
    """What is known of a journey; `standings` are missing where the read model is behind."""

    version: int
    patient_id: UUID | None
    teams: frozenset[str]
    labels: Labels
    standings: dict[Audience, str]


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

    @property
    def withheld(self) -> bool:
        """Whether something is recorded that they do not see."""
        return self.cleared is not None and not self.labels <= self.cleared


async def admit(reads: Reads, asking: Asking, journey_id: UUID, *, key: str | None = None) -> Admission:
    """May they? `key`: an answer to their own former request is theirs, even where it gave the journey away.
    Raises StoreUnavailable.
    """
    known = await _known(reads, journey_id)
    patient_id = known and known.patient_id
    basis = known and _basis(asking, known.teams)
    broken = False
    if basis is None or (known is not None and known.labels):
        broken = await glass.is_broken(reads, asking.caller, patient_id)
    if basis is None and known is not None and broken:
        basis = Basis.BREAK_GLASS
    name = asking.caller.name
    if basis is None and key is not None and await reads.rows(REPEATED, (journey_id, key, name)):
        basis = Basis.TEAM
    if basis is None or known is None:
        return Admission(journey_id, None, patient_id=patient_id)
    cleared = None if broken else asking.cleared
    standing = _standing(known, cleared)
    return Admission(journey_id, basis, known.version, patient_id, known.labels, cleared, standing)


async def _known(reads: Reads, journey_id: UUID) -> Known | None:
    """From the read model; from the events themselves where it has not come that far."""
    rows = await reads.rows(LOOK, (journey_id,))
    version, patient_id, at_work, borne, _, _, head = rows[0]
    if head is None:
        return None
    if version is not None and version >= head:
        standings = {Audience(row[4]): row[5] for row in rows}
        return Known(version, patient_id, frozenset(at_work), frozenset(borne), standings)
    history = await read(reads, journey_id)
    journey = journey_at(history)
    if journey is None:
        return None
    of_all = labels.of_journey(history.recorded)
    return Known(history.version, journey.identity.patient_id, teams(journey), of_all, {})


def _basis(asking: Asking, at_work: frozenset[str]) -> Basis | None:
    if not asking.caller.reaches(asking.permission, at_work):
        return None
    if asking.reach is Reach.ALL:
        return Basis.EVERY_TEAM
    return Basis.TEAM if at_work else Basis.UNASSIGNED


def _standing(known: Known, cleared: Labels | None) -> str | None:
    """The row that is for them. Who is cleared for some of the labels is told from the events."""
    if cleared is None or known.labels <= cleared:
        return known.standings.get(Audience.CLEARED) or known.standings.get(Audience.EVERYONE)
    return known.standings.get(Audience.UNCLEARED) if known.labels.isdisjoint(cleared) else None


async def read(reads: Reads, journey_id: UUID) -> History:
    """Everything recorded on a journey."""
    rows = await reads.rows(SELECT_FORWARD, (journey_id, 0, FOR_EVER, None), binary=True)
    return History(tuple(map(recorded, rows)))


def theirs(asking: Asking) -> Condition:
    """Which rows of `patient_status AS status` the caller may see: of each journey one, or none."""
    audience, teams = of_their_labels(asking), of_their_teams(asking)
    return audience if teams == EVERYBODYS else all_of((audience, teams))


def of_their_labels(asking: Asking) -> Condition:
    """Which row of a journey tells what they are cleared for, whoever works on it."""
    cleared = asking.cleared
    return WHOLE if cleared is None else Condition(CLEARED, (sorted(cleared), asking.caller.id))


def of_their_teams(asking: Asking) -> Condition:
    """Which journeys of `patient_status AS status` are the caller's to see, whatever is recorded of them."""
    bound = (sorted(asking.caller.teams or ()), asking.caller.id)
    match asking.reach:
        case Reach.ALL:
            return EVERYBODYS
        case Reach.OWN:
            return Condition(THEIRS_OR_NOBODYS, bound)
        case Reach.GRANTED:
            return Condition(THEIRS, bound)
        case Reach.NONE:
            return Condition("false")
