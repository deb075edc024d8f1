"""Acknowledgements: which there are by the modes that were asked for, and what stands in them."""

import re
from collections.abc import Sequence
from itertools import product

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.ingest.hl7v2.er7 import Message, parse
from journey.ingest.hl7v2.outcome import Verdict
from journey.ingest.hl7v2.reasons import PARKED, REJECTED
from journey.mllp.acknowledging import APPLIED, CONDITION, Finding, acknowledgements, finding
from journey.mllp.header import Header, header

REFUSED = Finding("R", "no-mapping", "There is no mapping for ADT^A99 yet.")
PARKED_ = Finding("E", "no-patient", "PID-3 holds no number, nor does PID-2, PID-4 or PID-18.")
FINDINGS = {"A": APPLIED, "E": PARKED_, "R": REFUSED}


def msh(
    *, version: str = "2.5.1", accept: str = "", apply: str = "", id_: str = "42", charset: str = ""
) -> bytes:
    return (
        rf"MSH|^~\&|APP|FAC^1.2^ISO|JOURNEY|NET|20260301||ADT^A01^ADT_A01|{id_}|T|{version}|||{accept}|{apply}||{charset}"
        "\rPID|1||M1^^^HOSP||BRACKENHALL^EDITH\r"
    ).encode()


def answers(raw: bytes, told: Finding) -> Sequence[Message]:
    return [parse(each.raw) for each in acknowledgements(header(raw), told)]


def codes(raw: bytes, told: Finding) -> list[str]:
    return [each.value("MSA", 1) for each in answers(raw, told)]


@pytest.mark.parametrize("kind", FINDINGS)
def test_the_original_mode_has_one_answer(kind: str) -> None:
    (answer,) = answers(msh(), FINDINGS[kind])
    assert answer.value("MSA", 1) == f"A{kind}"
    head = answer.segments[0]
    assert [head.raw(field) for field in (3, 4, 5, 6)] == ["JOURNEY", "NET", "APP", "FAC^1.2^ISO"]
    assert (head.raw(9), head.raw(11), head.raw(12)) == ("ACK^A01^ACK", "T", "2.5.1")
    assert answer.value("MSA", 2) == "42"
    assert re.fullmatch(r"[0-9a-f]{20}", answer.control_id)


WORDS = {
    "": dict.fromkeys("AER", False),
    "AL": dict.fromkeys("AER", True),
    "NE": dict.fromkeys("AER", False),
    "ER": {"A": False, "E": True, "R": True},
    "SU": {"A": True, "E": False, "R": False},
    "??": dict.fromkeys("AER", True),
}


@pytest.mark.parametrize(("accept", "apply"), [each for each in product(WORDS, WORDS) if any(each)])
def test_the_enhanced_mode_has_the_answers_that_were_asked_for(accept: str, apply: str) -> None:
    """What is kept is accepted, whatever it says; what is refused for its kind gets no second answer."""
    for kind, told in FINDINGS.items():
        kept = "R" if kind == "R" else "A"
        first = [f"C{kept}"] if WORDS[accept][kept] else []
        second = [f"A{kind}"] if WORDS[apply][kind] and first != ["CR"] else []
        found = answers(msh(accept=accept, apply=apply), told)
        assert [each.value("MSA", 1) for each in found] == first + second
        assert {each.segments[0].raw(15) + each.segments[0].raw(16) for each in found} <= {"NENE"}


def test_what_is_wrong_stands_where_the_version_has_it() -> None:
    (new,) = answers(msh(), PARKED_)
    assert [new.value("ERR", 2, each) for each in (1, 2, 3)] == ["PID", "1", "3"]
    assert (new.value("ERR", 3), new.value("ERR", 3, 2)) == ("101", "Required field missing")
    assert (new.value("ERR", 4), new.value("ERR", 5)) == ("E", "no-patient")
    assert new.value("ERR", 8) == new.value("MSA", 3) == PARKED_.sentence
    (old,) = answers(msh(version="2.3"), PARKED_)
    assert old.segments[-1].fields[1:] == ("PID^1^3^101&Required field missing&HL70357",)
    assert old.value("MSA", 3) == PARKED_.sentence
    (newest,) = answers(msh(version="2.7^^"), PARKED_)
    assert newest.value("MSA", 3) == ""
    assert newest.value("ERR", 8) == PARKED_.sentence


def test_a_trigger_that_is_not_mapped_is_told_from_a_type() -> None:
    (answer,) = answers(msh(), REFUSED)
    assert (answer.value("ERR", 3), answer.value("ERR", 2), answer.value("ERR", 2, 3)) == ("201", "MSH", "9")
    assert answer.value("ERR", 8) == "There is no mapping for ADT^A99 yet."
    (other,) = answers(msh().replace(b"ADT^A01^ADT_A01", b"ZZZ^Z01"), REFUSED)
    assert other.value("ERR", 3) == "200"


def test_the_acknowledgement_is_read_by_another_library() -> None:
    (one,) = acknowledgements(header(msh()), PARKED_)
    read = hl7.parse(one.raw.decode())
    assert (str(read["MSA.F1.R1.C1"]), str(read["MSA.F2.R1.C1"])) == ("AE", "42")
    assert str(read["ERR.F3.R1.C1"]) == "101"


def test_the_delimiters_are_the_sender_s() -> None:
    raw = rb"MSH$*~\&$APP$FAC*X$$$2026$$ADT*A01$7$P$2.5" + b"\rPID$1\r"
    (answer,) = acknowledgements(header(raw), REFUSED)
    assert b"MSH$*~\\&$$$APP$FAC*X$" in answer.raw
    assert b"ACK*A01*ACK" in answer.raw
    assert parse(answer.raw).value("ERR", 8) == "There is no mapping for ADT^A99 yet."


def test_without_an_escape_character_delimiters_in_a_sentence_are_left_out() -> None:
    (answer,) = answers(b"MSH|^~|A|B|||2026||ADT^A01|7|P|2.5\r", REFUSED)
    assert answer.value("ERR", 8) == "There is no mapping for ADT A99 yet."


@pytest.mark.parametrize("raw", [b"", b"GET / HTTP/1.1", b"MSH", b"MSHxyz", b"\x00\xff", b"MSH|^^^^|"])
def test_bytes_that_are_no_message_are_answered_too(raw: bytes) -> None:
    verdict = Verdict("parked", "unparseable", PARKED["unparseable"])
    told = finding(verdict, "AE")
    assert told is not None
    (answer,) = answers(raw, told)
    assert (answer.value("MSA", 1), answer.value("MSA", 2), answer.value("ERR", 3)) == ("AR", "", "100")


def test_the_character_set_is_the_sender_s() -> None:
    raw = msh(charset="8859/1", id_="Jos\N{LATIN SMALL LETTER E WITH ACUTE}")
    (answer,) = acknowledgements(header(raw.decode().encode("latin-1")), APPLIED)
    assert b"MSA|AA|Jos\xe9\r" in answer.raw
    assert parse(answer.raw).segments[0].raw(18) == "8859/1"
    (unknown,) = acknowledgements(header(msh(charset="KLINGON")), APPLIED)
    assert b"KLINGON" not in unknown.raw


@given(st.binary(max_size=60), st.binary(max_size=300))
def test_no_field_that_comes_back_breaks_the_frame(delimiters: bytes, field: bytes) -> None:
    raw = b"MSH|" + delimiters + b"|" + b"|".join([field] * 16) + b"\rPID|1"
    for told in FINDINGS.values():
        for answer in acknowledgements(header(raw), told):
            parsed = parse(answer.raw)
            assert [each.name for each in parsed.segments][:2] == ["MSH", "MSA"]
            if parsed.charset.startswith("utf-16"):
                continue
            assert not re.search(rb"[\x0b\x1c]", answer.raw)


def test_every_reason_is_told_in_a_word_of_the_table() -> None:
    kinds = {}
    for code in {**PARKED, **REJECTED}:
        told = finding(Verdict("parked" if code in PARKED else "rejected", code, "x"), "AE")
        kinds[code] = told and told.kind
    assert kinds == {
        **dict.fromkeys(PARKED, "E"),
        **dict.fromkeys(["unparseable", "no-mapping", "unsupported-version", "other-processing-id"], "R"),
        **dict.fromkeys(REJECTED, "R"),
        "acknowledgement": None,
    }
    assert set(CONDITION) <= {*PARKED, *REJECTED, "occurs-in-the-future"}


def test_a_sender_that_stands_still_on_an_error_can_be_told_of_it_as_a_warning() -> None:
    told = finding(Verdict("parked", "no-patient", PARKED_.sentence), "AA")
    assert told is not None
    (answer,) = answers(msh(), told)
    assert (answer.value("MSA", 1), answer.value("ERR", 4)) == ("AA", "W")
    assert answer.value("ERR", 8).startswith("Kept, not applied; do not send it again.")


def test_nothing_of_the_patient_comes_back() -> None:
    for told in FINDINGS.values():
        for answer in acknowledgements(header(msh()), told):
            assert not re.search(rb"M1|BRACKENHALL|EDITH", answer.raw)


def test_the_header_is_read_without_the_rest() -> None:
    short = msh(charset="UNICODE UTF-8", id_="Jos\N{LATIN SMALL LETTER E WITH ACUTE}")
    assert header(short + b"NTE|\xff\xfe|" * 100) == header(short)
    assert header(b"\r\n" + short.replace(b"\r", b"\n")).control_id == header(short).control_id != ""
    assert header(short.decode().encode("utf-16")).control_id == header(short).control_id


def test_a_header_without_a_version_is_none_of_an_old_one() -> None:
    assert not Header().is_before(2, 5)
    assert not Header(version="two").is_before(2, 5)
    assert Header(version="2.4^GBR").is_before(2, 5)
    assert not Header(version="2.10").is_before(2, 5)
