"""Header: what MSH says that an acknowledgement needs, however little of the message can be read."""

import re
from dataclasses import dataclass
from enum import StrEnum

from journey.ingest.hl7v2.charset import signature
from journey.ingest.hl7v2.er7 import Encoding, Message, Unparseable, parse
from journey.ingest.hl7v2.mapping import trigger
from journey.ingest.hl7v2.said import LONGEST
from journey.mllp.framing import HEAD

_LINE_END = re.compile(rb"[\r\n]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

RECOMMENDED = "^~\\&"
PLAIN = Encoding("|", "^", "~", "\\", "&", "", "utf-8")
"""The delimiters of an answer to bytes that have none."""


class Asked(StrEnum):
    """When an acknowledgement is asked for (MSH-15, MSH-16; table 0155)."""

    ALWAYS = "AL"
    NEVER = "NE"
    ON_ERROR = "ER"
    ON_SUCCESS = "SU"

    def of(self, *, success: bool) -> bool:
        """Whether it is, after this end."""
        return self is Asked.ALWAYS or self is (Asked.ON_SUCCESS if success else Asked.ON_ERROR)


@dataclass(frozen=True, slots=True)
class Header:
    """Of one message; fields as they came, with their delimiters."""

    encoding: Encoding = PLAIN
    delimiters: str = RECOMMENDED
    sender: tuple[str, str] = ("", "")
    receiver: tuple[str, str] = ("", "")
    kind: str = ""
    """`ADT`; "" where MSH-9 holds something else than names."""
    event: str = ""
    """`A01`, likewise."""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    charset: str = ""
    accept: Asked | None = None
    """When whoever sent it wants to know that it is kept; None where MSH-15 is empty."""
    apply: Asked | None = None
    """When whoever sent it wants to know that it is applied; None where MSH-16 is empty."""

    @property
    def is_enhanced(self) -> bool:
        """Whether it asks by the enhanced rules (2.9.3): it does where it fills one of the two."""
        return self.accept is not None or self.apply is not None

    def is_before(self, *version: int) -> bool:
        """Whether MSH-12 is an older version; not where it does not say."""
        digits = self.version.partition(self.encoding.component or "^")[0].strip().split(".")
        return all(map(str.isdecimal, digits)) and tuple(map(int, digits)) < version


def header(raw: bytes) -> Header:
    """Of a message, or of its beginning. An empty one where it has no MSH that can be read."""
    try:
        message = parse(_first_line(raw))
    except Unparseable:
        return Header()
    kind, _, event = trigger(message).partition("^")
    return Header(
        encoding=message.segments[0].encoding,
        delimiters=_echoed(message, 2) or RECOMMENDED,
        sender=(_echoed(message, 3), _echoed(message, 4)),
        receiver=(_echoed(message, 5), _echoed(message, 6)),
        kind=kind,
        event=event,
        control_id=_echoed(message, 10),
        processing_id=_echoed(message, 11),
        version=_echoed(message, 12),
        charset="" if message.charset_assumed else _echoed(message, 18),
        accept=_asked(message, 15),
        apply=_asked(message, 16),
    )


def _first_line(raw: bytes) -> bytes:
    """Without what follows MSH: it may be long, and other connections wait while this is read."""
    head = raw[:HEAD].lstrip(b"\r\n\t ")
    wide = (signature(head) or "").startswith("utf-16")
    return head if wide else _LINE_END.split(head, maxsplit=1)[0]


def _echoed(message: Message, field: int) -> str:
    """As it came, but for what would break the answer's segments or frame."""
    return _BREAKS.sub(" ", message.segments[0].raw(field)[:LONGEST])


def _asked(message: Message, field: int) -> Asked | None:
    """A word that the table does not have asks for an answer: whoever wrote it waits for one."""
    word = message.value("MSH", field).strip().upper()
    if not word:
        return None
    return Asked(word) if word in set(Asked) else Asked.ALWAYS
