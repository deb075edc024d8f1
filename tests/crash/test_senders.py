"""MLLP through crashes: what was acknowledged is on disk, and what is sent again is no news; and the checker
notices where it is not so.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from journey.bench import senders
from journey.bench.acknowledged import Held, Told, complaints
from journey.bench.scratch import scratch
from journey.bench.senders import CONNECTIONS, MllpSoak
from journey.bench.soak import Report
from journey.ingest.hl7v2.applying import CORRELATION
from journey.ingest.hl7v2.er7 import parse
from journey.mllp import sending
from journey.settings import Settings
from journey.simulate import messages, simulate
from tests.ingest.hl7v2.corpus import corpus

MOST = 240
"""Simulated messages."""


def shared(raws: Iterable[bytes]) -> list[list[bytes]]:
    """Over so many connections; each patient's over one, with whom they are merged with."""
    shares: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
    of: dict[str, int] = {}
    for number, raw in enumerate(raws):
        message = parse(raw)
        named = [message.value("PID", 3), message.value("MRG", 1)]
        connection = next((of[name] for name in named if name in of), number % CONNECTIONS)
        of |= {name: connection for name in named if name}
        shares[connection].append(raw)
    return shares


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PAUSES", (0.1, 0.5))
    monkeypatch.setattr(senders, "CALM", (60, 180))


def soaked(folder: Path, binaries: Path | None, shares: Sequence[Sequence[bytes]]) -> Report:
    with scratch(Settings.load(postgres_bin_dir=binaries)) as server:
        url, restart = server.database(), server.restart
        soak = MllpSoak(url, folder, seed=1, restart_server=restart, server_lives=10.0, shares=shares)
        return soak.run(60.0)


@pytest.mark.crash
def test_every_message_that_others_wrote_is_kept_once_over_fifty_connections_whatever_is_killed(
    tmp_path: Path, postgres_bin_dir: Path | None
) -> None:
    raws = [each.raw for each in corpus() if parse(each.raw).value("MSH", 9) != "ACK"]
    assert len(raws) == 740, "to an acknowledgement nothing is said, ever"
    report = soaked(tmp_path, postgres_bin_dir, shared(raws))
    assert report.complaints == ()
    assert {"server", "listener"} <= report.killed.keys()
    assert report.outcomes["AA"] > 0
    assert report.outcomes["sent again"] > 0


@pytest.mark.crash
def test_what_a_clinic_sends_over_fifty_connections_is_applied_once_whatever_is_killed(
    tmp_path: Path, postgres_bin_dir: Path | None
) -> None:
    steps = simulate(40, seed=1, months=2, until=date(2026, 11, 1))
    # Each asks to be told that it is applied.
    raws = [raw.replace(b"|AL|NE", b"|AL|AL", 1) for raw in messages(steps)][:MOST]
    report = soaked(tmp_path, postgres_bin_dir, shared(raws))
    assert report.complaints == ()
    assert {"server", "listener"} <= report.killed.keys()
    assert (len(raws), report.outcomes["AA"]) == (MOST, MOST), (
        "whoever sends wants to hear that it is applied"
    )
    assert report.outcomes["sent again"] > 0


def raw(number: int) -> bytes:
    return rf"MSH|^~\&|A|B|C|D|20260301||ADT^A08|{number}|P|2.5.1".encode()


ONE, TWO, PARKED = Told(raw(1), "AA"), Told(raw(2), "AA"), Told(raw(3), "AE")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def name(told: Told) -> UUID:
    return uuid5(CORRELATION, told.key.hex())


RIGHT = Held(
    {ONE.key: "applied", TWO.key: "applied", PARKED.key: "parked"},
    {name(ONE): AT, name(TWO): AT + timedelta(seconds=1)},
    doubled=0,
    events=2,
)
SENT = [[ONE, TWO], [PARKED]]


def without(told: Told) -> Held:
    statuses = {key: status for key, status in RIGHT.statuses.items() if key != told.key}
    return RIGHT._replace(statuses=statuses)


def test_the_checker_is_content_with_what_is_right() -> None:
    assert not list(complaints(SENT, RIGHT, SENT, RIGHT))


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (without(TWO), RIGHT, "1 messages were acknowledged, and are not kept"),
        (without(PARKED), RIGHT, "1 messages were acknowledged, and are not kept"),
        (RIGHT, RIGHT._replace(events=3), "1 events were recorded when it was sent again"),
        (RIGHT, RIGHT._replace(doubled=1), "1 events were recorded twice"),
        (RIGHT, without(PARKED), "told AE, and is not there"),
        (RIGHT, RIGHT._replace(statuses={**RIGHT.statuses, ONE.key: "parked"}), "told AA, and is parked"),
        (RIGHT, RIGHT._replace(statuses={**RIGHT.statuses, b"?": "parked"}), "1 messages are in the inbox"),
        (RIGHT._replace(first={name(ONE): AT, name(TWO): AT - timedelta(1)}), RIGHT, "another order"),
    ],
)
def test_the_checker_notices(before: Held, after: Held, what: str) -> None:
    assert any(what in each for each in complaints(SENT, before, SENT, after))
