"""Replay: how a journey came to be where it is: step by step, between two moments, and why."""

from journey.domain.replay.answer import NOTHING, Answer, Change, answer, changes, is_said
from journey.domain.replay.difference import Between, Moment, Stood, between, stood
from journey.domain.replay.persons import same_person
from journey.domain.replay.reasons import Reason, about, learnt, reach, reasons
from journey.domain.replay.walk import Axis, Step, Walk

__all__ = [
    "NOTHING",
    "Answer",
    "Axis",
    "Between",
    "Change",
    "Moment",
    "Reason",
    "Step",
    "Stood",
    "Walk",
    "about",
    "answer",
    "between",
    "changes",
    "is_said",
    "learnt",
    "reach",
    "reasons",
    "same_person",
    "stood",
]
