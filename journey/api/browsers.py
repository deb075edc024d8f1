"""Browsers: which pages of others may ask the API. None, unless their origin is named."""

from typing import Any

ASKED_WITH = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Traceparent",
    "X-Purpose-Of-Use",
    "X-Request-Id",
)
SHOWN = ("ETag", "Location", "Retry-After", "X-Request-Id")


def cors(origins: str) -> dict[str, Any]:
    """What Starlette's CORSMiddleware takes. No cookie is ever sent along: the key is in a header."""
    return {
        "allow_origins": [each.strip() for each in origins.split(",")],
        "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
        "allow_headers": ASKED_WITH,
        "expose_headers": SHOWN,
        "max_age": 600,
    }
