"""Audience: who a row is for. A journey with labelled events has its rows twice: as who is cleared for all of
its labels sees it, and as who is cleared for none does.
"""

from enum import StrEnum

from journey.conditions import Condition


class Audience(StrEnum):
    """As it stands in the tables."""

    EVERYONE = "everyone"
    CLEARED = "cleared"
    UNCLEARED = "uncleared"


WHOLE = Condition("status.audience <> 'uncleared'")
"""Every journey once, with all that is recorded of it."""
