"""What is left over: rows without a place in the log or the trail that do not wait for one, and what waits
without being there.
"""

from typing import Any, LiteralString, NamedTuple

from psycopg import Connection

from journey.ledger.verifying.finding import Finding, Findings, Kind

NAMED = 100
"""Rows of a kind that are looked at."""

COUNTS = """
    SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM log),
           (SELECT count(*) FROM access_event) + (SELECT count(*) FROM disclosure),
           (SELECT count(*) FROM access_log)
    """


class Check(NamedTuple):
    """A question whose rows are all wrong: ids of a journey and of a row."""

    kind: Kind
    table: str
    asked: LiteralString
    sentence: str


INSERTED_EVENT = Check(
    Kind.INSERTED,
    "event",
    """
    SELECT journey_id, event_id FROM event
     WHERE NOT EXISTS (SELECT FROM log
                        WHERE log.journey_id = event.journey_id AND log.version = event.version)
       AND NOT EXISTS (SELECT FROM pending WHERE pending.journey_id = event.journey_id
                          AND event.version BETWEEN first_version AND last_version)
     LIMIT %s
    """,
    "The event {id} of the journey {journey_id} is stored, and has no position in the log nor waits for one.",
)
INSERTED_ACCESS = Check(
    Kind.INSERTED,
    "access_event",
    """
    SELECT NULL, access_id FROM access_event
     WHERE NOT EXISTS (SELECT FROM access_log WHERE access_log.access_id = access_event.access_id)
       AND NOT EXISTS (SELECT FROM access_pending WHERE accesses @> ARRAY[access_id])
     LIMIT %s
    """,
    "The record {id} of the trail is stored, and has no position there nor waits for one.",
)
INSERTED_DISCLOSURE = Check(
    Kind.INSERTED,
    "disclosure",
    """
    SELECT NULL, disclosure_id FROM disclosure
     WHERE NOT EXISTS (SELECT FROM access_log WHERE access_id = disclosure_id)
       AND NOT EXISTS (SELECT FROM access_pending WHERE accesses @> ARRAY[disclosure_id])
     LIMIT %s
    """,
    "The disclosure {id} is stored, and has no position in the trail nor waits for one.",
)
WAITING = (
    Check(
        Kind.DELETED,
        "event",
        """
        SELECT pending.journey_id, NULL FROM pending, generate_series(first_version, last_version) AS version
         WHERE NOT EXISTS (SELECT FROM event
                            WHERE event.journey_id = pending.journey_id AND event.version = version.version)
         LIMIT %s
        """,
        "An event of the journey {journey_id} that waits for its position is gone.",
    ),
    Check(
        Kind.DELETED,
        "access_event",
        """
        SELECT NULL, access_id FROM access_pending, unnest(accesses) AS access_id
         WHERE NOT EXISTS (SELECT FROM access_event WHERE access_event.access_id = access_id.access_id)
           AND NOT EXISTS (SELECT FROM disclosure WHERE disclosure_id = access_id.access_id)
         LIMIT %s
        """,
        "The record {id} of the trail, which waits for its position, is gone.",
    ),
)


def left_over(connection: Connection[Any], findings: Findings) -> None:
    """The long questions are asked where the numbers of rows say that there may be something."""
    [(events, placed, accesses, kept)] = connection.execute(COUNTS).fetchall()
    checks = [*WAITING]
    if events != placed or findings:
        checks.append(INSERTED_EVENT)
    if accesses != kept or findings:
        checks += (INSERTED_ACCESS, INSERTED_DISCLOSURE)
    for check in checks:
        for journey_id, id_ in connection.execute(check.asked, (NAMED,)):
            said = check.sentence.format(journey_id=journey_id, id=id_)
            ids = [None if each is None else str(each) for each in (journey_id, id_)]
            findings.add(Finding(check.kind, check.table, None, None, said, *ids))
