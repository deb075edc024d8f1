"""Figures: what this process counts, for Prometheus."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Figures:
    """Counters of this process, and gauges that are set when they are asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "journey_http_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "journey_http_request_seconds",
            "How long requests took.",
            ["method", "route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self._commands = Counter(
            "journey_commands_total",
            "Commands by what came of them: recorded, nothing-to-do, or the code of the problem.",
            ["command", "outcome"],
            registry=self.registry,
        )
        self.reachable = self._gauge("journey_database_reachable", "1 while the database is reached.")
        self.log_position = self._gauge("journey_log_position", "The last position of the log.")
        self.backlog = self._gauge("journey_sequencer_backlog", "Appends that wait for their positions.")
        self.lag = self._gauge("journey_projection_lag_events", "Events a read model is behind.", "model")
        self.parked = self._gauge(
            "journey_projection_parked", "Journeys a read model could not take up.", "model"
        )
        self.failing = self._gauge("journey_projection_failing", "1 while a read model fails.", "model")
        self.pool = self._gauge("journey_pool_connections", "Database connections.", "pool", "state")
        self.waiting = self._gauge("journey_commands_waiting", "Commands that are handled or wait to be.")

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    def command(self, name: str, outcome: str) -> None:
        self._commands.labels(name, outcome).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)
