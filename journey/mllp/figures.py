"""Figures: what a listener counts, for Prometheus. Numbers, answers and reasons; nobody's message."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server


class Figures:
    """Of one listener."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.connections = Gauge("journey_mllp_connections", "Connections open.", registry=self.registry)
        self.closed = Counter(
            "journey_mllp_closed", "Connections that ended, by why.", ["why"], registry=self.registry
        )
        self.messages = Counter(
            "journey_mllp_messages",
            "Messages by what became of them: applied, duplicate, parked, rejected, not-kept.",
            ["status"],
            registry=self.registry,
        )
        self.answers = Counter(
            "journey_mllp_acknowledgements",
            "Acknowledgements written, by code.",
            ["code"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "journey_mllp_seconds",
            "From a message's last byte to its acknowledgement.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.noise = Counter(
            "journey_mllp_noise_bytes", "Bytes outside of any message.", registry=self.registry
        )
        self.cut_short = Counter(
            "journey_mllp_cut_short", "Messages that began and did not end.", registry=self.registry
        )

    @contextmanager
    def shown(self, port: int | None) -> Iterator[None]:
        """To whoever asks this machine's own address there, for as long as the block lasts."""
        if port is None:
            yield
            return
        server, thread = start_http_server(port, "127.0.0.1", self.registry)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
