"""`journey bench`: the project's benchmarks, and the soak."""

from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import getdoc
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.bench.figures import Figure
    from journey.bench.scratch import Scratch
    from journey.bench.soak import Report

NAMES = (
    "append",
    "load",
    "answer",
    "drain",
    "catch-up",
    "rebuild",
    "latency",
    "lists",
    "import",
    "ingest-fhir",
    "mllp",
    "privacy",
    "ledger",
    "verify",
    "serve",
    "console",
    "fhir",
    "trail",
    "stream",
    "webhooks",
    "broker",
)
"""Each a module of `journey.bench` with a function of its own name, or that and a _."""

SOAKS = {
    "soak": "journey.bench.soak:Soak",
    "served-soak": "journey.bench.served:ServedSoak",
    "delivery-soak": "journey.bench.deliveries:DeliverySoak",
    "mllp-soak": "journey.bench.senders:MllpSoak",
}
HEAD = ("what", "value", "unit", "compared")
SIGNIFICANT = 100
"""From here on, figures are shown without decimals."""


def known(text: str) -> str:
    """A benchmark there is."""
    if text not in (*NAMES, *SOAKS):
        raise typer.BadParameter(f"it should be one of {', '.join((*NAMES, *SOAKS))}.")
    return text


def run(
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            parser=known,
            metavar="NAME",
            help=f"One of {', '.join(NAMES)}, or {', '.join(SOAKS)}; all but the soaks if left out.",
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            min=1, metavar="S", help="How long the soak writes and kills, and serve is asked ten to one."
        ),
    ] = 60,
    events: Annotated[
        int, typer.Option(min=100, metavar="N", help="How many the log of rebuild and serve holds.")
    ] = 100_000,
    journeys: Annotated[
        int, typer.Option(min=100, metavar="N", help="Over how many the lists go, beside a tenth of it.")
    ] = 100_000,
    seed: Annotated[int, typer.Option(metavar="N", help="What the soak kills when.")] = 1,
    as_json: Json = False,
) -> None:
    """The benchmarks, each beside its floor or rival; or a soak, served or not: it kills and counts."""
    if name in SOAKS:
        _soak(name, seconds, seed, as_json=as_json)
    else:
        _measure((name,) if name else NAMES, events, journeys, seconds, as_json=as_json)


def _measure(names: tuple[str, ...], events: int, journeys: int, seconds: float, *, as_json: bool) -> None:
    from journey.bench.scratch import scratch
    from journey.cli.session import prepared

    measured: dict[str, list[dict[str, Any]]] = {}
    with scratch(prepared()) as server:
        server.events, server.journeys, server.seconds = events, journeys, seconds
        for name in names:
            benchmark = _benchmark(name)
            if not as_json:
                terminal.say(terminal.styled(f"{name}: {_question(benchmark)}", bold=True))
            figures = list(benchmark(server))
            measured[name] = [figure._asdict() for figure in figures]
            if not as_json:
                for line in terminal.table(HEAD, map(_cells, figures), numbers=(1,)):
                    terminal.say(f"  {line}")
    if as_json:
        terminal.say_json(measured)


def _benchmark(name: str) -> "Callable[[Scratch], Iterator[Figure]]":
    function = name.replace("-", "_") + ("_" if iskeyword(name) else "")
    return getattr(import_module(f"journey.bench.{function}"), function)  # type: ignore[no-any-return]  # by the test


def _question(benchmark: Callable[..., Any]) -> str:
    """What is measured: the first sentence of its module."""
    said = getdoc(import_module(benchmark.__module__)) or ""
    return said.partition("\n")[0]


def _cells(figure: "Figure") -> terminal.Row:
    compared = "" if figure.ratio is None else f"{figure.ratio:.2f} times {figure.against}"
    value = f"{figure.value:,.0f}" if figure.value >= SIGNIFICANT else f"{figure.value:.3g}"
    return figure.what, value, figure.unit, compared


def _soak(name: str, seconds: float, seed: int, *, as_json: bool) -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from journey.bench.scratch import scratch
    from journey.cli.failure import Failed
    from journey.cli.session import prepared

    with scratch(prepared()) as server, TemporaryDirectory(prefix="journey-soak-") as folder:
        module, _, kind_name = SOAKS[name].partition(":")
        kind = getattr(import_module(module), kind_name)
        soak = kind(server.database(), Path(folder), seed=seed, restart_server=server.restart)
        with terminal.progress("writing and killing", seconds) as told:
            report = soak.run(seconds, told)
    if as_json:
        terminal.say_json({**vars(report), "complaints": list(report.complaints)})
    else:
        _tell(report)
    if report.complaints:
        raise Failed(f"{len(report.complaints)} things are wrong.")


def _tell(report: "Report") -> None:
    terminal.say(f"{report.events} events in {report.seconds:.0f} s")
    for what, counts in {"answered": report.outcomes, "killed": report.killed}.items():
        terminal.say(f"{what}: " + ", ".join(f"{count} {each}" for each, count in sorted(counts.items())))
    for complaint in report.complaints:
        terminal.say(f"wrong: {complaint}")
    if not report.complaints:
        terminal.say("Nothing is lost, doubled or out of order.")
