"""Sweep: is anything of what was erased left to be read, in any row of any table?

Every column in which text can stand is looked through; the tables and columns are asked of the database, so
that one made tomorrow is looked through as well. Where a row says whose it is, those of the person are held
against all that was erased; rows of others, and of nobody, against what nobody shares: numbers.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Composable, Composed, Identifier
from pydantic_core import from_json, to_json

SHORTEST = 4
"""Characters from which on a value says anything."""

LONG = 6
"""Characters from which on it is looked for within words, in what is of the person."""

CERTAIN = 12
"""… in what is of anybody: chance writes shorter numbers into ids and times."""

AT_ONCE = 200
"""Values that one look through a table is for."""

COLUMNS = """
    SELECT table_schema, table_name, array_agg(column_name::text ORDER BY ordinal_position),
           array_agg(data_type::text ORDER BY ordinal_position)
      FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'
     GROUP BY table_schema, table_name ORDER BY table_schema, table_name
    """
TEXTS = frozenset({"text", "character varying", "character", "json", "jsonb", "bytea", "ARRAY", "xml"})
OWNERS = {
    ("journey_id", "uuid"): SQL("journey_id = ANY (%(journeys)s)"),
    ("journeys", "ARRAY"): SQL("journeys && %(journeys)s"),
    ("patient_id", "uuid"): SQL("patient_id = ANY (%(patients)s)"),
    ("patients", "ARRAY"): SQL("patients && %(patients)s"),
}
"""The columns that say whose a row is."""

TEXT = SQL("""lower(regexp_replace({}::text, '^\\{{"sealed":"[^"]*"', ''))""")
"""In small letters, and without what is sealed: chance writes short words into ciphertexts."""

BYTES = SQL("lower(encode({}, 'escape'))")
SPECIAL = re.compile(r"[\\%_]")
"""What LIKE takes for something else."""

HAS = SQL("""
    SELECT count(*) FROM {table}
     WHERE ({theirs}) AND ({text} LIKE ANY (%(within)s)
            OR {text} LIKE ANY (%(perhaps)s) AND {text} ~ ANY (%(words)s::text[]))
    """)


class Sought(NamedTuple):
    """What is looked for: everything that was erased, and that of it which nobody else has."""

    journeys: tuple[UUID, ...]
    patients: tuple[UUID, ...]
    values: tuple[str, ...]
    identifying: tuple[str, ...]

    def to_bytes(self) -> bytes:
        return to_json(self._asdict())

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        said = from_json(text)
        return cls(
            tuple(map(UUID, said["journeys"])),
            tuple(map(UUID, said["patients"])),
            tuple(said["values"]),
            tuple(said["identifying"]),
        )


class Left(NamedTuple):
    """Where something is left, and in how many rows."""

    table: str
    column: str
    rows: int

    def __str__(self) -> str:
        return f"{self.table}.{self.column} ({self.rows} rows)"


class Swept(NamedTuple):
    """What was looked through, for how many values, and where something is left."""

    tables: int
    columns: int
    values: int
    left: tuple[Left, ...]


class Column(NamedTuple):
    """A column in which text can stand, and those of its table that say whose a row is."""

    schema: str
    table: str
    name: str
    kind: str
    owners: tuple[tuple[str, str], ...]

    @property
    def of(self) -> str:
        """The table, as a person would call it."""
        return self.table if self.schema == "public" else f"{self.schema}.{self.table}"

    @property
    def text(self) -> Composed:
        return (BYTES if self.kind == "bytea" else TEXT).format(Identifier(self.name))


def sweep(connection: Connection[Any], sought: Sought) -> Swept:
    """Look through every table."""
    columns = list(_columns(connection))
    left = ((each, _found(connection, each, sought)) for each in columns)
    return Swept(
        len({each.of for each in columns}),
        len(columns),
        len(sought.values),
        tuple(Left(each.of, each.name, rows) for each, rows in left if rows),
    )


def _columns(connection: Connection[Any]) -> Iterator[Column]:
    for schema, table, names, kinds in connection.execute(COLUMNS).fetchall():
        there = tuple(zip(names, kinds, strict=True))
        owners = tuple(each for each in there if each in OWNERS)
        for name, kind in there:
            if kind in TEXTS and (name, kind) not in OWNERS:
                yield Column(schema, table, name, kind, owners)


def _found(connection: Connection[Any], column: Column, sought: Sought) -> int:
    """The most rows in which some of the values are: of the person, and of anybody."""
    looks: list[tuple[Composable, Sequence[str], int]] = [(SQL("true"), sought.identifying, CERTAIN)]
    if column.owners:
        theirs = SQL(" OR ").join(OWNERS[owner] for owner in column.owners)
        looks.append((theirs, sought.values, LONG))
    whose = {"journeys": list(sought.journeys), "patients": list(sought.patients)}
    found = 0
    for rows, values, long in looks:
        query = HAS.format(table=Identifier(column.schema, column.table), theirs=rows, text=column.text)
        for first in range(0, len(values), AT_ONCE):
            patterns = _patterns(values[first : first + AT_ONCE], long)
            [(count,)] = connection.execute(query, {**whose, **patterns}).fetchall()
            found = max(found, count)
    return found


def _patterns(values: Sequence[str], long: int) -> dict[str, list[str]]:
    """What is looked for within words, and what counts as a whole word only."""
    within = {form for value in values if len(value) >= long for form in _forms(value)}
    words = {form for value in values if len(value) < long for form in _forms(value)}
    return {
        "within": sorted(map(_like, within)),
        "perhaps": sorted(map(_like, words)),
        "words": sorted(map(whole_word, words)),
    }


def whole_word(value: str) -> str:
    """A regular expression, of Python's and of PostgreSQL's, for the value in small letters and by itself."""
    return rf"(?<![\w-]){re.escape(value.lower())}(?![\w-])"


def _like(form: str) -> str:
    return "%" + SPECIAL.sub(r"\\\g<0>", form.lower()) + "%"


def _forms(value: str) -> Iterator[str]:
    """As it stands in text, and as JSON and bytea write it."""
    yield value
    yield to_json(value).decode()[1:-1]
    yield "".join(each if each.isascii() else _octal(each) for each in value)


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode())
