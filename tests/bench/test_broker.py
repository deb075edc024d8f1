"""Publishing is measured where there is a broker; where there is none, that is said."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from journey.bench import published, streamed
from journey.bench.broker import broker
from journey.bench.scratch import Scratch, scratch
from journey.settings import Settings


@pytest.mark.skipif(published.installed() is None, reason="nats-server is not installed: NOTHING IS MEASURED")
def test_it_answers_figures(postgres_bin_dir: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "EVENTS", 100)
    monkeypatch.setattr(streamed, "SAMPLES", 10)
    monkeypatch.setattr(streamed, "ROUNDS", 1)
    with scratch(Settings.load(postgres_bin_dir=postgres_bin_dir)) as server:
        found = list(broker(server))
    assert len(found) == 6
    assert all(each.value > 0 for each in found)


def test_that_it_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    [said] = broker(Scratch("", None, ExitStack()))
    assert said.what == "nats-server or journey[nats] is not installed, and left out"
