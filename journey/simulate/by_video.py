"""A visit by video: who is in the session, and what happens when the line breaks."""

from datetime import datetime
from uuid import UUID

from journey.domain.visit.commands import JoinTelehealth, RecordTelehealthFailure
from journey.domain.visit.events import Attendee
from journey.simulate.step import PATIENT, Voice
from journey.simulate.story import Story, Told

SHARE_BROKEN = 0.1


def met(story: Story, told: Told, visit_id: UUID, at: datetime, seen_by: Voice) -> datetime:
    """The patient first, then the clinician: when both were there."""
    if story.dice.seldom("broken line", SHARE_BROKEN):
        at = _in_session(story, told, visit_id, at, (Attendee.PATIENT, PATIENT))
        at += story.dice.minutes(1, 4)
        broken = RecordTelehealthFailure(occurred_at=at, visit_id=visit_id, reason="no sound")
        story.say(told, broken, seen_by)
        at += story.dice.minutes(2, 8)
    at = _in_session(story, told, visit_id, at, (Attendee.PATIENT, PATIENT))
    return _in_session(story, told, visit_id, at + story.dice.minutes(0.5, 5), (Attendee.CLINICIAN, seen_by))


def _in_session(
    story: Story, told: Told, visit_id: UUID, at: datetime, who: tuple[Attendee, Voice]
) -> datetime:
    attendee, by = who
    return story.say(told, JoinTelehealth(occurred_at=at, visit_id=visit_id, who=attendee), by)
