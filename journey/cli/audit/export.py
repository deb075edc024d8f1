"""`journey audit export`: one file that shows what was recorded of patients, and proves it to an outsider."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from journey.cli import terminal
from journey.cli.audit.asked import From, To, zoned
from journey.cli.options import Json

BASES = "treatment|payment|operations|authorization|required-by-law|oversight|…"


def run(
    *,
    patients: Annotated[
        list[UUID],
        typer.Option("--patient", metavar="ID", show_default=False, help="Whose; may be given repeatedly."),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", show_default=False, help="To where.")],
    begins: From = None,
    ends: To = None,
    recipient: Annotated[str, typer.Option(metavar="NAME", help="Who gets it.")] = "compliance review",
    purpose: Annotated[str, typer.Option(metavar="CODE", help="What for (HL7 v3 ActReason).")] = "HCOMPL",
    basis: Annotated[str, typer.Option(metavar=BASES, help="What allows it.")] = "operations",
    since: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A checkpoint that the recipient has: prove what follows it."),
    ] = None,
    accesses: Annotated[
        bool, typer.Option("--accesses/--no-accesses", help="With who looked, or without.")
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
    as_json: Json = False,
) -> None:
    """Write all that was recorded of patients to one file, with proofs that anybody can check."""
    from journey.api.access.trail import COMMAND_LINE
    from journey.api.audit.handing import Desk, NothingRecorded
    from journey.audit.disclosures import Basis
    from journey.cli.failure import Failed
    from journey.cli.session import prepared, ready
    from journey.cli.settle import settle
    from journey.evidence.form import Period
    from journey.evidence.gathering import Asked
    from journey.evidence.packing import Order
    from journey.ledger.notary import notarize
    from journey.ledger.note import BadNote
    from journey.ledger.seals import Place
    from journey.store.identifiers import uuid7

    if basis not in set(Basis):
        raise typer.BadParameter(f"it should be one of {', '.join(Basis)}.", param_hint="--basis")
    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    period = Period(begins=zoned(begins, zone), ends=zoned(ends, zone))
    asked = Asked(tuple(dict.fromkeys(patients)), period, accesses, since.read_text() if since else None)
    order = Order(uuid7(), str(COMMAND_LINE.name), recipient, purpose, Basis(basis), settings.timezone)
    with ready(settings) as database, _new(out, force=force) as file:
        settle(database.conninfo)
        notarize(database.conninfo, Place.of(settings))
        try:
            desk = Desk(database.conninfo, Place.of(settings), COMMAND_LINE)
            made = desk.handed(asked, order, file).manifest
        except NothingRecorded as error:
            raise Failed(str(error)) from None
        except BadNote:
            raise Failed("The checkpoint given with --since is none of this ledger.") from None
    if as_json:
        terminal.say_json(made)
    else:
        terminal.note(
            f"{made.events} events of {len(made.journeys)} journeys, {made.accesses} accesses, in {out}. "
            "It tells of persons: keep it as you keep their records."
        )


@contextmanager
def _new(out: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """For its owner's eyes alone; there whole or not at all; in the place of no other, unless forced."""
    from journey.cli.failure import Failed

    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    taken = f"{out} is there already: name another file, or say --force."
    if out.exists() and not force:
        raise Failed(taken)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with cast(IO[bytes], os.fdopen(descriptor, "w+b")) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if force:
            part.replace(out)
        else:
            os.link(part, out)
    except FileExistsError:
        raise Failed(taken) from None
    finally:
        part.unlink(missing_ok=True)
