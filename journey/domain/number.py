"""Number: what is written as one. A text that looks like a number, or yes and no, is a slip."""

from typing import Annotated, Any

from pydantic import BeforeValidator


def _a_number(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise ValueError("it should be a number")  # noqa: TRY004 - pydantic tells a ValueError to who asked
    return value


Whole = Annotated[int, BeforeValidator(_a_number)]
"""A whole number, written as one."""
