"""Whatever is asked of a journey: what it is told as is valid, and changes with a new version alone."""

from typing import Any
from uuid import UUID

from hypothesis import given as tried
from hypothesis import strategies as st

from journey.domain.authorization import AuthorizationCommand
from journey.domain.careplan import CarePlanCommand
from journey.domain.communication import CommunicationCommand
from journey.domain.consent import ConsentCommand
from journey.domain.correction import CorrectEvent, ReinstateEvent, VoidEvent
from journey.domain.coverage import CoverageCommand
from journey.domain.discharge import DischargeCommand
from journey.domain.enrolment import EnrolmentCommand
from journey.domain.episode import EpisodeCommand, OpenJourney
from journey.domain.event import Command, Recorded, Refused
from journey.domain.handoff import HandoffCommand
from journey.domain.identity import IdentityCommand
from journey.domain.referral import ReferralCommand
from journey.domain.task import TaskCommand
from journey.domain.transfer import TransferCommand
from journey.domain.visit import VisitCommand
from journey.fhir.every import KINDS
from journey.fhir.kind import Kind, chart_of, current
from tests.domain.anything import commands
from tests.fhir.telling import unreadable
from tests.fhir.validating import Json, assert_valid
from tests.spec import PATIENT, STABLE, Given, at, given

ROOMS = (
    AuthorizationCommand,
    CarePlanCommand,
    CommunicationCommand,
    ConsentCommand,
    CoverageCommand,
    DischargeCommand,
    EnrolmentCommand,
    EpisodeCommand,
    HandoffCommand,
    IdentityCommand,
    ReferralCommand,
    TaskCommand,
    TransferCommand,
    VisitCommand,
)
ASKED = st.one_of(
    commands(),
    commands(VoidEvent, ReinstateEvent, CorrectEvent),
    *(commands(*room.__args__) for room in ROOMS),
)
NUMBER = st.integers(min_value=0)
OPENED = given().when(OpenJourney(patient_id=PATIENT), at=at(9)).done()
Bodies = dict[tuple[str, str], Json]


@tried(asked=st.lists(st.tuples(ASKED, NUMBER), min_size=5, max_size=25))
@STABLE
def test_whatever_is_asked_is_told_as_valid_resources_each_with_its_version(
    asked: list[tuple[Command, int]],
) -> None:
    told = OPENED
    before = bodies(told)
    for command, number in asked:
        events = answered(told, command, number)
        if not events:
            continue
        for event in events:
            told = told.recording([event], command.occurred_at or at(9), command.occurred_precision)
            after = bodies(told)
            every_change_is_a_version(told, before, after)
            before = after
    for history in (told.history, unreadable(told.history)):
        assert_valid(*(body for kind in KINDS.values() for body in current(kind, history)))


def answered(told: Given, command: Command, number: int) -> tuple[Any, ...]:
    """A correction is of something that was recorded."""
    if isinstance(command, VoidEvent | ReinstateEvent | CorrectEvent):
        recorded = told.history.recorded
        command = command.model_copy(update={"event_id": recorded[number % len(recorded)].event_id})
    try:
        return told.when(command).decided()
    except Refused:
        return ()


def bodies(told: Given) -> Bodies:
    chart = chart_of(told.history)
    if chart is None:
        return {}
    made = [(kind.type, body["id"], body) for kind in KINDS.values() for body in kind.made(chart)]
    found = {(type_, id_): body for type_, id_, body in made}
    assert len(found) == len(made), "an id stands twice"
    return found


def every_change_is_a_version(told: Given, before: Bodies, after: Bodies) -> None:
    recorded = told.history.recorded
    by_id = {each.event_id: each for each in recorded}
    for type_, id_ in {*before, *after}:
        if before.get((type_, id_)) != after.get((type_, id_)):
            last = recorded[-1]
            assert touched(KINDS[type_], id_, last, by_id), f"{last.event!r} changed {type_}"


def touched(kind: Kind, id_: str, last: Recorded, by_id: dict[UUID, Recorded]) -> bool:
    return kind.touched(id_, last, by_id)
