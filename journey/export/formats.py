"""Formats: how the log is written, and to where."""

import gzip
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from errno import EISDIR
from pathlib import Path
from typing import IO, cast

from journey.audit.disclosures import Sending
from journey.export.disclosed import disclose
from journey.export.ocel import ocel
from journey.export.rows import csv_rows, ndjson
from journey.export.snapshot import Selection, Snapshot, snapshot
from journey.export.xes import xes

Format = Callable[[Snapshot], Iterator[str]]
FORMATS: Mapping[str, Format] = {"xes": xes, "ocel": ocel, "csv": csv_rows, "ndjson": ndjson}
STANDARD_OUTPUT = "-"


def export(
    conninfo: str,
    selection: Selection,
    form: str,
    out: str,
    told: Callable[[float], None],
    *,
    sending: Sending,
) -> int:
    """Write what is selected, to a file, or to standard output for `-`; packed where its name ends in .gz.

    The number of events. A file is there whole or not at all. `told` hears how far it has come, from 0 to 1.
    To whom it goes is on record before it is written.
    """
    with snapshot(conninfo, selection) as taken, _opened(out) as file:
        disclose(conninfo, taken, sending)
        for piece in FORMATS[form](taken):
            file.write(piece)
            told(taken.reached / (taken.end or 1))
        return taken.events


@contextmanager
def _opened(out: str) -> Iterator[IO[str]]:
    if out == STANDARD_OUTPUT:
        yield sys.stdout
        return
    path = Path(out)
    if path.is_dir():
        raise IsADirectoryError(EISDIR, "it is a folder; name a file", out)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another export may write the same
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with cast(IO[str], opener(part, "wt", encoding="utf-8", newline="")) as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
