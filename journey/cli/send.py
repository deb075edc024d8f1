"""`journey send …`: messages to another system, or to a Journey that listens."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.ingest.files import Found
    from journey.mllp.sending import Answer, Sent

app = typer.Typer(no_args_is_help=True)


@app.callback()
def send() -> None:
    """Messages to another system."""


@app.command("mllp")
def mllp(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Files, folders, .gz, or - for standard input."),
    ],
    *,
    host: Annotated[str, typer.Option(metavar="HOST", help="Who listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="PORT", help="Where.")] = 2575,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS; so do the next three.")] = False,
    tls_ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The authorities to believe, if not the system's."),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate to show, if it is asked for.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key.")] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="S", help="Seconds for an acknowledgement.")
    ] = 30,
    patience: Annotated[
        float, typer.Option(min=0, metavar="S", help="Seconds for which a receiver that is away is tried.")
    ] = 60,
    as_json: Json = False,
) -> None:
    """Send HL7 v2 messages over MLLP, in order, each when the one before is acknowledged.

    A lost connection is made again, and the message sent again. Exit status 1 where any was refused.
    """
    from journey.ingest.hl7v2.files import messages
    from journey.mllp.certificates import sending
    from journey.mllp.sending import Receiving, send

    context = sending(tls_ca, tls_cert, tls_key) if tls or tls_ca or tls_cert else None
    to = Receiving(host, port, context, timeout, patience)
    with terminal.progress("sending", None) as progress:
        counted = 0

        def told(found: "Found", answer: "Answer") -> None:
            nonlocal counted
            counted += 1
            progress(counted)
            if answer.is_refusal:
                where = f"{terminal.printable(found.source)} #{found.number}"
                terminal.note(f"{where}: {answer.code} {terminal.printable(answer.said)}".rstrip())

        sent = send(to, messages(paths), told)
    _tell(sent, as_json=as_json)


def _tell(sent: "Sent", *, as_json: bool) -> None:
    from journey.cli.failure import Failed

    if as_json:
        terminal.say_json(sent.figures())
    else:
        codes = "".join(f", {count} {code}" for code, count in sorted(sent.codes.items()))
        terminal.say(
            f"{sent.messages} messages{codes}, {sent.unanswered} unanswered, {sent.again} sent again"
        )
    for each in sent.unreadable:
        terminal.note(f"{terminal.printable(each.source)}: {each.reason}")
    if sent.stopped:
        raise Failed(f"{sent.stopped} What is counted is sent; the message after it was not acknowledged.")
    if sent.unreadable:
        raise Failed("Not everything could be read; what could be is sent.")
    if sent.refused:
        raise Failed(f"{sent.refused} were refused; each is named above with the reason.")
