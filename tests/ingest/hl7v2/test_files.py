import gzip
import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from journey.ingest.files import Found, Unreadable
from journey.ingest.hl7v2 import files
from journey.ingest.hl7v2.charset import signature
from journey.ingest.hl7v2.files import messages, split

ONE = b"MSH|^~\\&|A|B|C|D|2024||ADT^A01|1|P|2.5\rPID|1||A1\rPV1|1|I"
TWO = b"MSH|^~\\&|A|B|C|D|2024||ADT^A03|2|P|2.5\rPID|1||A1"
LINES = ONE.replace(b"\r", b"\n")


def raws(data: bytes) -> list[bytes]:
    return list(split(io.BufferedReader(io.BytesIO(data))))


def in_file(path: Path, data: bytes) -> list[Found | Unreadable]:
    path.write_bytes(data)
    return list(messages([path]))


@pytest.mark.parametrize(
    "data",
    [
        ONE + b"\r" + TWO + b"\r",
        ONE + b"\n" + TWO,
        ONE + b"\r\n" + TWO + b"\r\n",
        ONE + b"\n\n" + TWO + b"\n\n",
        b"\n\r\n" + ONE + b"\r\r\r" + TWO,
        b"\xef\xbb\xbf" + ONE + b"\r\n\xef\xbb\xbf" + TWO,
        b"\x0b" + ONE + b"\r\x1c\r\x0b" + TWO + b"\r\x1c\r",
        b"\x0b" + ONE + b"\x1c\x0b" + TWO + b"\x1c",
        b"\x0b" + ONE + b"\r\x1c\r\n" + TWO,
        b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + ONE + b"\r" + TWO + b"\rBTS|2\rFTS|1\r",
        b"BHS|^~\\&\r" + ONE + b"\rBTS|1\rBHS|^~\\&\r" + TWO + b"\rBTS|1",
        b"\x0bFHS|^~\\&\rBHS|^~\\&\r" + ONE + b"\r" + TWO + b"\rBTS|2\rFTS|1\r\x1c\r",
    ],
)
def test_messages_are_found_whatever_stands_between_them(data: bytes) -> None:
    assert [raw.removeprefix(b"\xef\xbb\xbf") for raw in raws(data)] == [ONE, TWO]


def test_a_message_keeps_its_own_line_ends() -> None:
    windows = TWO.replace(b"\r", b"\r\n")

    assert raws(LINES + b"\n\n" + ONE + b"\r" + windows + b"\r\n" + LINES) == [LINES, ONE, windows, LINES]


def test_only_a_line_that_starts_with_the_header_begins_a_message() -> None:
    message = ONE + b"\rNTE|1||see MSH|^~\\& in the log\rMSHX|1\rNTE|2||FHS|BTS|1"

    assert raws(message) == [message]


def test_what_is_no_message_is_found_too() -> None:
    assert raws(b"just a note\nof two lines\n") == [b"just a note\nof two lines"]
    assert raws(b"exported 2024\n" + ONE) == [b"exported 2024", ONE]
    assert raws(ONE + b"\rBTS|1\rZZZ|left over\rFTS|1") == [ONE, b"ZZZ|left over"]
    assert raws(b"\x0b" + ONE + b"\x1c\r\x0bnoise\x1c\r\x0b" + TWO + b"\x1c\r") == [ONE, b"noise", TWO]
    assert raws(b"\x0bBHS|x\r" + ONE + b"\x1c\rnoise") == [ONE, b"noise"]
    assert raws(b"PID|1\r\x1c\r\x0b" + TWO + b"\x1c\r") == [b"PID|1", TWO]


def test_outside_a_frame_its_end_is_content() -> None:
    message = TWO + b"\rNTE|1||a\x1cb\x1c\rPV1|1"

    assert raws(b"\x0b" + ONE + b"\x1c\r" + message) == [ONE, message]


@pytest.mark.parametrize("data", [b"", b"\r\n \n", b"\xef\xbb\xbf\r\n", b"\x0b\x1c\r", b"FHS|^~\\&\rFTS|0\r"])
def test_where_nothing_is_nothing_is_found(data: bytes) -> None:
    assert raws(data) == []


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_files_are_split_and_every_message_says_that_it_is_utf_16(codec: str, mark: str) -> None:
    text = mark + ONE.decode() + "\r\nMSH|^~\\&|Ægir\r"

    found = [raw.decode(codec) for raw in raws(text.encode(codec))]
    assert found == ["\ufeff" + ONE.decode(), "\ufeffMSH|^~\\&|Ægir"]


def test_half_a_character_at_the_end_of_utf_16_is_not_lost() -> None:
    assert raws(ONE.decode().encode("utf-16") + b"\n")[1:] == [b"\n"]


def test_messages_are_numbered_within_their_file(tmp_path: Path) -> None:
    path = tmp_path / "adt.hl7"

    assert in_file(path, ONE + b"\r" + TWO) == [Found(ONE, str(path), 1), Found(TWO, str(path), 2)]


def test_a_folder_is_read_all_the_way_down_and_by_name(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("c.hl7", "a.txt", "b/deep/2", "b/1.hl7", ".hidden"):
        (tmp_path / name).write_bytes(ONE)
    (tmp_path / "again").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")

    found = [Path(each.source).relative_to(tmp_path).as_posix() for each in messages([str(tmp_path)])]
    assert found == ["a.txt", "b/1.hl7", "b/deep/2", "c.hl7"]


def test_gzipped_files_are_known_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "adt"

    found = in_file(path, gzip.compress(ONE + b"\r") + gzip.compress(TWO))
    assert found == [Found(ONE, str(path), 1), Found(TWO, str(path), 2)]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (ONE, gzip.compress(ONE)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

        assert list(messages(["-"])) == [Found(ONE, "standard input", 1)]


def test_standard_input_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(ONE))
    monkeypatch.setattr("sys.stdin", stdin)
    list(messages(["-"]))

    assert not stdin.buffer.closed


def test_a_file_that_is_not_there_is_told_and_the_next_one_is_read(tmp_path: Path) -> None:
    missing, present = tmp_path / "missing.hl7", tmp_path / "present.hl7"
    present.write_bytes(ONE)

    assert list(messages([missing, present])) == [
        Unreadable(str(missing), "It cannot be read: No such file or directory."),
        Found(ONE, str(present), 1),
    ]


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing")

    assert [type(each) for each in messages([tmp_path])] == [Unreadable]


@pytest.mark.parametrize("damage", ["cut short", "altered", "garbled", "of another kind"])
def test_damaged_gzip_gives_what_came_whole_and_then_says_so(tmp_path: Path, damage: str) -> None:
    packed = gzip.compress(ONE + b"\r" + TWO + b"\r", compresslevel=0)
    end = -12  # inside the last message, or the checksum after it
    data = {
        "cut short": packed[:end],
        "altered": packed[:end] + b"\0" + packed[end + 1 :],
        "garbled": packed[:10] + b"\xff" + packed[11:],
        "of another kind": packed[:2] + b"\x63" + packed[3:],
    }[damage]

    *whole, problem = in_file(tmp_path / "adt.gz", data)
    assert isinstance(problem, Unreadable)
    assert problem.reason == f"Its compressed data is damaged or cut short after number {len(whole)}."
    assert all(isinstance(each, Found) and each.raw == ONE for each in whole)


class Failing(io.BytesIO):
    """A disk that fails once its bytes have been read."""

    def readinto(self, buffer: object) -> int:
        return super().readinto(buffer) or self.fail()  # type: ignore[arg-type]  # any buffer will do

    def fail(self) -> int:
        raise OSError(5, "Input/output error")


def test_a_read_that_fails_half_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Failing(ONE + b"\r" + TWO)))

    assert list(messages(["-"])) == [
        Found(ONE, "standard input", 1),
        Unreadable("standard input", "It cannot be read after number 1: Input/output error."),
    ]


PIECES = st.sampled_from(
    [
        *(
            ONE,
            TWO,
            LINES,
            b"MSH",
            b"MSH|",
            b"FHS|^~\\&|A",
            b"BHS|x",
            b"BTS|2",
            b"FTS",
            b"\xef\xbb\xbf",
            b"MSHX",
        ),
        *(
            b"\r",
            b"\n",
            b"\r\n",
            b"\x0b",
            b"\x1c",
            b"\x1c\r",
            b" ",
            b"note",
            b"PID|1",
            b"\xff\xfe",
            b"\0",
            b"|",
        ),
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=4), max_size=12).map(b"".join)


ENVELOPE = re.compile(rb"(?:\A|(?<=[\r\n\x1c]))\x0b?(?:\xef\xbb\xbf)?(?:FHS|BHS|BTS|FTS)\b[^\r\n\x1c]*")


def bare(data: bytes) -> bytes:
    """What has to be found again: all but framing, blanks and byte order marks."""
    return re.sub(rb"[\s\x1c]", b"", data).replace(b"\xef\xbb\xbf", b"")


@given(STREAMS)
def test_nothing_disappears_but_framing_and_envelopes(data: bytes) -> None:
    assume(signature(data) in {None, "utf-8"})

    assert bare(b"".join(raws(data))) == bare(ENVELOPE.sub(b"", data))


@given(st.text(), st.sampled_from(["utf-16-le", "utf-16-be"]), st.sampled_from([b"", b"x"]))
def test_nothing_disappears_from_utf_16(text: str, codec: str, half: bytes) -> None:
    found = raws(f"\ufeffMSH|{text}".encode(codec) + half)

    assert not half or found.pop() == half
    assert bare("".join(raw.decode(codec) for raw in found).encode()) == bare(f"MSH|{text}".encode())


@given(STREAMS, st.integers(1, 5))
def test_messages_do_not_depend_on_where_reading_pauses(data: bytes, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK", chunk)
        paused = raws(data)

    assert paused == raws(data)


@given(STREAMS | STREAMS.map(gzip.compress), st.integers(0, 200))
def test_no_bytes_whatever_stop_the_reading(data: bytes, length: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data[:length])))
        kinds = [type(each) for each in messages(["-"])]

    assert set(kinds[:-1]) <= {Found}
