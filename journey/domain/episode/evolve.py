"""What is true of the journey as a whole after an event. Total: history is never refused."""

from typing import assert_never

from journey.domain.codes import JourneyStatus
from journey.domain.episode import events as happened
from journey.domain.episode.state import TRANSITIONS, Episode, Link, Owner
from journey.domain.event import Fact


def evolve(episode: Episode, event: happened.EpisodeEvent, fact: Fact) -> Episode:
    """The journey's state after this event. Total: history is never refused."""
    match event:
        case happened.JourneyOpened():
            return episode._replace(status=event.status, since=fact, opened=fact, concern=event.concern)
        case happened.OwnerAssigned():
            return episode._replace(owner=Owner(event.team, event.person, fact))
        case happened.OwnerUnassigned():
            return episode._replace(owner=None)
        case happened.JourneyLinked():
            key = (event.relation, event.other_journey_id)
            known = episode.links.get(key)
            link = Link(event.days, event.planned, fact if known is None else known.since)
            return episode._replace(links={**episode.links, key: link})
        case (
            happened.JourneyWaitlisted()
            | happened.JourneyActivated()
            | happened.JourneyPutOnHold()
            | happened.JourneyResumed()
            | happened.JourneyClosed()
            | happened.JourneyCancelled()
            | happened.JourneyReopened()
            | happened.JourneyEnteredInError()
        ):
            _, status = TRANSITIONS[type(event)]
            if status is episode.status:
                return episode._replace(said=event)
            return episode._replace(status=JourneyStatus(status or episode.status), since=fact, said=event)
        case _:
            assert_never(event)
