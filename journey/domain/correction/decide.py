"""What is said of what is recorded if this is asked. Yields nothing when it is said already."""

from collections.abc import Iterator
from datetime import UTC
from itertools import dropwhile, takewhile
from typing import Any, assert_never
from uuid import UUID

from pydantic import ValidationError

from journey.domain.correction import commands as ask
from journey.domain.correction.events import (
    CORRECTIONS,
    CorrectionEvent,
    EventCorrected,
    EventReattributed,
    EventReinstated,
    EventVoided,
)
from journey.domain.correction.state import History, in_order
from journey.domain.discharge.events import PatientDischarged
from journey.domain.event import Event, Precision, Recorded, Refused, identifying
from journey.domain.place import Location
from journey.domain.storable import unstorable
from journey.domain.visit.events import PatientAdmitted, PatientMoved, VisitStarted


class UnknownEvent(Refused):
    """No event of this journey has this id."""


class NotVoidable(Refused):
    """Some events are undone in another way."""


class NotCorrectable(Refused):
    """The event cannot read like that."""


class NothingToCancel(Refused):
    """What is to be cancelled has not been recorded."""


def decide(history: History, command: ask.CorrectionCommand) -> Iterator[CorrectionEvent]:
    """The correction, judged by all that is recorded. Nothing when it holds already."""
    match command:
        case ask.VoidEvent():
            yield from _void(history, command)
        case ask.ReinstateEvent():
            yield from _reinstate(history, command)
        case ask.CorrectEvent():
            yield from _correct(history, command)
        case ask.ReattributeEvent():
            yield from _reattribute(history, command)
        case ask.CancelAdmission():
            yield from _cancel(history, command, (PatientAdmitted, VisitStarted), (PatientDischarged,))
        case ask.CancelMove():
            yield from _cancel(history, command, (PatientMoved,))
        case ask.CancelDischarge():
            yield from _cancel(history, command, (PatientDischarged,), (PatientAdmitted, VisitStarted))
        case _:
            assert_never(command)


def _event(history: History, event_id: UUID) -> Recorded:
    for each in history.recorded:
        if each.event_id == event_id:
            return each
    raise UnknownEvent("No event of this journey has this id; its history lists them.")


# --- Void and reinstate


def _void(history: History, command: ask.VoidEvent) -> Iterator[EventVoided]:
    target = _voidable(history, command.event_id)
    if target.event_id not in history.voided:
        yield EventVoided(voids=target.event_id, of=target.event.stored_as, reason=command.reason)


def _voidable(history: History, event_id: UUID) -> Recorded:
    target = _event(history, event_id)
    if type(target.event) in CORRECTIONS:
        raise NotVoidable("A correction is not voided; reinstate-event or void-event its target instead.")
    if target.version == 1:
        raise NotVoidable("The opening is not voided; remove-journey marks the whole as entered in error.")
    if target.event.undone_by != ask.VoidEvent.name():
        raise NotVoidable(f"This is not undone by itself; {target.event.undone_by} undoes it.")
    return target


def _reattribute(history: History, command: ask.ReattributeEvent) -> Iterator[EventReattributed]:
    target = _voidable(history, command.event_id)
    if command.to_journey_id == target.journey_id:
        raise NotVoidable("The event stands on this journey; to_journey_id names another one.")
    if target.event_id not in history.voided:
        yield EventReattributed(
            voids=target.event_id,
            of=target.event.stored_as,
            reason=command.reason,
            to_patient_id=command.to_patient_id,
            to_journey_id=command.to_journey_id,
        )


def _reinstate(history: History, command: ask.ReinstateEvent) -> Iterator[EventReinstated]:
    target = _event(history, command.event_id)
    if type(target.event) in CORRECTIONS:
        raise NotVoidable("A correction is not reinstated; name the event that it corrects.")
    voids, corrects = history.said
    if target.event_id not in voids and target.event_id not in corrects:
        return
    yield EventReinstated(reinstates=target.event_id, of=target.event.stored_as, reason=command.reason)
    for each in history.recorded:
        void = voids.get(each.event_id)
        if void is not None and void.because_of == target.event_id:
            yield EventReinstated(
                reinstates=each.event_id, of=void.of, reason=command.reason, because_of=target.event_id
            )


# --- Correct


def _correct(history: History, command: ask.CorrectEvent) -> Iterator[EventCorrected]:
    first = _event(history, command.event_id)
    if type(first.event) in CORRECTIONS:
        raise NotCorrectable("A correction is not corrected; name the event that it is about.")
    if first.event.undone_by != ask.VoidEvent.name():
        undoes = first.event.undone_by
        raise NotCorrectable(f"This is not corrected by itself; {undoes} undoes it.")
    if first.event_id in history.voided:
        raise NotCorrectable("The event is void; reinstate-event comes first.")
    now = next(each for each in history.readings if each.event_id == first.event_id)
    event = _changed(now.event, command.data)
    at, precision = _time(now, command)
    if (event, at, precision) == (now.event, now.occurred_at, now.occurred_precision):
        return
    is_moved = (at, precision) != (first.occurred_at, first.occurred_precision)
    yield EventCorrected(
        corrects=first.event_id,
        of=first.event.stored_as,
        data=None if event == first.event else event.model_dump(mode="json", exclude_none=True),
        data_version=event.schema_version(),
        happened_at=at if is_moved else None,
        happened_precision=precision if is_moved else None,
        reason=command.reason,
    )


def _time(now: Recorded, command: ask.CorrectEvent) -> tuple[Any, Precision]:
    """When it happened, as the command says, or else as it reads."""
    if command.happened_at is None:
        return now.occurred_at, command.happened_precision or now.occurred_precision
    if command.happened_at > command.reaches:
        raise NotCorrectable(
            "happened_at comes after the correction; say when it did happen.", field="happened_at"
        )
    return command.happened_at.astimezone(UTC), command.happened_precision or Precision.INSTANT


def _changed(event: Event, changes: dict[str, Any]) -> Event:
    """The same event with these fields. Refusals name the field, never what is in it."""
    fields, name = type(event).model_fields, event.stored_as
    for field, value in changes.items():
        if field not in fields:
            raise NotCorrectable(
                f"{name} has no field {field!r}; it has {', '.join(fields) or 'none'}.", field=f"data.{field}"
            )
        if value == "":
            raise NotCorrectable(
                f"{field} of {name} is not left blank; null takes it away.", field=f"data.{field}"
            )
    told = {**event.model_dump(mode="json", exclude_none=True), **changes}
    known = {field: value for field, value in told.items() if value is not None}
    try:
        changed = type(event).model_validate(known, extra="forbid")
    except ValidationError as error:
        raise _misfit(name, error) from None
    for complaint in unstorable(changed):
        raise NotCorrectable(f"{complaint}.", field=f"data.{complaint.rpartition(': ')[0]}")
    for field, value in changes.items():
        if _guessed(value, read := changed.model_dump(mode="json").get(field)):
            raise NotCorrectable(
                f"{field} of {name} takes {'a text' if isinstance(read, str) else 'no text'}.",
                field=f"data.{field}",
            )
    for field in identifying(type(event)):
        if getattr(changed, field) != getattr(event, field):
            raise NotCorrectable(
                f"{field} says what the event is about; void it, and record it of the other.",
                field=f"data.{field}",
            )
    return changed


def _misfit(name: str, error: ValidationError) -> NotCorrectable:
    """The first field that the event cannot have so."""
    first = error.errors(include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return NotCorrectable(f"{where} of {name} is needed.", field=f"data.{where}")
    return NotCorrectable(
        f"{where} of {name} does not take this; the catalogue of events says what it holds.",
        field=f"data.{where}",
    )


def _guessed(asked: Any, read: Any) -> bool:
    """Whether a number was read out of a text, or a time out of a number."""
    match asked, read:
        case dict(), dict():
            return any(_guessed(value, read.get(name)) for name, value in asked.items())
        case list(), list():
            return any(map(_guessed, asked, read))
        case _:
            return asked is not None and isinstance(asked, str) != isinstance(read, str)


# --- Cancel


def _cancel(
    history: History,
    command: ask.CancelAdmission | ask.CancelMove | ask.CancelDischarge,
    types: tuple[type[Event], ...],
    ends: tuple[type[Event], ...] = (),
) -> Iterator[EventVoided]:
    """Void the latest such event at the visit that had begun by then, however often it was reported; what was
    before one that `ends` it is another one. Quiet when it is voided already.
    """
    told = sorted(
        (
            each
            for each in history.readings
            if (isinstance(each.event, types) or each.event_id not in history.voided)
            and isinstance(each.event, (*types, *ends))
            and getattr(each.event, "visit_id", None) == command.visit_id
            and each.occurred_at <= command.reaches
        ),
        key=in_order,
        reverse=True,
    )
    if isinstance(command, ask.CancelMove) and command.location is not None:
        told = list(dropwhile(lambda each: _place(each.event) != command.location, told))
    told = list(dropwhile(lambda each: isinstance(each.event, ends), told))
    if not told:
        raise NothingToCancel(f"{command.name()} came before what it cancels; record that first.")
    latest = told[0].event
    for each in takewhile(lambda each: _is_same(each.event, latest), told):
        if each.event_id not in history.voided:
            yield EventVoided(voids=each.event_id, of=each.event.stored_as, reason=command.reason)


def _place(event: Event) -> Location | None:
    return event.location if isinstance(event, PatientMoved) else None


def _is_same(event: Event, other: Event) -> bool:
    """Whether both report one thing: an admission, a departure, a move to one place."""
    return type(event) is type(other) and _place(event) == _place(other)
