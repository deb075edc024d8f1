"""Reached: how far each read model has come, who works on it, and what fails."""

from datetime import datetime
from typing import Any, NamedTuple, Self

from journey.projections import READ_MODELS
from journey.projections.projector import lock_of

POSITIONS = """
    SELECT wanted.name, coalesce(checkpoint.position, 0), head.position,
           coalesce(extract(epoch FROM now() - next.recorded_at), 0)::float8,
           (SELECT count(*) FROM parked_journey WHERE model = wanted.name),
           checkpoint.last_error, checkpoint.failing_since, checkpoint.updated_at,
           leader.pid IS NOT NULL, leader.backend_start
      FROM unnest(%s::text[], %s::bigint[]) WITH ORDINALITY AS wanted (name, lock, place)
      CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM log) AS head
      LEFT JOIN checkpoint USING (name)
      LEFT JOIN LATERAL (
           SELECT event.recorded_at FROM log JOIN event USING (journey_id, version)
            WHERE log.position = coalesce(checkpoint.position, 0) + 1
           ) AS next ON true
      LEFT JOIN LATERAL (
           SELECT pg_locks.pid, backend_start FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND objsubid = 1 AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND classid::bigint << 32 | objid::bigint = wanted.lock
           ) AS leader ON true
     ORDER BY place
    """
WANTED = ([model.name for model in READ_MODELS], [lock_of(model.name) for model in READ_MODELS])


class Reached(NamedTuple):
    """Where one is."""

    name: str
    position: int
    head: int
    """The last position of the log."""
    lag_seconds: float
    """How long ago the first event was recorded that it has not seen yet."""
    parked: int
    last_error: str | None
    failing_since: datetime | None
    moved_at: datetime | None
    """When it last took something up."""
    is_led: bool
    led_since: datetime | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        return cls(*row)

    @property
    def lag_events(self) -> int:
        """Below 0, where part of the database was put back: it has seen more than there is."""
        return self.head - self.position
