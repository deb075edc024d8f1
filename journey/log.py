"""One line per thing that happened, without the people it happened to.

Times are UTC. What is bound with ``structlog.contextvars.bind_contextvars`` (request_id, actor, journey_id)
stands on every line. A key that could name or describe a patient is masked whatever its value: the log says
that something was there, not what.
"""

import io
import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from journey.settings import Settings

MASK = "[redacted]"
# fmt: off
PERSONAL = frozenset({
    "name", "names", "family", "given", "birth", "birthdate", "dob", "death", "deceased", "sex", "gender",
    "mrn", "ssn", "nhs", "identifier", "identifiers", "address", "street", "city", "postcode", "zip",
    "phone", "telephone", "fax", "email", "contact", "contacts", "photo",
    "note", "notes", "text", "comment", "narrative",
    "data", "body", "raw", "payload", "message", "segment", "resource", "bundle",
})
SECRET = frozenset({
    "secret", "secrets", "password", "passwd", "token", "authorization", "cookie", "credential",
    "credentials", "signature", "apikey",
})
POINTERS = frozenset({"id", "ids", "count", "counts", "bytes", "size", "type", "types", "kind", "code"})
"""Last words that say which, how many or what sort, not who: authorization_id, body_bytes, message_type."""
# fmt: on
CHATTY = ("uvicorn.access", "httpx2", "httpcore2")
"""They log whole addresses, and a query string may hold a patient's number."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_QUOTED_VALUES = (
    # PostgreSQL: Key (mrn)=(…) already exists. Failing row contains (…). JSON data, line 1: …
    re.compile(r"((?:DETAIL|CONTEXT):).*?(?=\n[A-Z]+:  |\n\n(?:The above|During handling)|\Z)", re.DOTALL),
    re.compile(r"(invalid input (?:syntax|value) for [^:]*:).*"),
    re.compile(r"(input_value=).*?(?=, input_type=)", re.DOTALL),  # pydantic: what it was given
)


def configure(settings: Settings) -> None:
    """Send what structlog and the standard library log to standard error."""
    out = cast("TextIO", _StandardError())
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer = _renderer(settings, terminal=out.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(out),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what could be personal: values by their keys, at any depth, and rows quoted in the text of
    errors.
    """
    return {
        key: _quoting_nobody(value) if key in {"event", "exception"} else _masked(key, value)
        for key, value in event.items()
    }


@lru_cache(1024)
def _is_personal(key: str) -> bool:
    words = [word.lower() for word in _WORD.findall(key)]
    return bool(words) and words[-1] not in POINTERS and not (PERSONAL | SECRET).isdisjoint(words)


def _masked(key: str, value: Any) -> Any:
    if _is_personal(key):
        return MASK
    if isinstance(value, Mapping):
        return {inner: _masked(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(key, part) for part in value]
    return value


def _quoting_nobody(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    for pattern in _QUOTED_VALUES:
        text = pattern.sub(rf"\1 {MASK}", text)
    return text


def _renderer(settings: Settings, *, terminal: bool) -> Processor:
    if settings.log_format == "console" or (settings.log_format == "auto" and terminal):
        # Plain tracebacks: the pretty ones show local variables, and those hold patients.
        return structlog.dev.ConsoleRenderer(
            colors=terminal, exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(default=str)


class _StandardError(io.TextIOBase):
    """Standard error as it is when written to: a progress bar or a test may have put another in its place
    since.
    """

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()
