"""What is found, decided and given after a visit."""

from datetime import datetime, timedelta

from journey.domain.event import Coded
from journey.domain.treatment import (
    CommunicateDiagnosis,
    DecisionInitiator,
    DecisionKind,
    DeclineTreatment,
    DiagnosisOutcome,
    RecordAssessment,
    RecordDecision,
    RecordTreatment,
)
from journey.simulate.dice import Weighted
from journey.simulate.matters import CONSERVATIVE, DONE, FRACTURE, RED_FLAG
from journey.simulate.step import Voice
from journey.simulate.story import Story, Told

OUTCOMES: Weighted[DiagnosisOutcome] = (
    (0.75, DiagnosisOutcome.CONFIRMED),
    (0.15, DiagnosisOutcome.RULED_OUT),
    (0.10, DiagnosisOutcome.UNCERTAIN),
)
SHARE_RED_FLAG = 0.12
MINUTE = timedelta(minutes=1)


def assessed(story: Story, told: Told, at: datetime, found: tuple[Coded, Coded], by: Voice) -> datetime:
    """Somebody has looked, for this, and says what was found."""
    kind, finding = found
    assessment = RecordAssessment(occurred_at=at, assessment_id=story.dice.uuid(), kind=kind, finding=finding)
    return story.say(told, assessment, by)


def evidenced(story: Story, told: Told, at: datetime) -> None:
    """What payers ask for before an image: weeks of therapy in vain, or a sign that sets them aside."""
    dice, by = story.dice, story.staff(told.case.team)
    if dice.seldom("red flag", SHARE_RED_FLAG):
        assessed(story, told, at, (RED_FLAG, FRACTURE), by)
        return
    weeks = RecordAssessment(
        occurred_at=at,
        assessment_id=dice.uuid(),
        kind=CONSERVATIVE,
        finding=DONE,
        weeks=dice.whole(4, 12),
    )
    story.say(told, weeks, by)


def diagnosed(story: Story, told: Told, at: datetime, about: Coded, outcome: DiagnosisOutcome) -> datetime:
    """The patient is told what it is."""
    said = CommunicateDiagnosis(
        occurred_at=at,
        outcome=outcome,
        diagnosis=about if outcome is DiagnosisOutcome.CONFIRMED else None,
    )
    return story.say(told, said, story.staff(told.case.team))


def decided(
    story: Story, told: Told, at: datetime, kind: DecisionKind, whose: DecisionInitiator | None = None
) -> datetime:
    """What to do."""
    by = story.staff(told.case.team)
    decision = RecordDecision(occurred_at=at, kind=kind, decided_by=by.actor.id, initiated_by=whose)
    return story.say(told, decision, by)


def treated(
    story: Story, told: Told, at: datetime, code: Coded, by: Voice, *, first: bool = False
) -> datetime:
    """It is given; the first is what the patient was waiting for."""
    given = RecordTreatment(
        occurred_at=at, treatment_id=story.dice.uuid(), code=code, definitive=first, first=first
    )
    return story.say(told, given, by)


def declined(story: Story, told: Told, at: datetime, code: Coded) -> datetime:
    """The patient would rather not."""
    no = DeclineTreatment(occurred_at=at, code=code, reason="would rather wait")
    return story.say(told, no, story.staff(told.case.team))


def told_what_it_is(story: Story, told: Told, over: datetime, about: Coded, code: Coded) -> None:
    """At the end of a visit: what it is, what to do about it, and sometimes doing it at once."""
    dice = story.dice
    outcome = dice.by_share(OUTCOMES)
    at = diagnosed(story, told, over - 2 * MINUTE, about, outcome)
    if outcome is not DiagnosisOutcome.CONFIRMED:
        return
    kind = dice.by_share(DECISIONS)
    decided(story, told, at + MINUTE / 2, kind)
    if kind is DecisionKind.TO_TREAT:
        treated(story, told, at + MINUTE, code, story.staff(told.case.team), first=True)


DECISIONS: Weighted[DecisionKind] = (
    (0.6, DecisionKind.TO_TREAT),
    (0.25, DecisionKind.WATCHFUL_WAITING),
    (0.15, DecisionKind.NOT_TO_TREAT),
)
