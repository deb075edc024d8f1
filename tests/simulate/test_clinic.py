"""The simulated clinic: the same for the same seed, like a clinic in its figures, and never refused."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from statistics import median
from typing import TypeVar, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from journey.domain.authorization.commands import ReturnAuthorization
from journey.domain.authorization.status import AuthorizationStatus
from journey.domain.codes import Channel, Disposition, EncounterClass, Initiator
from journey.domain.correction import (
    CancelAdmission,
    CorrectEvent,
    History,
    ReattributeEvent,
    ReinstateEvent,
    VoidEvent,
)
from journey.domain.custody import CustodyCommand
from journey.domain.decision import decide
from journey.domain.discharge import DischargePatient, PatientDischarged
from journey.domain.enrolment import ChangePathwayVersion
from journey.domain.episode import CloseJourney, LinkJourney, OpenJourney, Relation
from journey.domain.event import Command, Recorded
from journey.domain.identity import ChangeDemographics
from journey.domain.intake import StartIntake
from journey.domain.journey import COMMANDS, ROOMS, Journey, evolve, journey_at
from journey.domain.merge import MergePatient, UnmergePatient
from journey.domain.room import Things
from journey.domain.visit import (
    AdmitPatient,
    BookVisit,
    CancelVisit,
    RecordArrival,
    RecordNoShow,
    RescheduleVisit,
    StartVisit,
)
from journey.pathways import installed
from journey.simulate import ZONE, Step, simulate, summary
from journey.simulate.diary import CLOSES, OPENS
from tests.simulate.conftest import UNTIL

NOT_SIMULATED: dict[type[Command], str] = {
    VoidEvent: "names an event by the id that the store gives it; the cancels of ADT stand for it",
    ReinstateEvent: "as above",
    CorrectEvent: "as above",
    ReattributeEvent: "as above",
    ReturnAuthorization: "a payer's program refuses the form of a request; who sends it sends it again",
    ChangePathwayVersion: "of each pathway one version ships",
    **dict.fromkeys(get_args(CustodyCommand), "a compliance officer's, about what is kept, and no clinic's"),
}
NOT_REACHED = frozenset({AuthorizationStatus.RETURNED})
"""The statuses that only those lead to."""

INSTALLED = installed()
MAY_BE_OPEN = (
    *(
        "intake",
        "coverages",
        "authorizations",
        "referrals",
        "visits",
        "barriers",
        "communications",
        "consents",
    ),
    *("handoffs", "transfers", "discharges", "results", "tasks", "careplan"),
)
DAY = timedelta(days=1)
C = TypeVar("C", bound=Command)


def fingerprint(steps: Iterable[Step]) -> str:
    out = hashlib.sha256()
    for step in steps:
        said = step.command.model_dump_json(), step.actor.model_dump_json(), step.source.model_dump_json()
        out.update(f"{step.journey_id} {step.command.name()} {step.recorded_at} {said}\n".encode())
    return out.hexdigest()


def of_type(steps: Iterable[Step], kind: type[C]) -> Iterator[C]:
    return (step.command for step in steps if isinstance(step.command, kind))


def when(command: Command) -> datetime:
    assert command.occurred_at is not None
    return command.occurred_at


def recorded(steps: Iterable[Step]) -> dict[UUID, History]:
    """Every step through `decide`, each judged by what the steps before it have left."""
    histories: dict[UUID, History] = {}
    number = 0
    for step in steps:
        history = histories.get(step.journey_id, History())
        told = list(history.recorded)
        for event in decide(history, step.command, INSTALLED):
            number += 1
            told.append(
                Recorded(
                    journey_id=step.journey_id,
                    version=len(told) + 1,
                    event_id=UUID(int=number),
                    event=event,
                    occurred_at=when(step.command),
                    occurred_precision=step.command.occurred_precision,
                    recorded_at=step.recorded_at,
                    context_json="{}",
                )
            )
        histories[step.journey_id] = History(tuple(told))
    return histories


@pytest.fixture(scope="session")
def histories(steps: Sequence[Step]) -> dict[UUID, History]:
    return recorded(steps)


@pytest.fixture(scope="session")
def now(histories: dict[UUID, History]) -> Sequence[Journey]:
    """Where every journey stands in the end."""
    standing = [journey_at(history) for history in histories.values()]
    return [journey for journey in standing if journey is not None]


def test_the_same_seed_is_the_same_clinic_in_another_process() -> None:
    program = (
        "from datetime import date; from journey.simulate import simulate; "
        "from tests.simulate.test_clinic import fingerprint; "
        "print(fingerprint(simulate(40, seed=5, months=3, until=date(2026, 3, 2))))"
    )
    elsewhere = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert elsewhere == {fingerprint(simulate(40, seed=5, months=3, until=UNTIL))}


def test_another_seed_is_another_clinic() -> None:
    clinics = [tuple(simulate(20, seed=seed, months=3, until=UNTIL)) for seed in range(4)]
    assert len({fingerprint(clinic) for clinic in clinics}) == 4
    journeys = [{step.journey_id for step in clinic} for clinic in clinics]
    assert sum(map(len, journeys)) == len(set.union(*journeys))


def test_nothing_is_told_of_nobody_or_of_no_time() -> None:
    assert not list(simulate(0, seed=1, months=1, until=UNTIL))
    with pytest.raises(ValueError, match="one month"):
        next(simulate(1, seed=1, months=0, until=UNTIL))


@pytest.mark.parametrize("seed", [33, 2])
def test_no_step_is_refused(seed: int) -> None:
    clinic = simulate(150, seed=seed, months=6, until=UNTIL)
    assert sum(history.version for history in recorded(clinic).values()) > 3000


def test_a_day_in_the_middle_leaves_journeys_that_go_on(steps: Sequence[Step]) -> None:
    half = recorded(islice(steps, len(steps) // 2))
    assert any(journey.left_open() for journey in map(journey_at, half.values()) if journey)


def test_every_command_of_the_domain_occurs(steps: Sequence[Step]) -> None:
    told = {type(step.command) for step in steps}
    missing = set(COMMANDS.values()) - told - set(NOT_SIMULATED)
    assert not missing, "simulate what a clinic does; name in NOT_SIMULATED, and why, what it does not"
    assert not set(NOT_SIMULATED) & told


def statuses(journey: Journey, room: str) -> set[StrEnum]:
    """Those of everything in the room; a room that is one thing has one from the beginning."""
    state = getattr(journey, room)
    return {each.status for each in state} if isinstance(state, Things) else {state.status}


def test_every_status_of_every_room_occurs(histories: dict[UUID, History]) -> None:
    rooms = {
        event: name for name, room in ROOMS.items() if room.transitions for event in get_args(room.events)
    }
    seen: dict[str, set[StrEnum]] = {name: statuses(Journey(UUID(int=0), 0), name) for name in rooms.values()}
    for history in histories.values():
        journey = Journey(history.recorded[0].journey_id, 0)
        for each in history.effective:
            journey = evolve(journey, (each,))
            room = rooms.get(type(each.event))
            if room is not None:
                seen[room] |= statuses(journey, room)
    for name, occurred in seen.items():
        told = [(*sources, target) for sources, target in ROOMS[name].transitions.values()]
        reached = {status for row in told for status in row if status is not None} - NOT_REACHED
        assert reached <= occurred, name


def left_open(standing: Iterable[Journey]) -> set[str]:
    """The rooms in which journeys that go on have something open."""
    return {
        name
        for journey in standing
        if not journey.episode.is_over
        for name in MAY_BE_OPEN
        if any(getattr(journey, name).left_open()) or any(getattr(journey, name).steps())
    }


def test_in_every_room_something_is_open_in_the_end_or_in_the_middle(
    steps: Sequence[Step], now: Sequence[Journey]
) -> None:
    half = recorded(islice(steps, len(steps) // 2))
    middle = [journey for journey in map(journey_at, half.values()) if journey]
    at_times = [left_open(middle), left_open(now)]
    assert set.union(*at_times) == set(MAY_BE_OPEN)
    assert min(map(len, at_times)) >= len(MAY_BE_OPEN) - 2


def test_what_the_rules_ask_a_reason_for_has_one_now_and_then(steps: Sequence[Step]) -> None:
    closes = list(of_type(steps, CloseJourney))
    assert 0 < sum(close.override_reason is not None for close in closes) < 0.4 * len(closes)
    why = [each.override_reason for each in of_type(steps, RecordArrival)]
    why += [each.override_reason for each in of_type(steps, AdmitPatient)]
    assert 0 < sum(reason is not None for reason in why) < 0.1 * len(why)


def test_who_is_readmitted_is_linked_to_the_stay_before(steps: Sequence[Step]) -> None:
    patients = {
        step.journey_id: step.command.patient_id for step in steps if isinstance(step.command, OpenJourney)
    }
    links = [(step.journey_id, step.command) for step in steps if isinstance(step.command, LinkJourney)]
    assert links
    for journey_id, link in links:
        assert link.relation is Relation.READMISSION_OF
        assert link.days is not None
        assert link.days <= 30
        assert patients[journey_id] == patients[link.other_journey_id]


def test_records_are_merged_on_both_journeys_and_some_come_apart_again(steps: Sequence[Step]) -> None:
    merged = Counter((each.survivor, each.retired) for each in of_type(steps, MergePatient))
    apart = Counter((each.survivor, each.retired) for each in of_type(steps, UnmergePatient))
    assert set(merged.values()) == {2}
    assert set(apart) < set(merged)


def test_nobody_leaves_hospital_between_two_teams(histories: dict[UUID, History]) -> None:
    left = 0
    for history in histories.values():
        for each in history.effective:
            if isinstance(each.event, PatientDischarged):
                left += 1
                assert not any("handoff" in blocker.code for blocker in each.event.left_open)
    assert left > 30


def test_pathways_are_followed(now: Sequence[Journey]) -> None:
    followed = Counter(journey.enrolment.pathway for journey in now)
    assert set(followed) - {None} == {each.id for each in INSTALLED}
    assert sum(count for name, count in followed.items() if name) > 0.2 * len(now)


def test_steps_come_in_the_order_in_which_they_were_entered(steps: Sequence[Step]) -> None:
    entered = [step.recorded_at for step in steps]
    assert entered == sorted(entered)
    assert all(when(step.command) <= step.recorded_at for step in steps)
    end = datetime(UNTIL.year, UNTIL.month, UNTIL.day, tzinfo=ZONE)
    assert end - 244 * DAY < entered[0] < entered[-1] < end


def test_a_few_steps_are_entered_late_and_out_of_order(steps: Sequence[Step]) -> None:
    late = sum(when(step.command) < step.recorded_at for step in steps)
    assert 0.01 < late / len(steps) < 0.06
    latest: dict[UUID, datetime] = {}
    out_of_order = 0
    for step in steps:
        at = when(step.command)
        out_of_order += at < latest.get(step.journey_id, at)
        latest[step.journey_id] = max(at, latest.get(step.journey_id, at))
    assert 0.003 < out_of_order / len(steps) < 0.04


def test_patients_are_people_of_their_own(steps: Sequence[Step]) -> None:
    opened = list(of_type(steps, OpenJourney))
    assert len({each.patient_id for each in opened}) == len({each.identifiers for each in opened})
    names = {(each.patient.family, each.patient.given, each.patient.birth_date) for each in opened}
    assert len(names) > 0.95 * 300
    for patient in (each.patient for each in opened):
        assert patient.phone is not None
        assert "-555-01" in patient.phone, "the range kept for fiction"
        assert patient.birth_date is not None
        assert date(1920, 1, 1) < date.fromisoformat(patient.birth_date) < UNTIL


def test_ids_are_of_version_4(steps: Sequence[Step]) -> None:
    assert {step.journey_id.version for step in steps} == {4}
    assert {booking.visit_id.version for booking in of_type(steps, BookVisit)} == {4}


def test_new_patients_come_on_weekdays_and_at_weekends_as_emergencies(steps: Sequence[Step]) -> None:
    first: dict[UUID, tuple[datetime, str | None]] = {}
    for opened in of_type(steps, OpenJourney):
        first.setdefault(opened.patient_id, (when(opened).astimezone(ZONE), opened.team))
    at_weekends = [team for at, team in first.values() if at.weekday() >= 5]
    assert 0.02 < len(at_weekends) / len(first) < 0.12
    assert set(at_weekends) == {"emergency"}
    assert {start.channel for start in of_type(steps, StartIntake)} == set(Channel) - {
        Channel.HL7V2,
        Channel.FHIR,
    }


def test_appointments_lie_ahead_within_working_hours_and_never_overlap(steps: Sequence[Step]) -> None:
    leads, slots = [], Counter[tuple[str, datetime]]()
    entered_twice = set[UUID]()
    for booking in of_type(steps, BookVisit):
        agreed = booking.appointment
        assert agreed.start is not None
        if agreed.encounter_class is EncounterClass.INPATIENT:
            continue
        leads.append((agreed.start - when(booking)) / DAY)
        slots[agreed.participants[0], agreed.start] += 1
        entered_twice.add(booking.visit_id)
    assert 10 <= median(leads) <= 19
    assert min(leads) > 0
    assert max(leads) > 60
    twice = sum(step.command.name() == "remove-visit" for step in steps)
    assert sum(count - 1 for count in slots.values()) <= twice, "only who is entered twice is there twice"
    moved = [move.start for move in of_type(steps, RescheduleVisit) if move.initiator]
    assert moved
    for start in (at.astimezone(ZONE) for at in (*moved, *(at for _, at in slots))):
        assert OPENS <= start.hour * 60 + start.minute < CLOSES
        assert start.weekday() < 5


def test_some_do_not_come_and_some_call_it_off(steps: Sequence[Step]) -> None:
    inpatient = EncounterClass.INPATIENT
    booked = {
        each.visit_id
        for each in of_type(steps, BookVisit)
        if each.appointment.encounter_class is not inpatient
    }
    missed = {each.visit_id for each in of_type(steps, RecordNoShow)}
    arrived = {each.visit_id for each in of_type(steps, RecordArrival)}
    came = (arrived | {each.visit_id for each in of_type(steps, StartVisit)}) & booked
    assert 0.07 < len(missed) / len(missed | came) < 0.13
    off = list(of_type(steps, CancelVisit))
    assert 0.11 < len({each.visit_id for each in off} & booked) / len(booked) < 0.19
    by = Counter(each.initiator for each in off)
    assert by[Initiator.PATIENT] > by[Initiator.PROVIDER] > 0


def test_stays_are_skewed_end_mostly_at_home_and_some_begin_again(steps: Sequence[Step]) -> None:
    patients = {
        step.journey_id: step.command.patient_id for step in steps if isinstance(step.command, OpenJourney)
    }
    begun: dict[UUID, tuple[UUID, datetime]] = {}
    ended: dict[UUID, DischargePatient] = {}
    for step in steps:
        match step.command:
            case AdmitPatient() as admitted:
                begun.setdefault(admitted.visit_id, (patients[step.journey_id], when(admitted)))
            case CancelAdmission() as cancelled:
                begun.pop(cancelled.visit_id)
            case DischargePatient() as left:
                ended[left.visit_id] = left
            case _:
                pass
    lengths = [(when(left) - begun[visit_id][1]) / DAY for visit_id, left in ended.items()]
    assert 1.5 < median(lengths) < 4.5 < max(lengths)
    words = Counter(left.disposition for left in ended.values())
    assert words[Disposition.HOME] > 0.6 * len(ended)
    assert {Disposition.AGAINST_ADVICE, Disposition.EXPIRED, Disposition.SKILLED_NURSING} <= set(words)
    readmitted = sum(
        any(
            patient == begun[visit_id][0] and timedelta() < at - when(left) <= 30 * DAY
            for patient, at in begun.values()
        )
        for visit_id, left in ended.items()
    )
    assert 0.06 < readmitted / len(ended) < 0.2
    assert any(opened.continues for opened in of_type(steps, OpenJourney))


def test_who_dies_is_recorded_as_dead_and_the_journey_is_closed(steps: Sequence[Step]) -> None:
    dead = {
        step.journey_id
        for step in steps
        if isinstance(step.command, ChangeDemographics) and step.command.demographics.deceased_at
    }
    closed = {
        step.journey_id
        for step in steps
        if isinstance(step.command, CloseJourney) and step.command.override_reason == "the patient has died"
    }
    assert dead
    assert closed <= dead


def test_plenty_is_unfinished_in_the_end(now: Sequence[Journey]) -> None:
    end = datetime(UNTIL.year, UNTIL.month, UNTIL.day, tzinfo=ZONE)
    assert sum(any(visit.status == "booked" for visit in journey.visits) for journey in now) >= 20
    assert sum(any(visit.is_here and visit.is_stay for visit in journey.visits) for journey in now) >= 2
    assert sum(any(journey.results.unreviewed()) for journey in now) >= 20
    overdue = [
        question
        for journey in now
        if not journey.episode.is_over
        for question in journey.intake.questions.values()
        if question.due and question.due < end
    ]
    assert len(overdue) >= 3
    statuses = Counter(str(journey.episode.status) for journey in now)
    assert set(statuses) >= {"planned", "waitlist", "active", "finished", "cancelled"}


def test_the_clinic_keeps_the_hours_of_where_it_stands() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    clinic = simulate(30, seed=1, months=2, until=UNTIL, zone=zone)
    starts = [
        booking.appointment.start.astimezone(zone)
        for booking in of_type(clinic, BookVisit)
        if booking.appointment.start and booking.appointment.encounter_class is not EncounterClass.INPATIENT
    ]
    assert all(OPENS <= start.hour * 60 + start.minute < CLOSES for start in starts)


def test_the_summary_counts_what_was_told(steps: Sequence[Step]) -> None:
    figures = summary(steps)
    assert figures["steps"] == len(steps)
    assert figures["journeys"] == len({step.journey_id for step in steps})
    assert figures["patients"] == len({each.patient_id for each in of_type(steps, OpenJourney)})
    assert figures["entered_late"] == sum(when(step.command) < step.recorded_at for step in steps)
    assert figures["by_command"] == Counter(step.command.name() for step in steps)
    assert all(step.source.system == "simulator" for step in steps), "nobody takes it for a patient's"
