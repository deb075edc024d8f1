"""Framing: whatever the pieces in which bytes come, the same messages come out of them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from journey.mllp.framing import HEAD, Framed, Frames, framed

PIECES = st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"\x1c\r", b"MSH|", b"\x00", b" ", b"x" * 5000])
STREAMS = st.lists(PIECES | st.binary(max_size=12), max_size=25).map(b"".join)
LONGEST = 6000
MESSAGE = b"MSH|^~\\&|A\rPID|1\r"


def heard(pieces: Iterable[bytes], longest: int = LONGEST) -> tuple[Sequence[Framed], tuple[object, ...]]:
    frames = Frames(longest)
    found = [each for piece in pieces for each in frames.feed(piece)]
    return found, (frames.noise, frames.begun, frames.cut_short, frames.is_inside)


@given(STREAMS, st.lists(st.integers(0, 60_000), max_size=30))
@example(b"\x0bM\x1c\r\x0bN\x1c\r", [1, 2, 3, 4, 5, 6, 7])
@example(b"\x0b" + b"x" * LONGEST + b"\x1c\r", [LONGEST + 1, LONGEST + 2])
def test_how_bytes_are_cut_up_changes_nothing(stream: bytes, places: list[int]) -> None:
    cuts = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    assert heard(stream[a:b] for a, b in pairwise(cuts)) == heard([stream])


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), STREAMS)
def test_every_message_comes_out_as_it_went_in(raws: list[bytes], garbage: bytes) -> None:
    plain = [each.translate(None, b"\x0b\x1c \r\n\t") + b"." for each in raws]
    quiet = garbage.translate(None, b"\x0b")
    stream = quiet + quiet.join(framed(each) for each in plain) + quiet
    found, (_, begun, cut_short, is_inside) = heard([stream])
    assert [each.raw for each in found] == plain
    assert (begun, cut_short, is_inside) == (len(plain), 0, False)


@given(STREAMS)
def test_a_message_is_found_after_anything(garbage: bytes) -> None:
    found, _ = heard([garbage, b"\x1c\r", framed(MESSAGE)])
    assert found[-1] == Framed(MESSAGE)


def test_a_half_message_before_another_one_is_left_out() -> None:
    found, (_, begun, cut_short, _) = heard([b"\x0bMSH|half", framed(MESSAGE)])
    assert found == [Framed(MESSAGE)]
    assert (begun, cut_short) == (2, 1)


def test_an_end_that_is_none_belongs_to_the_message() -> None:
    found, _ = heard([b"\x0bMSH|a\x1cb\x1c\r"])
    assert found == [Framed(b"MSH|a\x1cb")]


def test_an_end_without_its_return_ends_where_the_next_message_begins() -> None:
    found, _ = heard([b"\x0bMSH|1\x1c\x0bMSH|2\x1c\r"])
    assert [each.raw for each in found] == [b"MSH|1", b"MSH|2"]


def test_frames_that_hold_nothing_are_passed_over() -> None:
    assert heard([framed(b""), framed(b"\r\n"), framed(b" \r")])[0] == []


def test_of_a_message_that_is_too_long_the_beginning_stays_and_the_next_one_comes() -> None:
    longer = b"MSH|" + b"x" * LONGEST
    found, _ = heard([framed(longer), framed(MESSAGE)])
    assert found == [Framed(longer[:HEAD], is_whole=False), Framed(MESSAGE)]


def test_memory_holds_no_more_than_a_message_may_have() -> None:
    frames = Frames(LONGEST)
    frames.feed(b"\x0b")
    for _ in range(1000):
        frames.feed(b"x" * 1000)
        assert len(frames._held) <= LONGEST + 1000  # noqa: SLF001 - nothing else shows what is held
    frames.feed(b"\x1c\r" + b"y" * 100_000)
    assert len(frames._held) == 0  # noqa: SLF001 - as above
