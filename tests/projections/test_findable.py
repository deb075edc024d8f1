"""What is written down and what is asked for meet, however either is spelt."""

import pytest

from journey.domain.identity import Demographics, Identifier
from journey.projections.findable import Word, asked, findable


def found_by(
    family: str = "", given: tuple[str, ...] = (), birth_date: str | None = None, number: str = ""
) -> str:
    numbers = (Identifier(system="mrn", value=number),) if number else ()
    return findable(Demographics(family=family, given=given, birth_date=birth_date), numbers)


def meet(said: str, question: str) -> bool:
    """Whether each word of the question is there, or begins a word that is."""
    words = asked(question)
    return bool(words) and all(
        any(f" {form} " in said or (not word.whole and f" {form}" in said) for form in word.forms)
        for word in words
    )


@pytest.mark.parametrize(
    ("family", "questions"),
    [
        ("Müller", ["Müller", "MUELLER", "muller", "Mu\N{COMBINING DIAERESIS}ller", "mü"]),
        ("Mueller", ["Müller", "mueller", "Muller", "mue"]),
        ("Åberg", ["Aaberg", "aberg", "å"]),
        ("Sørensen", ["Soerensen", "Sorensen", "SØRENSEN"]),
        ("Strauß", ["Strauss", "strauß", "STRAUSS"]),
        ("O'Hara", ["O\N{RIGHT SINGLE QUOTATION MARK}Hara", "ohara", "o hara", "hara", "O'H"]),
        ("Smith-Jones", ["smith-jones", "Jones Smith", "smithjones", "jones"]),
        ("van der Berg", ["Vanderberg", "berg", "van der berg", "Berg, van der"]),
        ("Łukasiewicz", ["lukasiewicz", "Łuk"]),
        ("Петров", ["петров", "ПЕТ"]),
        ("김", ["김"]),
        ("कुमार", ["कुमार", "कुमा"]),
        ("ศรีสุข", ["ศรีสุข", "ศรี"]),
        ("מִזְרָחִי", ["מזרחי", "מִזְרָחִי"]),
        ("میر\N{ZERO WIDTH NON-JOINER}زاده", ["میرزاده", "میر\N{ZERO WIDTH NON-JOINER}زاده"]),
    ],
)
def test_a_name_is_found_as_people_write_it(family: str, questions: list[str]) -> None:
    said = found_by(family, ("Zoë", "Anne-Marie"))
    for question in questions:
        assert meet(said, question), question
        assert meet(said, f"annemarie {question}"), question
        assert meet(said, f"{question}, Zoe"), question
        assert not meet(said, f"{question} Bertha"), question


@pytest.mark.parametrize(("family", "other"), [("कुमार", "मकर कर रम"), ("ศรีสุข", "สข ร ศ"), ("김", "이")])
def test_a_sign_over_or_behind_a_letter_parts_no_word(family: str, other: str) -> None:
    assert not meet(found_by(other), family)


@pytest.mark.parametrize(("family", "given"), [("王", "小明"), ("김", "철수"), ("やまだ", "たろう")])
def test_a_whole_name_that_is_written_without_a_space(family: str, given: str) -> None:
    said = found_by(family, (given,))
    for question in (family + given, given + family, f"{family} {given}", family, given):
        assert meet(said, question), question
    assert not meet(said, f"{family}x{given}")


@pytest.mark.parametrize(
    ("question", "forms"),
    [
        ("2.3.70", ("19700302", "20700302", "2370")),
        ("3/2/70", ("19700203", "20700203", "19700302", "20700302", "3270")),
        ("31.12.05", ("19051231", "20051231", "311205")),
    ],
)
def test_a_year_of_two_digits_is_of_either_century_or_of_a_number(
    question: str, forms: tuple[str, ...]
) -> None:
    assert asked(question) == (Word(forms, whole=True),)
    assert meet(found_by("Ann", number=question), f"ann {question}")


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("1970-03-02", ("19700302",)),
        ("02.03.1970", ("19700302",)),
        ("2.3.1970", ("19700302",)),
        ("3/2/1970", ("19700203", "19700302")),
        ("13/2/1970", ("19700213",)),
        ("2/13/1970", ("19700213",)),
        ("5/5/1970", ("19700505",)),
        ("02-03-1970", ("19700302", "19700203")),
    ],
)
def test_a_birth_date_in_several_notations(question: str, days: tuple[str, ...]) -> None:
    assert asked(question) == (Word(days, whole=True),)
    assert asked(f"Ann {question}") == (Word(days, whole=True), Word(("ann",)))
    born = {f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in days}
    assert all(meet(found_by("Ann", birth_date=day), f"ann {question}") for day in born)


def test_what_is_known_of_a_birth_date_and_what_is_asked_of_it_may_be_less() -> None:
    assert meet(found_by("Ann", birth_date="1970-03-02"), "1970-03")
    assert meet(found_by("Ann", birth_date="1970-03-02"), "19700302")
    assert meet(found_by("Ann", birth_date="1970-03"), "ann 1970")
    assert not meet(found_by("Ann", birth_date="1970-03"), "1970-03-02")


def test_no_day_is_no_date() -> None:
    assert asked("31.31.1970") == (Word(("31311970",)),)


@pytest.mark.parametrize(
    ("number", "questions"),
    [
        ("MRN-00123", ["mrn-00123", "MRN00123", "mrn123", "00123", "123", "MRN 123"]),
        ("943 476 5919", ["9434765919", "943-476-5919", "943 476 5919", "0943 476 5919", "943476"]),
        ("0000", ["0", "0000"]),
    ],
)
def test_a_number_with_or_without_punctuation_and_zeros(number: str, questions: list[str]) -> None:
    for question in questions:
        assert meet(found_by("Ann", number=number), question), question
    assert not meet(found_by("Ann", number=number), "777")


@pytest.mark.parametrize("question", ["", " ", "%", "-_'", ",;", "\N{COMBINING DIAERESIS}"])
def test_nothing_is_asked_without_a_letter_or_a_digit(question: str) -> None:
    assert asked(question) == ()


def test_only_a_longer_word_of_letters_may_have_a_typing_error() -> None:
    mistyped = [word.forms[0] for word in asked("ann okafor mrn123 4711 2.3.1970") if word.may_be_mistyped]
    assert mistyped == ["okafor"]


def test_what_is_found_by_holds_each_word_once() -> None:
    assert found_by("Ann", ("Ann",), "1970", "1970") == " ann 1970 "
    assert found_by() == " "
