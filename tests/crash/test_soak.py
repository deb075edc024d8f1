from pathlib import Path

import pytest

from journey.bench.scratch import scratch
from journey.bench.served import ServedSoak
from journey.bench.soak import Soak
from journey.settings import Settings


@pytest.mark.crash
def test_nothing_is_lost_doubled_or_out_of_order_whatever_is_killed(
    tmp_path: Path, postgres_bin_dir: Path | None
) -> None:
    """The server among it: 64 writers, everything killed at random, then everything counted."""
    settings = Settings.load(postgres_bin_dir=postgres_bin_dir)
    with scratch(settings) as server:
        soak = Soak(server.database(), tmp_path, seed=1, restart_server=server.restart, server_lives=1.0)
        report = soak.run(3.0)
    assert report.complaints == ()
    assert report.killed["server"] >= 1
    assert report.outcomes["ok"] > 100


@pytest.mark.crash
def test_nothing_that_was_answered_over_http_is_lost_or_done_twice(
    tmp_path: Path, postgres_bin_dir: Path | None
) -> None:
    """API processes, the worker and the server killed, or told to stop, under callers that ask again."""
    with scratch(Settings.load(postgres_bin_dir=postgres_bin_dir)) as server:
        url, restart = server.database(), server.restart
        soak = ServedSoak(url, tmp_path, seed=3, restart_server=restart, server_lives=0.1, few=True)
        report = soak.run(3.0)
    assert report.complaints == ()
    assert report.killed["server"] >= 1
    assert report.outcomes["ok"] > 20
