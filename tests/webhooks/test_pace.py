"""When something is tried again, and how an endpoint that is down is treated."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from journey.webhooks.pace import Endpoint, Pace

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PACE = Pace()
UP = Endpoint(allowance=8)


def failed(endpoint: Endpoint, journeys: int, at: datetime = NOW) -> Endpoint:
    for number in range(journeys):
        endpoint = endpoint.failed(UUID(int=number), at, PACE, 0.0)
    return endpoint


def test_a_delivery_is_tried_ten_times_over_three_days() -> None:
    waits = [PACE.wait(attempts, 0.0) for attempts in range(1, 11)]
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None]
    assert timedelta(days=3) < timedelta(seconds=sum(wait or 0 for wait in waits)) < timedelta(days=4)


def test_whoever_failed_together_does_not_come_back_together() -> None:
    waits = [PACE.wait(3, dice / 10) or 0 for dice in range(11)]
    assert waits[0] == 1800
    assert waits[-1] == 2160
    assert all(one < other for one, other in pairwise(waits))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0),
        ("120", 120),
        ("0", 0),
        ("999999999999999999", 86400),
        ("Mon, 02 Mar 2026 09:01:00 GMT", 60),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("-5", 0),
        ("soon", 0),
        ("٣", 0),
        ("1e9", 0),
    ],
)
def test_retry_after_is_heeded_within_bounds(said: str | None, seconds: float) -> None:
    assert PACE.heeded(said, NOW) == seconds


def test_one_journey_that_fails_again_and_again_is_not_the_endpoint() -> None:
    endpoint = UP
    for _ in range(20):
        endpoint = endpoint.failed(UUID(int=1), NOW, PACE, 0.0)
    assert not endpoint.is_down
    assert endpoint.room(NOW) == 1


def test_what_gets_through_in_between_keeps_it_up() -> None:
    endpoint = UP
    for _ in range(5):
        endpoint = failed(endpoint, PACE.failing - 1).answered(PACE)
    assert not endpoint.is_down


def test_an_endpoint_at_which_several_journeys_fail_is_left_alone_and_then_probed() -> None:
    endpoint = failed(UP, PACE.failing)
    assert endpoint.is_down
    assert endpoint.room(NOW) == 0
    assert endpoint.room(NOW + timedelta(seconds=5)) == 1


def test_probes_become_rarer_and_no_rarer_than_every_five_minutes() -> None:
    endpoint, at, pauses = failed(UP, PACE.failing), NOW, []
    for number in range(10):
        assert endpoint.shut_until is not None
        pauses.append((endpoint.shut_until - at).total_seconds())
        at = endpoint.shut_until
        endpoint = endpoint.failed(UUID(int=number), at, PACE, 0.0)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]


def test_what_was_under_way_when_it_was_found_down_changes_nothing() -> None:
    endpoint = failed(UP, PACE.failing)
    assert failed(endpoint, 3) == endpoint


def test_an_endpoint_that_is_back_is_sent_more_by_and_by() -> None:
    endpoint, rooms = failed(UP, PACE.failing), []
    for _ in range(100):
        endpoint = endpoint.answered(PACE)
        rooms.append(endpoint.room(NOW))
    assert rooms[:4] == [2, 3, 4, 5]
    assert rooms[-1] == PACE.most


def test_who_asks_for_a_pause_is_left_alone_for_so_long() -> None:
    endpoint = UP.asked_to_wait(30, NOW)
    assert (endpoint.room(NOW), endpoint.room(NOW + timedelta(seconds=30))) == (0, 1)
    assert not endpoint.is_down


def test_an_endpoint_that_is_down_for_three_days_is_given_up() -> None:
    endpoint = failed(UP, PACE.failing)
    assert not endpoint.is_given_up(NOW + timedelta(hours=71), PACE)
    assert endpoint.is_given_up(NOW + timedelta(hours=73), PACE)
    assert not endpoint.answered(PACE).is_given_up(NOW + timedelta(hours=73), PACE)
