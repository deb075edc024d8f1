"""What is true of the handoffs after an event. Total: history is never refused."""

from typing import assert_never
from uuid import UUID

from journey.domain.event import Fact
from journey.domain.handoff import events as happened
from journey.domain.handoff.events import HandoffAction, HandoffOffer
from journey.domain.handoff.state import (
    BEFORE,
    PASSED,
    TRANSITIONS,
    Action,
    Handoff,
    Handoffs,
    HandoffStatus,
    Party,
    Question,
    S,
)

NEVER: frozenset[HandoffStatus] = frozenset()


def evolve(handoffs: Handoffs, event: happened.HandoffEvent, fact: Fact) -> Handoffs:
    """The handoffs after this event. One first heard of in the middle is there all the same."""
    known = handoffs.get(event.handoff_id)
    if known is not None and known.status in BEFORE.get(type(event), NEVER):
        return handoffs
    passed = known is not None and known.status in PASSED.get(type(event), NEVER)
    after = _changed(known or Handoff(event.handoff_id, S.OFFERED, fact), event, fact)
    _, status = TRANSITIONS[type(event)]
    if status is not None and not passed:
        after = after._replace(status=HandoffStatus(status), since=fact)
    return handoffs.having(event.handoff_id, after)


def _changed(handoff: Handoff, event: happened.HandoffEvent, fact: Fact) -> Handoff:
    """What the event says beyond the status."""
    match event:
        case happened.HandoffDrafted():
            return _between(handoff._replace(offer=event.offer), event.offer)
        case happened.HandoffOffered():
            return _offered(handoff, event, fact)
        case happened.HandoffViewed():
            return handoff._replace(viewers=handoff.viewers | {event.viewed_by})
        case happened.HandoffQuestionAsked() | happened.HandoffQuestionAnswered():
            return _discussed(handoff, event, fact)
        case happened.HandoffAccepted():
            acceptor = Party(event.team, event.accepted_by)
            same = handoff.accepted is not None and handoff.acceptor == acceptor
            return handoff._replace(accepted=handoff.accepted if same else fact, acceptor=acceptor)
        case happened.HandoffSynthesised():
            return handoff._replace(synthesis=event.text)
        case happened.HandoffEscalated():
            asked = handoff.asked if event.to is None else _once(handoff.asked, Party(event.to))
            level = max(event.level, handoff.level)
            return handoff._replace(asked=asked, due=event.accept_due, level=level)
        case happened.HandoffReassigned():
            return handoff._replace(
                asked=(Party(event.to_team, event.to_person),), due=event.accept_due, level=0
            )
        case happened.HandoffReturned():
            return _returned(handoff, event)
        case happened.HandoffActionAdded():
            return handoff._replace(actions={**handoff.actions, **_actions(handoff, (event.action,), fact)})
        case happened.HandoffActionDone():
            return _acted(
                handoff, event.action_id, _action(handoff, event.action_id, fact)._replace(done=True)
            )
        case happened.HandoffActionTransferred():
            action = _action(handoff, event.action_id, fact)
            theirs = action._replace(owner=event.to, due=event.due or action.due, transferred=True)
            return handoff if action.done else _acted(handoff, event.action_id, theirs)
        case happened.HandoffDeclined() | happened.HandoffWithdrawn():
            return handoff._replace(reason=event.reason)
        case happened.HandoffExpired() | happened.HandoffCompleted():
            return handoff
        case _:
            assert_never(event)


def _offered(handoff: Handoff, event: happened.HandoffOffered, fact: Fact) -> Handoff:
    """An offer told after what it led to says what was handed over, and not who is asked by now."""
    offer = event.offer
    actions = {**handoff.actions, **_actions(handoff, offer.actions, fact)}
    told = handoff._replace(offer=offer, offered=handoff.offered or fact, actions=actions)
    if handoff.asked and handoff.status not in {S.DRAFT, S.OFFERED}:
        return told
    return _between(told, offer)._replace(due=event.accept_due, level=0)


def _between(handoff: Handoff, offer: HandoffOffer) -> Handoff:
    return handoff._replace(
        sender=Party(offer.from_team, offer.from_person), asked=(Party(offer.to_team, offer.to_person),)
    )


def _once(asked: tuple[Party, ...], party: Party) -> tuple[Party, ...]:
    """The one asked last stands last, whoever was asked before."""
    return (*(each for each in asked if each != party), party)


def _returned(handoff: Handoff, event: happened.HandoffReturned) -> Handoff:
    """Sender and receiver change places."""
    if handoff.status is S.RETURNED:
        return handoff._replace(due=event.accept_due, reason=event.reason)
    return handoff._replace(
        reason=event.reason,
        sender=handoff.acceptor or Party(None, event.returned_by),
        asked=() if handoff.sender.team is None else (handoff.sender,),
        due=event.accept_due,
        level=0,
        accepted=None,
        acceptor=None,
        synthesis=None,
    )


def _discussed(
    handoff: Handoff, event: happened.HandoffQuestionAsked | happened.HandoffQuestionAnswered, fact: Fact
) -> Handoff:
    known = handoff.questions.get(event.question_id)
    if isinstance(event, happened.HandoffQuestionAsked):
        question = Question(event.question, known.asked if known else fact, known.answer if known else None)
    else:
        question = (known or Question("", fact))._replace(answer=event.answer)
    return handoff._replace(questions={**handoff.questions, event.question_id: question})


def _actions(handoff: Handoff, told: tuple[HandoffAction, ...], fact: Fact) -> dict[UUID, Action]:
    """As told; what is done or transferred stays so, and each is as old as its first mention."""
    out: dict[UUID, Action] = {}
    for each in told:
        known = handoff.actions.get(each.action_id)
        if known is None or not (known.done or known.transferred):
            out[each.action_id] = Action(each.what, each.owner, each.due, known.since if known else fact)
        else:
            out[each.action_id] = known._replace(what=each.what)
    return out


def _action(handoff: Handoff, action_id: UUID, fact: Fact) -> Action:
    return handoff.actions.get(action_id) or Action("", None, None, fact)


def _acted(handoff: Handoff, action_id: UUID, action: Action) -> Handoff:
    return handoff._replace(actions={**handoff.actions, action_id: action})
