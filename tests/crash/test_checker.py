"""The checker is only as good as what it catches: each way to break a promise, told to it."""

from collections.abc import Sequence
from uuid import UUID, uuid5

import pytest

from journey.bench.checker import Asked, Entry, Outcome, Seen, Stored, complaints

A, B = UUID(int=0xA), UUID(int=0xB)
ASKS = [UUID(int=number) for number in range(1, 6)]


def entry(position: int, journey_id: UUID, version: int, request: UUID) -> Entry:
    return Entry(position, journey_id, version, uuid5(journey_id, str(version)), request)


LOG = (
    entry(1, A, 1, ASKS[0]),
    entry(2, B, 1, ASKS[1]),
    entry(3, B, 2, ASKS[1]),
    entry(4, A, 2, ASKS[2]),
)
ASKED = (
    Asked(ASKS[0], Outcome.OK, (LOG[0].event_id,)),
    Asked(ASKS[1], Outcome.OK, (LOG[1].event_id, LOG[2].event_id)),
    Asked(ASKS[2]),
    Asked(ASKS[3]),
    Asked(ASKS[4], Outcome.FAIL),
)


def said(
    *,
    log: Sequence[Entry] = LOG,
    asked: Sequence[Asked] = ASKED,
    seen: Sequence[Entry] | None = None,
    event_ids: Sequence[UUID] | None = None,
    waiting: int = 0,
) -> str:
    ids = [each.event_id for each in log] if event_ids is None else event_ids
    holds = Stored(log, ids, waiting)
    return "\n".join(complaints(asked, [Seen("reader", log if seen is None else seen)], holds))


def at(position: int, each: Entry) -> Entry:
    return each._replace(position=position)


def test_it_is_content_with_what_is_right() -> None:
    assert said() == ""


def test_it_is_content_with_a_reader_that_began_later() -> None:
    holds = Stored(LOG, [each.event_id for each in LOG])
    assert list(complaints(ASKED, [Seen("reader", LOG[2:], after=2)], holds)) == []


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("position 3 is missing", said(log=[*LOG[:2], at(4, LOG[2]), at(5, LOG[3])])),
        ("position 1 is missing", said(log=[at(2, LOG[0])], asked=ASKED[:1])),
        (
            "is inverted at position 2: version 1 follows 2",
            said(log=[at(1, LOG[2]), at(2, LOG[1])], asked=ASKED[1:2]),
        ),
        ("has a gap at position 2: version 3 follows 1", said(log=[LOG[0], entry(2, A, 3, ASKS[2])])),
        ("is in the log 2 times", said(log=[*LOG, LOG[0]._replace(position=5, version=3)])),
        ("is stored 2 times", said(event_ids=[*(each.event_id for each in LOG), LOG[0].event_id])),
        ("is stored and not in the log", said(event_ids=[*(each.event_id for each in LOG), A])),
        ("which is not stored", said(event_ids=[each.event_id for each in LOG[1:]])),
        ("2 appends still wait", said(waiting=2)),
        (
            "was acknowledged, and its event",
            said(log=LOG[:3], asked=[*ASKED, Asked(ASKS[2], Outcome.OK, (A,))]),
        ),
        (
            "carried out more than once: 1 further",
            said(log=[*LOG, entry(5, A, 3, ASKS[0])]),
        ),
        (
            "carried out again at position 6",
            said(log=[*LOG, entry(5, B, 3, ASKS[3]), entry(6, A, 3, ASKS[2])]),
        ),
        ("told to have failed, and is in the log", said(log=[*LOG, entry(5, A, 3, ASKS[4])])),
        ("nobody made request", said(log=[*LOG, entry(5, A, 3, UUID(int=99))])),
        ("passed over positions 2 to 2", said(seen=[LOG[0], *LOG[2:]])),
        ("passed over positions 1 to 1", said(seen=LOG[1:])),
        ("saw position 2 again after 2", said(seen=[*LOG[:2], *LOG[1:]])),
        ("saw position 2 again after 3", said(seen=[LOG[0], LOG[2], LOG[1], LOG[3]])),
        ("what does not stand there", said(seen=[*LOG[:3], LOG[3]._replace(version=9)])),
        ("what does not stand there", said(seen=[*LOG, entry(5, A, 3, ASKS[2])])),
        ("stopped at 3, short of 4", said(seen=LOG[:3])),
    ],
)
def test_it_catches(complaint: str, told: str) -> None:
    assert complaint in told
