"""Leaves: what an event, and a record of the trail, is in its tree.

A leaf is the stored row as JSON in its canonical form (RFC 8785), with `data`, `context` and `detail` as
texts in it: the bytes as they are stored count, ciphertext where they are encrypted. The database makes the
same when the sequencer gives a position (`event_leaf`), so that nothing waits for this program to do it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring as text  # as RFC 8785 section 3.2.2.2 has it
from typing import Any, NamedTuple
from uuid import UUID

from journey.ledger.merkle import Hash, leaf_hash

FILLED = {19: ".000000", **{20 + digits: "0" * (6 - digits) for digits in range(1, 7)}}
"""What a time of so many characters lacks of six digits of a second."""


class EventRow(NamedTuple):
    """An event as it is stored."""

    journey_id: UUID
    version: int
    type: str
    data: str
    event_id: UUID
    schema_version: int
    occurred_at: datetime
    occurred_precision: str
    recorded_at: datetime
    context: str

    def canonical(self) -> bytes:
        """What is hashed."""
        journey_id, version, type_, data, event_id, schema_version, at, precision, recorded_at, context = self
        ids, times = (str(journey_id), str(event_id)), (str(_naive(at)), str(_naive(recorded_at)))
        return written(
            ids[0], version, type_, data, ids[1], schema_version, times[0], precision, times[1], context
        )


def written(  # noqa: PLR0917 - a row's columns
    journey_id: str,
    version: int,
    type_: str,
    data: str,
    event_id: str,
    schema_version: int,
    occurred_at: str,
    precision: str,
    recorded_at: str,
    context: str,
) -> bytes:
    """An event in its canonical form. The times are in UTC without a zone, as Python and PostgreSQL write
    them; raises KeyError where they are no times of ours.
    """
    return (
        f'{{"context":{text(context)},"data":{text(data)},"event_id":"{event_id}","journey_id":"{journey_id}",'
        f'"occurred_at":"{occurred_at[:10]}T{occurred_at[11:]}{FILLED[len(occurred_at)]}Z",'
        f'"occurred_precision":{text(precision)},'
        f'"recorded_at":"{recorded_at[:10]}T{recorded_at[11:]}{FILLED[len(recorded_at)]}Z",'
        f'"schema_version":{schema_version},"type":{text(type_)},"version":{version}}}'
    ).encode()


class AccessRow(NamedTuple):
    """A record of the trail as it is stored."""

    access_id: UUID
    at: datetime
    basis: str | None
    caller: str | None
    correlation_id: UUID | None
    detail: str
    journeys: list[UUID]
    kind: str
    method: str | None
    name: str | None
    outcome: str
    patients: list[UUID]
    peer: str | None
    purpose: str | None
    request_id: str | None
    role: str | None
    route: str | None
    team: str | None

    def canonical(self) -> bytes:
        """What is hashed: the fields stand in the order of their names already."""
        return _canonical(self._fields, self)


class DisclosureRow(NamedTuple):
    """A disclosure as it is stored; the trail tells of it, too."""

    at: datetime
    basis: str
    channel: str
    consent_id: UUID | None
    description: str
    disclosure_id: UUID
    journeys: list[UUID]
    labels: list[str]
    notice: str | None
    patient_id: UUID
    positions: list[int]
    purpose: str
    recipient: str
    recipient_address: str | None
    reference: str | None

    def canonical(self) -> bytes:
        """What is hashed: the fields stand in the order of their names already."""
        return _canonical(self._fields, self)


def leaf(row: EventRow | AccessRow | DisclosureRow) -> Hash:
    return leaf_hash(row.canonical())


def instant(at: datetime) -> str:
    """A time in UTC with its microseconds."""
    return f"{_naive(at).isoformat(timespec='microseconds')}Z"


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _canonical(names: Sequence[str], values: Iterable[Any]) -> bytes:
    fields = zip(names, values, strict=True)
    return ("{" + ",".join(f'"{name}":{_json(value)}' for name, value in fields) + "}").encode()


def _json(value: Any) -> str:
    write = WRITTEN.get(type(value))
    return "null" if write is None else write(value)


WRITTEN: dict[type, Callable[[Any], str]] = {
    str: text,
    int: str,
    UUID: lambda value: f'"{value}"',
    datetime: lambda value: f'"{instant(value)}"',
    list: lambda values: "[" + ",".join(map(_json, values)) + "]",
}
