"""Ids: how a request is known, by what it says of itself or else by an id of its own."""

import re
from typing import NamedTuple
from uuid import UUID, uuid5

from starlette.datastructures import Headers

from journey.store.identifiers import uuid7

REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
TRACEPARENT = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
"""Where the request comes from (W3C Trace Context). Later versions may say more than 00 does."""

NAMESPACE = UUID("6f1c1f0a-1b7f-5d0c-9c39-0d4b7d3f2a10")
"""Under which a request id that is no UUID becomes a correlation id."""


class Ids(NamedTuple):
    """How a request is known: by the id that is echoed, the one that stands on events, and its trace's."""

    request: str
    correlation: UUID
    trace: str | None
    span: str | None
    flags: str | None

    @property
    def traceparent(self) -> str | None:
        """As version 00 of the header has it, whichever it came in."""
        return f"00-{self.trace}-{self.span}-{self.flags}" if self.trace else None

    @property
    def logged(self) -> dict[str, str]:
        """What stands on every line that is logged meanwhile."""
        found = {
            "request_id": self.request,
            "correlation_id": str(self.correlation),
            "trace_id": self.trace,
            "span_id": self.span,
        }
        return {name: value for name, value in found.items() if value is not None}


def identify(headers: Headers) -> Ids:
    """What the request says of itself, or else an id of its own."""
    traced = TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    trace, span, flags = traced.groups() if traced else (None, None, None)
    given = headers.get("x-request-id", "")
    if REQUEST_ID.fullmatch(given):
        return Ids(given, _correlation(given), trace, span, flags)
    made = UUID(trace) if trace else uuid7()
    return Ids(str(made), made, trace, span, flags)


def _correlation(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        return uuid5(NAMESPACE, given)
