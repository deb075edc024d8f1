"""Webhooks through crashes: everything arrives, whatever is killed; and the checker notices what does not."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from journey.bench import published
from journey.bench.delivered import of_a_receiver, of_a_stream, of_a_subscription
from journey.bench.deliveries import DeliverySoak
from journey.bench.notified import Event, Notice
from journey.bench.receiving import Line
from journey.bench.scratch import scratch
from journey.bench.subscribed import Asked
from journey.settings import Settings


@pytest.mark.crash
def test_every_event_is_brought_in_order_whatever_is_killed(
    tmp_path: Path, postgres_bin_dir: Path | None
) -> None:
    """Receivers lie, hang up, redirect and are slow; they, API, worker, broker and server are killed. A FHIR
    Subscription's stays away until that is in error.
    """
    with scratch(Settings.load(postgres_bin_dir=postgres_bin_dir)) as server:
        url, restart = server.database(), server.restart
        soak = DeliverySoak(url, tmp_path, seed=1, restart_server=restart, server_lives=1.5, few=True)
        report = soak.run(1.0)
    assert report.complaints == ()
    assert report.events > 0
    assert report.outcomes["taken"] >= 3 * report.events
    assert report.outcomes["notified"] > 0
    assert report.outcomes["asked for"] > 0
    assert killed() <= report.killed.keys()


def killed() -> set[str]:
    always = {"server", "worker", "receiver", "api", "subscriber"}
    return always | ({"broker"} if published.installed() else set())


A, B = UUID(int=1), UUID(int=2)
LOG = [(1, A, 1, UUID(int=11)), (2, B, 1, UUID(int=21)), (3, A, 2, UUID(int=12))]
FIRST, OTHER, SECOND = (
    Line(1, UUID(int=11), A, 1),
    Line(2, UUID(int=21), B, 1),
    Line(3, UUID(int=12), A, 2),
)


@pytest.mark.parametrize("right", [[FIRST, OTHER, SECOND], [OTHER, FIRST, FIRST, SECOND, FIRST]])
def test_the_checker_is_content_with_what_is_right(right: list[Line]) -> None:
    assert not list(of_a_receiver(LOG, right))


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ([FIRST, OTHER], "never came"),
        ([OTHER, SECOND, FIRST], "came before"),
        ([FIRST, OTHER, SECOND._replace(number=4)], "gaps"),
        ([FIRST, OTHER, SECOND, SECOND._replace(number=4)], "two numbers"),
        ([FIRST, OTHER._replace(number=1), SECOND], "two ids"),
        ([FIRST, OTHER, SECOND, Line(4, UUID(int=99), B, 2)], "not in the log"),
    ],
)
def test_the_checker_notices(wrong: list[Line], what: str) -> None:
    assert any(what in each for each in of_a_receiver(LOG, wrong))


AT = [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in range(3)]
NUMBERED = [(A, AT[0]), (B, AT[1]), (A, AT[2])]
ONE, TWO, THREE = (
    Event(number, at, f"EpisodeOfCare/{journey}") for number, (journey, at) in enumerate(NUMBERED, 1)
)
SHAKEN, AGAIN = Notice("handshake", 0), Notice("handshake", 2)
TOLD = [Notice("event-notification", each.number, each) for each in (ONE, TWO, THREE)]
OTHER_TIME = ONE._replace(at=AT[1])


@pytest.mark.parametrize(
    ("notices", "asked"),
    [
        ([SHAKEN, *TOLD], []),
        ([SHAKEN, TOLD[1], TOLD[0], TOLD[0], TOLD[2], TOLD[0]], []),
        ([SHAKEN, TOLD[0], AGAIN, TOLD[2], Notice("heartbeat", 3)], [Asked(2, 2, (TWO,))]),
        ([SHAKEN, Notice("handshake", 3)], [Asked(1, 3, (ONE, TWO, THREE))]),
    ],
)
def test_the_checker_is_content_with_what_came_and_what_was_asked_for(
    notices: list[Notice], asked: list[Asked]
) -> None:
    assert not list(of_a_subscription(NUMBERED, notices, asked))


@pytest.mark.parametrize(
    ("notices", "asked", "what"),
    [
        ([SHAKEN, *TOLD[:2]], [], "1 events neither"),
        ([SHAKEN, TOLD[0], AGAIN, TOLD[2]], [Asked(2, 2, ())], "answered others"),
        ([SHAKEN, TOLD[0], AGAIN, TOLD[2]], [Asked(2, 2, (TWO, THREE))], "answered others"),
        ([SHAKEN, TOLD[0], AGAIN, TOLD[2]], [Asked(2, 2, (TWO._replace(focus=None),))], "another event"),
        ([SHAKEN, *TOLD, Notice("event-notification", 4, ONE._replace(number=4))], [], "another event"),
        ([SHAKEN, *TOLD, Notice("event-notification", 1, OTHER_TIME)], [], "another event"),
        ([SHAKEN, *TOLD, TOLD[0]._replace(events=3)], [], "counts 3 tells of another number"),
        ([SHAKEN, *TOLD, AGAIN], [], "handshake counts 2, after 3"),
        ([*TOLD, AGAIN], [], "no handshake: event-notification"),
        ([SHAKEN, TOLD[2], TOLD[1], TOLD[0]], [], "number 1 came first after 3"),
    ],
)
def test_the_checker_notices_what_is_wrong_with_a_subscription(
    notices: list[Notice], asked: list[Asked], what: str
) -> None:
    assert any(what in each for each in of_a_subscription(NUMBERED, notices, asked))


KEYS = [str(each.message_id) for each in (FIRST, OTHER, SECOND)]


def test_the_checker_is_content_with_a_stream_that_is_the_log() -> None:
    assert not list(of_a_stream(LOG, KEYS))


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (KEYS[:2], "has 2 messages"),
        ([*KEYS, KEYS[-1]], "has 4 messages"),
        ([KEYS[1], KEYS[0], KEYS[2]], "message 1"),
        ([KEYS[0], KEYS[0], KEYS[1], KEYS[2]], "message 2"),
    ],
)
def test_the_checker_notices_a_stream_that_is_not(wrong: list[str], what: str) -> None:
    assert any(what in each for each in of_a_stream(LOG, wrong))
