"""The simulated clinic as HL7 v2: messages that another parser reads, and that say what the steps say."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import hl7
import pytest

from journey.domain.codes import EncounterClass
from journey.domain.correction import CancelAdmission, CancelDischarge, CancelMove
from journey.domain.discharge import (
    ChangeExpectedDischarge,
    DischargePatient,
    PlanDischarge,
    RecordElopement,
)
from journey.domain.episode import OpenJourney
from journey.domain.event import Actor, Coded, Command, Source
from journey.domain.identity import (
    AssignIdentifier,
    ChangeDemographics,
    Demographics,
    Identifier,
)
from journey.domain.merge import MergePatient
from journey.domain.referral import (
    AcceptReferral,
    CancelReferral,
    ChangeReferral,
    ConfirmReferralReceipt,
    DeclineReferral,
    ExpireReferral,
    SendReferral,
)
from journey.domain.result import ReceiveResult
from journey.domain.visit import (
    AdmitPatient,
    BookVisit,
    CancelVisit,
    ChangeVisit,
    CompleteVisit,
    MovePatient,
    RecordArrival,
    RecordLeftUnseen,
    RecordNoShow,
    RemoveVisit,
    RescheduleVisit,
)
from journey.simulate import ZONE, Step, messages
from journey.simulate.triggers import TELLS

PARSED = 1200
NASTY = r"O|Brien^&~\de la Cru" + "\r\nz"


@pytest.fixture(scope="module")
def sent(steps: Sequence[Step]) -> Sequence[bytes]:
    return tuple(messages(steps))


@pytest.fixture(scope="module")
def parsed(sent: Sequence[bytes]) -> Sequence[hl7.Message]:
    return [hl7.parse(message.decode()) for message in sent[-PARSED:]]


def trigger(message: bytes) -> str:
    return message.split(b"|", 9)[8].split(b"^")[1].decode()


def test_every_message_is_lines_that_a_carriage_return_ends(sent: Sequence[bytes]) -> None:
    for message in sent:
        assert message.startswith(b"MSH|^~\\&|")
        assert message.endswith(b"\r")
        assert b"\n" not in message
    assert len({message.split(b"|", 10)[9] for message in sent}) == len(sent), "a control id each"


def test_another_parser_reads_them(parsed: Sequence[hl7.Message]) -> None:
    for message in parsed:
        segments = [str(segment[0]) for segment in message]
        kind = str(message["MSH"][0][9])
        assert str(message["MSH"][0][12]) == "2.5.1"
        assert str(message["MSH"][0][18]) == "UNICODE UTF-8"
        assert segments.count("PID") == 1
        assert str(message["PID"][0][3][0][3]) == "LINDEN"
        assert ("EVN" in segments) is kind.startswith("ADT")
        assert ("SCH" in segments) is kind.startswith("SIU")
        assert ("OBX" in segments) is kind.startswith("ORU")


def test_the_counts_agree_with_the_steps(steps: Sequence[Step], sent: Sequence[bytes]) -> None:
    stays = {
        each.command.visit_id
        for each in steps
        if isinstance(each.command, BookVisit)
        and each.command.appointment.encounter_class is EncounterClass.INPATIENT
    }

    def count(*kinds: type[Command], stay: bool | None = None) -> int:
        return sum(
            isinstance(step.command, kinds)
            and (stay is None or (getattr(step.command, "visit_id", None) in stays) is stay)
            for step in steps
        )

    patients = {step.command.patient_id for step in steps if isinstance(step.command, OpenJourney)}
    triggers = Counter(map(trigger, sent))
    assert triggers["A28"] == len(patients)
    assert triggers["A01"] == count(AdmitPatient)
    assert triggers["A02"] == count(MovePatient)
    assert triggers["A03"] == count(CompleteVisit, DischargePatient, RecordElopement, RecordLeftUnseen)
    assert triggers["A11"] == count(CancelAdmission)
    assert triggers["A12"] == count(CancelMove)
    assert triggers["A13"] == count(CancelDischarge)
    assert triggers["A16"] == count(PlanDischarge, ChangeExpectedDischarge)
    assert triggers["A40"] * 2 == count(MergePatient)
    assert triggers["A05"] == count(BookVisit, RescheduleVisit, stay=True)
    assert triggers["A38"] == count(CancelVisit, stay=True)
    assert triggers["S12"] == count(BookVisit, stay=False)
    assert triggers["S13"] == count(RescheduleVisit, stay=False)
    assert triggers["S14"] == count(ChangeVisit)
    assert triggers["S15"] == count(CancelVisit, stay=False)
    assert triggers["S17"] == count(RemoveVisit)
    assert triggers["S26"] == count(RecordNoShow)
    assert triggers["R01"] == count(ReceiveResult)
    answers = (ConfirmReferralReceipt, AcceptReferral, DeclineReferral, ExpireReferral)
    assert triggers["I12"] == count(SendReferral, *answers)
    assert triggers["I13"] == count(ChangeReferral)
    assert triggers["I14"] == count(CancelReferral)
    assert triggers["A04"] > count(RecordArrival), "and a visit by video is registered by its start"
    assert triggers["A08"] + triggers["A31"] > count(ChangeDemographics, AssignIdentifier)
    silent = {type(step.command).__name__ for step in steps} - {kind.__name__ for kind in TELLS}
    assert {"StartIntake", "AssignOwner", "CompleteChecklistItem", "ReviewResult", "CheckIn"} <= silent


def test_recorded_and_occurred_are_told_apart(parsed: Sequence[hl7.Message], steps: Sequence[Step]) -> None:
    events = [message["EVN"][0] for message in parsed if "EVN" in {str(each[0]) for each in message}]
    late = [event for event in events if str(event[2]) != str(event[6])]
    assert 0 < len(late) < 0.2 * len(events)
    to_the_minute = [event for event in late if len(str(event[6])) == len("202603020930-0500")]
    assert to_the_minute, "what is entered in the evening is known to the minute"
    occurred = {step.command.occurred_at for step in steps}
    for event in events[:50]:
        text = str(event[6])
        shape = "%Y%m%d%H%M%S%z" if len(text) == len("20260302093000-0500") else "%Y%m%d%H%M%z"
        assert datetime.strptime(text, shape).astimezone(UTC) in occurred


def test_a_visit_keeps_its_number_from_the_booking_to_the_end(parsed: Sequence[hl7.Message]) -> None:
    kinds: dict[str, set[str]] = {}
    for message in parsed:
        for segment in message:
            if str(segment[0]) == "PV1" and len(segment) > 19:
                kinds.setdefault(str(segment[19]), set()).add(str(message["MSH"][0][9][0][1]))
    assert any({"S12", "A04", "A03"} <= seen for seen in kinds.values())
    assert any({"A04", "A01", "A03"} <= seen for seen in kinds.values())


def test_an_answer_to_a_referral_names_the_question(parsed: Sequence[hl7.Message]) -> None:
    asked: dict[str, str] = {}
    answered = 0
    for message in parsed:
        if str(message["MSH"][0][9][0][0]) == "REF":
            asked[str(message["RF1"][0][6][0][0])] = str(message["MSH"][0][10])
            assert {str(each[1]) for each in message["PRD"]} == {"RP", "RT"}
        elif str(message["MSH"][0][9][0][0]) == "RRI":
            number = str(message["RF1"][0][6][0][0])
            if number in asked:
                assert str(message["MSA"][0][2]) == asked[number]
                answered += 1
    assert answered > 5


def test_a_discharge_says_when_and_where_to(parsed: Sequence[hl7.Message]) -> None:
    left = [message["PV1"][0] for message in parsed if str(message["MSH"][0][9][0][1]) == "A03"]
    assert {"01"} < {str(visit[36]) for visit in left}
    assert all(str(visit[44]) and str(visit[45]) for visit in left)


def test_an_appointment_says_its_time_and_resources(parsed: Sequence[hl7.Message]) -> None:
    booked = [message for message in parsed if str(message["MSH"][0][9][0][1]) == "S12"]
    for message in booked:
        timing = str(message["SCH"][0][11]).split("^")
        begins, ends = (datetime.strptime(text, "%Y%m%d%H%M%S%z") for text in timing[3:5])
        assert ends - begins == timedelta(minutes=30)
        assert str(message["SCH"][0][1]) != str(message["SCH"][0][2])
        assert {"RGS", "AIS", "AIP"} <= {str(segment[0]) for segment in message}


def told(command: Command) -> Step:
    at = command.occurred_at
    assert at is not None
    return Step(UUID(int=7), command, Actor(id="a|b", kind="human"), Source(system="s", channel="c"), at)


def test_delimiters_in_the_text_are_escaped() -> None:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    opened = OpenJourney(
        occurred_at=at,
        patient_id=UUID(int=8),
        identifiers=(Identifier(system="A^B", value="1~2"),),
        patient=Demographics(family=NASTY, given=("Zoë",), birth_date="1970"),
    )
    came = ReceiveResult(
        occurred_at=at, result_id=UUID(int=9), code=Coded(system="x", code="K&R", display="a|b")
    )
    person, report = messages([told(opened), told(came)])
    pid = hl7.parse(person.decode())["PID"][0]
    assert str(pid[5][0][0]) == r"O\F\Brien\S\\T\\R\\E\de la Cru\.br\\.br\z"
    assert hl7.parse(person.decode()).unescape(str(pid[5][0][0])).startswith(r"O|Brien^&~\de la Cru")
    assert [str(part) for part in pid[3][0]] == [r"1\R\2", "", "", r"A\S\B", "MR"]
    assert str(pid[5][0][1]) == "Zoë"
    assert str(pid[7]) == "1970"
    assert rb"|K\T\R^a\F\b^L|" in report
    assert ZONE.key.encode() not in person
