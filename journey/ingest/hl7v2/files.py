"""Files of HL7 v2 messages: every message in them, as bytes, one after the other (HL7 v2.5.1 2.10.3; MLLP).

    what a file may hold               what becomes of it
    MSH at the start of a line         begins a message, which goes on to the next one
    VT ... FS CR (MLLP)                the frame goes, what it held is a message
    FHS, BHS, BTS, FTS                 the envelope of a batch: those lines go
    anything else, wherever it stands  is found too, to be set aside whole: nothing disappears

CR, LF and CRLF all end a line here; which of them end a segment is for `er7` to say, message by message.
Memory holds a message at a time, except for UTF-16 files, which are read whole.
"""

import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from journey.ingest.hl7v2.charset import signature

_Stream: TypeAlias = io.BufferedReader | gzip.GzipFile

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_FRAME_START, _FRAME_END = b"\x0b", b"\x1c"
_AROUND_A_MESSAGE = b"\r\n\x0b\x1c"

_LINE = re.compile(rb"[^\r\n\x1c]*[\r\n\x1c]|[^\r\n\x1c]+")
_OPENING = re.compile(rb"\x0b|(?:\xef\xbb\xbf)?(?:MSH|FHS|BHS|BTS|FTS)\b")
_ENVELOPE = re.compile(rb"\A\x0b?(?:\xef\xbb\xbf)?(?:FHS|BHS|BTS|FTS)\b[^\r\n\x1c]*")
_NOTHING = re.compile(rb"(?:\xef\xbb\xbf)?\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """One message, or bytes that are none, as they stood in the file."""

    raw: bytes
    source: str
    """The file, for people to find it by."""
    number: int
    """Which one in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that cannot be read, or not to its end. What was found before that stays found."""

    source: str
    reason: str
    """A sentence for the person who named the file."""


def messages(paths: Iterable[str | Path]) -> Iterator[Found | Unreadable]:
    """Every message in these files, gzipped or not, and folders, all the way down; "-" is standard input.

    A folder is read by name. Hidden entries, pipes and links to other folders in it are passed over.
    """
    for path in paths:
        if str(path) == "-":
            yield from _in_standard_input()
        else:
            yield from _at(Path(path))


def split(stream: _Stream) -> Iterator[bytes]:
    """The messages in a stream, without what frames them. Raises what reading the stream raises."""
    charset = signature(stream.peek(4))
    if charset and charset.startswith("utf-16"):
        return _wide(stream.read(), charset)
    return _narrow(_lines(stream))


def _in_standard_input() -> Iterator[Found | Unreadable]:
    if sys.stdin is None:
        yield Unreadable("standard input", "It is closed: pipe something into it, or name a file.")
        return
    stream: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer))
    try:
        yield from _in_stream(stream, "standard input")
    finally:
        stream.detach()  # it would close what it does not own


def _at(path: Path) -> Iterator[Found | Unreadable]:
    try:
        if path.is_dir():
            for entry in sorted(path.iterdir()):
                if not _passed_over(entry):
                    yield from _at(entry)
        else:
            with path.open("rb") as stream:
                yield from _in_stream(stream, str(path))
    except OSError as problem:
        yield Unreadable(str(path), f"It cannot be read: {problem.strerror}.")


def _passed_over(entry: Path) -> bool:
    return entry.name.startswith(".") or entry.is_fifo() or (entry.is_symlink() and entry.is_dir())


def _in_stream(stream: io.BufferedReader, source: str) -> Iterator[Found | Unreadable]:
    number = 0
    try:
        for number, raw in enumerate(split(_unzipped(stream)), start=1):
            yield Found(raw, source, number)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield Unreadable(source, f"Its compressed data is damaged or cut short after message {number}.")
    except OSError as problem:
        yield Unreadable(source, f"It cannot be read after message {number}: {problem.strerror}.")


def _unzipped(stream: io.BufferedReader) -> _Stream:
    return gzip.GzipFile(fileobj=stream) if stream.peek(2).startswith(_GZIP) else stream


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


def _lines(stream: _Stream) -> Iterator[bytes]:
    """Lines, each with the byte that ends it; CRLF makes an empty one more."""
    held = b""
    while chunk := stream.read1(max(_CHUNK, len(held))):
        *lines, held = _LINE.findall(held + chunk)
        yield from lines
    yield held
