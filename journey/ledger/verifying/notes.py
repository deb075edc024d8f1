"""How far a ledger was verified, kept in a file of the officer's, outside the database.

`verified` is where a verification ended that found nothing; `under_way` where one that has not ended was.
Neither is moved by a verification that found something.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from journey.ledger.verifying.checkpoints import Checkpoint, Checkpoints
from journey.ledger.verifying.climb import Mark
from journey.ledger.verifying.finding import Finding, Findings, Kind

SAVED = 5.0
"""Seconds between two writings of the file."""


class Reached(BaseModel):
    """The numbers of the checkpoints up to which all is verified: of the log, and of the trail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: int = 0
    accesses: int = 0
    note: str = ""
    """The note of the first of the two."""
    whole_at: datetime
    """When the verification began that began at the beginning."""


class File(BaseModel):
    """What is in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verified: Reached | None = None
    under_way: Reached | None = None


class Starts(NamedTuple):
    """From where each tree is verified."""

    events: Checkpoint | None = None
    accesses: Checkpoint | None = None

    @property
    def least(self) -> Checkpoint | None:
        both = (self.events, self.accesses)
        return None if None in both else min((each for each in both if each), key=lambda each: each.number)

    @property
    def size(self) -> int:
        return self.events.size if self.events else 0

    @property
    def access_size(self) -> int:
        return self.accesses.access_size if self.accesses else 0


class Notes:
    """The file, and what has come to it."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self._path = path
        self._findings = findings
        self._file = _read(path)
        self._reached = Reached(whole_at=datetime.now(UTC))
        self._next = monotonic() + SAVED

    @property
    def whole_at(self) -> datetime:
        return self._reached.whole_at

    def starts(self, checkpoints: Checkpoints, *, whole: bool) -> Starts:
        """Where to begin: where a verification was; at the beginning, where what it saw is no more."""
        verified, under_way = self._file.verified, self._file.under_way
        for each in (verified, under_way):
            if each is not None and not self._is_there(each, checkpoints):
                whole = True
        reached = under_way or verified
        if whole or reached is None:
            return Starts()
        self._reached = reached
        return Starts(
            checkpoints.found(reached.events) if reached.events else None,
            checkpoints.found(reached.accesses) if reached.accesses else None,
        )

    def come(self, good: Mark | None, checkpoints: Checkpoints) -> None:
        """So far all is well, and the trail is at its end."""
        if self._findings or good is None or good.edge is None or monotonic() < self._next:
            return
        self._next = monotonic() + SAVED
        self._write(self._file.verified, self._at(checkpoints.found(good.number), checkpoints.last))

    def end(self, last: Checkpoint | None) -> None:
        """All is verified."""
        if not self._findings and last is not None:
            self._write(self._at(last, last), None)

    def _at(self, events: Checkpoint | None, accesses: Checkpoint | None) -> Reached:
        return Reached(
            events=events.number if events else 0,
            accesses=accesses.number if accesses else 0,
            note=events.note if events else "",
            whole_at=self.whole_at,
        )

    def _is_there(self, reached: Reached, checkpoints: Checkpoints) -> bool:
        found = checkpoints.found(reached.events)
        if found is not None and found.note == reached.note:
            return True
        said = f"The checkpoint {reached.events}, up to which all was verified once, is not the one it was."
        self._findings.add(Finding(Kind.FORKED, "ledger_checkpoint", reached.events, reached.events, said))
        return False

    def _write(self, verified: Reached | None, under_way: Reached | None) -> None:
        """In one step."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(File(verified=verified, under_way=under_way).model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _read(path: Path) -> File:
    """Empty where there is none, or none that can be read: then all is verified anew."""
    try:
        return File.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return File()
