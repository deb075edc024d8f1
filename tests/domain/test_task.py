"""Task: what somebody is asked to do, and whether it was done."""

from uuid import UUID

import pytest

from journey.domain.codes import Priority
from journey.domain.episode import CloseJourney
from journey.domain.event import Event
from journey.domain.room import NotPossibleNow, UnknownSubject
from journey.domain.rules import StillOpen
from journey.domain.standing import standing
from journey.domain.task import (
    AcceptTask,
    CancelTask,
    CompleteTask,
    FailTask,
    HoldTask,
    ReassignTask,
    RejectTask,
    RequestTask,
    ResumeTask,
    StartTask,
    TaskAccepted,
    TaskCancelled,
    TaskCommand,
    TaskCompleted,
    TaskFailed,
    TaskPutOnHold,
    TaskReassigned,
    TaskRejected,
    TaskRequested,
    TaskResumed,
    TaskStarted,
    TaskStatus,
)
from journey.domain.task.state import NEXT, OPEN, Task
from tests.domain.cases import Case
from tests.domain.told import VISIT, closed, opened
from tests.spec import Given, at, given

CALL = UUID(int=50)
ids = {"task_id": CALL}
request = RequestTask(**ids, what="call the pharmacy", team="ward-a", due=at(17), priority=Priority.URGENT)

requested = TaskRequested(**request.facts())
accepted = TaskAccepted(task_id=CALL, accepted_by="nurse-1")
rejected = TaskRejected(task_id=CALL, reason="not ours")
begun = TaskStarted(task_id=CALL)
resting = TaskPutOnHold(task_id=CALL, reason="engaged")
resumed = TaskResumed(task_id=CALL)
done = TaskCompleted(task_id=CALL, outcome="delivered at four")
failed = TaskFailed(task_id=CALL, reason="nobody answers")
cancelled = TaskCancelled(task_id=CALL, reason="no longer needed")
reassigned = TaskReassigned(task_id=CALL, team="ward-b")

asking = given(opened, requested)
at_it = given(opened, requested, accepted, begun)
over = given(opened, requested, accepted, begun, done)

CASES = [
    Case(request, given(opened), [requested], given(opened, requested, reassigned, done), NotPossibleNow),
    Case(AcceptTask(**ids, accepted_by="nurse-1"), asking, [accepted], given(opened), UnknownSubject),
    Case(RejectTask(**ids, reason="not ours"), asking, [rejected], at_it, NotPossibleNow),
    Case(StartTask(**ids), given(opened, requested, accepted), [begun], over, NotPossibleNow),
    Case(HoldTask(**ids, reason="engaged"), at_it, [resting], asking, NotPossibleNow),
    Case(ResumeTask(**ids), given(opened, requested, accepted, resting), [resumed], asking, NotPossibleNow),
    Case(
        CompleteTask(**ids, outcome="delivered at four"),
        at_it,
        [done],
        given(opened, requested, cancelled),
        NotPossibleNow,
    ),
    Case(FailTask(**ids, reason="nobody answers"), at_it, [failed], asking, NotPossibleNow),
    Case(CancelTask(**ids, reason="no longer needed"), asking, [cancelled], over, NotPossibleNow),
    Case(ReassignTask(**ids, team="ward-b"), asking, [reassigned], over, NotPossibleNow),
]


def task(told: Given) -> Task:
    (one,) = told.journey.tasks
    return one


@pytest.mark.parametrize(
    ("events", "step", "owner"),
    [
        ([requested], "accept-task", "ward-a"),
        ([requested, accepted], "start-task", "nurse-1"),
        ([requested, accepted, begun], "complete-task", "nurse-1"),
        ([requested, accepted, begun, resting], "resume-task", "nurse-1"),
        ([requested, accepted, begun, resting, resumed], "complete-task", "nurse-1"),
        ([requested, accepted, reassigned], "accept-task", "ward-b"),
        ([requested, rejected, reassigned], "accept-task", "ward-b"),
    ],
)
def test_an_open_task_says_what_comes_next_who_does_it_and_until_when(
    events: list[Event], step: str, owner: str
) -> None:
    told = given(opened, *events)
    (next_one,) = standing(told.journey).next
    assert (next_one.step, next_one.owner, next_one.due) == (step, owner, at(17))
    told.when(CloseJourney()).then_refused(StillOpen, blockers=["open-task"])


@pytest.mark.parametrize("end", [done, failed, cancelled, rejected])
def test_what_is_over_asks_for_nothing(end: Event) -> None:
    told = given(opened, requested, end)
    assert standing(told.journey).next == ()
    told.when(CloseJourney()).then(closed)


def test_an_open_task_keeps_nobody_in_hospital() -> None:
    assert list(asking.journey.holds(VISIT)) == []


def test_every_status_says_what_comes_next_or_is_an_end() -> None:
    assert set(NEXT) == OPEN
    assert {status for status in TaskStatus if status not in OPEN} == {
        "completed",
        "failed",
        "cancelled",
        "rejected",
    }


def test_what_is_done_quickly_needs_no_acceptance() -> None:
    assert task(asking.when(CompleteTask(**ids)).done()).status is TaskStatus.COMPLETED


def test_what_could_not_be_done_is_asked_of_others() -> None:
    told = given(opened, requested, accepted, begun, failed).when(ReassignTask(**ids, team="ward-b")).done()
    assert (task(told).status, task(told).team, task(told).person) == ("requested", "ward-b", None)


def test_a_reassignment_may_set_another_due_time() -> None:
    told = asking.when(ReassignTask(**ids, person="nurse-2", due=at(20))).done()
    assert (task(told).due, task(told).person) == (at(20), "nurse-2")


def test_a_task_under_the_same_id_does_not_silently_become_another() -> None:
    asking.when(RequestTask(**ids, what="something else")).then_refused(NotPossibleNow)


def test_what_is_accepted_is_accepted_by_another_only_when_reassigned() -> None:
    given(opened, requested, accepted).when(AcceptTask(**ids, accepted_by="nurse-2")).then_refused(
        NotPossibleNow
    )


def test_another_system_may_report_the_end_before_the_beginning() -> None:
    told = given(opened).when(CompleteTask(**ids, reported=True), at=at(16)).done()
    assert task(told).status is TaskStatus.COMPLETED
    told = told.when(request, at=at(15)).done()
    assert (task(told).status, task(told).what) == ("completed", "call the pharmacy")


def test_a_request_that_seems_to_come_last_only_says_what_it_was() -> None:
    told = given(opened, (done, at(15)), (requested, at(16)))
    assert (task(told).status, task(told).what) == ("completed", "call the pharmacy")


@pytest.mark.parametrize(
    "late",
    [
        AcceptTask(**ids, reported=True),
        StartTask(**ids, reported=True),
        HoldTask(**ids, reason="engaged", reported=True),
        ReassignTask(**ids, team="ward-b", reported=True),
    ],
)
def test_what_is_reported_out_of_order_takes_no_task_back(late: TaskCommand) -> None:
    told = over.when(late).done()
    (task,) = told.journey.tasks
    assert (task.status, len(told.events)) == ("completed", len(over.events) + 1)


def test_a_reason_that_is_another_one_is_not_dropped_in_silence() -> None:
    again = CancelTask(**ids, reason="somebody else did it")
    given(opened, requested, cancelled).when(again).then_refused(NotPossibleNow)


def test_what_was_reached_is_told() -> None:
    assert [each.milestone for each in standing(over.journey).reached] == ["journey-opened", "task-completed"]
