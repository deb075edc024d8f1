"""Focusing: the resources that events are about, as whoever subscribed may see them at the moment of sending.

What is withheld has no focus, and neither has what is not there (any more). Where the patient does not let
all of it go out, the resource is made of what they do; where they let nothing, it is only named.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from journey.delivery.follower import Clearance
from journey.delivery.withheld import Kept, kept
from journey.domain import labels
from journey.domain.correction import History
from journey.domain.event import Recorded
from journey.domain.journey import fold
from journey.feed.consented import Recipient, consented
from journey.feed.envelope import Payload
from journey.fhir.data import Json
from journey.fhir.every import KINDS
from journey.fhir.kind import Kind, current, redacted
from journey.store import log
from journey.subscriptions.notification import Focus
from journey.subscriptions.terms import Content
from journey.subscriptions.topics import Topic
from journey.webhooks.subscription import Subscription


class Telling(NamedTuple):
    """To whom, about what, how much of it, and when."""

    of: Subscription
    clearance: Clearance
    topic: Topic
    content: Content
    now: datetime


class Focused(NamedTuple):
    """The focus of each event that may be told, and what is kept back."""

    by_event: Mapping[UUID, Focus]
    back: Kept


Bodies = Mapping[str, Json]


def focused(connection: Connection[Any], telling: Telling, events: Iterable[Recorded]) -> Focused:
    """What these events are about."""
    wanted = list(events)
    back = kept(connection, telling.of, telling.clearance, wanted, telling.now)
    resources = telling.clearance.resources
    is_theirs = resources is None or telling.topic.focus in resources
    if telling.content is Content.EMPTY or not is_theirs:
        return Focused({}, back)
    going = [each for each in wanted if each.event_id not in back.events]
    journeys = {each.journey_id for each in going} - back.journeys
    found: dict[UUID, Focus] = {}
    for journey_id, history in log.histories(connection, journeys):
        own = [each for each in going if each.journey_id == journey_id]
        found |= of_journey(telling, history, own)
    return Focused(found, back)


def of_journey(telling: Telling, history: History, events: Sequence[Recorded]) -> dict[UUID, Focus]:
    """What these events of one journey are about."""
    kind = KINDS[telling.topic.focus]
    cut = History(tuple(labels.shown(history.recorded, telling.clearance.labels)))
    there = _bodies(kind, cut, history)
    whole: Bodies = {}
    if telling.content is Content.FULL:
        whole = _bodies(kind, _let_out(telling, cut, history), history)
    found: dict[UUID, Focus] = {}
    for each in events:
        id_ = telling.topic.id_of(each) or next(iter(there), "")
        if id_ in there:
            found[each.event_id] = Focus(kind.type, id_, whole.get(id_))
    return found


def _bodies(kind: Kind, cut: History, history: History) -> Bodies:
    """Every resource of the kind, by its id; marked where it is not all there is."""
    if not cut.recorded:
        return {}
    is_all = len(cut.recorded) == len(history.recorded)
    return {each["id"]: each if is_all else redacted(each) for each in current(kind, kind.together([cut]))}


def _let_out(telling: Telling, cut: History, history: History) -> History:
    """What of it the patient lets go out whole."""
    to = Recipient(telling.of.recipient, telling.of.purpose)
    borne = labels.labelled(history.recorded)
    consents = fold(history.effective, history.recorded[0].journey_id).consents
    return History(
        tuple(
            each
            for each in cut.recorded
            if consented(consents, borne, each.event_id, to, telling.now) is Payload.FULL
        )
    )
