"""`journey simulate`: realistic journeys, into the store or as HL7 v2 messages."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.simulate.step import Step


def day(text: str) -> date:
    """A day as people and programs write it (ISO 8601), not one to come."""
    try:
        chosen = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("it should be a day such as 2026-03-01.") from None
    if chosen > today():
        raise typer.BadParameter("it lies in the future; only what has happened is recorded.")
    return chosen


def today() -> date:
    """The clinic's."""
    from journey.simulate.clinic import ZONE

    return datetime.now(ZONE).date()


Patients = Annotated[
    int, typer.Option(min=1, max=1_000_000, metavar="N", help="How many people come to the clinic.")
]
Seed = Annotated[
    int, typer.Option(metavar="N", help="The same seed gives the same patients and the same steps.")
]
Months = Annotated[int, typer.Option(min=1, max=120, metavar="N", help="Over how long they come.")]


def run(
    *,
    patients: Patients,
    seed: Seed = 1,
    months: Months = 6,
    until: Annotated[
        date | None,
        typer.Option(parser=day, metavar="DAY", help="The day before which it all happens; today."),
    ] = None,
    hl7v2: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write HL7 v2 messages to FILE (- is standard output) instead."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Realistic journeys, the same for the same seed and day: into the store, or as HL7 v2 messages."""
    from journey.simulate.clinic import simulate

    end = until or today()
    steps = simulate(patients, seed=seed, months=months, until=end)
    if hl7v2 is not None:
        _write(hl7v2, steps, end, months, as_json=as_json)
    else:
        _record(steps, end, months, as_json=as_json)


def _record(steps: "Iterator[Step]", until: date, months: int, *, as_json: bool) -> None:
    from journey.cli.filling import fill
    from journey.cli.session import prepared, ready
    from journey.cli.settle import settle

    with ready(prepared()) as database:
        with watched(steps, until, months) as told:
            filled = fill(database.conninfo, told)
        settle(database.conninfo)
    refused = filled.refused.total()
    figures = {
        "steps": filled.steps,
        "journeys": filled.journeys,
        "events": filled.events,
        "refused": refused,
    }
    if as_json:
        terminal.say_json(figures)
    else:
        terminal.say(", ".join(f"{count} {name}" for name, count in figures.items()))


def _write(file: str, steps: "Iterator[Step]", until: date, months: int, *, as_json: bool) -> None:
    from journey.cli.session import prepared
    from journey.simulate.hl7v2 import messages

    prepared()
    written = 0
    with _opened(file) as out, watched(steps, until, months) as told:
        for message in messages(told):
            out.write(message)
            written += 1
        out.flush()
    if as_json:
        terminal.say_json({"messages": written})
    elif file != "-":
        terminal.say(f"{written} messages")


@contextmanager
def watched(steps: "Iterable[Step]", until: date, months: int) -> "Iterator[Iterator[Step]]":
    """The steps, with a bar of the simulated days that have passed."""
    days = round(months * 30.44)
    begin = datetime.combine(until, time(), tzinfo=UTC) - timedelta(days=days)
    with terminal.progress("simulating", days) as told:

        def passing() -> "Iterator[Step]":
            for step in steps:
                told((step.recorded_at - begin) / timedelta(days=1))
                yield step

        yield passing()


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdout.buffer
        return
    with Path(file).open("wb") as out:
        yield out
