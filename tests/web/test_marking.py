"""The places where a message is wrong are marked, whatever the message looks like."""

import json

import pytest

from journey.web.marking import LONGEST, Line, marked

MESSAGE = "MSH|^~\\&|APP|HOSP|||2026||ADT^A01|T1|P|2.5.1\nEVN||20261340\nPID|1||M1^^^HOSP||Doe^Jane\nPV1||I"


def told(lines: list[Line]) -> list[tuple[str, str]]:
    return [(piece.text, piece.said) for line in lines for piece in line if piece.wrong]


def text_of(lines: list[Line]) -> str:
    return "\n".join("".join(piece.text for piece in line) for line in lines)


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (["EVN-2"], [("20261340", "EVN-2")]),
        (["PID-3"], [("M1^^^HOSP", "PID-3")]),
        (["EVN-1"], [("", "EVN-1 is empty")]),
        (["PV1-19", "PID-18"], [("", "PID-18 is empty"), ("", "PV1-19 is empty")]),
        (["MSH-9"], [("ADT^A01", "MSH-9")]),
        (["MSH-2"], [("^~\\&", "MSH-2")]),
        (["MSH-1"], [("|", "MSH-1")]),
        (["MRG-1"], [("MRG", "there is no such segment")]),
        (["MRG"], [("MRG", "there is no such segment")]),
        (["PV1"], [("PV1", "")]),
        (["Patient.name"], []),
        ([], []),
    ],
)
def test_fields_are_marked_and_nothing_is_changed(places: list[str], found: list[tuple[str, str]]) -> None:
    lines = marked("hl7v2", MESSAGE, places)
    assert told(lines) == found
    whole = text_of(lines)
    assert whole.removesuffix("\nMRG") == MESSAGE


@pytest.mark.parametrize("text", ["", "MSH", "MSH|", "no message", "|||\n\n", "MSHMSH-2"])
def test_what_is_no_message_is_shown_as_it_is(text: str) -> None:
    assert text_of(marked("hl7v2", text, ["MSH-2"])).removesuffix("\nMSH") == text


PATIENT: dict[str, object] = {
    "resourceType": "Patient",
    "name": [{"family": "Doe", "given": ["Jane", "Ann"]}],
    "birthDate": "yesterday",
    "empty": {},
    "contact": [],
    "é": None,
}


@pytest.mark.parametrize(
    ("place", "lines", "said"),
    [
        ("Patient.birthDate", ['"birthDate": "yesterday",'], "Patient.birthDate"),
        ("Patient.name[0].family", ['"family": "Doe",'], "Patient.name[0].family"),
        ("Patient.gender", ["{"], "Patient.gender is missing"),
        ("Patient.name[0].period.start", ["{"], "Patient.name[0].period.start is missing"),
        ("Patient.empty", ['"empty": {},'], "Patient.empty"),
    ],
)
def test_elements_are_marked_or_where_they_should_be(place: str, lines: list[str], said: str) -> None:
    text = json.dumps(PATIENT, indent=2, ensure_ascii=False)
    found = marked("fhir", text, [place])
    assert text_of(found) == text
    assert told(found) == [(line, said) for line in lines]


def test_an_element_with_others_in_it_is_marked_whole() -> None:
    found = told(marked("fhir", json.dumps(PATIENT, indent=2), ["Patient.name"]))
    assert [text for text, _ in found] == ['"name": [', "{", '"family": "Doe",', '"given": [',
        '"Jane",', '"Ann"', "]", "}", "],"]  # fmt: skip
    assert [said for _, said in found if said] == ["Patient.name"]


def test_what_cannot_be_read_is_marked_where_that_begins() -> None:
    text = '{\n  "resourceType": "Patient",\n  "id" "x"\n}'
    assert told(marked("fhir", text, [])) == [('  "id" "x"', "it cannot be read from here")]
    assert text_of(marked("fhir", text, [])) == text
    assert told(marked("fhir", "[" * 5000, []))


def test_what_is_very_long_is_cut() -> None:
    assert len(text_of(marked("fhir", "x\n" * LONGEST, []))) == LONGEST
