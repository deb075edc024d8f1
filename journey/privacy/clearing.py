"""Clearing: what is kept of a person beside the events, once those cannot be read any more.

Read models that fold a journey have made its rows anew by themselves; the timeline, which keeps what each
event says, is told here. The rest is no read model: messages as they came, the numbers that led to a journey,
words given when a glass was broken.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from pydantic_core import to_json

from journey.domain.personal import ERASED
from journey.privacy.sweep import Sought
from journey.store import log
from journey.store.boxes import Box, unboxed
from journey.store.vault import CannotBeOpened

TIMELINE = """
    UPDATE timeline SET data = told.data
      FROM json_to_recordset(%s) AS told (journey_id uuid, version bigint, data json)
     WHERE timeline.journey_id = told.journey_id AND timeline.version = told.version
    """
REFERRED = """
    SELECT value FROM routing
     WHERE patient_id = ANY(%(patients)s) AND kind = 'patient' AND value LIKE 'Patient/%%'
    """
ROUTING = "DELETE FROM routing WHERE journey_id = ANY(%(journeys)s) OR patient_id = ANY(%(patients)s)"
OF_JOURNEYS = """
    UPDATE inbox SET raw = '', reason = NULL
     WHERE (journey_id = ANY(%(journeys)s) OR sealed_for = ANY(%(journeys)s)) AND raw <> ''
    """
OF_NOBODY = """
    SELECT key, raw, NULL::uuid, NULL::bytea FROM inbox WHERE sealed_for IS NULL AND raw <> ''
    UNION ALL
    SELECT key, said, NULL, NULL FROM inbox_attempt WHERE sealed_for IS NULL AND said <> ''
    UNION ALL
    SELECT key, raw, sealed_for, wrapped FROM inbox JOIN data_key ON data_key.journey_id = sealed_for
     WHERE corrected_by IS NOT NULL AND raw <> '' AND wrapped <> ''
    """
"""What led to somebody else once it was corrected may have named their number until then."""

ONE = "UPDATE inbox SET raw = '', reason = NULL WHERE key = %s"
WHOSE_ATTEMPT = """
    UPDATE inbox SET raw = '', reason = NULL
      FROM inbox_attempt
     WHERE inbox_attempt.key = inbox.key AND inbox_attempt.sealed_for = ANY(%(journeys)s)
       AND inbox.sealed_for IS NULL AND raw <> ''
    """
"""A message that led nowhere but by its correction is theirs to whom that led."""

ATTEMPTS = """
    UPDATE inbox_attempt SET said = '', reason = NULL
      FROM inbox
     WHERE inbox.key = inbox_attempt.key
       AND (raw = '' OR inbox_attempt.sealed_for = ANY(%(journeys)s))
       AND (said <> '' OR inbox_attempt.reason IS NOT NULL)
    """
ANSWERS = """
    DELETE FROM inbox_answer
     WHERE EXISTS (SELECT FROM inbox WHERE inbox.key = ANY(inbox_answer.keys) AND inbox.raw = '')
    """
AWAITED = """
    DELETE FROM fhir_awaited USING inbox WHERE inbox.key = fhir_awaited.key AND inbox.raw = ''
    """
UNTOLD = "DELETE FROM fhir_untold WHERE patient_id = ANY(%(patients)s)"
GLASS = "UPDATE break_glass SET reason_text = %(erased)s WHERE patient_id = ANY(%(patients)s)"


def clear(connection: Connection[Any], sought: Sought) -> None:
    """Take it away wherever this program puts it. Done twice, it changes nothing more."""
    whose = {"journeys": list(sought.journeys), "patients": list(sought.patients), "erased": ERASED}
    for _, history in log.histories(connection, sought.journeys):
        rows = [
            {"journey_id": each.journey_id, "version": each.version, "data": each.event}
            for each in history.recorded
        ]
        connection.execute(TIMELINE, (to_json(rows).decode(),))
    referred = [f'{name}"' for (name,) in connection.execute(REFERRED, whose)]
    for statement in (ROUTING, OF_JOURNEYS, WHOSE_ATTEMPT, UNTOLD, GLASS):
        connection.execute(statement, whose)
    _unclaimed(connection, (*sought.identifying, *referred))
    connection.execute(ATTEMPTS, whose)
    for forgotten in (ANSWERS, AWAITED):
        connection.execute(forgotten)


def _unclaimed(connection: Connection[Any], said: Sequence[str]) -> None:
    """Messages that led to no journey, and name one of the person's numbers, or refer to their resource; so
    does what they were corrected to.
    """
    for key, raw, sealed_for, wrapped in connection.execute(OF_NOBODY).fetchall():
        try:
            text = unboxed(key, Box(raw, sealed_for), wrapped).decode(errors="replace").replace('\\"', '"')
        except CannotBeOpened:
            continue
        if any(value in text for value in said):
            connection.execute(ONE, (key,))
