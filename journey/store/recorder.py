"""The `eventsourcing` library, as far as it is used: its `EventStore`, persistence errors and subscription as
they are; recorder, datastore and mapper our own. Only this module and the mapper import it, so that its next
major changes these two.

Left out on purpose: its table lock and NOTIFY on each append, its retry of appends whose outcome is unknown,
and its database-function mode, which loses events for readers that follow the log (ADR 0004).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Thread
from time import monotonic
from typing import Any, NamedTuple, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    EventStore,
    IntegrityError,
    JSONTranscoder,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    StoredEvent,
    Subscription,
)
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from journey.connection import ANSWERING, UNAVAILABLE, bounded, kind
from journey.store.errors import StoreUnavailable
from journey.store.mapper import Along, PydanticMapper, StoredRow

CHANNEL = "journey_log"
"""The channel on which the sequencer says, once a batch, how far the log reaches."""

LISTEN = SQL("LISTEN {}").format(Identifier(CHANNEL))


class IdempotencyKey(NamedTuple):
    """A caller's name for a request, and the digest of what it asked for."""

    key: str
    body_sha256: bytes


APPEND = SQL("""
    WITH appended AS (
        INSERT INTO event (journey_id, version, event_id, type, schema_version,
                           occurred_at, occurred_precision, context, data)
        VALUES {rows}
    ) {keyed} {opened}
    INSERT INTO pending (journey_id, first_version, last_version) VALUES (%s, %s, %s)
    """)
ROW = SQL("(%s, %s, %s, %s, %s, %s, %s, %s, %s)")
KEY = SQL("""
        INSERT INTO idempotency (journey_id, key, body_sha256, first_version, last_version)
        VALUES (%s, %s, %s, %s, %s)
        """)
KEYED = SQL(", keyed AS ({})").format(KEY)
OPENED = SQL(", opened AS (INSERT INTO data_key (journey_id, wrapped) VALUES (%s, %s))")
SELECT_KEY = SQL("""
    SELECT body_sha256, first_version, last_version FROM idempotency WHERE journey_id = %s AND key = %s
    """)

COLUMNS = SQL("""
    journey_id, version, type, data::text, event_id, schema_version,
    occurred_at, occurred_precision, recorded_at, context::text,
    (SELECT wrapped FROM data_key WHERE data_key.journey_id = event.journey_id)
    """)
"""Of `event`, wherever else a row is looked up."""

JOINED = SQL("""
    journey_id, version, type, data::text, event_id, schema_version,
    occurred_at, occurred_precision, recorded_at, context::text, wrapped
    """)
"""The same where the keys are joined: of one journey, or of many rows, that is looked up less often."""

SELECT_JOURNEY = SQL("""
    SELECT {columns} FROM event LEFT JOIN data_key USING (journey_id)
     WHERE journey_id = %s AND version > %s AND version <= %s
     ORDER BY version {order} LIMIT %s
    """)
SELECT_FORWARD = SELECT_JOURNEY.format(columns=JOINED, order=SQL("ASC"))
SELECT_BACKWARD = SELECT_JOURNEY.format(columns=JOINED, order=SQL("DESC"))
SELECT_LOG = SQL("""
    SELECT position, {columns}
      FROM log JOIN event USING (journey_id, version) LEFT JOIN data_key USING (journey_id)
     WHERE position > %s AND position <= %s
     ORDER BY position LIMIT %s
    """).format(columns=JOINED)
SELECT_END = SQL("SELECT max(position) FROM log")
FOR_EVER = 2**63 - 1


@cache
def append_statement(events: int, *, keyed: bool, opened: bool) -> Composed:
    """One statement for the whole append: it either happened or it did not, in one round trip."""
    return APPEND.format(
        rows=SQL(", ").join([ROW] * events),
        keyed=KEYED if keyed else SQL(""),
        opened=OPENED if opened else SQL(""),
    )


class VersionConflict(IntegrityError):
    """Somebody wrote this version, or used this idempotency key, first."""


class ConnectionLost(OperationalError):
    """The outcome of the statement is unknown."""


class Datastore:
    """A pool of autocommit connections to one database; statements are prepared at their first use."""

    def __init__(self, conninfo: str, *, pool_size: int, timeout: float) -> None:
        self.conninfo = conninfo
        self.pool = ConnectionPool(
            bounded(conninfo, ANSWERING, "store"),
            connection_class=kind(ANSWERING),
            min_size=1,
            max_size=pool_size,
            timeout=timeout,
            reconnect_timeout=timeout,  # longer, and its pauses grow beyond a minute
            open=True,
            kwargs={"autocommit": True, "prepare_threshold": 0},
            name="store",
        )

    def close(self) -> None:
        self.pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection[tuple[Any, ...]]]:
        """A connection for one statement, the driver's errors turned into the library's and ours."""
        try:
            with self.pool.connection() as connection:
                try:
                    yield connection
                except psycopg.errors.UniqueViolation as error:
                    raise VersionConflict from error
                except UNAVAILABLE as error:
                    if connection.closed:
                        raise ConnectionLost from error
                    raise StoreUnavailable(
                        "The database could not do this; nothing was recorded. Try again in a moment."
                    ) from error
        except (PoolTimeout, PoolClosed) as error:
            raise StoreUnavailable from error

    def select(self, query: SQL | Composed, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; asked again when its connection is lost, as reading changes nothing."""
        deadline = monotonic() + self.pool.timeout
        while True:
            try:
                with self.connection() as connection:
                    cursor = connection.cursor(binary=True)
                    return cursor.execute(query, parameters).fetchall()
            except ConnectionLost as error:
                if monotonic() > deadline:
                    raise StoreUnavailable from error

    def remember(self, journey_id: UUID, key: IdempotencyKey, version: int) -> None:
        """Keep that this request led to no event, at this version."""
        with self.connection() as connection:
            connection.execute(KEY, (journey_id, *key, version + 1, version))

    def remembered(self, journey_id: UUID, key: str) -> tuple[bytes, int, int] | None:
        """The digest of the request that used the key, and the versions that it led to."""
        found = self.select(SELECT_KEY, (journey_id, key))
        return cast(tuple[bytes, int, int], found[0]) if found else None


class JourneyRecorder(ApplicationRecorder):
    """Appends in one statement without lock or NOTIFY; reads the log that the sequencer makes."""

    def __init__(self, datastore: Datastore) -> None:
        self.datastore = datastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """Append to one journey, with `idempotency: IdempotencyKey | None` and `along: Along | None`.

        Returns no positions: those are given after commit. Raises VersionConflict, and OperationalError
        when the outcome is unknown: look the event ids up, and only then try again.
        """
        if stored_events:
            rows, along = cast(Sequence[StoredRow], stored_events), cast(Along | None, kwargs.get("along"))
            with self.datastore.connection() as connection:
                if along is None:
                    self.insert(connection, rows, kwargs.get("idempotency"))
                    return
                with connection.pipeline(), connection.transaction():
                    self.insert(connection, rows, kwargs.get("idempotency"))
                    along(connection, rows)

    def insert(
        self, connection: Connection[Any], rows: Sequence[StoredRow], idempotency: IdempotencyKey | None
    ) -> None:
        """The same on a connection, in whose transaction other things may be done."""
        span = (rows[0].originator_id, rows[0].originator_version, rows[-1].originator_version)
        if [row[:2] for row in rows] != [(span[0], span[1] + ahead) for ahead in range(len(rows))]:
            raise IntegrityError("An append is of one journey, version after version")
        parameters: list[Any] = []
        for row in rows:
            parameters += (
                row.originator_id,
                row.originator_version,
                row.event_id,
                row.topic,
                row.schema_version,
                row.occurred_at,
                row.occurred_precision,
                row.context,
                row.state,
            )
        if idempotency is not None:
            parameters += (span[0], *idempotency, *span[1:])
        opened = span[1] == 1 and rows[0].key is not None
        if opened:
            parameters += (span[0], rows[0].key)
        statement = append_statement(len(rows), keyed=idempotency is not None, opened=opened)
        connection.execute(statement, [*parameters, *span])

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The journey's rows in the order of versions."""
        rows = self.datastore.select(
            SELECT_BACKWARD if desc else SELECT_FORWARD,
            (originator_id, gt or 0, FOR_EVER if lte is None else lte, limit),
        )
        return cast(Sequence[StoredEvent], list(map(StoredRow._make, rows)))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The log from a position on. `topics` would let a reader's checkpoint fall behind: refused."""
        if topics:
            raise ValueError("The log is read whole: a filter belongs behind the checkpoint")
        after = 0 if start is None else start - (1 if inclusive_of_start else 0)
        rows = self.datastore.select(SELECT_LOG, (after, FOR_EVER if stop is None else stop, limit))
        return [Notification(row[1], row[2], row[3], row[4].encode(), id=row[0]) for row in rows]

    def max_notification_id(self) -> int | None:
        """The last position given."""
        [(position,)] = self.datastore.select(SELECT_END)
        return cast(int | None, position)

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the log, woken once for each batch that the sequencer moves."""
        return LogSubscription(recorder=self, gt=gt, topics=topics)


class LogSubscription(ListenNotifySubscription[JourneyRecorder]):
    """The library's subscription, listening on the sequencer's channel."""

    def __init__(self, recorder: JourneyRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._listener.join()

    def _listen(self) -> None:
        try:
            with self._recorder.datastore.connection() as connection:
                connection.execute(LISTEN)
                self._has_been_notified.set()  # what was sequenced since the first look
                while not self._has_been_stopped and self._thread_error is None:
                    for _ in connection.notifies(timeout=0.1, stop_after=1):
                        self._has_been_notified.set()
                connection.execute("UNLISTEN *")
        except BaseException as error:  # noqa: BLE001 - handed to the thread that iterates
            self._thread_error = error
            self.stop()


def event_store(datastore: Datastore) -> EventStore[UUID]:
    """The library's event store over our mapper and recorder: where journeys are put and got."""
    return EventStore(PydanticMapper(JSONTranscoder()), JourneyRecorder(datastore))
