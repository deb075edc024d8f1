"""The papers of a departure: the order, where to, the summary that arrives; and the patient who just goes."""

from datetime import datetime
from uuid import UUID

from journey.domain.codes import Disposition
from journey.domain.discharge.commands import (
    AcknowledgeDischargeSummary,
    OrderDischarge,
    RecordElopement,
    SendDischargeSummary,
    SetDisposition,
)
from journey.simulate.step import COORDINATORS, PHYSICIANS, PRACTICE, WARD
from journey.simulate.story import Story, Told

SHARE_ORDERED, SHARE_SET = 0.35, 0.3


def signed_out(story: Story, told: Told, visit_id: UUID, at: datetime, to: Disposition) -> None:
    """Somebody orders the discharge, and somebody writes down where to, where that is done at all."""
    dice = story.dice
    if dice.chance(SHARE_ORDERED):
        by = dice.one(PHYSICIANS)
        story.say(told, OrderDischarge(occurred_at=at, visit_id=visit_id, ordered_by=by.actor.id), by)
    if dice.chance(SHARE_SET):
        where = SetDisposition(occurred_at=at + dice.minutes(0.1, 9), visit_id=visit_id, disposition=to)
        story.say(told, where, dice.one(COORDINATORS))


def gone(story: Story, told: Told, visit_id: UUID, at: datetime) -> None:
    """Nobody knows where to."""
    eloped = RecordElopement(occurred_at=at, visit_id=visit_id)
    story.settles(told, story.say(told, eloped, story.dice.one(WARD)))


def received(story: Story, told: Told, sent: SendDischargeSummary, at: datetime) -> None:
    """Whoever cares for the patient next has the summary."""
    there = AcknowledgeDischargeSummary(occurred_at=at, visit_id=sent.visit_id, recipient=sent.recipient)
    story.say(told, there, PRACTICE)
