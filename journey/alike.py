"""Alike: which name was probably meant by one that is not known."""

from collections.abc import Collection
from difflib import get_close_matches

ENOUGH = 0.6
"""From 0, nothing in common, to 1, the same."""


def meant(given: str, known: Collection[str]) -> str:
    """The end of a sentence that says what was meant, if anything is like it."""
    found = get_close_matches(given.lower(), known, n=1, cutoff=ENOUGH)
    return f"; did you mean `{found[0]}`?" if found else ""
