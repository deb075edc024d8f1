"""Figures: what this process counts, for Prometheus; of several that answer on one address, what they count
together.

Those write theirs into files of a folder that they share, and whichever is asked adds them up.
"""

import os
from pathlib import Path
from typing import Literal, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder that several processes share. The library looks for it when it is imported."""

Together = Literal["livemostrecent", "livesum"]
"""What a gauge of several processes is: what was last set by any, or the sum of all that live."""


class Figure(NamedTuple):
    """One of them, as the documentation lists it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str


class Figures:
    """Counters, and gauges that are set when they are asked for."""

    def __init__(self, shared: Path | None = None) -> None:
        self.shared = shared
        self.registry = CollectorRegistry()
        self._told = self.registry
        if shared is not None:
            self._told = CollectorRegistry()
            MultiProcessCollector(self._told, path=str(shared))  # type: ignore[no-untyped-call]  # the library's
        self.described: list[Figure] = []
        self._requests = self._counter(
            "journey_http_requests", "Requests answered.", "method", "route", "status"
        )
        self._seconds = Histogram(
            "journey_http_request_seconds",
            "How long requests took.",
            ["method", "route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.described.append(
            Figure(
                "journey_http_request_seconds", "histogram", ("method", "route"), "How long requests took."
            )
        )
        self._problems = self._counter(
            "journey_problems", "Requests answered with a problem, refusals among them, by its code.", "code"
        )
        self._limited = self._counter(
            "journey_rate_limited",
            "Requests sent away: a key asked, or an address guessed, too often.",
            "whose",
        )
        self._commands = self._counter(
            "journey_commands",
            "Commands by what came of them: recorded, nothing-to-do, or the code of the problem.",
            "command",
            "outcome",
        )
        self._appends = self._counter(
            "journey_appends",
            "Tries to append: appended, raced (another was first), retried (the connection was lost).",
            "outcome",
        )
        self.reachable = self._gauge("journey_database_reachable", "1 while the database is reached.")
        self.log_position = self._gauge("journey_log_position", "The last position of the log.")
        self.clock_drift = self._gauge(
            "journey_clock_drift_seconds", "How far the database's clock is ahead of this process's."
        )
        self.unreviewed = self._gauge(
            "journey_break_glass_overdue", "Break-glasses that nobody has reviewed within 72 hours."
        )
        self.gaps = self._gauge(
            "journey_log_gaps", "Positions that are missing among the last 10,000; always 0."
        )
        self.backlog = self._gauge("journey_sequencer_backlog", "Appends that wait for their positions.")
        self.lag = self._gauge("journey_projection_lag_events", "Events a read model is behind.", "model")
        self.parked = self._gauge(
            "journey_projection_parked", "Journeys a read model could not take up.", "model"
        )
        self.failing = self._gauge("journey_projection_failing", "1 while a read model fails.", "model")
        self.led = self._gauge("journey_part_led", "1 while a worker leads this part.", "part")
        self.epoch = self._gauge("journey_store_epoch", "Which epoch the log is in.")
        self.checkpoint = self._gauge("journey_ledger_checkpoint", "The number of the last checkpoint.")
        self.uncovered = self._gauge(
            "journey_ledger_uncovered", "Events and records of the trail that no checkpoint covers."
        )
        self.deliveries = self._gauge(
            "journey_webhook_deliveries", "Deliveries of webhooks that have not ended.", "state"
        )
        self.oldest_delivery = self._gauge(
            "journey_webhook_oldest_seconds", "For how long the oldest pending delivery has been pending."
        )
        self.webhooks = self._gauge("journey_webhooks", "Subscriptions.", "state")
        self.endpoints_down = self._gauge("journey_webhook_endpoints_down", "Endpoints that take nothing.")
        self.broker_lag = self._gauge(
            "journey_broker_lag_events", "Events that a broker's stream is behind the log.", "broker"
        )
        self.broker_failing = self._gauge(
            "journey_broker_failing", "1 while nothing gets to a broker, or nobody publishes there.", "broker"
        )
        self.pool = self._gauge(
            "journey_pool_connections", "Database connections.", "pool", "state", together="livesum"
        )
        self.waiting = self._gauge(
            "journey_commands_waiting", "Commands that are handled or wait to be.", together="livesum"
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    def command(self, name: str, outcome: str) -> None:
        self._commands.labels(name, outcome).inc()

    def problem(self, code: str) -> None:
        self._problems.labels(code).inc()

    def limited(self, whose: str) -> None:
        self._limited.labels(whose).inc()

    def store(self, outcome: str) -> None:
        self._appends.labels(outcome).inc()

    def text(self) -> bytes:
        if self.shared is not None:
            _forget_the_dead(self.shared)
        return generate_latest(self._told)

    def _gauge(self, name: str, meaning: str, *labels: str, together: Together = "livemostrecent") -> Gauge:
        self.described.append(Figure(name, "gauge", labels, meaning))
        return Gauge(name, meaning, labels, registry=self.registry, multiprocess_mode=together)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        self.described.append(Figure(f"{name}_total", "counter", labels, meaning))
        return Counter(name, meaning, labels, registry=self.registry)


def _forget_the_dead(shared: Path) -> None:
    """What a killed process held, it holds no more; what it counted still counts."""
    for file in shared.glob("gauge_live*.db"):
        process = int(file.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            mark_process_dead(process, str(shared))  # type: ignore[no-untyped-call]  # the library's
