"""`journey ingest parked`, `show`, `correct`, `dismiss`: what could not be taken in is seen, and seen to."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.options import Json
from journey.cli.recorded import NOBODY, Seen, access

if TYPE_CHECKING:
    from psycopg import Connection

    from journey.api.access.trail import Kind
    from journey.ingest.answers import Handled
    from journey.ingest.handling import Handling
    from journey.ingest.parked import Counted, InFull, SetAside
    from journey.settings import Settings

Act: TypeAlias = Callable[["Handling", bytes], list["Handled"]]
E = TypeVar("E", bound=StrEnum)

ID_SHOWN = 12
"""Characters of a message's id in the table, and enough to name it by; `--json` has all of it."""

EVERY = 1 << 62
"""Messages of a list that has no pages."""

BEGINS_WITH = """
    SELECT DISTINCT key FROM inbox_attempt WHERE encode(key, 'hex') LIKE %s LIMIT 2
    """
MessageId = Annotated[
    str, typer.Argument(metavar="ID", show_default=False, help="The message's id, or how it begins.")
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Kept sealed beside the message.")]


def parked(
    *,
    by_reason: Annotated[
        bool, typer.Option("--by-reason", help="How many there are for each reason.")
    ] = False,
    channel: Annotated[str | None, typer.Option(metavar="CHANNEL", help="hl7v2 or fhir.")] = None,
    state: Annotated[
        str | None,
        typer.Option(metavar="STATE", help="parked, waiting, rejected, dismissed or corrected."),
    ] = None,
    code: Annotated[str | None, typer.Option(metavar="CODE", help="Only those of this reason.")] = None,
    as_json: Json = False,
) -> None:
    """What is parked, and why: what it is, where it came from and when, never what it says of a patient."""
    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.ingest.parked import COUNTS, Asked, Channel, State, counted, page_of, set_aside

    asked = Asked(_one_of(Channel, channel), _one_of(State, state), code)
    settings = prepared()
    with ready(settings) as database, connect(database.conninfo, OPERATING) as connection:
        if by_reason:
            _counts([counted(row) for row in connection.execute(COUNTS)], as_json=as_json)
            return
        rows = [set_aside(row) for row in connection.execute(*page_of(asked, None, EVERY))]
    if as_json:
        terminal.say_json(rows)
        return
    zone = ZoneInfo(settings.timezone)
    head = ("id", "state", "happened", "received", "kind", "sender", "reason")
    for line in terminal.table(head, (_cells(row, zone) for row in rows)):
        terminal.say(line)


def show(message: MessageId, as_json: Json = False) -> None:
    """One message as it came, why it was not applied, and what was tried. That it was read is recorded."""
    from journey.api.access.trail import Kind
    from journey.cli.session import prepared
    from journey.ingest.parked import ATTEMPTS, ONE, in_full

    settings = prepared()
    with _desk(settings) as desk:
        key = desk.named(message)
        [row] = desk.connection.execute(ONE, (key,)).fetchall()
        full = in_full(row, desk.connection.execute(ATTEMPTS, (key,)).fetchall())
        seen = Seen((full.journey_id,) if full.journey_id else ())
        desk.record(Kind.MESSAGE_READ, "ingest show", {"message": full.id, "code": full.code}, seen)
    if as_json:
        terminal.say_json(full)
        return
    for line in _in_full(full, ZoneInfo(settings.timezone)):
        terminal.say(line)


def correct(
    message: MessageId,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="How it should read, all of it; - for standard input.")
    ],
    *,
    why: Why,
    as_json: Json = False,
) -> None:
    """Have a corrected text taken instead of a message, which stays as it came."""
    from journey.ingest.hl7v2.charset import decode

    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    text = decode(raw)[0]
    _handle("corrected", "ingest correct", [message], lambda of, key: [of.correct(key, text, why)], as_json)


def dismiss(message: MessageId, *, why: Why, as_json: Json = False) -> None:
    """Leave a message as it is: it is kept, and no longer parked."""
    _handle("dismissed", "ingest dismiss", [message], lambda of, key: [of.dismiss(key, why)], as_json)


def replay(messages: list[str], *, as_json: bool) -> None:
    """Try these again, as they are."""
    _handle("replayed", "ingest replay", messages, lambda of, key: of.replay([key]), as_json)


class Desk(NamedTuple):
    """What the commands work with."""

    connection: "Connection[Any]"
    handling: "Handling"

    def named(self, message: str) -> bytes:
        """The key of the message whose id begins so. Raises Failed."""
        from journey.cli.failure import Failed

        if re.fullmatch(r"[0-9a-f]{8,64}", message) is None:
            raise Failed("An id is 64 of 0-9 and a-f, of which the first 8 will do; journey ingest parked.")
        found = self.connection.execute(BEGINS_WITH, (f"{message}%",)).fetchall()
        if len(found) != 1:
            many = "Several messages have" if found else "No message that was set aside has"
            raise Failed(f"{many} an id that begins so: see journey ingest parked --json.")
        return bytes(found[0][0])

    def record(self, kind: "Kind", command: str, detail: dict[str, Any], seen: "Seen" = NOBODY) -> None:
        from journey.api.access import trail

        trail.record(self.connection, [access(kind, command, seen, detail=detail)])


@contextmanager
def _desk(settings: "Settings") -> Iterator[Desk]:
    """What was recorded meanwhile can be read when it ends."""
    from journey.cli.session import ready
    from journey.cli.settle import settle
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.domain.event import Actor
    from journey.ingest.attempts import AT_THE_COMMAND_LINE as US
    from journey.ingest.handling import By, Handling
    from journey.store.store import Store

    actor, zone = Actor(id=str(US.name), kind="human"), ZoneInfo(settings.timezone)
    by = By(str(US.caller), actor, zone, settings.hl7v2_processing_ids)
    with ready(settings) as database, connect(database.conninfo, OPERATING) as connection:
        store = Store(database.conninfo)
        try:
            yield Desk(connection, Handling(store, by))
        finally:
            store.close()
        settle(database.conninfo)


def _handle(what: str, command: str, messages: list[str], act: "Act", as_json: bool) -> None:
    """See to them one by one, and tell what came of each. Raises Failed where one is not applied."""
    from journey.api.access.trail import Kind
    from journey.cli.failure import Failed
    from journey.cli.session import prepared
    from journey.ingest.handling import NoSuchMessage, NotThatText

    done: list[Handled] = []
    with _desk(prepared()) as desk:
        for key in [desk.named(each) for each in messages]:
            try:
                done += act(desk.handling, key)
            except (NoSuchMessage, NotThatText) as error:
                raise Failed(f"{str(error).rstrip('.')}.") from None
            desk.record(Kind.MESSAGE_HANDLED, command, {"done": what, "messages": [key.hex()]})
    if as_json:
        terminal.say_json(done)
        return
    for each in done:
        why = f": {each.code}: {each.reason} {each.to_do}" if each.code else ""
        terminal.say(terminal.printable(f"{each.id[:ID_SHOWN]} {each.state}{why}"))


def _one_of(kind: type[E], word: str | None) -> E | None:
    """Raises typer.BadParameter."""
    try:
        return None if word is None else kind(word)
    except ValueError:
        raise typer.BadParameter(f"it should be one of {', '.join(kind)}.") from None


def _counts(found: list["Counted"], *, as_json: bool) -> None:
    if as_json:
        terminal.say_json(found)
        return
    head = ("messages", "channel", "state", "reason", "what to do")
    rows = ((str(each.messages), each.channel, each.state, each.code, each.to_do or "") for each in found)
    for line in terminal.table(head, rows, numbers=(0,)):
        terminal.say(line)


def _cells(row: "SetAside", zone: ZoneInfo) -> terminal.Row:
    happened = terminal.local(row.happened_at, zone) if row.happened_at else "-"
    received, reason = terminal.local(row.received_at, zone), f"{row.code}: {row.reason}"
    said = map(terminal.printable, (row.kind or "-", row.sender or "-", reason))
    return row.id[:ID_SHOWN], row.state, happened, received, *said


def _in_full(full: "InFull", zone: ZoneInfo) -> Iterator[str]:
    yield f"{full.id}"
    received = terminal.local(full.received_at, zone)
    yield f"{full.state}, received {received} by {terminal.printable(full.source)}"
    if full.code:
        yield f"{full.code}: {terminal.printable(full.reason or '')}"
        yield f"What to do: {full.to_do}"
    for each in full.history:
        by, times = f" by {terminal.printable(each.by)}" if each.by else "", f", {each.times} times"
        ended = f"{each.state}{f': {each.code}' if each.code else ''}"
        yield f"  {terminal.local(each.at, zone)} {each.what}{by}{times if each.times > 1 else ''}: {ended}"
        if each.why:
            yield f"    {terminal.printable(each.why)}"
    yield ""
    for line in (full.text or "It is erased.").split("\n"):
        yield terminal.printable(line)
