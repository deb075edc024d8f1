"""Handoffs: one team gives the patient over to another, which takes over, or does not (I-PASS)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from journey.domain.handoff import (
    AcceptHandoff,
    AddHandoffAction,
    AnswerHandoffQuestion,
    AskHandoffQuestion,
    CompleteHandoff,
    CompleteHandoffAction,
    Contingency,
    DeclineHandoff,
    DraftHandoff,
    EscalateHandoff,
    ExpireHandoff,
    HandoffAction,
    HandoffKind,
    HandoffOffer,
    IllnessSeverity,
    OfferHandoff,
    ReassignHandoff,
    ReturnHandoff,
    SynthesiseHandoff,
    TransferHandoffAction,
    ViewHandoff,
    WithdrawHandoff,
)
from journey.simulate.dice import Dice, Weighted
from journey.simulate.step import CLOCK, Voice, voice
from journey.simulate.story import Story, Told
from journey.simulate.thread import Thread

SEVERITIES: Weighted[IllnessSeverity] = (
    (0.66, IllnessSeverity.STABLE),
    (0.27, IllnessSeverity.WATCHER),
    (0.07, IllnessSeverity.UNSTABLE),
)
IF_WORSE = Contingency(if_happens="systolic pressure below 90", then_do="call the intensivist")
SUMMARY, SYNTHESIS = "course, assessment and plan as written", "stable, results pending, call if worse"
TO_DO = ("chase the potassium", "check the wound at six", "call the family")
PATIENCE = timedelta(minutes=45)
SHARE_TO_DO, SHARE_PASSED_ON = 0.3, 0.35


class Change(NamedTuple):
    """From whom to whom."""

    kind: HandoffKind
    sender: Voice
    receiver: Voice

    @property
    def teams(self) -> tuple[str, str]:
        return self.sender.actor.team or "ward", self.receiver.actor.team or "ward"


def member(dice: Dice, team: str) -> Voice:
    """Somebody of that team, at the workstation."""
    return voice(f"{team}-{dice.whole(1, 5)}", "clinician", team, "ward")


def hands_over(story: Story, told: Told, at: datetime, change: Change, courses: "Courses") -> datetime:
    """It is offered, and becomes what it becomes: when that is over. It takes some hours at most."""
    dice = story.dice
    sender, receiver = change.teams
    severity = dice.by_share(SEVERITIES)
    offer = HandoffOffer(
        kind=change.kind,
        from_team=sender,
        from_person=change.sender.actor.id,
        to_team=receiver,
        severity=severity,
        summary=SUMMARY,
        contingencies=() if severity is IllnessSeverity.STABLE else (IF_WORSE,),
        ladder=(f"{receiver}-lead", "chief-of-service"),
    )
    thread = Thread(story, told, at, {"handoff_id": dice.uuid()}, day_and_night=True)
    dice.dealt(courses)(thread, change, offer)
    return thread.ends()


def _offered(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    thread.now(OfferHandoff, change.sender, offer=offer, accept_due=thread.at + PATIENCE)


def _taken(thread: Thread, by: Voice, to_do: HandoffAction | None = None) -> None:
    """Accepted, read back, done."""
    who = by.actor.id
    thread.then(AcceptHandoff, by, 0.05, 0.5, accepted_by=who)
    thread.then(SynthesiseHandoff, by, 0.02, 0.3, synthesised_by=who, text=SYNTHESIS)
    if to_do is not None:
        if thread.dice.seldom("action passed on", SHARE_PASSED_ON):
            passed = {"action_id": to_do.action_id, "to": "day-team"}
            thread.then(TransferHandoffAction, by, 0.1, 0.5, **passed)
        else:
            thread.then(CompleteHandoffAction, by, 0.1, 1, action_id=to_do.action_id, done_by=who)
    thread.then(CompleteHandoff, by, 0.02, 0.4, completed_by=who)


def _as_usual(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _offered(thread, change, offer)
    to_do = None
    if thread.dice.seldom("action", SHARE_TO_DO):
        to_do = HandoffAction(action_id=thread.dice.uuid(), what=thread.dice.one(TO_DO))
        thread.then(AddHandoffAction, change.sender, 0.01, 0.05, action=to_do)
    _taken(thread, change.receiver, to_do)


def _after_a_question(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _offered(thread, change, offer)
    sender, receiver = change.sender, change.receiver
    question = thread.dice.uuid()
    thread.then(ViewHandoff, receiver, 0.02, 0.1, viewed_by=receiver.actor.id)
    asked = {"question_id": question, "question": "which antibiotic, since when?"}
    thread.then(AskHandoffQuestion, receiver, 0.02, 0.1, asked_by=receiver.actor.id, **asked)
    answered = {"question_id": question, "answer": "as charted, since noon"}
    thread.then(AnswerHandoffQuestion, sender, 0.02, 0.2, answered_by=sender.actor.id, **answered)
    _taken(thread, receiver)


def _written_first(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    thread.now(DraftHandoff, change.sender, offer=offer)
    thread.wait(0.1, 0.6)
    _offered(thread, change, offer)
    _taken(thread, change.receiver)


def _declined(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _offered(thread, change, offer)
    receiver = change.receiver
    thread.then(DeclineHandoff, receiver, 0.1, 0.5, reason="no bed here", declined_by=receiver.actor.id)
    thread.then(ReassignHandoff, change.sender, 0.1, 0.5, to_team="float-team", reason="declined")
    _taken(thread, member(thread.dice, "float-team"))


def _expired(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _offered(thread, change, offer)
    thread.at += PATIENCE
    thread.then(ExpireHandoff, CLOCK, 0.02, 0.1)


def _late(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _expired(thread, change, offer)
    _taken(thread, change.receiver)


def _escalated(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _expired(thread, change, offer)
    sender = change.sender
    thread.then(EscalateHandoff, sender, 0.05, 0.3, level=1, escalated_by=sender.actor.id)
    _taken(thread, member(thread.dice, offer.ladder[0]))


def _withdrawn(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _offered(thread, change, offer)
    thread.then(WithdrawHandoff, change.sender, 0.1, 0.6, reason="the patient stays after all")


def _given_back(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _offered(thread, change, offer)
    receiver = change.receiver
    thread.then(AcceptHandoff, receiver, 0.05, 0.5, accepted_by=receiver.actor.id)
    why = {"reason": "belongs to the other team", "returned_by": receiver.actor.id}
    thread.then(ReturnHandoff, receiver, 0.1, 0.5, accept_due=thread.at + 2 * PATIENCE, **why)
    _taken(thread, change.sender)


def _not_read_back(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _offered(thread, change, offer)
    thread.then(AcceptHandoff, change.receiver, 0.05, 0.5, accepted_by=change.receiver.actor.id)
    thread.is_left()


def _never_taken(thread: Thread, change: Change, offer: HandoffOffer) -> None:
    _expired(thread, change, offer)
    thread.is_left()


Courses = Weighted[Callable[[Thread, Change, HandoffOffer], None]]
ON_THE_WARD: Courses = (
    (0.44, _as_usual),
    (0.10, _after_a_question),
    (0.06, _written_first),
    (0.07, _declined),
    (0.06, _late),
    (0.07, _escalated),
    (0.06, _withdrawn),
    (0.06, _given_back),
    (0.08, _not_read_back),
)
"""Whatever happens, somebody has it: else the patient would not be let go."""
AFTERWARDS: Courses = ((0.6, _as_usual), (0.2, _late), (0.2, _never_taken))
"""To a practice, which is not always there."""
ELSEWHERE_ASKED: Courses = ((0.7, _after_a_question), (0.3, _as_usual))
"""To another hospital, which has been asked before."""
