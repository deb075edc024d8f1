"""Amounts: how large a number is that somebody can mean; a larger one is a slip, and is refused as one."""

MOST = 999_999_999
"""Of anything that is counted: visits, units, cents."""

CENTURY = 36_525
"""Days; longer, and no time can be reckoned from it."""
