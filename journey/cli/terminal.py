"""What people and programs see: text on a terminal, JSON for programs, and progress for those who wait."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from shutil import get_terminal_size
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import typer

Row = Sequence[str]
NARROWEST = 8
"""Characters that a column keeps, however narrow the terminal."""


class Bar(Protocol):
    """Told how far the work has come."""

    def __call__(self, completed: float) -> None:
        """So far, in the units of the total."""


def say(line: str = "") -> None:
    """A line of the answer."""
    typer.echo(line)


def note(line: str) -> None:
    """What is going on, for people who wait: beside the answer, on standard error."""
    typer.echo(f"==> {line}", err=True)


def say_json(value: Any) -> None:
    """The answer for programs."""
    from pydantic_core import to_json

    typer.echo(to_json(value, indent=2).decode())


def printable(text: str) -> str:
    """Without what could steer the terminal: names come from other systems."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def styled(text: str, **style: Any) -> str:
    """In colour on a terminal; elsewhere, and where NO_COLOR is set, the text alone."""
    from rich.console import Console

    return typer.style(text, **style) if Console().is_terminal and not Console().no_color else text


def table(
    head: Row,
    rows: Iterable[Row],
    *,
    numbers: Sequence[int] = (),
    whole: Sequence[int] = (),
    within: int | None = None,
) -> Iterator[str]:
    """Lines in columns as wide as what stands in them; to stay within a width, the widest are cut but for
    those that are to stay whole.
    """
    every = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    cut = [place for place in range(len(widths)) if place not in whole]
    while within is not None and sum(widths) + 2 * (len(widths) - 1) > within:
        widest = max(cut, key=widths.__getitem__)
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    for row in every:
        cells = [
            _cut(cell, width).rjust(width) if place in numbers else _cut(cell, width).ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else f"{cell[: width - 1]}…"


def width() -> int | None:
    """Of the terminal; elsewhere, a line is as long as it is."""
    return get_terminal_size().columns if sys.stdout.isatty() else None


def block(head: str, said: Iterable[str]) -> Iterator[str]:
    """A heading with its lines beside it; nothing to say is said as well."""
    for place, line in enumerate(list(said) or ["-"]):
        label = head if place == 0 else ""
        yield f"{styled(f'{label:<12}', bold=True)} {line}"


def local(at: datetime, zone: ZoneInfo) -> str:
    """To the minute, in the installation's time zone."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def span(length: timedelta) -> str:
    """The two largest units of it."""
    minutes = int(abs(length).total_seconds() // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@contextmanager
def progress(doing: str, total: float | None) -> Iterator[Bar]:
    """A bar on standard error while the block runs, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda completed: None  # noqa: ARG005 - nobody watches
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    far = TextColumn("{task.completed:.0f}") if total is None else TaskProgressColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), far, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(doing, total=total)
        yield lambda completed: bars.update(task, completed=completed)
