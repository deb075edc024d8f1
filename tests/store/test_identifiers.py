import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.store.identifiers import uuid7


def test_it_is_a_version_7_uuid_of_the_rfc_variant() -> None:
    for _ in range(1000):
        made = uuid7()
        assert made.version == 7
        assert made.variant == "specified in RFC 4122"


def test_its_first_bits_are_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_none_is_made_twice_by_many_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: uuid7(), range(5_000)))
    assert len(set(made)) == 5_000


@given(st.integers(0, 2**61), st.integers(1, 10**12))
def test_later_ones_sort_later_down_to_a_quarter_of_a_microsecond(at: int, later: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: at)
        first = uuid7()
        patch.setattr(time, "time_ns", lambda: at + max(later, 245))
        second = uuid7()
    assert first < second
    assert first.version == second.version == 7
