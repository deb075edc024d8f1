r"""ER7: one HL7 v2 message as it is sent, read without losing any of it (HL7 v2.5.1 chapter 2).

    message     segments, each on a line that a carriage return ends      PID|1||A1^^^HOSP~B2^^^NHS
    segment     fields, numbered from 1; MSH-1 is the separator itself    A1^^^HOSP~B2^^^NHS
    field       repetitions                                               A1^^^HOSP
    repetition  components                                                HOSP
    component   subcomponents

Which characters separate them stands in MSH-1 and MSH-2 (2.5.4), which characters the text is written in
stands in MSH-18. Splitting is done while parsing; escape sequences (2.7) are read when a value is asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from journey.ingest.hl7v2.charset import decode

NULL = '""'
"""The HL7 null (2.5.3): the sender asks for the value to be emptied, where an empty field says nothing."""

_RECOMMENDED = r"^~\&"
_HIGHEST_VERBATIM = 2  # MSH-1 and MSH-2 hold the delimiters, so nothing separates within them

_LAYOUT = {".br": "\n", ".sp": "\n", ".ce": "\n", ".sk": " ", ".fi": "", ".nf": "", ".in": "", ".ti": ""}


class Unparseable(ValueError):
    """These bytes are not an HL7 v2 message. The sentence says why and quotes nothing from them."""


@dataclass(frozen=True)
class Encoding:
    """The delimiters of MSH-1 and MSH-2 (2.5.4) and the character set: all that reading a value needs.

    A delimiter that MSH-2 leaves out is "": the sender does not use it, the character is ordinary text.
    """

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str
    truncation: str
    charset: str

    def unescape(self, text: str) -> str:
        r"""The text meant by `text` (2.7).

        Delimiters (`\F\ \S\ \T\ \R\ \E\ \P\`) and hexadecimal bytes become characters. Of the layout commands
        line breaks and spaces are kept, highlighting (`\H\ \N\`) and indents go. What has no meaning here is
        left verbatim: local sequences (`\Z..\`), changes of character set (`\C..\ \M..\`), a stray escape.
        """
        if not self.escape or self.escape not in text:
            return text
        return self._sequence.sub(self._meaning, text)

    @cached_property
    def _sequence(self) -> re.Pattern[str]:
        escape = re.escape(self.escape)
        return re.compile(
            rf"{escape}([FSTREPHN]|X(?:[0-9A-Fa-f]{{2}})+|\.[a-z]{{2}}[+-]?[0-9]{{0,3}}"
            rf"|C[0-9A-Fa-f]{{4}}|M[0-9A-Fa-f]{{4,6}}|Z[^{escape}]*){escape}"
        )

    @cached_property
    def _characters(self) -> dict[str, str]:
        return {
            "F": self.field,
            "S": self.component,
            "R": self.repetition,
            "E": self.escape,
            "T": self.subcomponent or "&",
            "P": self.truncation or "#",
            "H": "",
            "N": "",
        }

    def _meaning(self, sequence: re.Match[str]) -> str:
        code = sequence[1]
        if code in self._characters:
            return self._characters[code]
        if code[0] == "X":
            try:
                return bytes.fromhex(code[1:]).decode(self.charset)
            except UnicodeDecodeError:
                return sequence[0]
        return _LAYOUT.get(code[:3], sequence[0])


@dataclass(frozen=True, slots=True)
class Repetition:
    """One occurrence of a field: components, each with subcomponents, both numbered from 1."""

    raw: str
    encoding: Encoding

    def component(self, component: int = 1, subcomponent: int = 1) -> str:
        """The value there, unescaped. "" where nothing is sent and where null is sent."""
        part = _nth(self.raw, self.encoding.component, component)
        part = _nth(part, self.encoding.subcomponent, subcomponent)
        return "" if part == NULL else self.encoding.unescape(part)

    @property
    def text(self) -> str:
        """The whole occurrence, unescaped: for prose, whose senders forget to escape `^` and `&`."""
        return "" if self.is_null else self.encoding.unescape(self.raw)

    @property
    def is_null(self) -> bool:
        """Whether the sender asks for the value to be emptied (2.5.3)."""
        return self.raw == NULL


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of a message. Asking for what it does not hold answers "" or (), never an error."""

    name: str
    fields: tuple[str, ...]
    """As sent, at their HL7 numbers: `fields[3]` is PID-3. `fields[0]` is the segment's name."""
    encoding: Encoding

    def raw(self, field: int) -> str:
        """The field as it was sent: all repetitions, delimiters and escapes left in."""
        return self.fields[field] if 0 <= field < len(self.fields) else ""

    def repetitions(self, field: int) -> tuple[Repetition, ...]:
        """Each occurrence of the field, empty ones in between included; () where the field is empty."""
        raw = self.raw(field)
        if not raw:
            return ()
        if self._is_verbatim(field):
            return (Repetition(raw, self.encoding),)
        return tuple(Repetition(part, self.encoding) for part in _split(raw, self.encoding.repetition))

    def field(self, field: int) -> str:
        """What the field says in its first place: first repetition, first component, first subcomponent."""
        return self.component(field, 1)

    def component(self, field: int, component: int, subcomponent: int = 1) -> str:
        """A component of the field's first repetition: `component(3, 4)` is PID-3.4, who assigned the id.

        Where the component has grown subcomponents, the first one is what older versions sent (2.8).
        """
        raw = self.raw(field)
        if self._is_verbatim(field):
            return raw if component == subcomponent == 1 else ""
        return Repetition(_nth(raw, self.encoding.repetition, 1), self.encoding).component(
            component, subcomponent
        )

    def is_null(self, field: int) -> bool:
        """Whether the sender asks for the field to be emptied (2.5.3)."""
        return self.raw(field) == NULL

    def _is_verbatim(self, field: int) -> bool:
        return field <= _HIGHEST_VERBATIM and self.name == "MSH"


@dataclass(frozen=True, slots=True)
class Message:
    """A message: MSH first, then the segments in the order sent."""

    segments: tuple[Segment, ...]
    charset: str
    """The Python codec that the text was read with."""
    charset_assumed: bool
    """True where MSH-18 names no usable character set, or one that the bytes contradict."""

    def first(self, name: str) -> Segment | None:
        """The first segment of this name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def all(self, name: str) -> tuple[Segment, ...]:
        """Every segment of this name, in order."""
        return tuple(segment for segment in self.segments if segment.name == name)

    def groups(self, name: str) -> Iterator[tuple[Segment, ...]]:
        """The runs that begin with this segment and end before the next: an OBR with its OBX and NTE."""
        starts = [index for index, segment in enumerate(self.segments) if segment.name == name]
        for start, end in pairwise([*starts, len(self.segments)]):
            yield self.segments[start:end]

    def value(self, name: str, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A value of the first segment of this name: `value("PV1", 19)`. "" where any of it is absent."""
        segment = self.first(name)
        return segment.component(field, component, subcomponent) if segment else ""

    @property
    def type(self) -> str:
        """MSH-9.1, `ADT`; also out of a lone `ADT_A01`."""
        return self._msh.field(9).strip().partition("_")[0]

    @property
    def trigger(self) -> str:
        """MSH-9.2, `A01`; else out of a lone `ADT_A01`; else EVN-1, which carried it at first (3.4.1.1)."""
        sent = self._msh.component(9, 2) or self._msh.field(9).partition("_")[2] or self.value("EVN", 1)
        return sent.strip()

    @property
    def control_id(self) -> str:
        """MSH-10, untouched: the acknowledgement has to return it as it came."""
        return self._msh.raw(10)

    @property
    def sending_application(self) -> str:
        """MSH-3.1."""
        return self._msh.field(3).strip()

    @property
    def sending_facility(self) -> str:
        """MSH-4.1."""
        return self._msh.field(4).strip()

    @property
    def version(self) -> str:
        """MSH-12.1, `2.5.1`."""
        return self._msh.field(12).strip()

    @property
    def time(self) -> str:
        """MSH-7, when the message was made, as sent: see `timestamp.parse_timestamp`."""
        return self._msh.field(7)

    @property
    def _msh(self) -> Segment:
        return self.segments[0]


def parse(raw: bytes) -> Message:
    """Reads one message. Raises Unparseable, and nothing else, where the bytes are not one.

    Framing, a byte order mark and blank lines around and between the segments are passed over (`files`
    takes batches and streams apart).
    """
    text, charset, assumed = decode(raw)
    if not text.startswith("MSH"):
        raise Unparseable(
            "The message does not begin with an MSH segment." if text else "The message is empty."
        )
    separator = text[3:4]
    if not _separates(separator):
        raise Unparseable("MSH is not followed by a field separator.")
    lines = [line.split(separator) for line in _lines(text, separator)]
    encoding = _encoding(separator, lines[0][1], charset)
    lines[0].insert(1, separator)
    segments = tuple(Segment(fields[0], tuple(fields), encoding) for fields in lines)
    return Message(segments, charset, assumed)


def _lines(text: str, separator: str) -> list[str]:
    """The segments, told apart by the line end that closes MSH.

    Where that is CR or CRLF, a lone LF is content (text in NTE or OBX). Where it is LF, the sender has no
    notion of CR. Either way a line that does not start with a segment's name continues the one before.
    """
    closes_msh = re.search(r"[\r\n]", text)
    needed = r"(?:(?<=\r)|\n*\r)" if closes_msh and closes_msh[0] == "\r" else ""
    return _between_segments(needed, separator).split(text)


@lru_cache(maxsize=64)
def _between_segments(needed: str, separator: str) -> re.Pattern[str]:
    """A whole row of line ends, with what is needed among them, before a segment's name.

    Tried once a row and never taken back, so that a million blank lines are a million steps.
    """
    row = rf"[\r\n](?<![\r\n]{{2}}){needed}[\r\n]*+"
    return re.compile(rf"{row}(?=[A-Za-z0-9]{{3}}(?:{re.escape(separator)}|[\r\n]|\Z))")


@lru_cache(maxsize=64)
def _encoding(separator: str, delimiters: str, charset: str) -> Encoding:
    """MSH-2 (2.15.9.2), in the order component, repetition, escape, subcomponent, truncation (since 2.7)."""
    delimiters = delimiters or _RECOMMENDED
    if delimiters[2:3] == delimiters[3:4]:  # a backslash that was escaped once more on its way here
        delimiters = delimiters[:2] + delimiters[3:]
    if len(delimiters) > len(_RECOMMENDED) + 1:
        raise Unparseable("MSH-2 holds more than the five delimiters there are.")
    if not all(map(_separates, delimiters)) or len({separator, *delimiters}) != 1 + len(delimiters):
        raise Unparseable("MSH-2 does not hold delimiters that differ from one another.")
    component, repetition, escape, subcomponent, truncation = [*delimiters, *("",) * 5][:5]
    return Encoding(separator, component, repetition, escape, subcomponent, truncation, charset)


def _separates(character: str) -> bool:
    return character.isprintable() and not character.isalnum() and character not in {"", " "}


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]


def _nth(text: str, separator: str, number: int) -> str:
    """Part `number`, counted from 1; "" past the end."""
    parts = _split(text, separator)
    return parts[number - 1] if 0 < number <= len(parts) else ""
