"""Ended at any statement, what bears an Idempotency-Key is done once, and answered when it is asked again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import count

import pytest

from journey.ingest.answers import Done, Handled, Planned
from journey.ingest.handling import Handling, NoSuchMessage
from journey.ingest.hl7v2.inbox import message_key, text_of
from journey.ingest.parked import State
from journey.store.errors import KeyReused
from tests.ingest.hl7v2.test_ingest_killed import Ended, ending
from tests.ingest.hl7v2.written import evn, message, pv1
from tests.ingest.test_turns import Desk

pytestmark = pytest.mark.database

Asked = Callable[[], Done]
APPLIED = """
    SELECT count(*) AS n FROM inbox_attempt WHERE key = ANY(%s) AND what = %s AND status = 'applied'
    """


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with closing(Desk(database_url)) as desk:
        yield desk


def corrected(desk: Desk, number: str) -> tuple[Sequence[bytes], Asked]:
    who = f"PID|1||{number}^^^HOSP^MR||Doe^Jane"
    wrong = message("ADT^A01", evn("20261340"), who, pv1(f19=number))
    desk.hl7v2.take(wrong)
    key, right = message_key(wrong), text_of(wrong).replace("20261340", "20260301")
    plan = partial(Planned, [key])
    return [key], lambda: desk.handling.once(
        number, right, plan, lambda by, _: [by.correct(key, right, "the day")]
    )


def replayed(desk: Desk, number: str) -> tuple[Sequence[bytes], Asked]:
    cases = [desk.cancellation(f"{number}{which}") for which in "ab"]
    for each in cases:
        desk.dismiss(each)
        each.comes()
    keys = [each.key for each in cases]
    return keys, partial(desk.handling.once, number, "these", partial(Planned, keys, "on"), Handling.replay)


@pytest.mark.parametrize("act", [corrected, replayed])
def test_ended_at_any_statement_it_is_answered_when_it_is_asked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[Desk, str], tuple[Sequence[bytes], Asked]]
) -> None:
    for statement in count(1):
        keys, asked = act(desk, f"S{statement}")
        try:
            with ending(monkeypatch, statement):
                asked()
            break
        except Ended:
            first = asked()
        assert [each.id for each in first.messages] == [key.hex() for key in keys]
        assert {each.state for each in first.messages} == {State.APPLIED}, f"at statement {statement}"
        assert all(each.events for each in first.messages), f"at statement {statement}"
        assert asked() == first
        [row] = desk.hl7v2.rows(APPLIED, list(keys), act.__name__)
        assert row["n"] == len(keys), f"at statement {statement}"
    assert statement > 10


def test_what_was_refused_leaves_its_key_free(desk: Desk) -> None:
    def work(by: Handling, keys: Sequence[bytes]) -> list[Handled]:
        return [by.correct(keys[0], "none", "none")]

    plan = partial(Planned, [bytes(32)])
    for asked in ("one", "another"):
        with pytest.raises(NoSuchMessage):
            desk.handling.once("this", asked, plan, work)


def test_what_was_begun_under_a_key_is_not_something_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, asked = corrected(desk, "B1")
    with pytest.raises(Ended), ending(monkeypatch, 5):
        asked()
    with pytest.raises(KeyReused):
        desk.handling.once("B1", "another", partial(Planned, keys), Handling.replay)
    assert {each.state for each in asked().messages} == {State.APPLIED}
