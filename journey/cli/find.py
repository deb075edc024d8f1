"""Which journey is meant: by its id, or by a number or name of its patient."""

from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from journey.cli import terminal
from journey.cli.failure import Failed
from journey.database import connect
from journey.domain.correction import History
from journey.store.store import Store

SHOWN = 20
"""Journeys listed where several are meant."""

MATCHES = """
    SELECT journey_id, family, given, birth_date, identifiers, status, stage
      FROM patient_status
     WHERE identifiers @> ARRAY[%(text)s]
        OR starts_with(lower(family), lower(%(text)s))
        OR lower(concat_ws(' ', given, family)) = lower(%(text)s)
        OR lower(concat_ws(', ', family, given)) = lower(%(text)s)
     ORDER BY lower(family), lower(given), journey_id
     LIMIT %(limit)s
    """


def loaded(conninfo: str, text: str) -> History:
    """Everything recorded on the one journey that is meant. Raises Failed, which does not repeat the text: it
    may be somebody's name.
    """
    store = Store(conninfo, pool_size=1)
    try:
        history = store.load(_id(conninfo, text.strip()))
    finally:
        store.close()
    if not history.recorded:
        raise Failed("No journey has this id.")
    return history


def _id(conninfo: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        text = text.encode(errors="replace").decode()
    with connect(conninfo) as connection:
        found = (
            connection.cursor(row_factory=dict_row)
            .execute(MATCHES, {"text": text, "limit": SHOWN + 1})
            .fetchall()
        )
    if not text or not found:
        raise Failed("That is no journey's id, and no patient has this number or a name that begins so.")
    if len(found) > 1:
        for line in terminal.table(("journey", "status", "stage", "patient"), map(_cells, found[:SHOWN])):
            terminal.say(line)
        count = f"more than {SHOWN}" if len(found) > SHOWN else len(found)
        raise Failed(f"That leads to {count} journeys: name one of them by its id.")
    return UUID(str(found[0]["journey_id"]))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    name = ", ".join(part for part in (row["family"], row["given"]) if part)
    patient = " · ".join(part for part in (name, row["birth_date"], *row["identifiers"]) if part)
    return str(row["journey_id"]), row["status"], row["stage"], terminal.printable(patient)
