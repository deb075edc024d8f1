"""A stream cut into lines, and what each of them asks for."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.domain.episode import OpenJourney
from journey.ingest.ndjson.applying import Window
from journey.ingest.ndjson.lines import Lines, Told, split, told
from journey.ingest.ndjson.result import Result

LONGEST = 500
OWN = "01890000-0000-7000-8000-000000000001"


def said(number: int = 2, names: str = "legacy", **what: Any) -> Told | Result | None:
    line = {"journey": "4711", "command": "start-intake", "body": {"channel": "phone"}, **what}
    return told(number, json.dumps(line).encode(), names, LONGEST)


def understood(**what: Any) -> Told:
    found = said(**what)
    assert isinstance(found, Told), found
    return found


@given(
    st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=8),
    st.lists(st.integers(0, 250), max_size=10),
)
def test_lines_are_the_same_wherever_the_stream_is_cut(each: list[bytes], at: list[int]) -> None:
    text, longest = b"\n".join(each), 20
    cuts = [0, *sorted(min(place, len(text)) for place in at), len(text)]
    lines = Lines(longest)
    found = [line for n in range(len(cuts) - 1) for line in lines.cut(text[cuts[n] : cuts[n + 1]])]
    found += lines.rest()
    expected = [line[: longest + 1] for line in each]
    assert found == (expected[:-1] if expected and not expected[-1] else expected)


def test_a_file_is_cut_as_a_stream_is(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"one\n\n" + b"x" * 50 + b"\nlast")
    with file.open("rb") as stream:
        assert list(split(stream, 20)) == [b"one", b"", b"x" * 21, b"last"]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b'{"journey": "1", "journey": "2", "command": "start-intake"}', "journey"),
        (b'{"journey": "1", "command": "assign-owner", "body": {"team": "a", "team": "b"}}', "body.team"),
        (b'{"journey": "1", "command": "start-intake", "body": {"channel": 1e400}}', ""),
    ],
)
def test_what_a_line_says_twice_or_cannot_be_kept_is_no_command(line: bytes, field: str) -> None:
    found = told(2, line, "legacy", LONGEST)
    assert isinstance(found, Result)
    assert (found.status, found.code) == ("invalid", "invalid")
    assert found.errors is not None
    assert [each.field for each in found.errors] == [field]


def test_a_key_of_ones_own_names_one_journey_and_nobody_elses() -> None:
    one = understood()
    assert one.journey_id == understood(command="put-on-hold", body={"reason": "x"}).journey_id
    others = [understood(journey="4712"), understood(names="another"), understood(journey="4711 ")]
    assert len({one.journey_id, *(each.journey_id for each in others)}) == 4
    assert understood(journey=OWN).journey_id == UUID(OWN)
    assert understood(journey=OWN.replace("-", "")).journey_id != UUID(OWN)


def test_a_line_is_known_by_its_id_or_else_by_what_it_says() -> None:
    keys = [
        understood(),
        understood(body={"channel": "fax"}),
        understood(body={"channel": "phone", "reported": True}),
        understood(id="1"),
        understood(id="2"),
        understood(id="1", names="another"),
    ]
    assert len({each.key for each in keys}) == len(keys)
    assert understood(number=9).key == keys[0].key
    assert understood(id="1", body={"channel": "fax"}).key == keys[3].key
    assert understood(rejected={"code": "invalid"}).key == keys[0].key
    assert all(" " in each.key and "4711" not in each.key for each in keys)


def test_an_opening_has_a_patient_who_is_the_same_each_time() -> None:
    one, again = (understood(command="open-journey", body={"team": "ward 3"}) for _ in range(2))
    assert isinstance(one.command, OpenJourney)
    assert one.command == again.command
    assert one.key == again.key
    chosen = understood(command="open-journey", body={"patient_id": OWN}).command
    assert isinstance(chosen, OpenJourney)
    assert chosen.patient_id == UUID(OWN)


@pytest.mark.parametrize(
    ("what", "where", "field"),
    [
        ({"journey": OWN, "command": "open-journey"}, "line", "journey"),
        ({"journey": ""}, "line", "journey"),
        ({"journey": "a\nb"}, "line", "journey"),
        ({"id": "\0"}, "line", "id"),
        ({"id": 7}, "line", "id"),
        ({"command": "start_intake"}, "line", "command"),
        ({"body": []}, "line", "body"),
        ({"actor": "me"}, "line", "actor"),
        ({"body": {"channel": "phone", "surprise": 1}}, "body", "surprise"),
        ({"body": {}}, "body", "channel"),
        ({"body": {"channel": "phone", "occurred_at": "yesterday"}}, "body", "occurred_at"),
    ],
)
def test_what_is_wrong_is_named(what: dict[str, Any], where: str, field: str) -> None:
    found = said(**what)
    assert isinstance(found, Result)
    assert (found.status, found.code, found.line) == ("invalid", "invalid", 2)
    assert [(each.where, each.field) for each in found.errors or ()] == [(where, field)]
    assert "yesterday" not in found.written().decode()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "malformed-json"),
        (b'{"journey": "\xff"}', "malformed-json"),
        (b"\xef\xbb\xbf{}", "malformed-json"),
        (b"[" * 400, "malformed-json"),
        (b"null", "invalid"),
        (b" " * 499 + b"{}", "body-too-large"),
    ],
)
def test_what_is_no_line_is_said_to_be_none(raw: bytes, code: str) -> None:
    found = told(2, raw, "legacy", LONGEST)
    assert isinstance(found, Result)
    assert found.code == code
    assert found.detail


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_nothing_that_is_sent_is_a_fault(raw: bytes) -> None:
    found = told(1, raw, "legacy", LONGEST)
    assert found is None or isinstance(found, Result)


def test_nothing_is_passed_over_but_emptiness() -> None:
    assert [told(1, raw, "x", LONGEST) for raw in (b"", b" \r", b"\xef\xbb\xbf")] == [None] * 3


def test_what_is_about_another_journey_too_is_told_alone() -> None:
    link = {"command": "link-journey", "body": {"relation": "continues", "other_journey_id": OWN}}
    lines = [
        understood(number=1, journey="a"),
        understood(number=2, journey="b"),
        understood(number=3, journey="a"),
        understood(number=4, journey="b", **link),
        understood(number=5, journey="a"),
    ]
    turns = [[[line.number for line in group] for group in turn] for turn in Window(lines).turns()]
    assert turns == [[[1, 3], [2]], [[4]], [[5]]]
