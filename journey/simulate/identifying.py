"""Who the patient is: found among those who are known, mistaken for another, or there twice."""

from datetime import datetime, timedelta

from journey.domain.codes import JourneyStatus
from journey.domain.episode import CancelJourney, RemoveJourney
from journey.domain.identity import LinkPatient, UnlinkPatient
from journey.domain.intake import (
    DismissPotentialDuplicate,
    FlagPotentialDuplicate,
    MatchIdentity,
    MatchMethod,
)
from journey.domain.merge import MergePatient, UnmergePatient
from journey.simulate.dice import Weighted
from journey.simulate.people import Person, birth_date, invent
from journey.simulate.step import DESK, RECORDS
from journey.simulate.story import Story, Told

SHARE_MATCHED, SHARE_SUSPECTED, SHARE_TWICE, SHARE_MISTAKEN, SHARE_RELATED = 0.12, 0.05, 0.025, 0.012, 0.02
METHODS: Weighted[MatchMethod] = (
    (0.4, MatchMethod.IDENTIFIER),
    (0.3, MatchMethod.DETERMINISTIC),
    (0.2, MatchMethod.PROBABILISTIC),
    (0.1, MatchMethod.MANUAL),
)
EVIDENCE = "same name, birth date and telephone"
MINUTE = timedelta(minutes=1)


def identified(story: Story, told: Told, at: datetime) -> datetime:
    """Looked for among those who are known: when it was settled who it is."""
    dice = story.dice
    if dice.chance(SHARE_MATCHED):
        found = MatchIdentity(
            occurred_at=at + dice.minutes(0.2, 0.9),
            method=dice.by_share(METHODS),
            score=round(dice.uniform(0.9, 1), 2),
            candidates=int(dice.chance(0.3)),
        )
        story.say(told, found, RECORDS)
    if dice.seldom("related", SHARE_RELATED):
        _related(story, told, at)
    if dice.seldom("registered twice", SHARE_TWICE):
        return _registered_twice(story, told, at)
    if dice.seldom("mistaken for another", SHARE_MISTAKEN):
        return _mistaken(story, told, at)
    return _suspected(story, told, at) if dice.chance(SHARE_SUSPECTED) else at


def _suspected(story: Story, told: Told, at: datetime) -> datetime:
    """Another record looks alike, and is somebody else's."""
    dice = story.dice
    other = dice.uuid()
    score = round(dice.uniform(0.62, 0.93), 2)
    at += dice.minutes(1, 5)
    flag = FlagPotentialDuplicate(occurred_at=at, candidate_patient_id=other, score=score)
    story.say(told, flag, RECORDS)
    at = story.diary.in_hours(at + dice.hours(1, 72))
    return story.say(told, DismissPotentialDuplicate(occurred_at=at, candidate_patient_id=other), RECORDS)


def _related(story: Story, told: Told, at: datetime) -> None:
    """A record of the family is seen together with this one, for some only until somebody asks."""
    dice = story.dice
    other = dice.uuid()
    at += dice.minutes(1, 9)
    link = LinkPatient(occurred_at=at, other_patient_id=other, evidence="mother and child")
    story.say(told, link, RECORDS)
    if dice.seldom("not related", 0.5):
        apart = UnlinkPatient(
            occurred_at=at + dice.minutes(5, 90), other_patient_id=other, reason="another family"
        )
        story.say(told, apart, RECORDS)


def _flagged(story: Story, first: tuple[Told, Person], second: tuple[Told, Person], at: datetime) -> None:
    for journey, other in ((first[0], second[1]), (second[0], first[1])):
        flag = FlagPotentialDuplicate(occurred_at=at, candidate_patient_id=other.patient_id, score=0.99)
        story.say(journey, flag, RECORDS)


def _registered_twice(story: Story, told: Told, at: datetime) -> datetime:
    """A second record is opened by mistake; it is found, merged, and taken away again."""
    dice, desk = story.dice, story.dice.one(DESK)
    twin = Person(dice.uuid(), (story.numbers.record_number(dice),), story.person.demographics)
    at += dice.minutes(2, 20)
    second = story.open(at, told.case, told.case.concerns[0], desk, status=JourneyStatus.PLANNED, person=twin)
    at += dice.minutes(5, 120)
    _flagged(story, (told, story.person), (second, twin), at)
    at = story.diary.in_hours(at + dice.hours(1, 30))
    _merged(story, (told, second), twin, at)
    at += dice.minutes(1, 5)
    story.say(second, RemoveJourney(occurred_at=at, reason="registered twice"), RECORDS)
    dismissed = DismissPotentialDuplicate(occurred_at=at, candidate_patient_id=twin.patient_id)
    return story.say(told, dismissed, RECORDS)


def _merged(story: Story, journeys: tuple[Told, Told], other: Person, at: datetime) -> None:
    merge = MergePatient(
        occurred_at=at, survivor=story.person.patient_id, retired=other.patient_id, evidence=EVIDENCE
    )
    for journey in journeys:
        story.say(journey, merge, RECORDS)


def _mistaken(story: Story, told: Told, at: datetime) -> datetime:
    """Two people of one name are taken for one, until one of them says so."""
    dice, desk = story.dice, story.dice.one(DESK)
    other = invent(dice, story.numbers, birth_date(dice, told.case.ages, story.diary.day_of(at)))
    at += dice.minutes(2, 20)
    second = story.open(
        at, told.case, told.case.concerns[0], desk, status=JourneyStatus.PLANNED, person=other
    )
    at += dice.minutes(5, 60)
    _flagged(story, (told, story.person), (second, other), at)
    at = story.diary.in_hours(at + dice.hours(1, 20))
    _merged(story, (told, second), other, at)
    at = story.diary.in_hours(at + dice.hours(4, 60))
    apart = UnmergePatient(
        occurred_at=at,
        survivor=story.person.patient_id,
        retired=other.patient_id,
        reason="two people of one name",
        keep_rest=True,
    )
    for journey, candidate in ((told, other), (second, story.person)):
        story.say(journey, apart, RECORDS)
        dismissed = DismissPotentialDuplicate(
            occurred_at=at + MINUTE, candidate_patient_id=candidate.patient_id
        )
        story.say(journey, dismissed, RECORDS)
    gone = CancelJourney(occurred_at=at + dice.hours(1, 9), reason="is seen elsewhere")
    story.say(second, gone, RECORDS)
    return at + MINUTE
