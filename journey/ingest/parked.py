"""Parked: what lies in the inbox and was not applied: what it is, why, and what to do about it.

A list tells nothing that a message says of a patient; one message is shown whole, with all that was tried.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, LiteralString, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from journey.conditions import Condition, all_of
from journey.ingest import remedies
from journey.ingest.aside import Unapplied
from journey.ingest.attempts import What, note_in
from journey.ingest.fhir import item as fhir
from journey.ingest.fhir.placing import labels
from journey.ingest.fhir.resource import Resource
from journey.ingest.hl7v2 import inbox as hl7v2
from journey.store.boxes import Box, unboxed

STATE: LiteralString = """
    CASE WHEN status = 'parked' AND (waits OR code = 'awaits-reference') THEN 'waiting'
         WHEN status = 'applied' AND corrected_by IS NOT NULL THEN 'corrected'
         ELSE status END
    """
SELECT: LiteralString = f"""
    SELECT encode(key, 'hex'), channel, trigger, {STATE}, code, reason, places, sender, occurred_at,
           received_at, attempts
    """
LIST: LiteralString = f"{SELECT} FROM inbox WHERE raw <> '' AND "
NEWEST_FIRST: LiteralString = " ORDER BY received_at DESC, key DESC LIMIT %s"
COUNTS: LiteralString = f"""
    SELECT channel, {STATE} AS state, code, count(*), min(received_at)
      FROM inbox WHERE status <> 'applied' AND raw <> ''
     GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 3
    """  # noqa: S608 - as above
ONE: LiteralString = f"""
    {SELECT}, source, number, applied_at, inbox.journey_id, corrected_by, raw, sealed_for, wrapped
      FROM inbox LEFT JOIN data_key ON data_key.journey_id = sealed_for
     WHERE key = %s AND EXISTS (SELECT FROM inbox_attempt WHERE inbox_attempt.key = inbox.key)
    """
"""What was applied as soon as it came is no business of who sees to the others."""

ATTEMPTS: LiteralString = """
    SELECT attempt, what, at, times, name, status, code, reason, places, said, sealed_for, wrapped
      FROM inbox_attempt LEFT JOIN data_key ON data_key.journey_id = sealed_for
     WHERE key = %s ORDER BY attempt
    """
TO_TRY: LiteralString = """
    SELECT coalesce(occurred_at, 'infinity')::text, received_at::text, key FROM inbox
     WHERE status = 'parked' AND raw <> ''
       AND (channel = %(channel)s OR %(channel)s::text IS NULL)
       AND (code = %(code)s OR %(code)s::text IS NULL)
       AND (coalesce(occurred_at, 'infinity'), received_at, key)
           > (%(happened)s::timestamptz, %(received)s::timestamptz, %(key)s)
     ORDER BY coalesce(occurred_at, 'infinity'), inbox.received_at, key LIMIT %(limit)s
    """
"""In the order in which it happened: what comes before another may be what that waits for."""


class Channel(StrEnum):
    """What it came as."""

    HL7V2 = "hl7v2"
    FHIR = "fhir"


class State(StrEnum):
    """What is true of it by now."""

    PARKED = "parked"
    WAITING = "waiting"
    REJECTED = "rejected"
    DISMISSED = "dismissed"
    CORRECTED = "corrected"
    APPLIED = "applied"


REMEDIES = {Channel.HL7V2: remedies.HL7V2, Channel.FHIR: remedies.FHIR}
OF_STATE: MappingProxyType[State, LiteralString] = MappingProxyType(
    {
        State.PARKED: "status = 'parked' AND NOT (waits OR code = 'awaits-reference')",
        State.WAITING: "status = 'parked' AND (waits OR code = 'awaits-reference')",
        State.REJECTED: "status = 'rejected'",
        State.DISMISSED: "status = 'dismissed'",
        State.CORRECTED: "status = 'applied' AND corrected_by IS NOT NULL",
    }
)


def to_do(channel: str, code: str | None) -> str | None:
    """What a person can do about it; None where there is nothing to do."""
    return REMEDIES[Channel(channel)].get(code, remedies.A_RULE) if code else None


class SetAside(BaseModel):
    """A message that was not applied at once, without what it says of a patient."""

    id: str = Field(description="Of the message: the same for the same content.")
    channel: Channel
    kind: str | None = Field(description="`ADT^A01`, or a type of resource; null where that cannot be read.")
    state: State = Field(
        description="`waiting`: it is tried again by itself when more of its patient comes; `rejected`: it "
        "reports nothing; `corrected`: applied with a corrected text."
    )
    code: str | None
    reason: str | None
    to_do: str | None
    places: tuple[str, ...] = Field(description="Where in it: `PV1-19`, `Encounter.period.start`.")
    sender: str | None
    happened_at: datetime | None = Field(description="What it reports; null where that cannot be read.")
    received_at: datetime
    attempts: int


class Attempted(BaseModel):
    """What was done with it, once or several times in a row, and what came of it."""

    number: int
    what: What
    at: datetime = Field(description="The last time.")
    times: int
    by: str | None = Field(description="Null where nobody asked for it.")
    state: str
    code: str | None
    reason: str | None
    places: tuple[str, ...]
    why: str | None = Field(description="In words; null where nobody was asked, or it is erased.")
    text: str | None = Field(description="The corrected text; null where it was not corrected.")


class InFull(SetAside):
    """A message that was not applied at once, whole, and all that was tried."""

    source: str = Field(description="The file or connection that it came by.")
    number: int = Field(description="Which one in it.")
    applied_at: datetime | None
    journey_id: UUID | None = Field(description="What it led to, as far as it did.")
    corrected_by: int | None = Field(description="The attempt whose text is taken instead of it.")
    text: str | None = Field(description="As it came; null once it is erased.")
    history: tuple[Attempted, ...]


class Counted(BaseModel):
    """How many messages there are for one reason."""

    channel: Channel
    state: State
    code: str
    to_do: str | None
    messages: int
    oldest: datetime


class Asked(NamedTuple):
    """What a list is narrowed down to."""

    channel: Channel | None = None
    state: State | None = None
    code: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None


def page_of(asked: Asked, before: Sequence[Any] | None, limit: int) -> Condition:
    """The statement that lists them, the newest first."""
    conditions = [Condition(OF_STATE[asked.state] if asked.state else "status = 'parked'")]
    compared: tuple[tuple[LiteralString, object], ...] = (
        ("channel = %s", asked.channel),
        ("code = %s", asked.code),
        ("received_at >= %s", asked.received_from),
        ("received_at < %s", asked.received_to),
    )
    conditions += [Condition(sql, (value,)) for sql, value in compared if value is not None]
    if before:
        conditions.append(Condition("(received_at, key) < (%s, %s)", tuple(before)))
    every = all_of(conditions)
    return Condition(LIST + every.sql + NEWEST_FIRST, (*every.parameters, limit))


def set_aside(row: Sequence[Any]) -> SetAside:
    return SetAside.model_validate(_said(row))


def counted(row: Sequence[Any]) -> Counted:
    channel, state, code, messages, oldest = row
    to = to_do(channel, code)
    return Counted(channel=channel, state=state, code=code, to_do=to, messages=messages, oldest=oldest)


def in_full(row: Sequence[Any], attempts: Sequence[Sequence[Any]]) -> InFull:
    """A row of ONE and those of ATTEMPTS, opened. Raises CannotBeOpened."""
    *head, source, number, applied_at, journey_id, corrected_by, raw, sealed_for, wrapped = row
    said = _said(head)
    key = bytes.fromhex(said["id"])
    text = None
    if raw and wrapped != b"":
        opened = unboxed(key, Box(raw, sealed_for), wrapped)
        text = hl7v2.text_of(opened) if said["channel"] == Channel.HL7V2 else fhir.text_of(opened)
    return InFull(
        **said,
        source=source,
        number=number,
        applied_at=applied_at,
        journey_id=journey_id,
        corrected_by=corrected_by,
        text=text,
        history=tuple(_attempted(key, each) for each in attempts),
    )


def journeys_of(row: Sequence[Any], attempts: Sequence[Sequence[Any]]) -> tuple[UUID, ...]:
    """Those that the message led to, as it came or as it was corrected, of the rows of ONE and ATTEMPTS."""
    *_, journey_id, _, _, sealed_for, _ = row
    every = (journey_id, sealed_for, *(of for *_, of, _ in attempts))
    return tuple(dict.fromkeys(each for each in every if each is not None))


def labels_of(found: InFull) -> frozenset[str]:
    """What a resource, or a corrected text of it, says of who may see it; what is no resource, nothing."""
    if found.channel is not Channel.FHIR:
        return frozenset()
    texts = filter(None, (found.text, *(each.text for each in found.history)))
    return frozenset(label for text in texts for label in _labels(text))


def _labels(text: str) -> Iterator[str]:
    try:
        yield from labels(Resource(fhir.body_of(text), "Resource", ZoneInfo("UTC")))
    except (ValueError, Unapplied):
        return


def _said(row: Sequence[Any]) -> dict[str, Any]:
    """The fields of SetAside."""
    id_, channel, kind, state, code, reason, places, sender, happened, received, attempts = row
    return {
        "id": id_,
        "channel": channel,
        "kind": kind,
        "state": state,
        "code": code,
        "reason": reason,
        "to_do": to_do(channel, code),
        "places": tuple(places),
        "sender": sender,
        "happened_at": happened,
        "received_at": received,
        "attempts": attempts,
    }


def _attempted(key: bytes, row: Sequence[Any]) -> Attempted:
    number, what, at, times, name, status, code, reason, places, said, sealed_for, wrapped = row
    note = note_in(key, Box(said, sealed_for), wrapped)
    return Attempted(
        number=number,
        what=what,
        at=at,
        times=times,
        by=name,
        state=status,
        code=code,
        reason=reason,
        places=tuple(places),
        why=note and note.why,
        text=note and note.text,
    )
