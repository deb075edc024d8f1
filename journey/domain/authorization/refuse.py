"""What the rules of an authorization forbid, and the sentence that says what to do instead."""

from collections.abc import Iterable
from datetime import UTC

from journey.domain.authorization import commands as ask
from journey.domain.authorization.line import SAYS_WHAT
from journey.domain.authorization.request import AppealOutcome, LineDecision, ReviewAction
from journey.domain.authorization.state import Authorization, Authorizations, Use
from journey.domain.authorization.status import UNDECIDED, AuthorizationStatus
from journey.domain.authorization.usable import usable
from journey.domain.event import Refused
from journey.domain.room import NotPossibleNow, UnknownSubject

AMENDS = (ask.UpdateAuthorization, ask.SubmitAuthorization, ask.PrepareAuthorization)


class ResponseNotCited(Refused):
    """That none is required is the payer's word, and is cited."""


class NothingAskedFor(Refused):
    """A request names what it asks for."""


class SequenceReused(Refused):
    """The number of an item is its own for the life of the request."""


class DeniedTakesNoUpdate(Refused):
    """What was denied is asked for anew, or appealed."""


class DecisionUnclear(Refused):
    """A decision says what is authorized, or why not."""


class AppealOutOfTurn(Refused):
    """Appeals go up one level at a time, and end."""


class AppealTooLate(Refused):
    """An appeal after its deadline has a good cause."""


class NotAuthorized(Refused):
    """No more is used than was authorized."""


def refuse(
    authorizations: Authorizations, known: Authorization | None, command: ask.AuthorizationCommand
) -> None:
    """Refuse what the status allows and the rules forbid."""
    match command:
        case ask.DetermineAuthorizationRequirement():
            if not (command.required or command.response):
                raise ResponseNotCited("Cite the payer's answer that says so: response.")
        case ask.PrepareAuthorization():
            _refuse_repeated(item.sequence for item in command.request.items)
        case ask.SubmitAuthorization():
            _refuse_submission(authorizations, known, command)
        case _ if known is not None:
            _refuse_of_known(authorizations, known, command)
        case _:
            pass


def _refuse_of_known(
    authorizations: Authorizations, known: Authorization, command: ask.AuthorizationCommand
) -> None:
    match command:
        case ask.DecideAuthorization():
            _refuse_decision(known, command.lines)
        case ask.UpdateAuthorization():
            _refuse_update(known, command)
        case ask.AppealAuthorization():
            _refuse_appeal(known, command)
        case ask.DecideAuthorizationAppeal():
            _refuse_decision(known, command.lines)
            if command.outcome is AppealOutcome.PARTIAL and not command.lines:
                raise DecisionUnclear("Say what is decided of which item: lines.")
        case ask.ConsumeAuthorizationUnits():
            _refuse_consumption(authorizations, known, command)
        case ask.RestoreAuthorizationUnits():
            if command.consumption_id not in known.consumed:
                raise UnknownSubject("Nothing was used under this consumption_id; its history tells.")
        case _:
            pass


def refuse_to_touch_what_is_denied(known: Authorization, command: ask.AuthorizationCommand) -> None:
    """A payer does not look at an update of what it has denied (Da Vinci PAS)."""
    if known.status is AuthorizationStatus.DENIED and isinstance(command, AMENDS):
        raise DeniedTakesNoUpdate(
            "A denied request takes no update: submit-authorization under another id, with supersedes naming "
            "this one, or appeal-authorization."
        )


def _refuse_repeated(sequences: Iterable[int]) -> None:
    seen: set[int] = set()
    for each in sequences:
        if each in seen:
            raise SequenceReused(f"Two items have the sequence {each}; give each its own.")
        seen.add(each)


def _refuse_submission(
    authorizations: Authorizations, known: Authorization | None, command: ask.SubmitAuthorization
) -> None:
    drafted = () if known is None else known.request.items
    items = command.request.items or drafted
    if not items:
        raise NothingAskedFor("Say what is asked for: request.items, or prepare-authorization first.")
    _refuse_repeated(item.sequence for item in items)
    if command.supersedes is None:
        return
    other = authorizations.get(command.supersedes)
    if other is None or command.supersedes == command.authorization_id:
        raise UnknownSubject("No other authorization of this journey has the id that supersedes names.")
    if other.status in UNDECIDED:
        raise NotPossibleNow(
            f"The authorization that supersedes names is {other.status}; update-authorization changes it, "
            "cancel-authorization ends it."
        )


def _refuse_decision(known: Authorization, lines: tuple[LineDecision, ...]) -> None:
    _refuse_repeated(line.sequence for line in lines)
    for line in lines:
        if line.sequence not in known.lines:
            raise UnknownSubject(f"The request has no item {line.sequence}; its submission lists them.")
        if line.action in SAYS_WHAT and line.authorized is None:
            raise DecisionUnclear(f"Say what is authorized of item {line.sequence}: authorized.")
        if line.action is ReviewAction.NOT_CERTIFIED and not (line.reason or line.note):
            raise DecisionUnclear(f"Say why item {line.sequence} is denied: reason or note.")


def _refuse_update(known: Authorization, command: ask.UpdateAuthorization) -> None:
    touched = (*(item.sequence for item in command.changed), *command.cancelled)
    added = tuple(item.sequence for item in command.added)
    if not (touched or added):
        raise NothingAskedFor("Say what is changed, added or cancelled.")
    for sequence in added:
        if sequence in known.lines:
            raise SequenceReused(f"The sequence {sequence} was given to an item before; take one never used.")
    _refuse_repeated((*touched, *added))
    for sequence in touched:
        if sequence not in known.lines:
            raise UnknownSubject(f"The request has no item {sequence}; its submission lists them.")
        if known.lines[sequence].action is ReviewAction.NOT_CERTIFIED:
            raise DeniedTakesNoUpdate(
                f"Item {sequence} is denied and takes no update: submit-authorization asks for it anew."
            )


def _refuse_appeal(known: Authorization, command: ask.AppealAuthorization) -> None:
    level = known.next_appeal
    if level is None:
        raise AppealOutOfTurn("There is no appeal above an external review; submit-authorization asks anew.")
    if command.level is not level:
        raise AppealOutOfTurn(f"The next level of appeal is {level}.")
    late = command.occurred_at and known.appeal_by and command.occurred_at > known.appeal_by
    if late and not command.late_cause:
        raise AppealTooLate(
            f"It could be appealed until {known.appeal_by:%Y-%m-%d %H:%M %Z}; give the good cause for a late "
            "one: late_cause."
        )


def _refuse_consumption(
    authorizations: Authorizations, known: Authorization, command: ask.ConsumeAuthorizationUnits
) -> None:
    """What was used under this id before is used otherwise now, and not once more."""
    others = {key: used for key, used in known.consumed.items() if key != command.consumption_id}
    use = Use(None, None, None, None, (), command.reaches.astimezone(UTC).date())
    blockers = usable(
        authorizations.having(command.authorization_id, known._replace(consumed=others)),
        command.authorization_id,
        use,
        sequence=command.sequence,
        quantity=command.quantity,
    )
    if blockers:
        raise NotAuthorized("The authorization does not cover this; see what is listed.", blockers=blockers)
