"""What happens if this is asked. Yields nothing where it was said already."""

from collections.abc import Iterator

from journey.domain.consent import commands as ask
from journey.domain.consent import events as happened
from journey.domain.consent.commands import ConsentCommand
from journey.domain.consent.events import ConsentEvent, ConsentOverrideInvoked, ConsentRevoked
from journey.domain.consent.evolve import after
from journey.domain.consent.state import PASSED, TRANSITIONS, Consents
from journey.domain.event import Command, Refused
from journey.domain.room import NotPossibleNow, follow

CARRIES_OUT: dict[type[ConsentCommand], type[ConsentEvent]] = {
    ask.RequestConsent: happened.ConsentRequested,
    ask.GrantConsent: happened.ConsentGranted,
    ask.RefuseConsent: happened.ConsentRefused,
    ask.RevokeConsent: happened.ConsentRevoked,
    ask.InvokeConsentOverride: happened.ConsentOverrideInvoked,
}


class NotRetroactive(Refused):
    """A consent is taken back from now on; what was done under it was permitted."""


def decide(consents: Consents, command: ConsentCommand) -> Iterator[ConsentEvent]:
    """What is new in it. Yields nothing where it was said already."""
    event = CARRIES_OUT[type(command)](**command.facts())
    if isinstance(event, ConsentOverrideInvoked):
        told = consents.overrides.get(event.override_id)
        if told is not None and told.event != event and not command.reported:
            raise NotPossibleNow("Another override has this id; give this one its own.")
        if told is None or told.event != event:
            yield event
        return
    if isinstance(event, ConsentRevoked) and not command.reported:
        _refuse_the_past(event, command)
    known = consents.get(event.consent_id)
    yield from follow(
        TRANSITIONS,
        known,
        lambda event, fact: after(known, event, fact),
        event,
        command,
        passed=PASSED,
    )


def _refuse_the_past(event: ConsentRevoked, command: Command) -> None:
    if event.effective_at and command.occurred_at and event.effective_at < command.occurred_at:
        raise NotRetroactive("effective_at lies before the revocation; it counts from now on, or later.")
