"""Files: what other systems left, gzipped or not, in folders or on standard input, piece by piece."""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

Stream: TypeAlias = io.BufferedReader | gzip.GzipFile
Split: TypeAlias = Callable[[Stream], Iterator[bytes]]
"""Finds the pieces in a stream. Raises what reading the stream raises."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Found:
    """One piece, as it stood in the file."""

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


def within(paths: Iterable[str | Path], split: Split) -> Iterator[Found | Unreadable]:
    """Every piece in these files, gzipped or not, and folders, all the way down; "-" is standard input.

    A folder is read by name. Hidden entries, pipes and links to other folders in it are passed over.
    """
    for path in paths:
        if str(path) == "-":
            yield from _in_standard_input(split)
        else:
            yield from _at(Path(path), split)


def _in_standard_input(split: Split) -> Iterator[Found | Unreadable]:
    if sys.stdin is None:
        yield Unreadable("standard input", "It is closed: pipe something into it, or name a file.")
        return
    stream: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer))
    try:
        yield from _in_stream(stream, "standard input", split)
    finally:
        stream.detach()  # it would close what it does not own


def _at(path: Path, split: Split) -> Iterator[Found | Unreadable]:
    try:
        if path.is_dir():
            for entry in sorted(path.iterdir()):
                if not _passed_over(entry):
                    yield from _at(entry, split)
        else:
            with path.open("rb") as stream:
                yield from _in_stream(stream, str(path), split)
    except OSError as problem:
        yield Unreadable(str(path), f"It cannot be read: {problem.strerror}.")


def _passed_over(entry: Path) -> bool:
    return entry.name.startswith(".") or entry.is_fifo() or (entry.is_symlink() and entry.is_dir())


def _in_stream(stream: io.BufferedReader, source: str, split: Split) -> Iterator[Found | Unreadable]:
    number = 0
    try:
        for number, raw in enumerate(split(_unzipped(stream)), start=1):
            yield Found(raw, source, number)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield Unreadable(source, f"Its compressed data is damaged or cut short after number {number}.")
    except OSError as problem:
        yield Unreadable(source, f"It cannot be read after number {number}: {problem.strerror}.")


def _unzipped(stream: io.BufferedReader) -> Stream:
    return gzip.GzipFile(fileobj=stream) if stream.peek(2).startswith(_GZIP) else stream
