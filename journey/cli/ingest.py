"""`journey ingest …`: messages of other systems taken in, and what could not be, listed and tried again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.ingest.hl7v2.ingest import Counts, Progress
    from journey.settings import Settings
    from journey.store.store import Store

app = typer.Typer(no_args_is_help=True)

COUNTED = ("messages", "applied", "duplicate", "parked", "rejected", "journeys", "events")
ID_SHOWN = 12
"""Characters of a message's id in the table; `--json` has all of it."""

PARKED = """
    SELECT encode(key, 'hex') AS id, occurred_at, received_at, source, number, sender, trigger, code, reason,
           journey_id, attempts
      FROM inbox
     WHERE status = 'parked'
     ORDER BY occurred_at NULLS LAST, received_at, key
    """


@app.callback()
def ingest() -> None:
    """Messages of other systems: take them in, list what is parked, try that again."""


@app.command("hl7v2")
def hl7v2_(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Files, folders, .gz, or - for standard input."),
    ],
    as_json: Json = False,
) -> None:
    """Take HL7 v2 messages in. What cannot be applied is parked, whole; nothing is taken twice."""
    from journey.ingest.hl7v2.files import messages
    from journey.ingest.hl7v2.ingest import ingest

    def work(store: "Store", zone: ZoneInfo, progress: "Progress") -> "Counts":
        return ingest(store, messages(paths), zone=zone, progress=progress)

    _run(work, "taking messages in", as_json=as_json)


@app.command("replay")
def replay_(
    *,
    code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only what was parked for this reason.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Try what is parked again, in the order in which it happened."""
    from journey.ingest.hl7v2.ingest import replay

    def work(store: "Store", zone: ZoneInfo, progress: "Progress") -> "Counts":
        return replay(store, zone=zone, code=code, progress=progress)

    _run(work, "trying parked messages again", as_json=as_json)


@app.command("parked")
def parked_(as_json: Json = False) -> None:
    """What is parked, and why: what it is, where it came from and when, never what it says of a patient."""
    from psycopg.rows import dict_row

    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect

    settings = prepared()
    with ready(settings) as database, connect(database.conninfo, OPERATING) as connection:
        rows = connection.cursor(row_factory=dict_row).execute(PARKED).fetchall()
    if as_json:
        terminal.say_json(rows)
        return
    zone = ZoneInfo(settings.timezone)
    head = ("id", "happened", "received", "trigger", "source", "reason")
    for line in terminal.table(head, (_cells(row, zone) for row in rows)):
        terminal.say(line)


def _cells(row: dict[str, Any], zone: ZoneInfo) -> terminal.Row:
    happened = terminal.local(row["occurred_at"], zone) if row["occurred_at"] else "-"
    received = terminal.local(row["received_at"], zone)
    trigger, source = row["trigger"] or "-", f"{row['source']} #{row['number']}"
    reason = f"{row['code']}: {row['reason']}"
    return row["id"][:ID_SHOWN], happened, received, *map(terminal.printable, (trigger, source, reason))


Work = Callable[["Store", ZoneInfo, "Progress"], "Counts"]


def _run(work: Work, doing: str, *, as_json: bool) -> None:
    """Do the work, tell what became of the messages, and fail where some could not be read."""
    from journey.cli.failure import Failed
    from journey.cli.session import prepared

    counts = _done(prepared(), work, doing)
    if as_json:
        terminal.say_json(_figures(counts))
    else:
        for code, count in sorted((+counts.reasons).items()):
            terminal.say(f"  {code}: {count}")
        if counts.released:
            terminal.say(f"  parked before, applied now: {counts.released}")
        terminal.say(", ".join(f"{getattr(counts, name)} {name}" for name in COUNTED))
    for each in counts.unreadable:
        terminal.note(f"{terminal.printable(each.source)}: {each.reason}")
    if counts.stopped:
        raise Failed(f"{counts.stopped} What is counted is done; run the command again for the rest.")
    if counts.unreadable:
        raise Failed("Not everything could be read; what could be is done.")


def _done(settings: "Settings", work: Work, doing: str) -> "Counts":
    from journey.cli.session import ready
    from journey.cli.settle import settle
    from journey.store.store import Store

    with ready(settings) as database:
        store = Store(database.conninfo)
        try:
            with terminal.progress(doing, None) as told:
                counts = work(store, ZoneInfo(settings.timezone), lambda counts: told(counts.messages))
        finally:
            store.close()
        if counts.stopped is None:
            settle(database.conninfo)
    return counts


def _figures(counts: "Counts") -> dict[str, Any]:
    more = {"released": counts.released, "reused_ids": counts.reused_ids, "reasons": dict(+counts.reasons)}
    unreadable = [{"source": each.source, "reason": each.reason} for each in counts.unreadable]
    return {name: getattr(counts, name) for name in COUNTED} | more | {"unreadable": unreadable}
