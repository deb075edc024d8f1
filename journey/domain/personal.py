"""Personal: which texts of an event tell of a person. They are stored encrypted, and an erasure takes them.

A field says so by its type: `note: Personal | None`. What tells one patient from all others is `Identifying`.
"""

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Marked:
    """Stands in a field's type; `identifying` where no two patients share the value."""

    identifying: bool = False


Personal = Annotated[str, Marked()]
"""A name, a date of birth, somebody's own words."""

Identifying = Annotated[str, Marked(identifying=True)]
"""A number given to the patient or to their case. A household shares its address and its telephone."""

ERASED = "[erased]"
"""What is read where a text had to be and was erased; what could be left out is left out."""
