"""What stands in the patient's way, and what is done about it: no transport, no interpreter, no money."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from journey.domain.barrier import (
    ArrangeAssistance,
    DeclineBarrierHelp,
    GiveUpBarrier,
    IdentifyBarrier,
    PlanBarrier,
    ReopenBarrier,
    RequestAssistance,
    ResolveBarrier,
    StartBarrierWork,
)
from journey.domain.barrier.events import AssistanceKind
from journey.domain.event import Coded
from journey.simulate.cases import concern
from journey.simulate.dice import Weighted
from journey.simulate.step import COORDINATORS
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

A_DAY = 24  # hours


class Hindrance(NamedTuple):
    """What it is, and the help and the helper for it."""

    code: Coded
    help: AssistanceKind
    helper: str


NO_TRANSPORT = Hindrance(
    concern("Z59.82", "Transportation insecurity"), AssistanceKind.TRANSPORT, "volunteer drivers"
)
NO_INTERPRETER = Hindrance(
    concern("Z60.3", "Acculturation difficulty"), AssistanceKind.INTERPRETER, "language line"
)
NO_MONEY = Hindrance(
    concern("Z59.71", "Insufficient health insurance coverage"),
    AssistanceKind.FINANCIAL_AID,
    "social work",
)
NO_FOOD = Hindrance(concern("Z59.41", "Food insecurity"), AssistanceKind.FOOD, "food bank")
HINDRANCES: Weighted[Hindrance] = ((0.5, NO_TRANSPORT), (0.35, NO_MONEY), (0.15, NO_FOOD))


def hindered(story: Story, told: Told, at: datetime) -> None:
    """Something is found to be in the way."""
    dice = story.dice
    foreign = story.person.needs_interpreter and dice.chance(0.5)
    what = NO_INTERPRETER if foreign else dice.by_share(HINDRANCES)
    who = dice.one(COORDINATORS)
    thread = Thread(story, told, story.diary.in_hours(at), {"barrier_id": dice.uuid()})
    due = thread.at + dice.days(7, 21)
    thread.now(IdentifyBarrier, who, code=what.code, blocks=("start-visit",), owner=who.actor.id, due=due)
    dice.dealt(COURSES)(thread, what)


def _by_help(thread: Thread, what: Hindrance) -> None:
    who = thread.dice.one(COORDINATORS)
    thread.then(PlanBarrier, who, 0.5, 30, plan=f"ask {what.helper}")
    thread.then(RequestAssistance, who, 0.2, 20, kind=what.help, provider=what.helper)
    thread.then(ArrangeAssistance, who, 4, 3 * A_DAY, kind=what.help)
    thread.then(ResolveBarrier, who, 10, 6 * A_DAY, resolution="help is there")
    thread.ends()


def _by_itself(thread: Thread, _: Hindrance) -> None:
    who = thread.dice.one(COORDINATORS)
    thread.then(StartBarrierWork, who, 0.5, 40)
    thread.then(ResolveBarrier, who, 10, 6 * A_DAY, resolution="the family sees to it")
    thread.ends()


def _not_to_be_helped(thread: Thread, what: Hindrance) -> None:
    who = thread.dice.one(COORDINATORS)
    thread.then(RequestAssistance, who, 0.5, 30, kind=what.help, provider=what.helper)
    thread.then(GiveUpBarrier, who, 2 * A_DAY, 8 * A_DAY, reason="no help is to be had")
    thread.ends()


def _wants_no_help(thread: Thread, _: Hindrance) -> None:
    thread.then(DeclineBarrierHelp, thread.dice.one(COORDINATORS), 0.5, 60, reason="manages alone")
    thread.ends()


def _back_again(thread: Thread, what: Hindrance) -> None:
    _by_itself(thread, what)
    thread.then(ReopenBarrier, thread.dice.one(COORDINATORS), 20, 5 * A_DAY, reason="it did not last")
    _by_help(thread, what)


def _stays(thread: Thread, _: Hindrance) -> None:
    thread.then(PlanBarrier, thread.dice.one(COORDINATORS), 0.5, 60, plan="ask the family")
    thread.is_left()


COURSES: Weighted[Callable[[Thread, Hindrance], None]] = (
    (0.40, _by_help),
    (0.22, _by_itself),
    (0.10, _not_to_be_helped),
    (0.10, _wants_no_help),
    (0.08, _back_again),
    (0.10, _stays),
)
