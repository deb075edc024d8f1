"""Findable: the one form in which names, numbers and birth dates are written down and asked for.

Accents, case, apostrophes and hyphens, ü or ue, leading zeros and the notation of a date make no difference.
What is written and what is asked goes through the same function, so that they always agree.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, normalize

from journey.domain.identity import Demographics, Identifier

LONGEST = 200
"""Characters of a name or number that it is found by."""

WORDS = 8
"""Words of a question that are looked at."""

RESEMBLING = 4
"""Letters from which on a word may have a typing error: of less, too much resembles it."""

SWAPPED = 12
"""Letters of a word that are tried in each other's place."""

LETTERS = str.maketrans(
    {
        "ø": "o",
        "œ": "o",
        "æ": "a",
        "å": "a",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ħ": "h",
    }
)
UNSAID = frozenset(("Mn", "Mc", "Me", "Cf"))
APOSTROPHES = re.compile(
    "['`\N{ACUTE ACCENT}\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{MODIFIER LETTER APOSTROPHE}\N{MODIFIER LETTER TURNED COMMA}]"
)
SPELT_OUT = re.compile(r"(?<=[aou])e|(?<=a)a")
"""Müller is Mueller, and Åberg is Aaberg; each letter goes by those before it, so that beginnings agree."""

LEADING_ZEROS = re.compile(r"^([^\W\d]*)0+(?=\w)")
DATE = re.compile(
    r"(?<!\w)(?:(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<t>[-/.])(?P<b>\d{1,2})(?P=t)(?:(?P<year>\d{4})|(?P<short>\d{2})))(?!\w)"
)
CENTURIES = ("19", "20")

TOGETHER = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Hangul, kana and ideographs, in which a whole name is written without a space."""


class Word(NamedTuple):
    """One word of a question: any of the forms will do."""

    forms: tuple[str, ...]
    whole: bool = False
    """It is said in full: what only begins so is something else."""

    @property
    def may_be_mistyped(self) -> bool:
        return not self.whole and all(len(form) >= RESEMBLING and form.isalpha() for form in self.forms)

    @property
    def off_by_one(self) -> tuple[str, ...]:
        """With any letter in the place of one, `_`: in so short a word, that changes most of it."""
        return tuple(
            f"{form[:place]}_{form[place + 1 :]}"
            for form in self.forms
            if len(form) == RESEMBLING
            for place in range(RESEMBLING)
        )

    @property
    def swapped(self) -> tuple[str, ...]:
        """With two neighbours in each other's place, the commonest error and the one that changes most."""
        return tuple(
            f"{form[:place]}{form[place + 1]}{form[place]}{form[place + 2 :]}"
            for form in self.forms
            for place in range(min(len(form), SWAPPED) - 1)
        )


def findable(person: Demographics, identifiers: tuple[Identifier, ...]) -> str:
    """Every word that the patient is found by, a space around each."""
    given = " ".join(person.given or ())
    return _found_by(
        person.family or "", given, person.birth_date or "", tuple(each.value for each in identifiers)
    )


@lru_cache(maxsize=10_000)
def _found_by(family: str, given: str, birth_date: str, numbers: tuple[str, ...]) -> str:
    """Kept, since most events of a journey change nothing of it."""
    said = [*_of_a_name(family), *_of_a_name(given)]
    if TOGETHER.search(family):
        said += [plain(family + given), plain(given + family)]
    said += [form for each in numbers for form in _of_a_number(each)]
    said.append(plain(birth_date))
    return " ".join(["", *dict.fromkeys(filter(None, said)), ""])


def asked(question: str) -> tuple[Word, ...]:
    """The words of a question, all of which have to be found; none, where it holds no letter or digit."""
    dates = [_days(found) for found in DATE.finditer(question)]
    words = [Word(days, whole=True) for days in dates if days]
    rest = DATE.sub(lambda found: " " if _days(found) else found[0], question)
    if not re.search(r"[^\W\d_]", rest) and re.search(r"\d", rest):
        words.append(Word((number(rest),)))  # a number that is written in groups
    else:
        words += [Word((form,)) for form in _of_a_question(rest)]
    return tuple(dict.fromkeys(words))[:WORDS]


def plain(text: str) -> str:
    """Letters and digits alone, without case and accents."""
    if text.isascii():
        return SPELT_OUT.sub("", "".join(filter(str.isalnum, text.lower())))
    letters = _bare(normalize("NFKD", text).casefold()).translate(LETTERS)
    return SPELT_OUT.sub("", "".join(filter(str.isalnum, letters)))


def number(text: str) -> str:
    """As it is written, without punctuation and leading zeros."""
    return LEADING_ZEROS.sub(r"\1", plain(text))


def _of_a_name(text: str) -> Iterator[str]:
    """Each part, and several as one: Anne-Marie is Anne, Marie and Annemarie."""
    text = text[:LONGEST]
    several = (*_parts(APOSTROPHES.sub("", text)), *_parts(text), *text.split(), text)
    yield from map(plain, dict.fromkeys(several))


def _of_a_number(text: str) -> Iterator[str]:
    text = text[:LONGEST]
    yield from map(number, dict.fromkeys((text, *_parts(text))))


def _of_a_question(text: str) -> Iterator[str]:
    """The parts of names; what has a digit is a number, and one whole."""
    for word in re.split(r"[\s,;]+", text):
        if re.search(r"\d", word):
            yield from filter(None, [number(word)])
        else:
            yield from filter(None, map(plain, _parts(APOSTROPHES.sub("", word))))


def _parts(text: str) -> list[str]:
    """What stands between marks and spaces."""
    if text.isascii() and text.isalnum():
        return [text]
    return [each for each in re.split(r"[\W_]+", text if text.isascii() else _bare(text)) if each]


def _bare(text: str) -> str:
    """Without accents, vowel signs and what is not seen: where such are characters, they part no word."""
    return "".join(each for each in normalize("NFKD", text) if category(each) not in UNSAID)


def _days(found: "re.Match[str]") -> tuple[str, ...]:
    """Each day that may be meant: 3/2/1970 is in March or in February, 3.2.1970 in February, 3.2.70 also in
    the other century. Of so few digits, it may be a number as well.
    """
    if found["y"]:
        orders = [(found["y"], found["m"], found["d"])]
    else:
        short = found["short"]
        years = [f"{each}{short}" for each in CENTURIES] if short else [found["year"]]
        orders = [(year, found["b"], found["a"]) for year in years]
        orders += [(year, found["a"], found["b"]) for year in years] if found["t"] != "." else []
    days = []
    for year, month, day in orders:
        with suppress(ValueError):
            days.append(date(int(year), int(month), int(day)).strftime("%Y%m%d"))
    if days and found["short"]:
        days.append(number(found[0]))
    return tuple(dict.fromkeys(days))
