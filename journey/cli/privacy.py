"""`journey privacy …`: erasing a patient, and turning the master key over."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from journey.cli import terminal
from journey.cli.options import Json

if TYPE_CHECKING:
    from journey.domain.event import Context

app = typer.Typer(no_args_is_help=True)


def known_basis(text: str) -> str:
    """One of the grounds of GDPR Art. 17(1)."""
    from journey.domain.custody import ErasureBasis

    try:
        return ErasureBasis(text)
    except ValueError:
        raise typer.BadParameter(f"it should be one of {', '.join(ErasureBasis)}.") from None


Patient = Annotated[UUID, typer.Option(metavar="ID", help="The patient's id; all of their journeys.")]
By = Annotated[str, typer.Option(metavar="NAME", help="Who does it; stands on the events.")]


@app.callback()
def privacy() -> None:
    """What is kept of a patient: ask for its erasure, erase it, turn the master key over."""


@app.command("request")
def request_(
    *,
    patient: Patient,
    basis: Annotated[
        str, typer.Option(parser=known_basis, metavar="BASIS", help="GDPR Art. 17(1): consent-withdrawn …")
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, in words; erased with the rest.")],
    by: By,
    as_json: Json = False,
) -> None:
    """Ask that what is personal of a patient be erased; another person does it, with `privacy erase`."""
    from contextlib import closing

    from journey.cli.session import prepared, ready
    from journey.domain.custody import ErasureBasis
    from journey.privacy.asking import request
    from journey.store.store import Store
    from journey.worker import Worker

    with (
        ready(prepared()) as database,
        closing(Store(database.conninfo)) as store,
        Worker(database.conninfo, appended=store.appended),
    ):
        asked = request(store, patient, ErasureBasis(basis), reason, _context(by))
    if as_json:
        said = {"erasure_id": str(asked.erasure_id), "journeys": [str(each) for each in asked.journeys]}
        terminal.say_json(said)
    else:
        many = len(asked.journeys)
        terminal.say(f"Asked for on {many} journeys; another person decides: journey privacy erase")


@app.command("erase")
def erase_(*, patient: Patient, by: By, as_json: Json = False) -> None:
    """Erase what is personal of a patient for good, and prove that nothing of it is left in the database.

    Refused under a legal hold, and until JOURNEY_RETENTION_YEARS have passed. Ended in the middle, the same
    again goes on.
    """
    from contextlib import closing

    from journey.cli.session import prepared, ready
    from journey.privacy.erasing import erase
    from journey.projections import READ_MODELS
    from journey.store.store import Store
    from journey.worker import Worker

    settings = prepared()
    models = [model.name for model in READ_MODELS]
    with (
        ready(settings) as database,
        closing(Store(database.conninfo)) as store,
        Worker(database.conninfo, appended=store.appended),
    ):
        years = settings.retention_years
        done = erase(store, patient, _context(by), years_kept=years, models=models)
    if as_json:
        terminal.say_json({**done._asdict(), "erasure_id": str(done.erasure_id)})
    else:
        terminal.say(
            f"Erased from {done.journeys} journeys. Nothing of {done.values} texts is left in "
            f"{done.columns} columns of {done.tables} tables."
        )


@app.command()
def rotate(as_json: Json = False) -> None:
    """Wrap every data key anew with the first key of JOURNEY_MASTER_KEY_FILE; the others may go then."""
    from journey.cli.session import prepared, ready
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.privacy.rotating import rotate as rotated

    with ready(prepared()) as database, connect(database.conninfo, OPERATING) as connection:
        done = rotated(connection)
    if as_json:
        terminal.say_json(done._asdict())
    else:
        terminal.say(f"{done.rewrapped} keys and messages are wrapped anew; {done.current} were by then.")


def _context(by: str) -> "Context":
    from journey.domain.event import Actor, Context, Source

    return Context(
        actor=Actor(id=by, kind="human", role="compliance"),
        purpose="HCOMPL",
        source=Source(system="journey", channel="cli"),
    )
