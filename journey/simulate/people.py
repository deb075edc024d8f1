"""The people of the simulated clinic: invented, of many origins, and nobody's.

Family names are made up, telephone numbers lie in the range kept for fiction (555-01xx), and neither the
town nor its streets exist.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from journey.domain.codes import Gender
from journey.domain.identity import Demographics, Identifier
from journey.simulate.dice import Dice, Weighted

AUTHORITY = "LINDEN"
"""Who assigns medical record numbers (HL7 v2 assigning authority)."""
NATIONAL = "LINDENLAND"
"""Who assigns the numbers that some patients bring along."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Names that are heard together, and the language beside English."""

    language: str
    families: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]


ORIGINS: Weighted[Origin] = (
    (
        0.40,
        Origin(
            "en",
            ("Alderwick", "Brackenhall", "Cawthorley", "Dunmarrow", "Eskerby", "Fallowgate", "Thistlemoor"),
            ("Abigail", "Claire", "Edith", "Hannah", "Joan", "Nora", "Rosemary", "Tess"),
            ("Adam", "Colin", "Edgar", "Graham", "Jack", "Miles", "Owen", "Walter"),
        ),
    ),
    (
        0.18,
        Origin(
            "es",
            ("Villamarena", "Robledosa", "Cienfuerte", "Montalbar", "Peñalarga", "Del Rocal"),
            ("Alma", "Beatriz", "Inés", "Lucía", "Marisol", "Noemí"),
            ("Andrés", "Bruno", "Efraín", "Joaquín", "Mateo", "Raúl"),
        ),
    ),
    (
        0.10,
        Origin(
            "yo",
            ("Adewumira", "Okonjide", "Balogunle", "Eziokwuma"),
            ("Amara", "Folake", "Ngozi", "Simisola"),
            ("Babatunde", "Chidi", "Kayode", "Tunde"),
        ),
    ),
    (
        0.09,
        Origin(
            "vi",
            ("Tranhoa", "Phambinh", "Dothien", "Luonghai"),
            ("Anh", "Hoa", "Linh", "Mai"),
            ("Bao", "Duc", "Khang", "Minh"),
        ),
    ),
    (
        0.08,
        Origin(
            "pl",
            ("Szarnolewski", "Brzozowiak", "Kwiatomska", "Żurawicz"),
            ("Agnieszka", "Dorota", "Halina", "Zofia"),
            ("Bogdan", "Jacek", "Marek", "Piotr"),
        ),
    ),
    (
        0.08,
        Origin(
            "ar",
            ("Al-Nuwayri", "Haddarin", "Qasimoun", "Bint-Salwari"),
            ("Amal", "Farida", "Leila", "Samira"),
            ("Hakim", "Idris", "Karim", "Yusuf"),
        ),
    ),
    (
        0.07,
        Origin(
            "hi",
            ("Chandrapuri", "Venkatwala", "Sunderkar", "Dhanrajani"),
            ("Anjali", "Kavya", "Meera", "Sunita"),
            ("Arjun", "Dev", "Rohan", "Vikram"),
        ),
    ),
)
STREETS = (
    "Alder Street",
    "Canal Row",
    "Dock & Anchor Yard",
    "Foundry Lane",
    "Mill Hill",
    "Quayside",
    "Tanner's Way",
)
DISTRICTS = ("Lindenport", "Lindenport East", "Upper Weir", "St. Orla", "Marshgate")
AREAS = ("212", "312", "415", "617", "713")
GENDERS: Weighted[Gender] = (
    (0.51, Gender.FEMALE),
    (0.47, Gender.MALE),
    (0.015, Gender.OTHER),
    (0.005, Gender.UNKNOWN),
)
SECOND_NAME, ENGLISH_FIRST = 0.3, 0.55
YEAR = 365.25


@dataclass(slots=True)
class Person:
    """Somebody who comes to the clinic."""

    patient_id: UUID
    identifiers: tuple[Identifier, ...]
    demographics: Demographics

    @property
    def needs_interpreter(self) -> bool:
        return self.demographics.language not in {None, "en"}


def invent(dice: Dice, numbers: "Numbers", born: date) -> Person:
    """A person born about that day."""
    origin = dice.by_share(ORIGINS)
    gender = dice.by_share(GENDERS)
    names = {Gender.FEMALE: origin.women, Gender.MALE: origin.men}.get(gender, origin.women + origin.men)
    first, second = dice.one(names), dice.one(names)
    given = (first, second) if second != first and dice.chance(SECOND_NAME) else (first,)
    language = "en" if origin.language == "en" or dice.chance(ENGLISH_FIRST) else origin.language
    demographics = Demographics(
        family=dice.one(origin.families),
        given=given,
        birth_date=born.isoformat(),
        gender=gender,
        language=language,
        phone=phone(dice),
        address=address(dice),
    )
    return Person(dice.uuid(), (numbers.record_number(dice),), demographics)


def birth_date(dice: Dice, ages: tuple[int, int], on: date) -> date:
    """Of somebody between these ages, mostly in the middle of them, on that day."""
    youngest, oldest = ages
    age = dice.triangular(youngest, oldest + 1)
    return on - timedelta(days=int(age * YEAR))


def phone(dice: Dice) -> str:
    """A number that rings nowhere."""
    return f"+1-{dice.one(AREAS)}-555-01{dice.whole(0, 99):02}"


def address(dice: Dice) -> str:
    """Street and town."""
    return f"{dice.whole(1, 240)} {dice.one(STREETS)}, {dice.one(DISTRICTS)}"


class Numbers:
    """Medical record numbers, no two alike within a simulation."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def record_number(self, dice: Dice) -> Identifier:
        """One nobody has."""
        while (number := dice.whole(10_000_000, 99_999_999)) in self._given:
            pass
        self._given.add(number)
        return Identifier(system=AUTHORITY, value=f"M{number}", type="MR")
