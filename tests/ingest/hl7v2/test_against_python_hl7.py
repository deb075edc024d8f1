"""Two readers, one meaning: python-hl7 on messages made to measure, and on real ones also their own index."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.ingest.hl7v2.er7 import NULL, Message, Repetition, Unparseable, parse
from journey.ingest.hl7v2.timestamp import BadTimestamp, Timestamp, parse_timestamp
from tests.ingest.hl7v2.corpus import Sample, corpus, sepsis

# What separates: not letters, digits and blanks, which are content, nor what escape sequences are made of.
PUNCTUATION = "!\"#$%&'()*,/:;<=>?@[\\]^_`{|}~"

Place = tuple[int, ...]
"""Segment, field, repetition, component, subcomponent."""


@dataclass(frozen=True)
class Wire:
    """A well-formed message: its delimiters in the order of MSH-1 and MSH-2, its segments as sent."""

    delimiters: str
    segments: list[str]

    def sent(self, end: str = "\r") -> bytes:
        field, others = self.delimiters[0], self.delimiters[1:]
        header = [
            "MSH",
            others,
            "A",
            "B",
            "C",
            "D",
            "20240101",
            "",
            "ADT",
            "1",
            "P",
            "2.5",
            *[""] * 5,
            "UTF-8",
        ]
        return end.join([field.join(header), *self.segments, f"ZZZ{field}end"]).encode()


@st.composite
def wires(draw: st.DrawFn) -> Wire:
    delimiters = draw(st.lists(st.sampled_from(PUNCTUATION), min_size=5, max_size=5, unique=True))
    field, component, repetition, escape, subcomponent = delimiters
    letters = st.characters(categories=["L", "Nd"]) | st.just(" ")
    sequences = st.sampled_from([*"FSRTE", "X41", "X7C0A", "X2b2B"]).map(lambda code: escape + code + escape)
    values = st.lists(letters | sequences, max_size=4).map("".join)
    if '"' not in delimiters:
        values |= st.just(NULL)
    for separator in (subcomponent, component, repetition, field):
        values = st.lists(values, max_size=3).map(separator.join)
    names = st.sampled_from(["PID", "PV1", "NTE", "OBX", "ZPI"])
    segments = draw(st.lists(st.tuples(names, values).map(field.join), max_size=4))
    return Wire("".join(delimiters), segments)


def theirs(text: str) -> dict[Place, str]:
    """Every value that python-hl7 finds, as sent; MSH-1 and MSH-2 are no values."""
    return {
        (number, field, *place): value
        for number, segment in enumerate(hl7.parse(text))
        for field, held in enumerate(segment)
        if field > (2 if number == 0 else 0)
        for place, value in leaves(held, 3)
    }


def leaves(node: object, depth: int) -> Iterator[tuple[tuple[int, ...], str]]:
    if isinstance(node, str):
        yield (1,) * depth, node
    elif isinstance(node, list):
        for number, child in enumerate(node, start=1):
            for place, value in leaves(child, depth - 1):
                yield (number, *place), value


def ours(message: Message, place: Place) -> str:
    segment, field, repetition, component, subcomponent = place
    repetitions = message.segments[segment].repetitions(field)
    return repetitions[repetition - 1].component(component, subcomponent) if repetitions else ""


@given(wires())
def test_every_value_is_the_one_that_python_hl7_reads(wire: Wire) -> None:
    text = wire.sent().decode()
    message, oracle = parse(wire.sent()), hl7.parse(text)

    assert [segment.name for segment in message.segments] == [str(segment[0]) for segment in oracle]
    assert [len(segment.fields) for segment in message.segments] == [len(segment) for segment in oracle]
    for place, value in theirs(text).items():
        assert ours(message, place) == ("" if value == NULL else oracle.unescape(value)), place


@given(
    wires(), st.sampled_from(["\n", "\r\n", "\r\r", "\n\n"]), st.sampled_from([b"", b"\xef\xbb\xbf", b"\x0b"])
)
def test_what_python_hl7_cannot_read_is_the_same_message_to_us(wire: Wire, end: str, mark: bytes) -> None:
    assert parse(mark + wire.sent(end)) == parse(wire.sent())


@pytest.fixture(scope="module")
def real() -> list[Sample]:
    return corpus()


def test_real_messages_hold_what_their_index_says(real: list[Sample]) -> None:
    """The index keeps the whole of MSH-3, 200 characters of segment names, and a batch's last lines."""
    assert len(real) == 741
    for sample in real:
        message, row = parse(sample.raw), sample.row
        assert (message.type, message.trigger) == (row["type"], row["trigger"]), row["file"]
        assert message.control_id == row["control_id"], row["file"]
        assert message.version == row["version"], row["file"]
        assert message.time == row["msg_time"], row["file"]
        assert message.sending_application == row["sending_app"].partition("^")[0], row["file"]
        assert message.value("PID", 3) == row["patient_id"], row["file"]
        assert message.value("PV1", 2) == row["patient_class"], row["file"]
        assert message.value("PV1", 19) == row["visit_number"], row["file"]
        assert message.value("PV1", 44) == row["admit_time"], row["file"]
        assert message.value("PV1", 45) == row["discharge_time"], row["file"]
        names = " ".join(segment.name for segment in message.segments)
        assert names[:200] == row["segments"].removesuffix(" BTS FTS"), row["file"]


def test_real_messages_hold_the_values_that_python_hl7_reads(real: list[Sample]) -> None:
    """Escape sequences are left to the test above: python-hl7 drops those that it does not know."""
    for sample in real:
        message = parse(sample.raw)
        encoding = message.segments[0].encoding
        if rb"\\&" in sample.raw[:10]:
            continue  # two escape characters in MSH-2: python-hl7 takes the second for another delimiter
        text = encoding.field.join(["MSH", *message.segments[0].fields[2:]])
        text = "\r".join([text, *(encoding.field.join(segment.fields) for segment in message.segments[1:])])
        for place, value in theirs(text).items():
            if encoding.escape not in value:
                assert ours(message, place).strip() == ("" if value == NULL else value.strip()), sample.row


def test_times_of_real_messages_are_read_but_for_those_that_are_none(real: list[Sample]) -> None:
    zone = ZoneInfo("Europe/London")
    places = [
        ("MSH", 7),
        ("EVN", 2),
        ("EVN", 6),
        ("PID", 7),
        ("PV1", 44),
        ("PV1", 45),
        ("OBR", 7),
        ("ORC", 9),
    ]
    refused = []
    for sample in real:
        message = parse(sample.raw)
        for name, field in places:
            for segment in message.all(name):
                try:
                    assert isinstance(parse_timestamp(segment.field(field), zone), Timestamp | None)
                except BadTimestamp:
                    refused.append((sample.row["file"].partition("/")[2], name, field))

    assert refused == [
        ("Test__Orders__006_AL_ORM_O01_NBS_Incorrect_Data_Types_0_initial_message.hl7", "OBR", 7)
    ]


def test_the_sepsis_journeys_say_what_they_were_made_from() -> None:
    samples = list(sepsis())
    assert len(samples) == 4045
    for sample in samples:
        message, row = parse(sample.raw), sample.row
        assert f"{message.type}^{message.trigger}" == row["message"]
        assert message.control_id == row["control_id"]
        assert message.value("PID", 3) == f"SEP{row['case']}"
        assert message.value("PV1", 19) == row["visit"]
        assert message.value("EVN", 6) or message.value("OBX", 14) == row["event_time"]


def everything(message: Message) -> Iterator[str | bool]:
    yield from (message.type, message.trigger, message.control_id, message.version, message.time)
    yield from (message.sending_application, message.sending_facility, message.charset)
    for segment in message.segments:
        for field in range(-1, len(segment.fields) + 2):
            yield from (segment.raw(field), segment.field(field), segment.component(field, 2, 2))
            yield segment.is_null(field)
            for repetition in segment.repetitions(field):
                yield from of(repetition)


def of(repetition: Repetition) -> Iterator[str | bool]:
    yield from (repetition.text, repetition.component(), repetition.component(2, 2), repetition.is_null)


def refused_or_read(raw: bytes) -> None:
    """Either the bytes are refused, and nothing else is raised, or every part of them can be asked for."""
    with suppress(Unparseable):
        assert all(isinstance(part, str | bool) for part in everything(parse(raw)))


MUTATIONS = st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=3)), max_size=6)


def mutated(raw: bytes, mutations: list[tuple[int, bytes]], length: int) -> bytes:
    for position, replacement in mutations:
        start = position % (len(raw) + 1)
        raw = raw[:start] + replacement + raw[start + 1 :]
    return raw[:length]


@given(st.integers(0, 740), MUTATIONS, st.integers(0, 4000))
def test_real_messages_however_altered_are_read_or_refused(
    real: list[Sample], number: int, mutations: list[tuple[int, bytes]], length: int
) -> None:
    refused_or_read(mutated(real[number].raw, mutations, length))


@given(wires(), MUTATIONS, st.integers(0, 400))
def test_made_messages_however_altered_are_read_or_refused(
    wire: Wire, mutations: list[tuple[int, bytes]], length: int
) -> None:
    refused_or_read(mutated(wire.sent(), mutations, length))


@given(st.sampled_from([b"", b"MSH", b"MSH|", b"MSH|^~\\&|", b"\xff\xfe", b"\xef\xbb\xbf"]), st.binary())
def test_any_bytes_are_read_or_refused(start: bytes, rest: bytes) -> None:
    refused_or_read(start + rest)
