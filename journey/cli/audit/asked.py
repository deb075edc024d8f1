"""What the commands of the audit are asked with, and to where they write."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from journey.cli.options import Moment, moment

Patient = Annotated[
    UUID, typer.Option("--patient", metavar="ID", show_default=False, help="The patient's id.")
]
PatientOrAll = Annotated[
    UUID | None, typer.Option("--patient", metavar="ID", help="The patient's id; everybody, if left out.")
]
From = Annotated[Moment, typer.Option("--from", parser=moment, metavar="TIME", help="From then on.")]
To = Annotated[Moment, typer.Option("--to", parser=moment, metavar="TIME", help="Before then.")]
Out = Annotated[str, typer.Option(metavar="FILE", help="To where; - is standard output.")]


def zoned(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A time without a zone is in the installation's."""
    return at if at is None or at.tzinfo else at.replace(tzinfo=zone)


def written(out: str, pieces: Iterable[str]) -> None:
    """To a file that is there whole or not at all, or to standard output."""
    if out == "-":
        sys.stdout.writelines(pieces)
        return
    path = Path(out)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
