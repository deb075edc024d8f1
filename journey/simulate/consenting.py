"""What the patient permits: asked for, given, refused, taken back; and who looked without it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from journey.domain.consent import (
    ConsentScope,
    GrantConsent,
    InvokeConsentOverride,
    Provision,
    RefuseConsent,
    RequestConsent,
    RevokeConsent,
)
from journey.simulate.dice import Weighted
from journey.simulate.step import DESK, PATIENT
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

A_DAY = 24  # hours
A_YEAR = timedelta(days=365)


def consents(story: Story, told: Told, at: datetime, scope: ConsentScope) -> None:
    """The patient is asked."""
    thread = Thread(story, told, story.diary.in_hours(at), {"consent_id": story.dice.uuid()})
    story.dice.dealt(COURSES)(thread, scope)


def to_treatment(story: Story, told: Told, at: datetime) -> None:
    """Nobody is operated on without it."""
    thread = Thread(story, told, at, {"consent_id": story.dice.uuid()})
    by = story.staff(told.case.team)
    thread.now(RequestConsent, by, scope=ConsentScope.TREATMENT)
    thread.then(GrantConsent, by, 0.1, 0.5, scope=ConsentScope.TREATMENT, version="operation-3")


def _asked(thread: Thread, scope: ConsentScope) -> None:
    due = thread.at + timedelta(days=14)
    thread.now(RequestConsent, thread.dice.one(DESK), scope=scope, due=due)


def _given(thread: Thread, scope: ConsentScope) -> None:
    _asked(thread, scope)
    until = thread.at + A_YEAR
    thread.then(GrantConsent, PATIENT, 0.1, 60, scope=scope, valid_until=until, version="privacy-7")
    thread.ends()


def _given_at_once(thread: Thread, scope: ConsentScope) -> None:
    thread.now(GrantConsent, thread.dice.one(DESK), scope=scope, version="privacy-7")
    thread.ends()


def _forbidden(thread: Thread, scope: ConsentScope) -> None:
    """Not to this one."""
    _given(thread, scope)
    terms = {"provision": Provision.DENY, "recipients": ("insurer-research",)}
    thread.then(GrantConsent, PATIENT, 1, 3 * A_DAY, scope=scope, version="privacy-7", **terms)
    thread.ends()


def _refused(thread: Thread, scope: ConsentScope) -> None:
    _asked(thread, scope)
    thread.then(RefuseConsent, PATIENT, 0.1, 60, reason="would rather not")
    thread.ends()


def _taken_back(thread: Thread, scope: ConsentScope) -> None:
    _given(thread, scope)
    thread.then(RevokeConsent, PATIENT, A_DAY, 9 * A_DAY, reason="has thought again")
    thread.ends()


def _never_answered(thread: Thread, scope: ConsentScope) -> None:
    _asked(thread, scope)
    thread.is_left()


COURSES: Weighted[Callable[[Thread, ConsentScope], None]] = (
    (0.26, _given),
    (0.20, _given_at_once),
    (0.10, _forbidden),
    (0.12, _refused),
    (0.12, _taken_back),
    (0.20, _never_answered),
)


def looked_without(story: Story, told: Told, at: datetime, who: str) -> None:
    """In an emergency, who cannot be asked is not asked."""
    looked = InvokeConsentOverride(
        occurred_at=at,
        override_id=story.dice.uuid(),
        recipient=who,
        until=at + timedelta(hours=24),
        reason="unconscious, and nobody to ask",
    )
    story.say(told, looked, story.staff(told.case.team))
