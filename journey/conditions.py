"""Conditions: pieces of a WHERE clause, put together without a value in their text."""

from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple


class Condition(NamedTuple):
    """A piece of SQL, with its parameters."""

    sql: LiteralString
    parameters: tuple[Any, ...] = ()


NOTHING_ASKED = Condition("true")


def joined(between: LiteralString, conditions: Sequence[Condition]) -> Condition:
    """All of them, in brackets."""
    sql: LiteralString = "(" + between.join([each.sql for each in conditions]) + ")"
    return Condition(sql, tuple(value for each in conditions for value in each.parameters))


def all_of(conditions: Sequence[Condition]) -> Condition:
    """What is true where each of them is."""
    return joined(" AND ", conditions) if conditions else NOTHING_ASKED
