"""`journey replay`: how a journey came to be where it is; or where a patient's or a team's stood then."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from journey.cli import past, terminal
from journey.cli.options import AS_KNOWN_AT, AS_OF, Json, Moment, in_zone
from journey.cli.recorded import Seen, recorded

if TYPE_CHECKING:
    from psycopg import Connection

    from journey.api.replay.candidates import Whose
    from journey.api.replay.telling import Known
    from journey.domain.replay import Moment as TwoTimes
    from journey.domain.standing import Standing

HEAD = ("journey", "status", "stage", "responsible", "patient")
AT_ONCE = 100
"""Steps, or journeys, that are folded together."""


class Order(StrEnum):
    """In which order the events are walked through."""

    KNOWN = "known"
    TRUE = "true"


def run(
    journey: Annotated[
        str | None,
        typer.Argument(
            metavar="JOURNEY",
            show_default=False,
            help="The journey's id, or a number or name of its patient when that leads to one journey only.",
        ),
    ] = None,
    *,
    axis: Annotated[
        Order, typer.Option(help="known: as it was recorded, corrections included; true: as it happened.")
    ] = Order.KNOWN,
    patient: Annotated[
        str | None,
        typer.Option(
            metavar="PATIENT", help="The patient's id, or a number or name that leads to a journey."
        ),
    ] = None,
    team: Annotated[
        str | None, typer.Option(metavar="TEAM", help="The team that was accountable then.")
    ] = None,
    as_of: Annotated[Moment, AS_OF] = None,
    as_known_at: Annotated[Moment, AS_KNOWN_AT] = None,
    as_json: Json = False,
) -> None:
    """What each event of a journey changed; or where a patient's or a team's journeys stood at a time."""
    from journey.cli.session import prepared, ready

    if (journey is None) is (patient is None and team is None):
        raise typer.BadParameter("name a JOURNEY, or else --patient or --team.")
    if journey is not None and as_of is not None:
        raise typer.BadParameter("--as-of is for --patient and --team; `journey show` tells of one journey.")
    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    as_of, as_known_at = (in_zone(moment, zone) for moment in (as_of, as_known_at))
    with ready(settings) as database:
        if journey is not None:
            known = past.known_of(database.conninfo, journey, "replay", as_known_at)
            _step_by_step(known, axis, zone, as_json=as_json)
        else:
            now = datetime.now(UTC)
            _where_they_stood(
                database.conninfo, patient, team, (as_of or now, as_known_at or now), as_json=as_json
            )


# --- One journey


def _step_by_step(known: "Known", axis: Order, zone: ZoneInfo, *, as_json: bool) -> None:
    rows = past.told(lambda: list(_every_step(known, axis)))
    if as_json:
        head = {"journey_id": known.history.recorded[0].journey_id, "axis": axis}
        terminal.say_json({**head, "version": known.history.version, "steps": rows})
        return
    for row in rows:
        terminal.say(terminal.styled(past.headline(row["event"], zone), bold=True))
        for line in past.changed(row["changes"], zone):
            terminal.say(f"    {line}")


def _every_step(known: "Known", axis: Order) -> Iterator[past.Row]:
    from journey.api.replay import telling
    from journey.domain.replay import Axis

    begin: int | None = 0
    while begin is not None:
        page = telling.steps(known, Axis(axis), begin, AT_ONCE)
        yield from page.rows
        begin = page.next


# --- Many


def _where_they_stood(
    conninfo: str, patient: str | None, team: str | None, times: tuple[datetime, datetime], *, as_json: bool
) -> None:
    from journey.api.access.trail import Kind
    from journey.api.replay.candidates import Whose
    from journey.connection import OPERATING
    from journey.database import connect
    from journey.domain.replay import Moment as TwoTimes

    moment = TwoTimes(*times)
    whose = Whose(None if patient is None else _patient(conninfo, patient), team)
    with connect(conninfo, OPERATING) as connection:
        found = list(_standings(connection, whose, moment))
    seen = Seen.of([(each.journey_id, each.patient.patient_id) for each in found])
    recorded(conninfo, Kind.READ if whose.patient else Kind.SEARCH, "replay", seen)
    if as_json:
        terminal.say_json({**moment._asdict(), "journeys": found})
        return
    for line in terminal.table(HEAD, map(_cells, found)):
        terminal.say(line)


def _patient(conninfo: str, text: str) -> UUID:
    """The patient who is meant; of a number or a name, the one of the journey that it leads to."""
    from journey.cli.find import loaded
    from journey.domain.journey import fold

    try:
        return UUID(text)
    except ValueError:
        history = loaded(conninfo, text, "replay")
    first = history.recorded[0]
    patient_id = fold(history.effective, first.journey_id).identity.patient_id
    if patient_id is None:
        raise ValueError("A journey is opened for a patient")
    return patient_id


def _standings(connection: "Connection", whose: "Whose", moment: "TwoTimes") -> Iterator["Standing"]:
    """Those that were there, and theirs, then."""
    from journey.api.replay.standings import is_theirs
    from journey.api.whereabouts import whereabouts
    from journey.store import log

    for journeys in _candidates(connection, whose, moment):
        for _, history in log.whole(connection, journeys):
            stood = whereabouts(history, None, *moment)
            if stood is not None and is_theirs(stood, whose.team):
                yield stood.at(moment.as_of).model_copy(update=moment._asdict())


def _candidates(connection: "Connection", whose: "Whose", moment: "TwoTimes") -> Iterator[list[UUID]]:
    """The journeys that may be meant, some at a time."""
    from journey.api.replay import candidates

    if whose.patient is not None:
        ever = connection.execute(candidates.OF_A_PERSON, (whose.patient,)).fetchall()
        ids = [journey_id for journey_id, _ in ever]
        merges = connection.cursor(binary=True).execute(candidates.MERGES, (ids,)).fetchall()
        yield candidates.of_one_person(whose.patient, [(each[0], each[1]) for each in ever], merges, moment)
        return
    after = candidates.FIRST
    while True:
        found = candidates.page_of(whose, moment.as_known_at, after, AT_ONCE)
        ids = [journey_id for (journey_id,) in connection.execute(found.sql, found.parameters).fetchall()]
        if not ids:
            return
        yield ids
        after = ids[-1]


def _cells(stood: "Standing") -> tuple[str, ...]:
    from journey.cli.show import patient

    owner = stood.responsible
    whom = owner.team if owner else "nobody"
    return str(stood.journey_id), stood.status, stood.stage, terminal.printable(whom), patient(stood.patient)
