"""`journey ingest …`: messages of other systems taken in, and what could not be, listed and tried again."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self
from zoneinfo import ZoneInfo

import typer

from journey.cli import parked, terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.ingest.counts import Counts
    from journey.ingest.files import Found
    from journey.ingest.ndjson.result import Result
    from journey.settings import Settings
    from journey.store.store import Store

app = typer.Typer(no_args_is_help=True)

Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH", help="Files, folders, .gz, or - for standard input."),
]


def _system(text: str) -> str:
    """The name of a sender."""
    from journey.ingest.ndjson.lines import SOURCE

    if re.fullmatch(SOURCE, text) is None:
        raise typer.BadParameter("it should be up to 64 letters, digits, dots, - or _.")
    return text


def _server(text: str) -> str:
    """The base of a FHIR server, or a name for it."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/~-]{0,199}", text) is None:
        raise typer.BadParameter("it should be an address, or up to 200 letters, digits, dots, - or _.")
    return text


@app.callback()
def ingest() -> None:
    """Messages of other systems: take them in, list what is parked, try that again."""


@app.command("hl7v2")
def hl7v2_(
    paths: Paths,
    as_json: Json = False,
) -> None:
    """Take HL7 v2 messages in. What cannot be applied is parked, whole; nothing is taken twice."""
    from journey.ingest.hl7v2.files import messages
    from journey.ingest.hl7v2.ingest import ingest

    def work(store: "Store", settings: "Settings", progress: "Progress") -> "Counts":
        return ingest(
            store,
            messages(paths),
            zone=ZoneInfo(settings.timezone),
            processing_ids=settings.hl7v2_processing_ids,
            progress=progress,
        )

    _run(work, "taking messages in", as_json=as_json)


@app.command("fhir")
def fhir_(
    paths: Paths,
    *,
    source: Annotated[
        str,
        typer.Option(
            parser=_server,
            metavar="NAME",
            help="The server whose ids are meant where none is named: its base or a name.",
        ),
    ] = "fhir",
    as_json: Json = False,
) -> None:
    """Take FHIR R4 resources in: Bundles, NDJSON, or one a file. Nothing is taken twice.

    What refers to a patient who has not come yet waits for that one; the order of files does not matter.
    """
    from journey.ingest.fhir.documents import split
    from journey.ingest.fhir.ingest import ingest
    from journey.ingest.files import within

    def work(store: "Store", settings: "Settings", progress: "Progress") -> "Counts":
        found, zone = within(paths, split), ZoneInfo(settings.timezone)
        return ingest(store, found, zone=zone, system=source.rstrip("/"), progress=progress)

    _run(work, "taking resources in", as_json=as_json)


@app.command("ndjson")
def ndjson_(
    paths: Paths,
    *,
    source: Annotated[
        str,
        typer.Option(
            parser=_system, metavar="NAME", help="The system whose keys and ids the lines are written with."
        ),
    ] = "ndjson",
    rejected: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where lines that were not applied go with the reason, to mend and send."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take commands in, one a line, as POST /v1/journeys/import does. Each is applied once.

    Ended in the middle, the same command goes on where it was.
    """
    from journey.cli.failure import Failed
    from journey.ingest.files import within
    from journey.ingest.ndjson.ingest import ingest
    from journey.ingest.ndjson.lines import split

    with _Rejected(rejected) as kept:

        def work(store: "Store", settings: "Settings", progress: "Progress") -> "Counts":
            longest = settings.max_body_bytes
            lines = within(paths, partial(split, longest=longest))
            return ingest(store, lines, longest=longest, rejected=kept.add, source=source, progress=progress)

        counts = _run(work, "taking commands in", as_json=as_json)
    if counts.rejected:
        raise Failed("Not every line was applied; those are named above. Mend them and run it again.")


class _Rejected:
    """Names each line that was not applied, and keeps it where it can be mended."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path:
            path.touch(mode=0o600, exist_ok=False)  # it names patients, and may be what is being read
        self._file = path.open("wb") if path else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file and self._path:
            self._file.close()
            if not self._path.stat().st_size:
                self._path.unlink()

    def add(self, found: "Found", result: "Result") -> None:
        from pydantic_core import from_json, to_json

        wrong = "".join(f" {each.field}: {each.message}." for each in result.errors or ())
        where = f"{terminal.printable(found.source)}, line {found.number}"
        terminal.note(f"{where}: {result.status}, {result.code}: {result.detail}{terminal.printable(wrong)}")
        if self._file is None:
            return
        try:
            said = from_json(found.raw)
        except ValueError:
            said = None
        if isinstance(said, dict):
            why = result.model_dump(mode="json", include={"code", "detail", "errors"}, exclude_none=True)
            self._file.write(to_json(said | {"rejected": why}) + b"\n")
        else:
            self._file.write(found.raw.strip() + b"\n")


@app.command("replay")
def replay_(
    messages: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]…", help="These messages, by how their ids begin; all if left out."),
    ] = None,
    *,
    code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only what was parked for this reason.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Try what is parked again, in the order in which it happened."""
    if messages:
        parked.replay(messages, as_json=as_json)
        return
    from journey.ingest.fhir import ingest as fhir
    from journey.ingest.hl7v2.ingest import replay

    def work(store: "Store", settings: "Settings", progress: "Progress") -> "Counts":
        zone = ZoneInfo(settings.timezone)
        counts = replay(
            store,
            zone=zone,
            code=code,
            processing_ids=settings.hl7v2_processing_ids,
            progress=progress,
        )
        if counts.stopped is None:
            counts.include(fhir.replay(store, zone=zone, code=code, progress=progress))
        return counts

    _run(work, "trying parked messages again", as_json=as_json)


Progress = Callable[["Counts"], None]
Work = Callable[["Store", "Settings", Progress], "Counts"]


def _run(work: Work, doing: str, *, as_json: bool) -> "Counts":
    """Do the work, tell what became of the messages, and fail where some could not be read."""
    from journey.cli.failure import Failed
    from journey.cli.session import prepared
    from journey.ingest.counts import COUNTED

    counts = _done(prepared(), work, doing)
    if as_json:
        terminal.say_json(counts.figures())
    else:
        for code, count in sorted((+counts.reasons).items()):
            terminal.say(f"  {code}: {count}")
        for type_, count in sorted(counts.figures().get("not_mapped", {}).items()):
            terminal.say(f"  not mapped: {count} {type_}")
        if released := counts.figures().get("released"):
            terminal.say(f"  parked before, applied now: {released}")
        terminal.say(", ".join(f"{getattr(counts, name)} {name}" for name in COUNTED))
    for each in counts.unreadable:
        terminal.note(f"{terminal.printable(each.source)}: {each.reason}")
    if counts.stopped:
        raise Failed(f"{counts.stopped} What is counted is done; run the command again for the rest.")
    if counts.unreadable:
        raise Failed("Not everything could be read; what could be is done.")
    return counts


def _done(settings: "Settings", work: Work, doing: str) -> "Counts":
    from journey.cli.session import ready
    from journey.cli.settle import settle
    from journey.store.store import Store

    with ready(settings) as database:
        store = Store(database.conninfo)
        try:
            with terminal.progress(doing, None) as told:
                counts = work(store, settings, lambda counts: told(counts.messages))
        finally:
            store.close()
        if counts.stopped is None:
            settle(database.conninfo)
    return counts


app.command("parked")(parked.parked)
app.command("show")(parked.show)
app.command("correct")(parked.correct)
app.command("dismiss")(parked.dismiss)
