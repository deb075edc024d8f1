"""The rooms are complete: every event and command stands in each table that has a place for it."""

import importlib
from types import ModuleType
from typing import get_args

import pytest

from journey.domain import authorization, communication, consent, coverage, custody, episode, visit
from journey.domain.codes import IntakeStatus, JourneyStatus
from journey.domain.episode.decide import CARRIES_OUT as EPISODE_CARRIES_OUT
from journey.domain.episode.state import TRANSITIONS as EPISODE_TRANSITIONS
from journey.domain.event import EVENTS, Command, Event, Refused
from journey.domain.journey import COMMANDS, EVENT_TYPES, ROOMS
from journey.domain.visit.decide import CARRIES_OUT as VISIT_CARRIES_OUT
from journey.domain.visit.state import TRANSITIONS as VISIT_TRANSITIONS

NO_STATUS = {
    *(episode.JourneyOpened, episode.OwnerAssigned, episode.OwnerUnassigned, episode.JourneyLinked),
    *(communication.CallAttempted, communication.ContactPreferenceChanged, communication.ResultRelayed),
    consent.ConsentOverrideInvoked,
    *(coverage.CoordinationOfBenefitsSet, coverage.FinancialEstimateGiven, coverage.FinancialAidScreened),
}
COMPUTED = {JourneyStatus.PLANNED, IntakeStatus.NOT_STARTED, *authorization.COMPUTED, *coverage.COMPUTED}
"""What follows from what an event says, and not from which one it is."""
OWNERSHIP = {episode.AssignOwner, episode.UnassignOwner, episode.LinkJourney}
PACKAGES = [
    "authorization",
    "barrier",
    "communication",
    "consent",
    "coverage",
    "discharge",
    "episode",
    "handoff",
    "intake",
    "referral",
    "task",
    "visit",
]


def everything_below(base: type[Event] | type[Command]) -> set[type]:
    below = {each for each in base.__subclasses__() if each.__module__.startswith("journey.domain.")}
    return below.union(*(everything_below(each) for each in below))


def test_every_event_is_in_a_room() -> None:
    assert set(EVENT_TYPES) == everything_below(Event)
    assert set(EVENT_TYPES) == {each for each in EVENTS.values() if each.__module__.startswith("journey.")}


def test_every_event_is_in_one_room_alone() -> None:
    assert len(EVENT_TYPES) == sum(len(get_args(room.events)) for room in ROOMS.values())


def test_every_command_is_in_a_room_but_those_that_open_and_erase() -> None:
    apart = {episode.OpenJourney, custody.EraseSubject}
    assert set(COMMANDS.values()) == everything_below(Command) - apart


def test_a_command_has_a_name_of_its_own() -> None:
    assert len(COMMANDS) == sum(len(get_args(room.commands)) for room in ROOMS.values())
    assert COMMANDS["book-visit"] is visit.BookVisit


@pytest.mark.parametrize("room", [name for name, room in ROOMS.items() if room.transitions])
def test_the_transitions_of_a_room_are_about_its_events(room: str) -> None:
    assert set(ROOMS[room].transitions) == set(get_args(ROOMS[room].events)) - NO_STATUS


@pytest.mark.parametrize("room", [name for name, room in ROOMS.items() if room.transitions])
def test_every_status_is_led_to_and_the_first_ones_from_nowhere(room: str) -> None:
    transitions = ROOMS[room].transitions
    sources = {status for sources, _ in transitions.values() for status in sources} - {None}
    targets = {target for _, target in transitions.values()} - {None}
    assert sources - targets <= COMPUTED, "no event leads to it"


def test_every_command_is_carried_out_by_an_event() -> None:
    assert set(VISIT_CARRIES_OUT) == set(get_args(visit.VisitCommand))
    assert set(EPISODE_CARRIES_OUT) == set(get_args(episode.EpisodeCommand)) - OWNERSHIP
    assert sorted(map(str, VISIT_CARRIES_OUT.values())) == sorted(map(str, VISIT_TRANSITIONS))
    assert sorted(map(str, EPISODE_CARRIES_OUT.values())) == sorted(map(str, EPISODE_TRANSITIONS))


def test_an_event_takes_every_field_of_the_command_that_it_carries_out() -> None:
    own = set(Command.model_fields)
    for command, event in {**VISIT_CARRIES_OUT, **EPISODE_CARRIES_OUT}.items():
        assert set(command.model_fields) - own <= set(event.model_fields), command


@pytest.mark.parametrize("room", PACKAGES)
def test_a_package_names_all_that_is_in_it(room: str) -> None:
    package = importlib.import_module(f"journey.domain.{room}")
    parts = [
        importlib.import_module(f"journey.domain.{room}.{part}") for part in ("events", "commands", "decide")
    ]
    said = {each.__name__ for part in parts for each in defined(part)}
    assert said <= set(package.__all__)


def defined(module: ModuleType) -> list[type]:
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Event | Command | Refused)
        and each.__module__ == module.__name__
    ]


def test_an_event_is_read_by_a_program_that_does_not_know_its_newest_field() -> None:
    assert all(event.model_config.get("extra") == "ignore" for event in EVENT_TYPES)


def test_what_may_be_none_may_be_left_out_because_none_is_not_stored() -> None:
    nullable = {
        f"{event.__name__}.{name}": field
        for event in EVENT_TYPES
        for name, field in event.model_fields.items()
        if type(None) in get_args(field.annotation)
    }
    assert [name for name, field in nullable.items() if field.is_required()] == []


def test_every_refusal_says_what_it_is() -> None:
    refusals = [each for each in Refused.__subclasses__() if each.__module__.startswith("journey.domain")]
    assert refusals
    assert [each.__name__ for each in refusals if not each.__doc__] == []
    assert len({each.__name__ for each in refusals}) == len(refusals)
