"""Deciding: what a command leads to, at its time, in its envelope."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from journey.domain.correction import History
from journey.domain.decision import decide
from journey.domain.event import Command, Context, Event, Recorded, Refused
from journey.pathways import installed
from journey.store.identifiers import uuid7
from journey.store.vault import vault

CLOCK_SKEW = timedelta(minutes=2)
"""How far ahead of ours the clock of whoever reports may be."""


class OccursInTheFuture(Refused):
    """Only what has happened is recorded; what is planned is an event about the plan."""


def decided(journey_id: UUID, history: History, command: Command, context: Context) -> tuple[Recorded, ...]:
    """What the command leads to, on top of this history."""
    now = timed(command, history)
    key = history.recorded[-1].key if history.recorded else vault().fresh()
    events = tuple(decide(history, now, installed()))
    return _enveloped(journey_id, history.version, events, now, context, key=key)


def timed(command: Command, history: History) -> Command:
    """The command with its time: now, where it names none.

    Never before what is recorded already, though another machine's clock be ahead of ours: whoever asks
    without a time asks for what comes last.
    """
    now = datetime.now(UTC)
    if command.occurred_at is None:
        last = max((each.reaches for each in history.recorded), default=now)
        return command.model_copy(update={"occurred_at": max(now, last)})
    if command.occurred_at > now + CLOCK_SKEW:
        raise OccursInTheFuture("occurred_at lies in the future; record what happened, when it has.")
    return command


def _enveloped(
    journey_id: UUID,
    version: int,
    events: Sequence[Event],
    command: Command,
    context: Context,
    *,
    key: bytes | None,
) -> tuple[Recorded, ...]:
    if not events:
        return ()
    occurred_at = cast(datetime, command.occurred_at).astimezone(UTC)
    context_json = context.model_dump_json(exclude_none=True)
    now = datetime.now(UTC)
    return tuple(
        Recorded(
            journey_id,
            version + offset,
            uuid7(),
            event,
            occurred_at,
            command.occurred_precision,
            now,
            context_json,
            key=key,
        )
        for offset, event in enumerate(events, start=1)
    )
