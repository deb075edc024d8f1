"""Withheld: what of the events that are to go may not, at the moment of sending.

The owner's key must reach the journey and be cleared for the event's type and labels. Whether the patient
lets all of it go out is asked besides: what may not go whole goes thin.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.delivery.follower import Clearance, Follower
from journey.domain import labels
from journey.domain.custody.events import ProcessingRestricted
from journey.domain.event import Recorded
from journey.domain.journey import fold
from journey.domain.labels import NONE, Labels
from journey.feed.consented import SPOKEN, Recipient, consented
from journey.feed.envelope import Payload
from journey.store import log

LABELLED = """
    SELECT DISTINCT journey_id FROM event
     WHERE journey_id = ANY(%s) AND (context::text LIKE '%%"labels":["%%' OR type = ANY(%s))
    """
LABELLING = [ProcessingRestricted.stored_as]
"""Labels all of a journey, whatever its events bear."""

THEIRS = "SELECT DISTINCT journey_id FROM patient_status WHERE journey_id = ANY(%s) AND teams && %s"


class Kept(NamedTuple):
    """What is kept back: `events` are told of as withheld, `journeys` not named, `thin` lack a consent.
    `borne`: the labels of every event that bears any.
    """

    events: frozenset[UUID]
    journeys: frozenset[UUID]
    thin: frozenset[UUID]
    borne: dict[UUID, Labels]


def hidden(
    connection: Connection[Any], journeys: Collection[UUID], cleared: Labels | None
) -> frozenset[UUID]:
    """The events of these journeys that are kept from who is cleared for these labels; None: for all."""
    if cleared is None or not journeys:
        return frozenset()
    labelled = [each for (each,) in connection.execute(LABELLED, (list(journeys), LABELLING))]
    histories = log.histories(connection, labelled)
    return frozenset().union(*(labels.hidden(history.recorded, cleared) for _, history in histories))


def kept(
    connection: Connection[Any],
    of: Follower,
    clearance: Clearance,
    going: Iterable[Recorded],
    now: datetime,
) -> Kept:
    """What of these events may not go."""
    events = list(going)
    journeys = {each.journey_id for each in events}
    theirs = _theirs(connection, clearance, journeys)
    asked = (list(theirs), [*LABELLING, *SPOKEN])
    spoken_for = connection.execute(LABELLED, asked).fetchall() if theirs else []
    thin, borne = set[UUID](), dict[UUID, Labels]()
    to = Recipient(of.recipient, of.purpose)
    for journey_id, history in log.histories(connection, [each for (each,) in spoken_for]):
        borne.update(labels.labelled(history.recorded))
        consents = fold(history.effective, journey_id).consents
        thin |= {
            each.event_id
            for each in events
            if each.journey_id == journey_id
            and consented(consents, borne, each.event_id, to, now) is Payload.THIN
        }
    withheld = frozenset(each.event_id for each in events if not _is_cleared(clearance, borne, each))
    return Kept(withheld, frozenset(journeys - theirs), frozenset(thin), borne)


def _is_cleared(clearance: Clearance, borne: dict[UUID, Labels], each: Recorded) -> bool:
    of_type = clearance.types is None or each.event.stored_as in clearance.types
    return of_type and (clearance.labels is None or borne.get(each.event_id, NONE) <= clearance.labels)


def _theirs(connection: Connection[Any], clearance: Clearance, journeys: Collection[UUID]) -> set[UUID]:
    if clearance.teams is None:
        return set(journeys)
    rows = connection.execute(THEIRS, (list(journeys), sorted(clearance.teams)))
    return {each for (each,) in rows}
