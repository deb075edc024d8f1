"""What happens to an authorization if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import cast

from journey.domain.authorization import commands as ask
from journey.domain.authorization import events as happened
from journey.domain.authorization.evolve import ANSWERS, evolve, is_outdated
from journey.domain.authorization.refuse import refuse, refuse_to_touch_what_is_denied
from journey.domain.authorization.state import Authorization, Authorizations
from journey.domain.authorization.status import TRANSITIONS
from journey.domain.event import Command, Event, Fact
from journey.domain.room import follow

CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.DetermineAuthorizationRequirement: happened.AuthorizationRequirementDetermined,
    ask.PrepareAuthorization: happened.AuthorizationRequestPrepared,
    ask.SubmitAuthorization: happened.AuthorizationSubmitted,
    ask.AcknowledgeAuthorization: happened.AuthorizationAcknowledged,
    ask.ReturnAuthorization: happened.AuthorizationReturned,
    ask.PendAuthorization: happened.AuthorizationPended,
    ask.RequestAuthorizationInformation: happened.AuthorizationInformationRequested,
    ask.SubmitAuthorizationInformation: happened.AuthorizationInformationSubmitted,
    ask.DecideAuthorization: happened.AuthorizationDecided,
    ask.ReviewAuthorizationDecision: happened.AuthorizationDecisionReviewed,
    ask.UpdateAuthorization: happened.AuthorizationUpdateSubmitted,
    ask.CancelAuthorization: happened.AuthorizationCancelled,
    ask.ContactPayer: happened.PayerContacted,
    ask.ExtendAuthorization: happened.AuthorizationExtended,
    ask.RevokeAuthorization: happened.AuthorizationRevoked,
    ask.SchedulePeerToPeer: happened.PeerToPeerScheduled,
    ask.HoldPeerToPeer: happened.PeerToPeerHeld,
    ask.AppealAuthorization: happened.AuthorizationAppealed,
    ask.DecideAuthorizationAppeal: happened.AuthorizationAppealDecided,
    ask.ExtendAuthorizationDecision: happened.AuthorizationDecisionExtended,
    ask.ConsumeAuthorizationUnits: happened.AuthorizationUnitsConsumed,
    ask.RestoreAuthorizationUnits: happened.AuthorizationUnitsRestored,
}


def decide(
    authorizations: Authorizations, command: ask.AuthorizationCommand
) -> Iterator[happened.AuthorizationEvent]:
    """What happens if we do this now."""
    event = cast(happened.AuthorizationEvent, CARRIES_OUT[type(command)](**command.facts()))
    known = authorizations.get(command.authorization_id)

    def after(event: happened.AuthorizationEvent, fact: Fact) -> Authorization | None:
        return evolve(authorizations, event, fact).get(event.authorization_id)

    if known is not None and _is_outdated(authorizations, known, event):
        if event not in known.disregarded:
            yield event
        return
    if known is not None and not command.reported:
        refuse_to_touch_what_is_denied(known, command)
    for each in follow(TRANSITIONS, known, after, event, command):
        if not command.reported:
            refuse(authorizations, known, command)
        yield each


def _is_outdated(
    authorizations: Authorizations, known: Authorization, event: happened.AuthorizationEvent
) -> bool:
    """What answers a submission that was replaced is recorded whatever the status is."""
    return isinstance(event, ANSWERS) and is_outdated(authorizations, known, event)
