"""What happens to the journey as a whole if this is done now. Nothing when it has already happened."""

from collections.abc import Iterator
from uuid import UUID

from journey.domain.codes import JourneyStatus
from journey.domain.episode import commands as ask
from journey.domain.episode import events as happened
from journey.domain.episode.state import TRANSITIONS, Episode
from journey.domain.event import Blocker, Command, Event, Refused
from journey.domain.identity import LinkedToItself
from journey.domain.room import refuse_out_of_order


class SomebodyIsAccountable(Refused):
    """Nobody is left without somebody who is accountable."""


ACCOUNTABLE = frozenset({JourneyStatus.ACTIVE, JourneyStatus.ONHOLD})
"""While these last, exactly one team, or person of a team, is accountable."""

CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.WaitlistJourney: happened.JourneyWaitlisted,
    ask.ActivateJourney: happened.JourneyActivated,
    ask.PutOnHold: happened.JourneyPutOnHold,
    ask.ResumeJourney: happened.JourneyResumed,
    ask.CloseJourney: happened.JourneyClosed,
    ask.CancelJourney: happened.JourneyCancelled,
    ask.ReopenJourney: happened.JourneyReopened,
    ask.RemoveJourney: happened.JourneyEnteredInError,
}


def decide(
    episode: Episode, command: ask.EpisodeCommand, *, left_open: tuple[Blocker, ...], journey_id: UUID
) -> Iterator[happened.EpisodeEvent]:
    """What happens if we do this now; `left_open` is what a close would leave undone."""
    match command:
        case ask.AssignOwner():
            owner = episode.owner
            if owner is None or (owner.team, owner.person) != (command.team, command.person):
                yield happened.OwnerAssigned(**command.facts())
        case ask.UnassignOwner():
            if episode.owner is not None:
                _refuse_without_owner(episode, command)
                yield happened.OwnerUnassigned(**command.facts())
        case ask.LinkJourney():
            yield from _link(episode, command, journey_id)
        case ask.CloseJourney() | ask.CancelJourney():
            if _may_follow(episode, command):
                yield CARRIES_OUT[type(command)](**command.facts(), left_open=left_open)  # type: ignore[misc]  # as below
        case _:
            if _may_follow(episode, command):
                yield CARRIES_OUT[type(command)](**command.facts())  # type: ignore[misc]  # the table's values are this room's events


def _refuse_without_owner(episode: Episode, command: ask.UnassignOwner) -> None:
    if episode.status in ACCOUNTABLE and not command.reported:
        raise SomebodyIsAccountable(
            "Exactly one team is accountable while the journey goes on; assign-owner names the next instead."
        )


def _link(episode: Episode, command: ask.LinkJourney, journey_id: UUID) -> Iterator[happened.EpisodeEvent]:
    if command.other_journey_id == journey_id:
        raise LinkedToItself("The link names this journey; name the other one.")
    known = episode.links.get((command.relation, command.other_journey_id))
    if known is None or (known.days, known.planned) != (command.days, command.planned):
        yield happened.JourneyLinked(**command.facts())


def _may_follow(episode: Episode, command: ask.EpisodeCommand) -> bool:
    """False when it has already happened, for the same reasons; refused when the status forbids it."""
    event = CARRIES_OUT[type(command)]
    _, target = TRANSITIONS[event]
    facts, said = command.facts(), episode.said
    is_so = type(said) is event and all(getattr(said, name) == value for name, value in facts.items())
    if episode.status is target and (command.reported or is_so or not facts):
        return False
    refuse_out_of_order(TRANSITIONS, event, episode.status, command)
    return True
