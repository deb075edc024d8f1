"""Killed at any moment, the listener has on disk what it acknowledged; what is sent again is not doubled."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess

import pytest

from journey.mllp import sending
from journey.mllp.figures import Figures
from journey.mllp.header import header
from journey.mllp.listener import Listener
from journey.mllp.sending import Receiving, Sender
from journey.mllp.taking import taking
from journey.settings import Settings
from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.written import evn, message, pv1
from tests.processes import processes
from tests.waiting import until

SENDERS, MOVES, KILLS = 4, 40, 3


def story(patient: str) -> Sequence[bytes]:
    """An admission, and one move after the other."""
    pid = f"PID|1||{patient}^^^HOSP^MR||Doe^Jane"
    visit = f"V{patient}^^^HOSP^VN"
    told = [("A01", pv1(f3="W0", f19=visit)), *(("A02", pv1(f3=f"W{n}", f19=visit)) for n in range(1, MOVES))]
    return [
        message(f"ADT^{trigger}", evn(f"202603010800{n:02}+0000"), pid, where, control_id=f"{patient}-{n}")
        for n, (trigger, where) in enumerate(told)
    ]


def listen(url: str, port: int, pipe: Pipe) -> None:
    """A process of its own, until it is killed; says its port when it listens."""

    async def forever() -> None:
        settings = Settings.load(database_url=url, mllp_port=port)
        with taking(url, settings) as taken:
            async with Listener(taken, settings, Figures()).listening() as address:
                pipe.send(address[1])
                await asyncio.Event().wait()

    asyncio.run(forever())


@pytest.mark.crash
def test_what_was_acknowledged_is_there_and_what_is_sent_again_is_not_doubled(
    database_url: str, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAUSES", (0.05,))
    stories = [story(f"K{n}") for n in range(SENDERS)]
    acknowledged: list[str] = []
    here, there = processes.Pipe()

    def started(port: int) -> tuple[ForkServerProcess, int]:
        process = processes.Process(target=listen, args=(database_url, port, there), daemon=True)
        process.start()
        assert here.poll(30)
        return process, here.recv()

    process, port = started(0)

    def send(story: Sequence[bytes]) -> int:
        with Sender(Receiving("127.0.0.1", port)) as sender:
            for raw in story:
                assert sender.send(raw).code == "AA"
                acknowledged.append(header(raw).control_id)
        return sender.again

    with ThreadPoolExecutor(SENDERS) as crew:
        sent = [crew.submit(send, each) for each in stories]
        for kill in range(1, KILLS + 1):
            goal = kill * SENDERS * MOVES // (KILLS + 1)
            until(lambda goal=goal: len(acknowledged) >= goal, 60)  # type: ignore[misc]  # bound to this round
            process.kill()
            process.join()
            before = list(acknowledged)
            there_by_then = {row["control_id"] for row in feed.inbox() if row["status"] == "applied"}
            assert set(before) <= there_by_then
            process, _ = started(port)
        again = [each.result(60) for each in sent]
    process.kill()
    process.join()

    assert sum(again) >= KILLS
    assert Counter(row["control_id"] for row in feed.inbox()) == Counter(acknowledged)
    for n in range(SENDERS):
        journey = feed.journey_of(f"K{n}")
        kinds = Counter(feed.told(journey.journey_id))
        assert (kinds["visit.admitted"], kinds["visit.moved"]) == (1, MOVES - 1)
        (visit,) = journey.visits
        assert visit.location
        assert visit.location.point_of_care == f"W{MOVES - 1}"
