"""Files of HL7 v2 messages: every message in them, as bytes, one after the other (HL7 v2.5.1 2.10.3; MLLP).

    what a file may hold               what becomes of it
    MSH at the start of a line         begins a message, which goes on to the next one
    VT ... FS CR (MLLP)                the frame goes, what it held is a message
    FHS, BHS, BTS, FTS                 the envelope of a batch: those lines go
    anything else, wherever it stands  is found too, to be set aside whole: nothing disappears

CR, LF and CRLF all end a line here; which of them end a segment is for `er7` to say, message by message.
Memory holds a message at a time, except for UTF-16 files, which are read whole.
"""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from journey.ingest.files import Found, Stream, Unreadable, within
from journey.ingest.hl7v2.charset import signature

_CHUNK = 1 << 20
_FRAME_START, _FRAME_END = b"\x0b", b"\x1c"
_AROUND_A_MESSAGE = b"\r\n\x0b\x1c"

_LINE = re.compile(rb"[^\r\n\x1c]*[\r\n\x1c]|[^\r\n\x1c]+")
_OPENING = re.compile(rb"\x0b|(?:\xef\xbb\xbf)?(?:MSH|FHS|BHS|BTS|FTS)\b")
_ENVELOPE = re.compile(rb"\A\x0b?(?:\xef\xbb\xbf)?(?:FHS|BHS|BTS|FTS)\b[^\r\n\x1c]*")
_NOTHING = re.compile(rb"(?:\xef\xbb\xbf)?\s*")


def messages(paths: Iterable[str | Path]) -> Iterator[Found | Unreadable]:
    """Every message in these files and folders; "-" is standard input."""
    return within(paths, split)


def split(stream: Stream) -> Iterator[bytes]:
    """The messages in a stream, without what frames them. Raises what reading the stream raises."""
    charset = signature(stream.peek(4))
    if charset and charset.startswith("utf-16"):
        return _wide(stream.read(), charset)
    return _narrow(_lines(stream))


def _narrow(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Messages out of lines whose line ends are single bytes."""
    held: list[bytes] = []
    framed = False
    for line in lines:
        if _OPENING.match(line):
            yield from _message(held)
            held = []
            framed = framed or line.startswith(_FRAME_START)
        held.append(_ENVELOPE.sub(b"", line))
        if framed and line.endswith(_FRAME_END):
            yield from _message(held)
            held = []
            framed = False
    yield from _message(held)


def _message(lines: list[bytes]) -> Iterator[bytes]:
    raw = b"".join(lines).strip(_AROUND_A_MESSAGE)
    if not _NOTHING.fullmatch(raw):
        yield raw


def _wide(data: bytes, charset: str) -> Iterator[bytes]:
    """Messages out of UTF-16. Each keeps its encoding and gets a byte order mark, to be known by."""
    whole = len(data) // 2 * 2
    narrow = data[:whole].decode(charset, "surrogatepass").encode("utf-8", "surrogatepass")
    for raw in split(io.BufferedReader(io.BytesIO(narrow))):
        text = raw.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
        yield f"\ufeff{text}".encode(charset, "surrogatepass")
    if data[whole:]:
        yield data[whole:]


def _lines(stream: Stream) -> Iterator[bytes]:
    """Lines, each with the byte that ends it; CRLF makes an empty one more."""
    held = b""
    while chunk := stream.read1(max(_CHUNK, len(held))):
        *lines, held = _LINE.findall(held + chunk)
        yield from lines
    yield held
