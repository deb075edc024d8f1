"""`journey audit checkpoint`, `proof` and `rotate-key`: the ledger's signed heads, and what they prove."""

from typing import Annotated
from uuid import UUID

import typer

from journey.cli import terminal
from journey.cli.options import Json


def run(as_json: Json = False) -> None:
    """The ledger's last checkpoint, made now if something is not covered: what a witness keeps."""
    from journey.cli.session import prepared, ready
    from journey.database import connect
    from journey.ledger.answers import checkpoint
    from journey.ledger.notary import notarize
    from journey.ledger.proving import proven
    from journey.ledger.seals import Place

    settings = prepared()
    with ready(settings) as database:
        notarize(database.conninfo, Place.of(settings))
        with connect(database.conninfo) as connection:
            found = proven(connection, checkpoint())
    if as_json:
        terminal.say_json(found)
    else:
        typer.echo(found.note, nl=False)


def proof(
    *,
    event: Annotated[UUID | None, typer.Option(help="That this event is in the log.")] = None,
    position: Annotated[int | None, typer.Option(min=1, help="That the event at this position is.")] = None,
    access: Annotated[UUID | None, typer.Option(help="That this record of the trail is in it.")] = None,
    journey: Annotated[UUID | None, typer.Option(help="That these are all of its events.")] = None,
    first: Annotated[int | None, typer.Option("--from", min=1, help="That the log of this size …")] = None,
    second: Annotated[int | None, typer.Option("--to", min=1, help="… is the beginning of this one.")] = None,
) -> None:
    """A proof by the last checkpoint, as JSON: of an event, an access, a whole journey, or of growth."""
    from journey.cli.session import prepared, ready
    from journey.database import connect
    from journey.ledger import answers
    from journey.ledger.proving import proven

    with ready(prepared()) as database, connect(database.conninfo) as connection:
        match event, position, access, journey, first, second:
            case UUID(), None, None, None, None, None:
                found, _ = proven(connection, answers.of_event(event))
            case None, int(), None, None, None, None:
                found, _ = proven(connection, answers.of_position(position))
            case None, None, UUID(), None, None, None:
                found, _ = proven(connection, answers.of_access(access))
            case None, None, None, UUID(), None, None:
                terminal.say_json(proven(connection, answers.of_journey(journey)))
                return
            case None, None, None, None, int(), int() if first <= second:
                terminal.say_json(proven(connection, answers.of_growth("event", first, second)))
                return
            case _:
                raise typer.BadParameter(
                    "ask for one: --event, --position, --access, --journey, --from with --to."
                )
    terminal.say_json(found)


def rotate_key() -> None:
    """Sign checkpoints with a new key from now on, which the one in use introduces."""
    from journey.cli.session import prepared, ready
    from journey.database import connect
    from journey.ledger.seals import Place, Seals

    settings = prepared()
    with ready(settings) as database, connect(database.conninfo) as connection:
        new = Seals(connection, Place.of(settings)).rotate()
    terminal.note("The ledger is signed by this key from now on; the one before introduces it.")
    terminal.say(str(new))
