"""The line that tells pages of what was recorded: few at once of a session, the newest of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.embedded import Cluster
from journey.web.live import MOST, Lines
from tests.api.streaming import on_a_socket
from tests.served import database

pytestmark = pytest.mark.database


@pytest.fixture
def served(cluster: Cluster, template: str, tmp_path: Any) -> Iterator[tuple[str, str]]:
    """Where, and a key."""
    with database(cluster, template) as conninfo:
        key = keys.create(conninfo, "nurse", Role.COORDINATOR, "ward 3", Grant()).token
        with on_a_socket(conninfo, tmp_path, {}) as there:
            yield there.url, key


def test_one_more_than_there_may_be_ends_the_oldest_and_no_other(served: tuple[str, str]) -> None:
    url, key = served
    with httpx2.Client(base_url=url, timeout=20) as client, ExitStack() as stack:
        assert client.post("/console/sign-in", data={"key": key}).status_code == 303
        lines = []
        for _ in range(MOST + 1):
            opened = stack.enter_context(client.stream("GET", "/console/live"))
            line = opened.iter_lines()
            assert next(line) == "retry: 3000"
            lines.append(line)
        client.post("/v1/journeys", headers={"Authorization": f"Bearer {key}"}, json={"team": "ward 3"})
        assert list(lines[0])[-3:] == ["event: over", "data:", ""], "and there it ends"
        for line in lines[1:]:
            assert next(each for each in line if each.startswith("event")) == "event: grown"


def test_what_is_open_is_known_of_those_that_are_there_alone() -> None:
    lines = Lines()
    with ExitStack() as stack:
        first = stack.enter_context(lines.one(b"a"))
        others = [stack.enter_context(lines.one(session)) for session in (b"b", *[b"a"] * MOST)]
        assert not first()
        assert all(is_wanted() for is_wanted in others)
    assert vars(lines) == {"_open": {}}
