"""Anchors: checkpoints kept where whoever can write to the database cannot.

What is kept is only ever added to. A folder is the default: on another machine, on a medium that is written
once, or in a place that is copied away. Anything else that keeps lines in order will do: a bucket with a lock
on its objects, a second database, a mailbox.
"""

import os
from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

LONGEST = 1 << 20
"""Bytes of a line, and more."""


class Anchored(BaseModel):
    """A note that is kept: the checkpoint, or the introduction of the key, of this number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    checkpoint: int | None = None
    key: int | None = None
    note: str


class Last(NamedTuple):
    """The last numbers that are kept."""

    key: int = 0
    checkpoint: int = 0


class Anchors(Protocol):
    """Where anchors are kept."""

    def keep(self, anchored: Anchored) -> None:
        """Returns when it would outlive a crash. Raises OSError."""

    def kept(self) -> Iterator[Anchored]:
        """Everything kept: how keys were introduced, then checkpoints, each in the order in which they came.
        Raises OSError and Unreadable.
        """

    def last(self) -> Last:
        """How far it is kept. Raises OSError and Unreadable."""


class Unreadable(Exception):
    """A file of anchors holds a line that is no anchor."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(f"{path}:{line}: {Unreadable.__doc__}")


class Folder(NamedTuple):
    """A file of keys, and one for each day of checkpoints; a line for each anchor."""

    path: Path

    def keep(self, anchored: Anchored) -> None:
        """The first key makes the folder. One that is gone later is not made anew without what was in it."""
        if anchored.key == 1:
            self.path.mkdir(parents=True, exist_ok=True)
        path = self._keys if anchored.key is not None else self._day(anchored.at[:10])
        is_new = not path.exists()
        with path.open("ab+") as file:
            flock(file, LOCK_EX)  # one who lost the lead may be at it still
            _cut_off(file)
            file.write(f"{anchored.model_dump_json(exclude_none=True)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync(self.path)

    def kept(self) -> Iterator[Anchored]:
        for path in (self._keys, *self._days()):
            yield from _lines(path)

    def last(self) -> Last:
        key = max((each.key or 0 for each in _lines(self._keys)), default=0)
        for path in reversed(self._days()):
            checkpoint = max((each.checkpoint or 0 for each in _lines(path)), default=0)
            if checkpoint:
                return Last(key, checkpoint)
        return Last(key)

    @property
    def _keys(self) -> Path:
        return self.path / "keys.jsonl"

    def _days(self) -> list[Path]:
        return sorted(self.path.glob("[0-9]*.jsonl"))

    def _day(self, day: str) -> Path:
        """The file to go on in: never one before the last, though the clock was put back."""
        return max([*self._days()[-1:], self.path / f"{day}.jsonl"])


def _lines(path: Path) -> Iterator[Anchored]:
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):  # the last one, cut off by a crash before it counted
                return
            try:
                yield Anchored.model_validate_json(line)
            except ValidationError:
                raise Unreadable(path, number) from None


def _cut_off(file: BinaryIO) -> None:
    """Take away a last line that a crash has left half written."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - LONGEST))
    tail = file.read()
    file.truncate(end - len(tail) + tail.rfind(b"\n") + 1)


def sync(folder: Path) -> None:
    """Returns when names in the folder would outlive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
