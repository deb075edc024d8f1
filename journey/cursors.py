"""Cursors: where a list goes on. Opaque outside; each is good for the list and filter that it came from."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

NUMBER = re.compile(r"\d{1,18}")

KEY = re.compile(r"[0-9a-z:+. |-]{1,150}")
NEVER = "infinity"
"""When what is never due is due."""

Kind = type[int] | type[datetime] | type[UUID] | type[bytes]
Part = int | datetime | UUID | bytes | str


class ForeignCursor(Exception):
    """The cursor does not belong here; start again without one."""

    def __init__(self) -> None:
        super().__init__(ForeignCursor.__doc__)


def cursor(scope: str, after: object) -> str:
    """What leads on from `after` in the list that `scope` describes."""
    return urlsafe_b64encode(f"{_mark(scope)}{after}".encode()).decode().rstrip("=")


def position(scope: str, given: str, shape: re.Pattern[str] = NUMBER) -> str:
    """What the cursor of this list says. Raises ForeignCursor."""
    try:
        text = urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode("ascii")
    except (Error, ValueError):
        raise ForeignCursor from None
    mark, after = text[:8], text[8:]
    if mark != _mark(scope) or not shape.fullmatch(after):
        raise ForeignCursor
    return after


def key(scope: str, given: str, kinds: Sequence[Kind]) -> list[Part]:
    """The sort key that the cursor of this list says, each part of its kind. Raises ForeignCursor."""
    parts = position(scope, given, KEY).split("|")
    if len(parts) != len(kinds):
        raise ForeignCursor
    return [_part(text, kind) for text, kind in zip(parts, kinds, strict=True)]


def _part(text: str, kind: Kind) -> Part:
    if kind is int and not NUMBER.fullmatch(text):
        raise ForeignCursor
    try:
        if kind is datetime:
            return text if text == NEVER else datetime.fromisoformat(text)
        if kind is bytes:
            return bytes.fromhex(text)
        return UUID(text) if kind is UUID else int(text)
    except ValueError:
        raise ForeignCursor from None


def _mark(scope: str) -> str:
    return sha256(scope.encode()).hexdigest()[:8]
