"""Times as thin payloads and exports have them."""

from datetime import UTC, datetime


def utc(at: datetime) -> str:
    """In UTC, always with microseconds, so that they sort as texts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
