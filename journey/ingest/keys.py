"""Keys: the numbers that lead to a journey, whatever they came in."""

from typing import NamedTuple
from uuid import UUID, uuid5

FIND_NOBODY = frozenset({"AN", "ANC", "VN", "SS", "DL", "PPN", "ANON"})
"""HL7 table 0203: numbers of accounts and visits, and those that several people may give as theirs."""


class Key(NamedTuple):
    """A number that leads to a journey: of a patient, a visit, an account or an appointment."""

    system: str
    kind: str
    value: str


class VisitKeys(NamedTuple):
    """The number of the visit, and another that means the same visit from now on."""

    key: Key
    alias: Key | None = None


def visit_id_of(journey_id: UUID, key: Key) -> UUID:
    """The visit of this number on this journey: the same whenever it is heard of."""
    return uuid5(journey_id, f"{key.kind}|{key.system}|{key.value}")
