"""`journey audit verify`: whether the log, the trail and the read models are what was signed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.database import Database
    from journey.ledger.note import Verifier
    from journey.ledger.verify import Result
    from journey.ledger.verifying.finding import Finding
    from journey.settings import Settings


def _key(text: str) -> "Verifier":
    from journey.ledger.note import BadNote, Verifier

    try:
        return Verifier.read(text)
    except BadNote:
        raise typer.BadParameter("it should be a key as <name>+<id>+<base64>.") from None


def run(
    *,
    whole: Annotated[
        bool, typer.Option("--all", help="From the beginning, not since the last verification.")
    ] = False,
    key: Annotated[
        Any | None,
        typer.Option(
            "--key", parser=_key, metavar="KEY", help="The ledger's first key, if not the one anchored first."
        ),
    ] = None,
    without_read_models: Annotated[
        bool, typer.Option("--without-read-models", help="The log and the trail alone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make everything anew from the stored rows, hold it to what is signed and anchored; name what differs.

    Goes on where the last verification ended. Exit status 1 where something is wrong. Runs beside everything
    else, and writes nothing to the database.
    """
    from journey.cli.failure import Failed
    from journey.cli.session import prepared, ready

    settings = prepared()
    with ready(settings) as database:
        result = _verified(settings, database, key, whole=whole)
        wrong = list(result.findings)
        if not without_read_models:
            wrong += _projections(database)
    if as_json:
        terminal.say_json({**result._asdict(), "findings": [_as_json(each) for each in wrong]})
    else:
        for line in _lines(result, settings):
            terminal.say(line)
        for each in wrong:
            terminal.say(f"{each.kind}: {each.sentence}")
    if wrong:
        raise Failed(
            f"{wrong[0].kind}, {_place(wrong[0])}. Keep the anchors, and what else there is, as they are."
        )


def _verified(settings: "Settings", database: "Database", key: "Verifier | None", *, whole: bool) -> "Result":
    from journey.cli.failure import Failed
    from journey.ledger.anchor import Unreadable
    from journey.ledger.seal import NoKey
    from journey.ledger.seals import Place
    from journey.ledger.verify import verify
    from journey.ledger.verifying.keys import NoLedger, NothingToTrust

    with terminal.progress("verifying the ledger", 1) as bar:
        try:
            return verify(
                database.conninfo,
                Place.of(settings),
                lambda done, of: bar(done / of if of else 1),
                first=key,
                whole=whole,
            )
        except (NothingToTrust, NoLedger, Unreadable, NoKey) as error:
            raise Failed(str(error)) from None


def _projections(database: "Database") -> "Iterator[Finding]":
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.ledger.verifying.finding import Finding, Kind
    from journey.projections import READ_MODELS
    from journey.projections.verify import verify

    with connect(database.conninfo, OPERATING) as connection:
        for model in READ_MODELS:
            with terminal.progress(f"verifying {model.name}", 1) as bar:
                found = verify(connection, model, told=lambda done, of: bar(done / of if of else 1))
            for each in found.differences:
                said = f"{each}. To make it anew, run: journey projections rebuild {model.name}."
                yield Finding(Kind.PROJECTION, each.table, None, None, said)


def _lines(result: "Result", settings: "Settings") -> Iterator[str]:
    since = f"since checkpoint {result.since}" if result.since else "from the beginning"
    yield (
        f"Verified {since}: {result.events} events, {result.accesses} records of the trail, "
        f"{result.checkpoints} checkpoints, up to checkpoint {result.checkpoint}."
    )
    if result.unsigned:
        yield f"{result.unsigned} events came after it; the next checkpoint signs them."
    if result.keys:
        others = f", introduced by {len(result.keys) - 1} before it" if len(result.keys) > 1 else ""
        yield f"Signed by {result.keys[-1]}{others}."
    if result.anchored:
        folder = settings.anchors or settings.home / "ledger" / str(result.ledger) / "anchors"
        yield f"Anchored in {folder}: {result.anchored} checkpoints, up to {result.last_anchored}."
    else:
        yield "Nothing is anchored: it is held to the key alone."
    if result.others:
        yield f"{result.others} other ledgers are anchored here; this database should be none of them."


def _place(finding: "Finding") -> str:
    if finding.first is None:
        return f"in {finding.table}"
    upto = f" up to {finding.last}" if finding.last != finding.first else ""
    return f"first at {finding.first}{upto} of {finding.table}"


def _as_json(finding: "Finding") -> dict[str, Any]:
    return finding._asdict()
