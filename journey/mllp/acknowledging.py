"""Acknowledging: what the sender is told of a message (HL7 v2.5.1 2.9), and where it went wrong.

    original mode    AA, AE or AR
    enhanced mode    CA or CR as soon as it is kept or not, then AA, AE or AR, each where it was asked for

Nothing that the message says of a patient comes back: places, codes and sentences of ours alone.
"""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from journey.ingest.hl7v2.mapping import TABLE
from journey.ingest.hl7v2.outcome import Verdict
from journey.ingest.hl7v2.reasons import places
from journey.mllp.header import Header

Kind = Literal["A", "E", "R"]

UNANSWERED = "acknowledgement"
"""Nobody acknowledges an acknowledgement: two programs that did would never end."""

REFUSED = frozenset(
    {
        *("unparseable", "no-mapping", "unsupported-version", "other-processing-id"),
        *("no-type", "question", "answer"),
    }
)
"""What is wrong with the kind of message, rather than with what it says."""

CONDITIONS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
"""Table 0357."""

CONDITION = {
    "unparseable": "100",
    "no-patient": "101",
    "no-visit": "101",
    "no-time": "101",
    "missing-field": "101",
    "no-type": "101",
    "bad-time": "102",
    "bad-value": "102",
    "occurs-in-the-future": "102",
    "no-mapping": "200",
    "question": "200",
    "answer": "200",
    "other-processing-id": "202",
    "unsupported-version": "203",
    "nothing-to-cancel": "204",
    "two-patients": "205",
    "contended": "206",
}
"""By our code; a refusal of a rule, and what is our mistake, is 207."""

KINDS = frozenset(trigger.partition("^")[0] for trigger in TABLE)
"""Types of message of which some triggers are mapped."""


class Finding(NamedTuple):
    """What there is to tell."""

    kind: Kind
    code: str | None = None
    sentence: str = ""
    is_kept: bool = True
    """Whether the message is here by now, whatever became of it."""


APPLIED = Finding("A")
NOT_KEPT = Finding("R", "internal", "It could not be taken in, which is our mistake. Keep it.", is_kept=False)


def too_long(longest: int) -> Finding:
    """Of a message that no memory was given to."""
    return Finding("R", "too-long", f"A message here has at most {longest} bytes. Keep it.", is_kept=False)


def finding(verdict: Verdict, parked: Literal["AE", "AA"]) -> Finding | None:
    """What there is to tell of a message that was taken; None where nothing is to be told."""
    code, reason = verdict.code, verdict.reason or ""
    if verdict.status == "applied":
        return APPLIED
    if verdict.status == "rejected":
        return None if code == UNANSWERED else Finding("R", code, reason)
    kept = f"Kept, not applied; do not send it again. {reason}"
    if parked == "AA":
        return Finding("A", code, kept)
    return Finding("R" if code in REFUSED else "E", code, kept)


class Acknowledgement(NamedTuple):
    """A message of ours: its code (table 0008), and all of it."""

    code: str
    raw: bytes


def acknowledgements(header: Header, finding: Finding) -> Iterator[Acknowledgement]:
    """The answers, in the order in which they are sent; none where none was asked for."""
    success = finding.kind == "A"
    if not header.is_enhanced:
        yield _written(header, f"A{finding.kind}", finding)
        return
    refused = finding.kind == "R"
    if header.accept and header.accept.of(success=not refused):
        yield _written(header, "CR" if refused else "CA", finding)
        if refused:
            return
    if header.apply and header.apply.of(success=success):
        yield _written(header, f"A{finding.kind}", finding)


def _written(header: Header, code: str, finding: Finding) -> Acknowledgement:
    said = Saying(header)
    lines = [said.msh(), said.msa(code, finding)]
    if finding.code:
        lines.append(said.err(finding, severity="W" if code[1] == "A" else "E"))
    text = "".join(f"{line}\r" for line in lines)
    return Acknowledgement(code, text.encode(header.encoding.charset, "replace"))


class Saying:
    """Segments in the delimiters of the message that they answer."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._field = header.encoding.field
        self._component = header.encoding.component

    def msh(self) -> str:
        """From the receiver to the sender, under an id of its own; it wants no answer."""
        header = self._header
        kind = (
            self._component.join(("ACK", header.event, "ACK")) if header.event and self._component else "ACK"
        )
        now = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
        id_ = secrets.token_hex(10)  # twenty characters: no version allows fewer
        modes = ("", "", "NE", "NE") if header.is_enhanced else ("",) * 4
        fields = (
            *(header.delimiters, *header.receiver, *header.sender, now, "", kind, id_),
            *(header.processing_id or "P", header.version or "2.5.1", *modes, "", header.charset),
        )
        return self._line("MSH", *fields)

    def msa(self, code: str, finding: Finding) -> str:
        """MSA-3 was the place of the sentence before there was ERR-8; 2.7 took it away."""
        sentence = self._text(finding.sentence) if self._header.is_before(2, 7) else ""
        return self._line("MSA", code, self._header.control_id, sentence)

    def err(self, finding: Finding, *, severity: str) -> str:
        """What is wrong where: ERR-1 up to 2.4, ERR-2 to ERR-8 since."""
        number = _condition(finding, self._header)
        segment, field = _place(finding)
        if self._header.is_before(2, 5):
            within = self._header.encoding.subcomponent
            coded = within.join((number, CONDITIONS[number], "HL70357")) if within else number
            return self._line("ERR", self._component.join((segment, "1" if segment else "", field, coded)))
        place = self._component.join((segment, "1", field)) if segment else ""
        coded = self._component.join((number, CONDITIONS[number], "HL70357"))
        own = self._component.join((finding.code or "", "", "journey"))
        return self._line("ERR", "", place, coded, severity, own, "", "", self._text(finding.sentence))

    def _line(self, *fields: str) -> str:
        return self._field.join(fields).rstrip(self._field)

    def _text(self, text: str) -> str:
        """With the delimiters in it escaped (2.7), or gone where nothing escapes."""
        encoding = self._header.encoding
        names = {
            encoding.escape: "E",
            encoding.field: "F",
            encoding.component: "S",
            encoding.repetition: "R",
            encoding.subcomponent: "T",
        }
        escape = encoding.escape
        return "".join(
            (f"{escape}{names[each]}{escape}" if escape else " ") if each in names else each for each in text
        )


def _condition(finding: Finding, header: Header) -> str:
    if finding.code == "no-mapping" and header.kind in KINDS:
        return "201"
    return CONDITION.get(finding.code or "", "207")


def _place(finding: Finding) -> tuple[str, str]:
    """The field that the sentence names first, as segment and number."""
    segment, _, field = next(iter(places(finding.code, finding.sentence)), "").partition("-")
    return segment, field
