"""Another facility is asked to take a patient over, and does or does not."""

from collections.abc import Callable
from datetime import datetime

from journey.domain.transfer import (
    AcceptTransfer,
    CompleteTransfer,
    DeclineTransfer,
    InitiateTransfer,
    WithdrawTransfer,
)
from journey.simulate.dice import Weighted
from journey.simulate.step import COORDINATORS, ELSEWHERE
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

FACILITIES = ("LINDEN NORTH", "HILLSIDE REHABILITATION", "RIVER HOUSE")


def transferred(story: Story, told: Told, at: datetime) -> None:
    """Asked for while the patient is still here; over within a day."""
    thread = Thread(story, told, at, {"transfer_id": story.dice.uuid()}, day_and_night=True)
    asked = {
        "to_facility": story.dice.one(FACILITIES),
        "to_team": "admissions",
        "reason": "a bed there",
    }
    thread.now(InitiateTransfer, story.dice.one(COORDINATORS), **asked)
    story.dice.dealt(COURSES)(thread)
    thread.ends()


def _there(thread: Thread) -> None:
    _accepted(thread)
    thread.then(CompleteTransfer, ELSEWHERE, 1, 3)


def _accepted(thread: Thread) -> None:
    thread.then(AcceptTransfer, ELSEWHERE, 0.3, 3, team="admissions", person="admissions-4")


def _declined(thread: Thread) -> None:
    thread.then(DeclineTransfer, ELSEWHERE, 0.3, 3, reason="no bed")


def _withdrawn(thread: Thread) -> None:
    thread.then(WithdrawTransfer, thread.dice.one(COORDINATORS), 0.3, 3, reason="the patient goes home")


def _fallen_through(thread: Thread) -> None:
    _accepted(thread)
    _withdrawn(thread)


def _unanswered(thread: Thread) -> None:
    thread.is_left()


COURSES: Weighted[Callable[[Thread], None]] = (
    (0.36, _there),
    (0.16, _declined),
    (0.12, _withdrawn),
    (0.11, _fallen_through),
    (0.25, _unanswered),
)
