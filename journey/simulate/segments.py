r"""HL7 v2.5.1 segments, written: fields in their places, delimiters in the text escaped (2.7).

    |  \F\     ^  \S\     ~  \R\     &  \T\     \  \E\     a new line  \.br\

What a segment needs of a visit or a person comes in; nothing is remembered here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from journey.domain.codes import EncounterClass, Gender, VisitStatus
from journey.domain.event import Coded, Precision
from journey.domain.identity import Demographics, Identifier
from journey.domain.place import Location
from journey.simulate.cases import FACILITY, ICD, LOINC, SNOMED

ESCAPES = str.maketrans(
    {
        "\\": "\\E\\",
        "|": "\\F\\",
        "^": "\\S\\",
        "~": "\\R\\",
        "&": "\\T\\",
        "\r": "\\.br\\",
        "\n": "\\.br\\",
    }
)
PATIENT_CLASS = {
    EncounterClass.AMBULATORY: "O",
    EncounterClass.EMERGENCY: "E",
    EncounterClass.INPATIENT: "I",
    EncounterClass.OBSERVATION: "O",
    EncounterClass.PREADMISSION: "P",
}
"""HL7 table 0004. Care outside the house has no letter of its own there: it is outpatient care."""
PATIENT_TYPE = {EncounterClass.OBSERVATION: "OBS", EncounterClass.VIRTUAL: "VR"}
"""What the letter leaves unsaid, in PV1-18."""
NO_VISIT = "N"
SEX = {Gender.FEMALE: "F", Gender.MALE: "M", Gender.OTHER: "O", Gender.UNKNOWN: "U"}
"""HL7 table 0001."""
CODE_SYSTEMS = {LOINC: "LN", SNOMED: "SCT", ICD: "I10"}
"""HL7 table 0396; everything else is local."""
TO_THE_MINUTE = {Precision.MINUTE: "%Y%m%d%H%M%z"}


def text(value: str | None) -> str:
    """Free text with its delimiters escaped."""
    return (value or "").translate(ESCAPES)


def parts(*components: str | None) -> str:
    """Components, escaped; empty ones at the end are left out."""
    return "^".join(map(text, components)).rstrip("^")


def coded(code: Coded | None) -> str:
    """CE: code, its words, its system."""
    return parts(code.code, code.display, CODE_SYSTEMS.get(code.system, "L")) if code else ""


def identifier(number: Identifier) -> str:
    """CX: number, assigning authority, type."""
    return parts(number.value, None, None, number.system, number.type)


def identifiers(numbers: tuple[Identifier, ...]) -> str:
    """CX, repeated."""
    return "~".join(map(identifier, numbers))


def location(place: Location | None) -> str:
    """PL: point of care, room, bed, facility."""
    return parts(place.point_of_care, place.room, place.bed, place.facility) if place else ""


def person(who: str | None) -> str:
    """XCN: an id of the staff."""
    return parts(who)


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A line with each field in its place; it ends with the last that says something."""
    line = [name, *("" for _ in range(max(fields)))]
    for place, value in fields.items():
        line[place] = value
    return "|".join(line).rstrip("|")


@dataclass(slots=True)
class VisitSeen:
    """What messages tell of a visit."""

    number: str
    status: VisitStatus = VisitStatus.BOOKED
    kind: EncounterClass | None = None
    place: Location | None = None
    place_before: Location | None = None
    start: datetime | None = None
    end: datetime | None = None
    service: Coded | None = None
    seen_by: str | None = None
    admitted: datetime | None = None
    left: datetime | None = None
    disposition: str = ""
    expected_out: datetime | None = None
    undone: tuple[EncounterClass | None, Location | None, datetime | None] = (None, None, None)
    """Class, place and admission before the latest one, for when that is cancelled."""

    @property
    def is_here(self) -> bool:
        return self.status is VisitStatus.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes times in the clinic's zone, and segments that have any."""

    zone: ZoneInfo

    def time(self, at: datetime | None, precision: Precision = Precision.INSTANT) -> str:
        """DTM with its offset, as exact as it is known."""
        shape = TO_THE_MINUTE.get(precision, "%Y%m%d%H%M%S%z")
        return at.astimezone(self.zone).strftime(shape) if at else ""

    def msh(self, application: str, at: datetime, kind: str, control_id: str) -> str:
        """The header: who sends what, when, under which id."""
        fields = {
            1: "^~\\&",
            2: application,
            3: FACILITY,
            4: "JOURNEY",
            5: FACILITY,
            6: self.time(at),
            8: kind,
            9: control_id,
            10: "P",
            11: "2.5.1",
            14: "AL",
            15: "NE",
            17: "UNICODE UTF-8",
        }
        return segment("MSH", fields)  # its first field is the separator itself: MSH-n stands at n - 1

    def evn(self, trigger: str, recorded: datetime, by: str, occurred: datetime, precision: Precision) -> str:
        """When it was recorded (EVN-2) and when it happened (EVN-6)."""
        return segment(
            "EVN",
            {
                1: trigger,
                2: self.time(recorded),
                5: person(by),
                6: self.time(occurred, precision),
                7: FACILITY,
            },
        )

    def pid(self, numbers: tuple[Identifier, ...], known: Demographics) -> str:
        """Who it is about."""
        given, second = (*(known.given or ()), "", "")[:2]
        street, _, town = (known.address or "").partition(", ")
        died = known.deceased_at
        return segment(
            "PID",
            {
                1: "1",
                3: identifiers(numbers),
                5: parts(known.family, given, second, None, None, None, "L"),
                7: (known.birth_date or "").replace("-", ""),
                8: SEX[known.gender] if known.gender else "",
                11: parts(street, None, town),
                13: parts(known.phone, "PRN", "PH") if known.phone else "",
                15: parts(known.language, None, "ISO639") if known.language else "",
                29: self.time(died),
                30: "Y" if died else "",
            },
        )

    def pv1(self, visit: VisitSeen | None) -> str:
        """Which visit; where there is none, that."""
        if visit is None:
            return segment("PV1", {1: "1", 2: NO_VISIT})
        return segment(
            "PV1",
            {
                1: "1",
                2: PATIENT_CLASS.get(visit.kind, "O") if visit.kind else "O",
                3: location(visit.place),
                6: location(visit.place_before),
                7: person(visit.seen_by),
                18: PATIENT_TYPE.get(visit.kind, "") if visit.kind else "",
                19: parts(visit.number, None, None, FACILITY, "VN"),
                36: visit.disposition,
                44: self.time(visit.admitted),
                45: self.time(visit.left),
            },
        )

    def pv2(self, trigger: str, visit: VisitSeen) -> str:
        """When the patient is expected: in (A05), or out (A16)."""
        return segment(
            "PV2", {8: self.time(visit.start)} if trigger == "A05" else {9: self.time(visit.expected_out)}
        )
