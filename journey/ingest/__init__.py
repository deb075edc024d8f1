"""Foreign messages become commands."""
