"""The pathways that ship, and those that a site adds: read from YAML, checked, and ready to be followed."""

from journey.pathways.reading import (
    Mistake,
    Mistaken,
    installed,
    mistakes,
    public_holidays,
    read,
    shipped,
    together,
)

__all__ = ["Mistake", "Mistaken", "installed", "mistakes", "public_holidays", "read", "shipped", "together"]
