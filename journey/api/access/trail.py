"""The trail: who saw, was refused or changed what (ASTM E2147-18 section 7.1; 45 CFR 164.312(b)).

A read is recorded before its answer leaves, so that no crash loses the record of an answer that somebody got.
Records of requests under way at the same time are written with one statement, so that each waits for the disk
about once and none for long.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import chain
from types import MappingProxyType
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic_core import to_json

from journey.api.reads import Reads
from journey.api.together import Together
from journey.audit.disclosures import WRITTEN, Disclosure
from journey.store.identifiers import uuid7


class Kind(StrEnum):
    """What was done."""

    READ = "read"
    SEARCH = "search"
    FEED = "feed"
    AUDIT = "audit"
    EXPORT = "export"
    PRINT = "print"
    EVIDENCE = "evidence"
    REVIEW = "review"
    DISCLOSURE_SUSPENDED = "disclosure-suspended"
    QUERY_SAVED = "query-saved"
    QUERY_REMOVED = "query-removed"
    WRITE = "write"
    LOGIN = "login"
    GLASS_BROKEN = "glass-broken"
    GLASS_CLOSED = "glass-closed"
    KEY_CREATED = "key-created"
    KEY_CHANGED = "key-changed"
    KEY_REVOKED = "key-revoked"
    OPERATION = "operation"
    """Something was done to a read model: made anew, stopped, retried."""
    VERIFICATION = "verification"
    """The ledger was to be verified, or no longer."""
    MESSAGE_READ = "message-read"
    MESSAGE_HANDLED = "message-handled"
    """One that could not be taken in was tried again, corrected or dismissed."""
    RECORDED = "recorded"
    """An event of a journey; it stands in the log, and is listed from there."""
    DISCLOSED = "disclosed"
    """What left, listed from where it stands."""


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"
    """They may, but it could not be done, and they were told why not."""
    DENIED = "denied"


class Basis(StrEnum):
    """Why the caller could."""

    TEAM = "team"
    UNASSIGNED = "unassigned"
    EVERY_TEAM = "every-team"
    BREAK_GLASS = "break-glass"


class Who(NamedTuple):
    """Who did it, as it stands in the record."""

    caller: str | None
    name: str | None
    role: str | None = None
    team: str | None = None


NOBODY = Who(None, None)
COMMAND_LINE = Who("command-line", "the command line")
"""Whoever can start the program on the database's own credentials."""


class Access(NamedTuple):
    """One record. `journeys` and `patients`: of whom something was seen."""

    kind: Kind
    outcome: Outcome
    who: Who
    purpose: str | None = None
    method: str | None = None
    route: str | None = None
    journeys: tuple[UUID, ...] = ()
    patients: tuple[UUID, ...] = ()
    basis: Basis | None = None
    detail: Mapping[str, Any] = MappingProxyType({})
    peer: str | None = None
    request_id: str | None = None
    correlation_id: UUID | None = None

    def row(self) -> dict[str, Any]:
        fields = self._asdict()
        who, detail = fields.pop("who"), dict(fields.pop("detail"))
        return {"access_id": uuid7(), **who._asdict(), **fields, "detail": detail}


INSERT: LiteralString = f"""
    WITH seen AS (
        INSERT INTO access_event (access_id, kind, outcome, caller, name, role, team, purpose, method, route,
                                  journeys, patients, basis, detail, peer, request_id, correlation_id)
        SELECT access_id, kind, outcome, caller, name, role, team, purpose, method, route,
               journeys, patients, basis, detail, peer, request_id, correlation_id
          FROM json_populate_recordset(NULL::access_event, %s)
        ON CONFLICT (access_id) DO NOTHING
        RETURNING access_id
    ), disclosed AS ({WRITTEN}), written AS (
        SELECT access_id FROM seen UNION ALL SELECT disclosure_id FROM disclosed
    )
    INSERT INTO access_pending (accesses)
    SELECT array_agg(access_id) FROM written HAVING count(*) > 0
    RETURNING id
    """  # noqa: S608 - made of constants
"""Records, and what goes out with them. Nothing, where a connection was lost after it was done, and it is
asked again.
"""


Record = tuple[bytes, list[bytes]]
"""An access and what it discloses, each as JSON."""


class Trail:
    """Writes records for a process. `record` returns when they are on disk."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._records = Together(self._write, under_way=2)

    async def record(self, access: Access, disclosed: Sequence[Disclosure] = ()) -> None:
        """And what it discloses. Raises StoreUnavailable: who cannot be recorded is not answered."""
        await self._records.ask((to_json(access.row()), [to_json(each.row()) for each in disclosed]))

    async def _write(self, records: Sequence[Record]) -> Sequence[None]:
        disclosed = chain.from_iterable(each for _, each in records)
        await self._reads.rows(INSERT, (_array(access for access, _ in records), _array(disclosed)))
        return [None] * len(records)


def record(connection: Connection[Any], accesses: Sequence[Access]) -> None:
    """Record as a part of the connection's transaction, with what it changes."""
    connection.execute(INSERT, (_array(to_json(each.row()) for each in accesses), "[]"))


def _array(rows: Iterable[bytes]) -> str:
    return (b"[" + b",".join(rows) + b"]").decode()
