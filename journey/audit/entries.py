"""Entries: all that is accounted for, in one ordered list: what was seen, refused or changed of access, what
was recorded on journeys, what was disclosed (ASTM E2147-18 section 7.1; 21 CFR 11.10(e)).

Each kind is where it was written, and never written twice. A page takes what comes next of each and merges
them; what is found and its order stay as they are, since no row of any ever changes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Composed

RECORDED: LiteralString = "recorded"
DISCLOSED: LiteralString = "disclosed"
"""The kinds of what is no access: an event of a journey, and what left."""

TYPES: Mapping[str, LiteralString] = {
    "id": "uuid",
    "at": "timestamptz",
    "kind": "text",
    "outcome": "text",
    "caller": "text",
    "name": "text",
    "role": "text",
    "team": "text",
    "purpose": "text",
    "basis": "text",
    "method": "text",
    "route": "text",
    "journeys": "uuid[]",
    "patients": "uuid[]",
    "type": "text",
    "version": "bigint",
    "source": "text",
    "peer": "text",
    "request_id": "text",
    "correlation_id": "uuid",
    "detail": "json",
}
"""The elements of an entry, in their order."""

SORTABLE = tuple(name for name in TYPES if name != "detail")
EQUAL = tuple(name for name in SORTABLE if name not in {"at", "journeys", "patients"})
"""What can be asked for as it stands."""


class Branch(NamedTuple):
    """Where entries of one sort are kept, and how each element is found there; of others there is nothing."""

    table: LiteralString
    always: Mapping[str, LiteralString]
    """What is the same on each."""
    columns: Mapping[str, LiteralString]
    of_person: LiteralString
    of_journey: LiteralString

    def column(self, name: str) -> LiteralString:
        if name in self.always:
            return "'" + self.always[name] + "'"
        return self.columns.get(name, "NULL::" + TYPES[name])

    def has(self, equal: Mapping[str, object]) -> bool:
        """Whether one of them can have these elements."""
        return all(
            self.always[name] == value if name in self.always else name in self.columns
            for name, value in equal.items()
        )


ACCESS = Branch(
    "access_event",
    {},
    {
        **{name: name for name in TYPES if name not in {"id", "type", "version", "source"}},
        "id": "access_id",
        "source": "CASE WHEN method IS NULL THEN 'command-line' ELSE 'http' END",
    },
    """
    access_id = ANY(ARRAY(
        WITH person AS (
            SELECT ARRAY(SELECT same_person(%s)) AS records
        ), theirs AS (
            SELECT ARRAY(SELECT opened.journey_id FROM event AS opened
                          WHERE opened.type = 'journey.opened'
                            AND opened.data->>'patient_id' = ANY((SELECT records FROM person)::text[])
                   ) AS journeys
        )
        SELECT access_id FROM access_event WHERE patients && (SELECT records FROM person)
        UNION
        SELECT access_id FROM access_event WHERE journeys && (SELECT journeys FROM theirs)))
    """,
    """
    access_id = ANY(ARRAY(SELECT access_id FROM access_event WHERE journeys @> ARRAY[%s]::uuid[]))
    """,
)
"""Of a patient is, too, what was tried on a journey of theirs by somebody who was not told whose it is. Those
of a patient or a journey are found first: looked for from the newest on, all there are were read."""

PATIENT_OF: LiteralString = """
    (SELECT (opened.data->>'patient_id')::uuid FROM event AS opened
      WHERE opened.journey_id = event.journey_id AND opened.version = 1)
    """
EVENT = Branch(
    "event",
    {"kind": RECORDED, "outcome": "done"},
    {
        "id": "event_id",
        "at": "recorded_at",
        "name": "context->'actor'->>'id'",
        "role": "context->'actor'->>'role'",
        "team": "context->'actor'->>'team'",
        "purpose": "context->>'purpose'",
        "journeys": "ARRAY[journey_id]",
        "patients": "array_remove(ARRAY[" + PATIENT_OF + "], NULL)",
        "type": "type",
        "version": "version",
        "source": "context->'source'->>'channel'",
        "peer": "context->'source'->>'system'",
        "request_id": "context->'source'->>'message_id'",
        "correlation_id": "(context->>'correlation_id')::uuid",
        "detail": """
            json_build_object('occurred_at', occurred_at, 'occurred_precision', occurred_precision,
                              'actor_kind', context->'actor'->>'kind',
                              'voids', data->>'voids', 'corrects', data->>'corrects')
            """,
    },
    """
    journey_id IN (SELECT opened.journey_id FROM event AS opened
                    WHERE opened.type = 'journey.opened'
                      AND opened.data->>'patient_id' IN (SELECT same_person(%s)::text))
    """,
    "journey_id = %s",
)
DISCLOSURE = Branch(
    "disclosure",
    {"kind": DISCLOSED, "outcome": "done"},
    {
        "id": "disclosure_id",
        "at": "at",
        "caller": "reference",
        "name": "recipient",
        "purpose": "purpose",
        "basis": "basis",
        "journeys": "journeys",
        "patients": "ARRAY[patient_id]",
        "source": "channel",
        "peer": "recipient_address",
        "detail": """
            json_build_object('description', description, 'positions', positions, 'labels', labels,
                              'consent_id', consent_id, 'notice', notice)
            """,
    },
    "patient_id IN (SELECT same_person(%s))",
    "journeys @> ARRAY[%s]::uuid[]",
)
BRANCHES = (ACCESS, EVENT, DISCLOSURE)


class Asked(NamedTuple):
    """Which entries: all that holds where something is said. `equal`: elements as they are to stand; `kinds`:
    those of which it is one.
    """

    patient: UUID | None = None
    journey: UUID | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    equal: Mapping[str, object] = {}
    kinds: tuple[str, ...] | None = None


class Sort(NamedTuple):
    """By which element, and which way; what is the same there is in the order of time, the same way."""

    by: str = "at"
    falling: bool = True

    @property
    def key(self) -> str | None:
        """The element, where time alone does not say it all."""
        return None if self.by == "at" else self.by


class Place(NamedTuple):
    """Up to where it was told: of the last entry, when and which it was, and what the order goes by."""

    at: datetime
    id: UUID
    key: str | None = None


class Entry(NamedTuple):
    """One of them."""

    id: UUID
    at: datetime
    kind: str
    outcome: str
    caller: str | None
    name: str | None
    role: str | None
    team: str | None
    purpose: str | None
    basis: str | None
    method: str | None
    route: str | None
    journeys: Sequence[UUID]
    patients: Sequence[UUID]
    type: str | None
    version: int | None
    source: str | None
    peer: str | None
    request_id: str | None
    correlation_id: UUID | None
    detail: Mapping[str, Any]


class Statement(NamedTuple):
    """What to ask, and with which values."""

    sql: Composed
    values: tuple[Any, ...]


def statement(asked: Asked, sort: Sort, after: Place | None = None, limit: int | None = None) -> Statement:
    """The next entries; all of them, without a limit. A row is an entry, and the key that it is sorted by."""
    pieces = [_piece(each, asked, sort, after, limit) for each in BRANCHES if each.has(asked.equal)]
    if not pieces:
        return _piece(ACCESS, Asked(), sort, None, 0)
    merged = SQL("SELECT * FROM ({}) AS entry ORDER BY {} LIMIT %s").format(
        SQL(" UNION ALL ").join([SQL("({})").format(each.sql) for each in pieces]), _order(sort)
    )
    return Statement(merged, (*(value for each in pieces for value in each.values), limit))


def _piece(branch: Branch, asked: Asked, sort: Sort, after: Place | None, limit: int | None) -> Statement:
    """What comes next of one sort."""
    key = _key(branch, sort)
    conditions, values = _conditions(branch, asked)
    if after is not None:
        behind: LiteralString = " < " if sort.falling else " > "
        time: LiteralString = branch.column("at") + ", " + branch.column("id")
        if sort.key is None:
            conditions.append(SQL("(" + time + ")" + behind + "(%s, %s)"))
            values += [after.at, after.id]
        else:
            conditions.append(SQL("(" + key + ", " + time + ")" + behind + "(%s, %s, %s)"))
            values += [after.key, after.at, after.id]
    names = SQL(", ").join([SQL(branch.column(name) + ' AS "' + name + '"') for name in TYPES])
    where = SQL(" AND ").join([SQL("true"), *conditions])
    sql = SQL("SELECT {}, {} AS key FROM {} WHERE {} ORDER BY {} LIMIT %s").format(
        names, SQL(key), SQL(branch.table), where, _order(sort)
    )
    return Statement(sql, (*values, limit))


def _conditions(branch: Branch, asked: Asked) -> tuple[list[SQL | Composed], list[Any]]:
    said: list[tuple[LiteralString, object]] = [
        (branch.of_person, asked.patient),
        (branch.of_journey, asked.journey),
        (branch.column("at") + " >= %s", asked.begins),
        (branch.column("at") + " < %s", asked.ends),
        (branch.column("kind") + " = ANY(%s::text[])", None if asked.kinds is None else list(asked.kinds)),
        *((branch.column(name) + " = %s", value) for name, value in asked.equal.items()),
    ]
    held = [(sql, value) for sql, value in said if value is not None]
    return [SQL(sql) for sql, _ in held], [value for _, value in held]


def _key(branch: Branch, sort: Sort) -> LiteralString:
    """What it is sorted by, as text: in the order of its bytes, nothing first."""
    if sort.key is None:
        return "''"
    column = branch.column(sort.key)
    if TYPES[sort.key] == "uuid[]":
        column = "(" + column + ")[1]"
    if TYPES[sort.key] == "bigint":
        return "lpad(coalesce((" + column + ")::text, ''), 19)"
    return "coalesce((" + column + ")::text, '') COLLATE \"C\""


def _order(sort: Sort) -> SQL:
    way: LiteralString = " DESC" if sort.falling else " ASC"
    time: LiteralString = "at" + way + ", id" + way
    return SQL(time if sort.key is None else "key" + way + ", " + time)
