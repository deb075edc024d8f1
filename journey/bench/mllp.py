"""How many HL7 v2 messages a second are acknowledged over MLLP, beside the same read from a file.

One listener in a process of its own. Each patient is admitted, moved twice and discharged; other patients
each time. Over several connections a patient keeps to one. The floor is `ingest hl7v2`: the same path without
connections, one message after the other.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import count
from time import perf_counter
from zoneinfo import ZoneInfo

from journey.bench.beside import beside
from journey.bench.figures import Figure, measured
from journey.bench.scratch import Scratch
from journey.ingest.files import Found
from journey.ingest.hl7v2.ingest import ingest
from journey.mllp.figures import Figures
from journey.mllp.listener import Listener
from journey.mllp.sending import Receiving, send
from journey.mllp.taking import taking
from journey.settings import Settings
from journey.store.store import Store

PATIENTS = 48
ROUNDS = 7
CONNECTIONS = 16
FLOOR = "ingest hl7v2"
COMPARED = (
    (FLOOR, ""),
    ("1 connection", FLOOR),
    (f"{CONNECTIONS} connections", FLOOR),
    ("1 connection, sent again", FLOOR),
)
STAY = (("A01", "W1"), ("A02", "W2"), ("A02", "W3"), ("A03", "W3"))

_numbers = count(1)

Patient = Sequence[Found]


def mllp(server: Scratch) -> Iterator[Figure]:
    """The worker is at rest: what is measured is the way in."""
    url = server.database()
    with closing(Store(url)) as store, beside(listen, database_url=url, mllp_port=0) as address:
        to = Receiving(*address)
        known = _patients()
        _sent(to, [known])
        works: dict[str, Callable[[], float]] = {
            FLOOR: lambda: _rate(partial(_ingested, store), [_patients()]),
            COMPARED[1][0]: lambda: _rate(partial(_sent, to), [_patients()]),
            COMPARED[2][0]: lambda: _rate(partial(_sent, to), _shares(_patients())),
            COMPARED[3][0]: lambda: _rate(partial(_sent, to), [known]),
        }
        found = measured(works, rounds=ROUNDS)
    for name, against in COMPARED:
        yield found.figure(f"messages acknowledged: {name}", name, "/s", against)


def _patients() -> list[Patient]:
    """Nobody has heard of them."""
    return [stay(f"B{next(_numbers)}") for _ in range(PATIENTS)]


def stay(number: str) -> Patient:
    """Admitted, moved twice, and discharged."""
    found = []
    for hour, (trigger, ward) in enumerate(STAY):
        at = f"202603010{hour}0000+0000"
        lines = (
            rf"MSH|^~\&|BENCH|HOSP|JOURNEY|NET|{at}||ADT^{trigger}|{number}-{hour}|P|2.5.1",
            f"EVN||{at}",
            f"PID|1||{number}^^^HOSP^MR||Doe^Jane||19700101|F",
            f"PV1|1|I|{ward}^1^A^HOSP||||||||||||||||V{number}^^^HOSP^VN",
        )
        found.append(Found("\r".join(lines).encode(), "bench", hour + 1))
    return found


def _shares(patients: list[Patient]) -> list[list[Patient]]:
    """One for each connection."""
    return [patients[number::CONNECTIONS] for number in range(CONNECTIONS)]


def _rate(work: Callable[[list[list[Patient]]], object], shares: list[list[Patient]]) -> float:
    messages = sum(len(patient) for share in shares for patient in share)
    started = perf_counter()
    work(shares)
    return messages / (perf_counter() - started)


def _ingested(store: Store, shares: list[list[Patient]]) -> None:
    messages = [found for share in shares for patient in share for found in patient]
    done = ingest(store, messages, zone=ZoneInfo("UTC"))
    if done.applied != len(messages):
        raise AssertionError(f"Not all was applied: {done.figures()}")


def _sent(to: Receiving, shares: list[list[Patient]]) -> None:
    """Each share over a connection of its own, at the same time."""
    with ThreadPoolExecutor(len(shares)) as crew:
        for done in crew.map(partial(_all, to), shares):
            if done:
                raise AssertionError(f"Not all was acknowledged: {done} were not")


def _all(to: Receiving, share: list[Patient]) -> int:
    messages = [found for patient in share for found in patient]
    return len(messages) - send(to, messages).accepted


def listen(settings: Settings, told: Callable[[tuple[str, int]], None]) -> None:
    """As `journey listen mllp` does, until it is ended."""

    async def forever() -> None:
        async with Listener(taken, settings, Figures()).listening() as address:
            told(address)
            await asyncio.Event().wait()

    with taking(settings.database_url or "", settings) as taken:
        asyncio.run(forever())
