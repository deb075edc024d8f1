"""What each trigger asks for, when, and of whom: messages in, commands out, no database."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from journey.domain.codes import EncounterClass, Gender, ResultStatus
from journey.domain.correction import CancelAdmission, CancelDischarge, CancelMove, History
from journey.domain.discharge import ChangeExpectedDischarge, DischargePatient
from journey.domain.episode import JourneyOpened, OpenJourney
from journey.domain.event import Coded, Command, Event, Precision
from journey.domain.identity import AssignIdentifier, ChangeDemographics, Demographics, Identifier
from journey.domain.place import Location
from journey.domain.result import ReceiveResult
from journey.domain.visit import (
    AdmitPatient,
    Appointment,
    BookVisit,
    CancelVisit,
    ChangeClass,
    ChangeVisit,
    CompleteVisit,
    EndLeave,
    MovePatient,
    PatientAdmitted,
    RecordNoShow,
    RemoveVisit,
    RescheduleVisit,
    StartLeave,
    StartVisit,
    VisitBooked,
    VisitStarted,
)
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.er7 import parse
from journey.ingest.hl7v2.mapping import TABLE, Part, parts
from journey.ingest.hl7v2.reasons import NothingToApply
from journey.ingest.keys import Key, visit_id_of
from tests.ingest.hl7v2.page import PAGE, block, mapping_table, reasons_table
from tests.ingest.hl7v2.written import PID, evn, message, pv1, segment
from tests.spec import JOURNEY, PATIENT, given

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
EVN = evn("20260301083000+0000")
BERLIN = ZoneInfo("Europe/Berlin")
VISIT_KEY = Key("HOSP", "visit", "V1")
V1 = visit_id_of(JOURNEY, VISIT_KEY)
APPOINTMENT = visit_id_of(JOURNEY, Key("HOSP", "appointment", "F1"))
WARD = Location(point_of_care="W1", room="101", bed="B2", facility="HOSP")
OPENED = JourneyOpened(patient_id=PATIENT)
SCH = segment("SCH", {1: "P1", 2: "F1", 6: "weather^Bad weather", 9: "30", 10: "MIN"})
TQ1 = segment("TQ1", {7: "20260310090000+0000"})


def only(raw: bytes, zone: ZoneInfo = BERLIN) -> Part:
    (part,) = parts(parse(raw), zone)
    return part


def asked(raw: bytes, *told: Event | tuple[Event, datetime]) -> Sequence[Command]:
    """The commands beyond identity, at the journey of which this is told."""
    part = only(raw)
    visit_id = visit_id_of(JOURNEY, part.visit.key) if part.visit else None
    history = given((OPENED, AT - timedelta(days=9)), *told).history
    commands = part.commands(history, JOURNEY, PATIENT, visit_id=visit_id)
    return [each for each in commands if not isinstance(each, AssignIdentifier | ChangeDemographics)]


def reason(raw: bytes, *told: Event | tuple[Event, datetime]) -> str:
    with pytest.raises(Unapplied) as unapplied:
        asked(raw, *told)
    return f"{unapplied.value.code}: {unapplied.value.sentence}"


AGREED = Appointment(
    service=Coded(system="http://snomed.info/sct", code="1", display="Checkup"),
    encounter_class=EncounterClass.AMBULATORY,
    location=Location(point_of_care="C1"),
    participants=("7",),
)
RESOURCES = (
    segment("PV1", {2: "O"}),
    segment("AIS", {3: "1^Checkup^SCT"}),
    segment("AIL", {3: "C1"}),
    segment("AIP", {3: "7^Nurse"}),
)
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
END = START + timedelta(minutes=30)
WEATHER = Coded(system="HOSP", code="weather", display="Bad weather")


@pytest.mark.parametrize(
    ("raw", "command", "facts"),
    [
        (
            message("ADT^A01", EVN, PID, pv1()),
            AdmitPatient,
            {"visit_id": V1, "encounter_class": EncounterClass.INPATIENT, "location": WARD},
        ),
        (
            message("ADT^A02", EVN, PID, pv1(f6="ICU")),
            MovePatient,
            {"visit_id": V1, "location": WARD, "moved_from": Location(point_of_care="ICU")},
        ),
        (
            message("ADT^A03", EVN, PID, pv1(f36="01^Home")),
            DischargePatient,
            {
                "visit_id": V1,
                "disposition": Coded(
                    system="http://terminology.hl7.org/CodeSystem/v2-0112", code="01", display="Home"
                ),
            },
        ),
        (message("ADT^A03", EVN, PID, pv1(f2="E")), DischargePatient, {"visit_id": V1, "disposition": None}),
        (message("ADT^A03", EVN, PID, pv1(f2="O")), CompleteVisit, {"visit_id": V1}),
        (
            message("ADT^A04", EVN, PID, pv1(f2="E")),
            StartVisit,
            {"visit_id": V1, "encounter_class": EncounterClass.EMERGENCY, "location": WARD},
        ),
        (
            message("ADT^A05", EVN, PID, pv1(), segment("PV2", {8: "20260310090000+0000"})),
            BookVisit,
            {
                "visit_id": V1,
                "appointment": Appointment(
                    start=START, encounter_class=EncounterClass.PREADMISSION, location=WARD
                ),
            },
        ),
        (
            message("ADT^A06", EVN, PID, pv1()),
            AdmitPatient,
            {"visit_id": V1, "encounter_class": EncounterClass.INPATIENT, "location": WARD},
        ),
        (
            message("ADT^A07", EVN, PID, pv1(f2="O")),
            ChangeClass,
            {"visit_id": V1, "encounter_class": EncounterClass.AMBULATORY, "location": WARD},
        ),
        (message("ADT^A11", EVN, PID, pv1()), CancelAdmission, {"visit_id": V1}),
        (message("ADT^A12", EVN, PID, pv1()), CancelMove, {"visit_id": V1, "location": None}),
        (
            message("ADT^A12", EVN, PID, pv1(f6="ICU")),
            CancelMove,
            {"visit_id": V1, "location": Location(point_of_care="ICU")},
        ),
        (message("ADT^A13", EVN, PID, pv1()), CancelDischarge, {"visit_id": V1}),
        (
            message("ADT^A14", "EVN||20260301083000+0000|20260310090000+0000", PID, pv1()),
            BookVisit,
            {
                "visit_id": V1,
                "appointment": Appointment(
                    start=START, encounter_class=EncounterClass.PREADMISSION, location=WARD
                ),
            },
        ),
        (
            message("ADT^A16", EVN, PID, pv1(), segment("PV2", {9: "20260310090000+0000"})),
            ChangeExpectedDischarge,
            {"visit_id": V1, "expected_at": START},
        ),
        (message("ADT^A21", EVN, PID, pv1()), StartLeave, {"visit_id": V1}),
        (message("ADT^A22", EVN, PID, pv1()), EndLeave, {"visit_id": V1}),
        (
            message("ADT^A25", EVN, PID, pv1()),
            ChangeExpectedDischarge,
            {"visit_id": V1, "expected_at": None},
        ),
        (message("ADT^A27", EVN, PID, pv1()), CancelVisit, {"visit_id": V1}),
        (message("ADT^A38", EVN, PID, pv1()), CancelVisit, {"visit_id": V1}),
        (
            message("SIU^S12", SCH, TQ1, PID, *RESOURCES, sent="20260301083000+0000"),
            BookVisit,
            {
                "visit_id": APPOINTMENT,
                "appointment": AGREED.model_copy(update={"start": START, "end": END}),
            },
        ),
        (
            message("SIU^S13", SCH, TQ1, PID, sent="20260301083000+0000"),
            RescheduleVisit,
            {"visit_id": APPOINTMENT, "start": START, "end": END, "reason": WEATHER},
        ),
        (
            message("SIU^S14", SCH, TQ1, PID, *RESOURCES, sent="20260301083000+0000"),
            ChangeVisit,
            {"visit_id": APPOINTMENT, "appointment": AGREED},
        ),
        (
            message("SIU^S15", SCH, PID, sent="20260301083000+0000"),
            CancelVisit,
            {"visit_id": APPOINTMENT, "reason": WEATHER},
        ),
        (
            message("SIU^S16", SCH, PID, sent="20260301083000+0000"),
            CancelVisit,
            {"visit_id": APPOINTMENT, "reason": WEATHER},
        ),
        (
            message("SIU^S17", SCH, PID, sent="20260301083000+0000"),
            RemoveVisit,
            {"visit_id": APPOINTMENT, "reason": WEATHER},
        ),
        (
            message("SIU^S26", SCH, PID, sent="20260301083000+0000"),
            RecordNoShow,
            {"visit_id": APPOINTMENT},
        ),
    ],
    ids=lambda value: value.split(b"|")[8].decode() if isinstance(value, bytes) else "",
)
def test_a_trigger_asks_for_its_command(raw: bytes, command: type[Command], facts: dict[str, object]) -> None:
    assert asked(raw) == [
        command(**facts, occurred_at=AT, occurred_precision=Precision.INSTANT, reported=True)
    ]


@pytest.mark.parametrize("trigger", ["A18", "A28", "A31", "A34", "A40", "A47"])
def test_some_say_who_the_patient_is_and_nothing_else(trigger: str) -> None:
    assert asked(message(f"ADT^{trigger}", EVN, PID, "MRG|M0^^^HOSP^MR")) == []


def test_every_trigger_of_the_table_is_tested_here() -> None:
    marks = test_a_trigger_asks_for_its_command.pytestmark  # type: ignore[attr-defined]  # as pytest keeps them
    tested = {case[0].split(b"|")[8].decode() for case in marks[0].args[1]}
    others = {f"ADT^{name}" for name in ("A08", "A18", "A24", "A28", "A31", "A34", "A37", "A40", "A47")}
    referrals = {f"{kind}^I1{number}" for kind in ("REF", "RRI") for number in (2, 3, 4)}
    assert tested | others | {"ORU^R01", "OMG^O19", "OSU^O51"} | referrals == set(TABLE)


@pytest.mark.parametrize(("name", "written"), [("mapping", mapping_table), ("reasons", reasons_table)])
def test_the_page_has_the_tables_of_the_code(name: str, written: Callable[[], str]) -> None:
    assert block(PAGE.read_text(), name) == written(), "write it again: python -m tests.ingest.hl7v2.page"


# --- When


@pytest.mark.parametrize(
    ("segments", "sent", "expected", "precision"),
    [
        (["EVN||20260302|||||"], "20260303", datetime(2026, 3, 1, 23, tzinfo=UTC), "day"),
        ([evn("20260301", "20260302")], "20260303", datetime(2026, 2, 28, 23, tzinfo=UTC), "day"),
        ([evn("202603", "20260302")], "20260303", datetime(2026, 2, 28, 23, tzinfo=UTC), "month"),
        ([pv1(f44="202603010830")], "20260303", datetime(2026, 3, 1, 7, 30, tzinfo=UTC), "minute"),
        ([pv1(f44="2026030108")], "20260303-0500", datetime(2026, 3, 1, 13, tzinfo=UTC), "hour"),
        ([pv1(f44="20260301083000.5+0100")], "20260303-0500", AT - timedelta(seconds=3599.5), "instant"),
        ([], "20260303100000", datetime(2026, 3, 3, 9, tzinfo=UTC), "instant"),
    ],
    ids=["EVN-2", "EVN-6", "a month", "PV1-44", "the offset of MSH-7", "an offset of its own", "MSH-7"],
)
def test_it_happened_when_the_most_exact_of_its_fields_says(
    segments: list[str], sent: str, expected: datetime, precision: str
) -> None:
    (command,) = asked(message("ADT^A01", *segments, PID, sent=sent))

    assert (command.occurred_at, command.occurred_precision) == (expected, precision)


def test_a_discharge_is_when_the_patient_left_not_when_it_came() -> None:
    (command,) = asked(message("ADT^A03", PID, pv1(f44="20260201", f45="20260301083000+0000")))

    assert command.occurred_at == AT


@pytest.mark.parametrize(
    ("segments", "sent", "expected"),
    [
        ([evn("yesterday")], "20260303", "bad-time: EVN-6: "),
        ([evn("99991231")], "20260303", "bad-time: EVN-6: nothing here happens in that year."),
        ([pv1(f44="20261301")], "20260303", "bad-time: PV1-44: "),
        ([], "", "no-time: "),
        ([], "0000", "no-time: "),
    ],
)
def test_what_says_no_usable_time_is_not_given_one(segments: list[str], sent: str, expected: str) -> None:
    said = reason(message("ADT^A01", *segments, PID, sent=sent))

    assert said.startswith(expected)
    assert "yesterday" not in said


# --- Who


def person(pid: str) -> ChangeDemographics:
    return only(message("ADT^A08", EVN, pid)).person


def test_the_person_is_what_pid_says() -> None:
    said = person(
        segment(
            "PID",
            {
                3: "M1^^^HOSP^MR",
                5: "Nick^N^^^^^N~Doe^Jane^Ann Lee^^^^L",
                7: "19800229120000",
                8: "F",
                11: "1 Street^^Town^ST^12345^XX",
                13: "^PRN^PH^^^555^1234",
                15: "EN^English",
                29: "20260228",
                30: "Y",
            },
        )
    )

    assert said.cleared == ()
    assert said.demographics == Demographics(
        family="Doe",
        given=("Jane", "Ann", "Lee"),
        birth_date="1980-02-29",
        gender=Gender.FEMALE,
        address="1 Street, Town, ST, 12345, XX",
        phone="555 1234",
        language="en",
        deceased_at=datetime(2026, 2, 28, tzinfo=UTC),
    )


def test_an_empty_field_says_nothing_and_the_null_clears() -> None:
    said = person('PID|||M1||Doe^Jane||""|""|||""||""')

    assert said.demographics == Demographics(family="Doe", given=("Jane",))
    assert said.cleared == ("address", "birth_date", "gender", "phone")
    assert person('PID|||M1||""').cleared == ("family", "given")


@pytest.mark.parametrize(
    "said", ["unknown", "19", "198013x", "00000000", "1980022", "19800230", "19801301", "0000"]
)
def test_a_birth_date_that_is_none_says_nothing(said: str) -> None:
    assert person(f"PID|||M1||||{said}").demographics.birth_date is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1980", "1980"),
        ("198002", "1980-02"),
        ("19800000", "1980"),
        ("19800200", "1980-02"),
        ("198000", "1980"),
    ],
)
def test_a_birth_date_may_be_partial(said: str, expected: str) -> None:
    assert person(f"PID|||M1||||{said}").demographics.birth_date == expected


@pytest.mark.parametrize(("field", "said"), [(3, "PID-3"), (5, "PID-5"), (18, "PID-18")])
def test_what_is_too_long_to_be_a_number_or_a_name_is_set_aside(field: int, said: str) -> None:
    fields = {3: "M1", field: "x" * 300}

    assert reason(message("ADT^A01", EVN, segment("PID", fields))).startswith(f"bad-value: {said}: too long")


def test_what_is_not_text_is_left_out_of_it() -> None:
    said = person("PID|||M1||Do\\X00\\e^Ja\x07ne").demographics

    assert (said.family, said.given) == ("Do e", ("Ja ne",))


@pytest.mark.parametrize(
    ("pid", "found_by"),
    [
        ("PID|||M1^^^HOSP^MR~N9^^^NHS^NH", [("HOSP", "M1"), ("NHS", "N9")]),
        ("PID|||M1~M1", [("HOSP", "M1")]),
        ("PID|||M1^^^&2.16.840&ISO", [("urn:oid:2.16.840", "M1")]),
        ("PID|||M1^^^&lab.example&DNS", [("lab.example", "M1")]),
        ("PID|||1^^^US^SS~M1^^^HOSP^MR~2^^^HOSP^AN", [("HOSP", "M1")]),
        ("PID||M2^^^HOSP|1^^^US^SS", [("HOSP", "M2")]),
        ("PID||||M4", [("HOSP", "M4")]),
        ("PID|||1^^^US^SS", [("US", "1")]),
        (segment("PID", {18: "A1"}), [("HOSP", "A1")]),
    ],
)
def test_a_patient_is_found_by_the_numbers_that_are_only_his(
    pid: str, found_by: list[tuple[str, str]]
) -> None:
    keys = only(message("ADT^A08", EVN, pid)).patient.keys

    assert [(key.system, key.value) for key in keys] == found_by


@pytest.mark.parametrize("pid", ["PID|1", "PID|||^^^HOSP", 'PID|||""', "NTE|1"])
def test_a_message_about_nobody_is_set_aside(pid: str) -> None:
    assert reason(message("ADT^A01", EVN, pid)).startswith("no-patient: ")


def test_a_journey_is_opened_as_planned_by_the_first_message() -> None:
    part = only(message("ADT^A28", EVN, "PID|||M1^^^HOSP^MR~N9^^^NHS^NH||Doe"))
    opening, *_ = part.commands(History(), JOURNEY, PATIENT, visit_id=None, continues=UUID(int=7))

    assert isinstance(opening, OpenJourney)
    assert (opening.patient_id, opening.status, opening.continues) == (PATIENT, "planned", UUID(int=7))
    assert [each.value for each in opening.identifiers] == ["M1", "N9"]
    assert opening.patient == Demographics(family="Doe")


def test_a_number_that_is_new_is_recorded_and_one_that_is_known_is_not() -> None:
    part = only(message("ADT^A31", EVN, "PID|||M1^^^HOSP^MR~N9^^^NHS^NH"))
    history = given(OPENED).history
    first, *_ = part.commands(history, JOURNEY, PATIENT, visit_id=None)

    assert isinstance(first, AssignIdentifier)
    assert first.identifier == Identifier(system="HOSP", value="M1", type="MR")


def test_a_laboratory_does_not_say_who_a_known_patient_is() -> None:
    part = only(message("ORU^R01", PID, "OBR|1||L1|glucose"))
    commands = part.commands(given(OPENED).history, JOURNEY, PATIENT, visit_id=None)

    assert not any(isinstance(each, ChangeDemographics) for each in commands)


# --- Which visit


def test_without_a_number_the_account_or_the_alternate_id_names_the_visit() -> None:
    alternate = only(message("ADT^A01", PID, pv1(f19="", f50="X1")))
    account = only(message("ADT^A01", segment("PID", {3: "M1", 18: "A1"}), pv1(f19="")))

    assert alternate.visit
    assert account.visit
    assert alternate.visit.key == Key("HOSP", "visit", "X1")
    assert account.visit.key == Key("HOSP", "account", "A1")


def test_an_appointment_goes_by_the_fillers_number_and_knows_the_visits() -> None:
    part = only(message("SIU^S12", SCH, TQ1, PID, pv1()))
    placed = only(message("SIU^S12", "SCH|P1^CLINIC", TQ1, PID))

    assert part.visit == (Key("HOSP", "appointment", "F1"), VISIT_KEY)
    assert placed.visit == (Key("CLINIC", "appointment", "P1"), None)


UNNUMBERED = pv1(f19="")
STARTED = VisitStarted(visit_id=V1, encounter_class=EncounterClass.EMERGENCY)


def test_without_any_number_it_is_the_one_visit_that_the_patient_is_in() -> None:
    for trigger in ("A01", "A02", "A03", "A06", "A07", "A11", "A16"):
        extra = segment("PV2", {9: "20260310"})
        (command,) = asked(message(f"ADT^{trigger}", EVN, PID, UNNUMBERED, extra), (STARTED, AT))
        assert command.visit_id == V1  # type: ignore[attr-defined]  # each of these names one


def test_without_any_number_a_visit_begins_by_its_class_and_admit_time() -> None:
    admit = message("ADT^A01", EVN, PID, pv1(f19="", f44="20260228"))
    (first,) = asked(admit)
    (again,) = asked(message("ADT^A02", EVN, PID, pv1(f19="", f44="20260228")))
    (other,) = asked(message("ADT^A01", EVN, PID, pv1(f19="", f44="20260101")))

    assert isinstance(first, AdmitPatient)
    assert isinstance(again, MovePatient)
    assert isinstance(other, AdmitPatient)
    assert first.visit_id == again.visit_id != other.visit_id


def test_where_it_is_not_clear_which_visit_is_meant_it_waits() -> None:
    other = VisitStarted(visit_id=UUID(int=9))

    assert reason(message("ADT^A02", EVN, PID, UNNUMBERED)).startswith("no-visit: ")
    assert reason(
        message("ADT^A02", EVN, PID, UNNUMBERED), (STARTED, AT - timedelta(hours=1)), (other, AT)
    ).startswith("no-visit: ")


def test_an_appointment_without_a_number_is_set_aside() -> None:
    assert reason(message("SIU^S12", "SCH|", TQ1, PID, pv1())).startswith("no-visit: SCH-1")


def test_whoever_is_admitted_has_a_bed_whatever_the_class() -> None:
    for said, expected in (("P", "IMP"), ("", "IMP"), ("OBSENC", "OBSENC"), ("E", "IMP")):
        (command,) = asked(message("ADT^A01", EVN, PID, pv1(f2=said)))
        assert isinstance(command, AdmitPatient)
        assert command.encounter_class == expected


def test_a_stay_is_left_by_discharge_though_the_message_calls_it_something_else() -> None:
    (command,) = asked(
        message("ADT^A03", EVN, PID, pv1(f2="O")), (PatientAdmitted(visit_id=V1), AT - timedelta(days=1))
    )

    assert isinstance(command, DischargePatient)


# --- A08 is a diff


def test_an_update_of_a_visit_that_is_not_there_says_nothing_of_it() -> None:
    assert asked(message("ADT^A08", EVN, PID, pv1())) == []
    assert asked(message("ADT^A08", EVN, PID, pv1()), (STARTED, AT + timedelta(hours=1))) == []


def test_an_update_gives_place_and_class_but_neither_bed_nor_status() -> None:
    (command,) = asked(message("ADT^A08", EVN, PID, pv1(f2="O")), (STARTED, AT))
    (bedless,) = asked(message("ADT^A08", EVN, PID, pv1(f2="I")), (STARTED, AT))
    booked = VisitBooked(visit_id=V1, appointment=Appointment(start=START))
    (ahead,) = asked(message("ADT^A08", EVN, PID, pv1(f2="O")), (booked, AT))

    for each, encounter_class in ((command, "AMB"), (bedless, None), (ahead, "AMB")):
        assert isinstance(each, ChangeVisit)
        assert each.appointment == Appointment(
            location=WARD, encounter_class=encounter_class and EncounterClass(encounter_class)
        )


def test_an_update_that_differs_in_nothing_leads_to_nothing() -> None:
    at_ward = VisitStarted(visit_id=V1, encounter_class=EncounterClass.EMERGENCY, location=WARD)
    (command,) = asked(message("ADT^A08", EVN, PID, pv1(f2="E")), (at_ward, AT))

    given(OPENED, (at_ward, AT)).when(command).then_nothing()


# --- Appointments


@pytest.mark.parametrize(
    ("segments", "start", "end"),
    [
        ([SCH, TQ1], START, END),
        (
            [SCH, segment("TQ1", {7: "20260310090000+0000", 8: "20260310100000+0000"})],
            START,
            START + timedelta(hours=1),
        ),
        (["SCH||F1|||||||||^^^20260310090000+0000^20260310093000+0000"], START, END),
        (["SCH||F1", segment("AIS", {4: "20260310090000+0000"})], START, None),
        (["SCH||F1|||||||9x|min", TQ1], START, None),
        (["SCH||F1|||||||1|hr", TQ1], START, START + timedelta(hours=1)),
        (["SCH||F1"], None, None),
    ],
)
def test_the_time_of_an_appointment(
    segments: list[str], start: datetime | None, end: datetime | None
) -> None:
    (command,) = asked(message("SIU^S12", *segments, PID))

    assert isinstance(command, BookVisit)
    assert (command.appointment.start, command.appointment.end) == (start, end)


def test_what_a_trigger_is_about_must_be_there() -> None:
    bare = {"A02": pv1(f3=""), "A16": pv1()}
    for trigger, segments in bare.items():
        assert reason(message(f"ADT^{trigger}", EVN, PID, segments)).startswith("missing-field: P")
    assert reason(message("SIU^S13", SCH, PID)).startswith("missing-field: TQ1-7")
    assert reason(message("ORU^R01", PID)).startswith("missing-field: There is no OBR")
    assert reason(message("ORU^R01", PID, "OBR|1|||glucose")).startswith("missing-field: OBR-3")


# --- Results


def results(*segments: str) -> list[ReceiveResult]:
    commands = asked(message("ORU^R01", PID, pv1(), *segments, sent="20260302120000+0000"))
    return [each for each in commands if isinstance(each, ReceiveResult)]


OBR = segment(
    "OBR", {1: "1", 3: "L1^LAB", 4: "2524-7^Lactate^LN", 7: "20260301", 22: "20260301083000+0000", 25: "F"}
)
OBX = segment("OBX", {1: "1", 3: "2524-7", 5: "1.4", 8: "N", 11: "F"})


def test_each_obr_is_a_result_that_came_at_its_own_time() -> None:
    first, second = results(OBR, OBX, "OBR|2||L2|glucose|||20260301083000+0000", "OBX|1||||||H")

    assert first.result_id == uuid5(JOURNEY, "result|LAB|L1|2524-7")
    assert first.code == Coded(system="http://loinc.org", code="2524-7", display="Lactate")
    assert (first.status, first.abnormal, first.visit_id) == (ResultStatus.FINAL, False, V1)
    assert (first.occurred_at, second.occurred_at) == (AT, AT)
    assert first.result_id != second.result_id


@pytest.mark.parametrize(
    ("obr_25", "obx_11", "expected"),
    [
        ("C", "F", "corrected"),
        ("P", "F", "preliminary"),
        ("X", "", "cancelled"),
        ("I", "", "registered"),
        ("", "F", "final"),
        ("", "P", "preliminary"),
        ("", "", "preliminary"),
        ("?", "?", "preliminary"),
    ],
)
def test_nothing_is_final_that_nobody_calls_so(obr_25: str, obx_11: str, expected: str) -> None:
    (result,) = results(segment("OBR", {3: "L1", 4: "x", 25: obr_25}), segment("OBX", {11: obx_11}))

    assert result.status == expected


@pytest.mark.parametrize(
    ("flag", "expected"), [("", False), ("N", False), ("H", True), ("N~LL", True), ("POS", True)]
)
def test_what_a_clinician_looks_at_first(flag: str, expected: bool) -> None:
    (result,) = results(OBR, segment("OBX", {8: flag}))

    assert result.abnormal is expected


def test_said_again_at_another_place_it_is_the_same_report_and_another_value_is_another() -> None:
    (first,) = results(OBR, OBX)
    _, moved = results("OBR|1||L2|glucose", OBR.replace("OBR|1", "OBR|2"), OBX.replace("OBX|1", "OBX|4"))
    (corrected,) = results(OBR, OBX.replace("1.4", "1.5"))

    assert (first.result_id, first.report) == (moved.result_id, moved.report)
    assert first.result_id == corrected.result_id
    assert first.report != corrected.report


def test_a_result_without_a_number_goes_by_its_specimens_time() -> None:
    (result,) = results("OBR|1|^Form||54089-8^Panel^LN|||20260301")

    assert result.result_id == uuid5(JOURNEY, "result|HOSP|20260301|54089-8")


def test_a_message_of_several_patients_is_read_for_each() -> None:
    first, second = parts(parse(message("ORU^R01", "PID|||M1", OBR, "PID|||M2", OBR, OBX)), BERLIN)

    assert [part.patient.keys[0].value for part in (first, second)] == ["M1", "M2"]
    assert len(first.said.message.all("OBX")) == 0


# --- Merges


def test_a_merge_names_both_patients_group_by_group() -> None:
    raw = message("ADT^A40", EVN, "PID|||M1", "MRG|M0", "PID|||M3", "MRG|M2~M2b")
    first, second = parts(parse(raw), BERLIN)

    assert first.other
    assert second.other
    assert [key.value for key in first.other.keys] == ["M0"]
    assert [key.value for key in second.other.keys] == ["M2", "M2b"]


def test_a_changed_number_finds_the_patient_by_the_earlier_one() -> None:
    part = only(message("ADT^A47", EVN, "PID|||M2", "MRG|M1"))

    assert part.other is None
    assert [key.value for key in part.patient.keys] == ["M2", "M1"]
    assert [each.value for each in part.patient.identifiers] == ["M2"]


@pytest.mark.parametrize("trigger", ["A18", "A34", "A40", "A47"])
def test_a_merge_without_the_other_patient_is_set_aside(trigger: str) -> None:
    assert reason(message(f"ADT^{trigger}", EVN, PID)).startswith("no-patient: MRG-1")


@pytest.mark.parametrize("trigger", ["A24", "A37"])
def test_a_link_names_the_other_record_in_a_second_pid(trigger: str) -> None:
    part = only(message(f"ADT^{trigger}", EVN, "PID|||M1", "PID|||M2~M3"))

    assert part.other
    assert [key.value for key in part.patient.keys] == ["M1"]
    assert [key.value for key in part.other.keys] == ["M2", "M3"]
    for lacking in (["PID|||M1"], ["PID|||M1", "PID|||M2", "PID|||M3"]):
        assert reason(message(f"ADT^{trigger}", EVN, *lacking)).startswith("no-patient: A second PID")


# --- What is not mapped


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ORM^O01", "no-mapping: There is no mapping for ORM^O01 yet."),
        ("ADT^A60", "no-mapping: There is no mapping for ADT^A60 yet."),
        ("ADT", "no-mapping: There is no mapping for ADT yet."),
        ("Jane Doe", "no-mapping: There is no mapping for what MSH-9 names yet."),
    ],
)
def test_a_trigger_that_nobody_maps_is_set_aside_for_a_later_version(kind: str, expected: str) -> None:
    assert reason(message(kind, PID)) == expected


@pytest.mark.parametrize(
    ("kind", "code"),
    [("ACK^A01", "acknowledgement"), ("QBP^Q22", "question"), ("RSP^K22", "answer"), ("", "no-type")],
)
def test_what_reports_nothing_is_turned_down(kind: str, code: str) -> None:
    with pytest.raises(NothingToApply) as nothing:
        parts(parse(message(kind, PID)), BERLIN)

    assert nothing.value.code == code
