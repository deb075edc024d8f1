"""Tables: rows as CSV (RFC 4180), piece by piece."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from pydantic_core import to_json

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet would take for one; wide letters, too, where they are written."""


def csv_of(rows: Iterable[Sequence[Any]]) -> str:
    """The lines of these rows."""
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(each) for each in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Names come from other systems: none of them is to be carried out where it is opened."""
    text = _text(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case list() | tuple():
            return " ".join(_text(each) for each in value)
        case Mapping():
            return to_json(value).decode() if value else ""
        case _:
            return str(value)
