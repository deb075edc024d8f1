"""What happens to a handoff if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

from journey.domain.event import Blocker, Command, Event, Fact, Refused
from journey.domain.handoff import commands as ask
from journey.domain.handoff import events as happened
from journey.domain.handoff.events import HandoffEvent, IllnessSeverity
from journey.domain.handoff.evolve import NEVER, evolve
from journey.domain.handoff.state import ACCEPT_WITHIN, BEFORE, TRANSITIONS, Handoff, Handoffs, Party, S
from journey.domain.room import NotPossibleNow, UnknownSubject, follow, refuse_out_of_order


class SelfHandoff(Refused):
    """Sender and receiver are distinct."""


class AnotherHandoffOpen(Refused):
    """One handoff of a kind at a time."""


class NoContingency(Refused):
    """Whoever takes over an unstable patient is told what to do if it gets worse."""


class TeamNotAsked(Refused):
    """Only a team that was asked accepts."""


class NotTheAcceptor(Refused):
    """Only whoever accepted reads back."""


class NotReadBack(Refused):
    """A handoff is complete when the receiver has read it back."""


class HandoffActionsOpen(Refused):
    """The actions of a completed handoff are done or somebody else's."""


class HandoffNotDue(Refused):
    """The receiver still has time."""


class LadderEnds(Refused):
    """There is nobody further up to ask."""


CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.DraftHandoff: happened.HandoffDrafted,
    ask.OfferHandoff: happened.HandoffOffered,
    ask.ViewHandoff: happened.HandoffViewed,
    ask.AskHandoffQuestion: happened.HandoffQuestionAsked,
    ask.AnswerHandoffQuestion: happened.HandoffQuestionAnswered,
    ask.AcceptHandoff: happened.HandoffAccepted,
    ask.SynthesiseHandoff: happened.HandoffSynthesised,
    ask.DeclineHandoff: happened.HandoffDeclined,
    ask.ExpireHandoff: happened.HandoffExpired,
    ask.EscalateHandoff: happened.HandoffEscalated,
    ask.ReassignHandoff: happened.HandoffReassigned,
    ask.WithdrawHandoff: happened.HandoffWithdrawn,
    ask.ReturnHandoff: happened.HandoffReturned,
    ask.CompleteHandoff: happened.HandoffCompleted,
    ask.AddHandoffAction: happened.HandoffActionAdded,
    ask.CompleteHandoffAction: happened.HandoffActionDone,
    ask.TransferHandoffAction: happened.HandoffActionTransferred,
}


def decide(handoffs: Handoffs, command: ask.HandoffCommand) -> Iterator[HandoffEvent]:
    """What happens if we do this now."""
    known = handoffs.get(command.handoff_id)
    asks = not command.reported

    def after(event: HandoffEvent, fact: Fact) -> Handoff | None:
        return evolve(handoffs, event, fact).get(event.handoff_id)

    event = _carried_out(known, command, None if known is None else known.due)
    if known is None or after(event, known.since) != known:
        event = _carried_out(known, command, command.reaches + ACCEPT_WITHIN[_severity(known, command)])
    if known is not None and known.status in BEFORE.get(type(event), NEVER):
        if TRANSITIONS[type(event)][1] is known.status and asks:
            return
        refuse_out_of_order(TRANSITIONS, type(event), known.status, command)
        yield event  # reported of a time after the acceptance: it counts if that turns out to be void
        return
    if isinstance(command, ask.EscalateHandoff) and known is not None and asks:
        if command.level <= known.level:
            return
        _refuse_climb(known, command.level)
    if isinstance(command, ask.CompleteHandoff) and known is not None and known.status is S.ACCEPTED and asks:
        raise NotReadBack("The receiver has not read the handoff back; synthesise-handoff comes first.")
    for each in follow(TRANSITIONS, known, after, event, command):
        if asks:
            _refuse(handoffs, known, command, event)
        yield each


def _carried_out(known: Handoff | None, command: ask.HandoffCommand, due: datetime | None) -> HandoffEvent:
    """The event, with what the command leaves to the handoff: until when, which team, whose turn."""
    facts = command.facts()
    if "accept_due" in facts:
        facts["accept_due"] = facts["accept_due"] or due
    if isinstance(command, ask.EscalateHandoff):
        ladder = () if known is None else known.ladder
        facts["to"] = ladder[command.level - 1] if command.level <= len(ladder) else command.to
    if isinstance(command, ask.AcceptHandoff) and command.team is None and known is not None and known.asked:
        facts["team"] = known.asked[-1].team
    return cast(HandoffEvent, CARRIES_OUT[type(command)](**facts))


def _severity(known: Handoff | None, command: ask.HandoffCommand) -> IllnessSeverity:
    if isinstance(command, ask.OfferHandoff):
        return command.offer.severity
    return IllnessSeverity.STABLE if known is None or known.offer is None else known.offer.severity


def _refuse_climb(handoff: Handoff, level: int) -> None:
    """One level at a time, up to the end of the ladder."""
    top = len(handoff.ladder)
    if level > top:
        end = f"The ladder ends at level {top}" if top else "The offer names no ladder"
        raise LadderEnds(f"{end}; reassign-handoff asks another team.")
    if level > handoff.level + 1:
        raise NotPossibleNow(
            f"The handoff is at level {handoff.level} of its ladder; {handoff.level + 1} is next."
        )


def _refuse(
    handoffs: Handoffs, known: Handoff | None, command: ask.HandoffCommand, event: HandoffEvent
) -> None:
    """What the status allows and another rule forbids."""
    match command:
        case ask.OfferHandoff():
            _refuse_offer(handoffs, command)
        case ask.ReassignHandoff() if known is not None:
            _refuse_same(known.sender, Party(command.to_team, command.to_person))
        case ask.AcceptHandoff() if known is not None and isinstance(event, happened.HandoffAccepted):
            _refuse_acceptance(known, event)
        case ask.SynthesiseHandoff() if known is not None and known.acceptor is not None:
            if known.acceptor.person != command.synthesised_by:
                raise NotTheAcceptor("Whoever accepted the handoff reads it back; ask them to, or return it.")
        case ask.ExpireHandoff() if known is not None and known.due is not None:
            if command.reaches < known.due:
                until = known.due.astimezone(UTC)
                raise HandoffNotDue(
                    f"The receiver has until {until:%Y-%m-%dT%H:%MZ}; expire-handoff comes then."
                )
        case ask.CompleteHandoff() if known is not None:
            _refuse_unfinished(known)
        case ask.AnswerHandoffQuestion() if known is not None and command.question_id not in known.questions:
            raise UnknownSubject("The handoff has no question with this id; its history lists them.")
        case ask.CompleteHandoffAction() | ask.TransferHandoffAction() if (
            known is not None and command.action_id not in known.actions
        ):
            raise UnknownSubject("The handoff has no action with this id; add-handoff-action comes first.")
        case _:
            pass


def _refuse_offer(handoffs: Handoffs, command: ask.OfferHandoff) -> None:
    offer = command.offer
    _refuse_same(Party(offer.from_team, offer.from_person), Party(offer.to_team, offer.to_person))
    if offer.severity is IllnessSeverity.UNSTABLE and not offer.contingencies:
        raise NoContingency(
            "The patient is unstable; say in at least one contingency what to do if it gets worse."
        )
    others = tuple(
        Blocker(code="open-handoff", what=f"a handoff is {each.status}", subject_id=each.handoff_id)
        for each in handoffs.unfinished()
        if each.handoff_id != command.handoff_id
        and each.status is not S.DRAFT
        and each.offer is not None
        and each.offer.kind is offer.kind
    )
    if others:
        raise AnotherHandoffOpen(
            f"Another {offer.kind} handoff is not finished; complete or withdraw it, or reassign it instead.",
            blockers=others,
        )


def _refuse_same(sender: Party, receiver: Party) -> None:
    """Within a team a handoff goes from one person to another; nobody hands over to themselves."""
    same_team = sender.team == receiver.team and sender.person is None
    if same_team or (sender.person is not None and sender.person == receiver.person):
        raise SelfHandoff("Sender and receiver are the same; name another team, or the persons of one team.")


def _refuse_acceptance(handoff: Handoff, accepted: happened.HandoffAccepted) -> None:
    if accepted.accepted_by == handoff.sender.person:
        raise SelfHandoff("Nobody accepts their own handoff; another person of the receiving team does.")
    if handoff.asked and accepted.team not in {party.team for party in handoff.asked}:
        raise TeamNotAsked("This team was not asked; reassign-handoff asks it.")


def _refuse_unfinished(handoff: Handoff) -> None:
    open_actions = tuple(
        Blocker(code="open-action", what=f"not done: {action.what}", subject_id=key)
        for key, action in handoff.to_do()
    )
    if open_actions:
        raise HandoffActionsOpen(
            "What is listed is not done; complete-handoff-action or transfer-handoff-action comes first.",
            blockers=open_actions,
        )
