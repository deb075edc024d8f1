"""`journey audit check`: whether a file of evidence proves what it says, with no database and no network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.evidence.checking import Sound

WHENCE = {
    True: "Trusted is the key that you named: {key}",
    False: (
        "Trusted is the first key in the file itself, where anybody could have put it. Compare it with the "
        "one that the installation gives you: {key}"
    ),
}
REST = {
    True: "The manifest is signed by the ledger's key, and with it the timeline and what was asked for.",
    False: "The manifest is not signed: the timeline and what was asked for rest on who gave you the file.",
}


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="The evidence.")],
    *,
    key: Annotated[
        str | None,
        typer.Option(metavar="VERIFIER", help="The ledger's key, as the installation gives it to you."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="NOTE", help="A file with a checkpoint that you have from before."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a file of evidence: nothing altered, nothing left out, all of it in the signed log."""
    from journey.evidence.checking import Trusted, checked
    from journey.evidence.reading import Unsound
    from journey.ledger.note import BadNote, Verifier

    try:
        trusted = Trusted(Verifier.read(key) if key else None, checkpoint.read_text() if checkpoint else None)
    except (BadNote, UnicodeDecodeError):
        raise typer.BadParameter("a key is written <name>+<id>+<base64>, a checkpoint is a text.") from None
    try:
        with file.open("rb") as opened:
            sound = checked(opened, trusted)
    except Unsound as fault:
        if as_json:
            terminal.say_json({"sound": False, "fault": str(fault)})
        else:
            terminal.say(f"Not sound: {terminal.printable(str(fault))}")
        raise typer.Exit(1) from None
    if as_json:
        terminal.say_json({"sound": True, **sound._asdict()})
        return
    for line in _said(sound):
        terminal.say(terminal.printable(line))


def _said(sound: "Sound") -> list[str]:
    lines = [
        (
            "Sound. All events of its journeys are there "
            f"(events {sound.events}, journeys {sound.journeys}), in the log {sound.origin} "
            f"of {sound.size} events as of {sound.at}, and {sound.accesses} accesses."
        ),
        f"They say what was stored: {sound.opened} opened with their keys, {sound.erased} erased.",
        f"Earlier checkpoints that this one continues: {sound.earlier}.",
        WHENCE[sound.is_known].format(key=sound.key),
        REST[sound.manifest_signed],
    ]
    if sound.since is not None:
        lines.append(f"It continues the checkpoint that you have, of {sound.since} events.")
    return lines
