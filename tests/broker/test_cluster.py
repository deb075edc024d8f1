"""A stream on three servers: whichever of them is killed, what stands in it is the log."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from journey.bench.published import Server, free_port
from tests.broker.publishing import Publishing, in_order, leader_of, program
from tests.waiting import until
from tests.webhooks.delivering import world


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, ...]]:
    program()
    folder, routes = tmp_path_factory.mktemp("cluster"), [free_port() for _ in range(3)]
    with ExitStack() as stack:
        found = tuple(Server(folder, number, routes) for number in range(3))
        for each in found:
            stack.callback(each.kill)
            each.start()
        yield found


@pytest.mark.crash
def test_the_leader_is_killed_and_nothing_is_lost_or_comes_twice(
    database_url: str, servers: tuple[Server, ...]
) -> None:
    with world(database_url) as found:
        here = Publishing(found, servers)
        found.journeys(40, events=5)
        with here.publishing():
            until(lambda: (here.row("stored") or 0) >= 50, timeout=30)
            servers[leader_of(*here.urls)].kill()
            found.journeys(40, events=5)
            here.reached()
        assert [each.id for each in here.stream] == here.log
        assert in_order(here.stream)
