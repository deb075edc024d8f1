"""The rival: the `eventsourcing` library as it comes, in its safe mode, on a database of its own."""

from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from journey.bench.figures import seconds


class Patient(Aggregate):
    """Opened, then moved from bed to bed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bed = ""

    @event("Moved")
    def move(self, bed: str) -> None:
        self.bed = bed


class Hospital(Application[UUID]):
    """Where patients are saved."""


class Beds(PostgresTrackingRecorder):
    """A simple view: a row a patient, and the library's own tracking in the same transaction."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._table = Identifier(self.datastore.schema, "beds")
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {} (patient uuid PRIMARY KEY, events bigint)").format(self._table)
        )

    def count(self, patient: UUID, tracking: Any) -> None:
        """One more event of this patient."""
        upsert = SQL(
            "INSERT INTO {} AS beds VALUES (%s, 1)"
            " ON CONFLICT (patient) DO UPDATE SET events = beds.events + 1"
        ).format(self._table)
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(upsert, (patient,), prepare=True)
            self._insert_tracking(cursor, tracking)


class Counting(Projection[Beds]):
    """Every event into the view."""

    name = "counting"

    def process_event(self, domain_event: Any, tracking: Any) -> None:
        self.view.count(domain_event.originator_id, tracking)


class Rival:
    """The library's application on one database."""

    def __init__(self, url: str, stack: ExitStack, *, connections: int) -> None:
        parts = conninfo_to_dict(url)
        self._environment = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts.get("host", "")),
            "POSTGRES_PORT": str(parts.get("port", "5432")),
            "POSTGRES_USER": str(parts.get("user", "")),
            "POSTGRES_PASSWORD": str(parts.get("password", "none")),
            "POSTGRES_POOL_SIZE": str(connections),
        }
        self.hospital = Hospital(env=self._environment)
        stack.callback(self.hospital.close)

    def save_one(self) -> None:
        """One event of a new patient."""
        self.hospital.save(Patient("Anna Smith"))

    def saved(self, events: int) -> UUID:
        """A patient of so many events."""
        patient = Patient("Anna Smith")
        for number in range(events - 1):
            patient.move(str(number))
        self.hospital.save(patient)
        return patient.id

    def load(self, patient_id: UUID) -> object:
        """The patient, from its events."""
        return self.hospital.repository.get(patient_id)

    def catch_up_rate(self) -> float:
        """Events a second of a projection over everything saved, its view begun anew."""
        end = self.hospital.recorder.max_notification_id()
        projection = type(f"Counting{uuid4().hex[:8]}", (Counting,), {"name": f"counting{uuid4().hex[:8]}"})
        with ProjectionRunner[Hospital, Beds](
            application_class=Hospital, projection_class=projection, view_class=Beds, env=self._environment
        ) as runner:
            return (end or 0) / seconds(lambda: runner.wait(end, timeout=300))
