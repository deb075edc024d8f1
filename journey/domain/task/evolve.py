"""What is true of the tasks after an event. Total: history is never refused."""

from typing import assert_never

from journey.domain.event import Fact
from journey.domain.task import events as happened
from journey.domain.task.state import PASSED, TRANSITIONS, S, Task, Tasks, TaskStatus


def evolve(tasks: Tasks, event: happened.TaskEvent, fact: Fact) -> Tasks:
    """The tasks after this event. One first heard of in the middle is there all the same."""
    known = tasks.get(event.task_id)
    _, status = TRANSITIONS[type(event)]
    after = _changed(known or Task(event.task_id, S.REQUESTED, fact), event)
    told_late = known is not None and isinstance(event, happened.TaskRequested)
    passed = known is not None and known.status in PASSED.get(type(event), ())
    if not (told_late or passed):
        after = after._replace(status=TaskStatus(status or after.status), since=fact)
    return tasks.having(event.task_id, after)


def _changed(task: Task, event: happened.TaskEvent) -> Task:
    """What the event says beyond the status."""
    match event:
        case happened.TaskRequested():
            return task._replace(
                what=event.what,
                team=event.team,
                person=event.person,
                due=event.due,
                priority=event.priority,
                about=event.about,
            )
        case happened.TaskAccepted():
            return task._replace(person=event.accepted_by or task.person)
        case happened.TaskReassigned():
            due = event.due or task.due
            return task._replace(team=event.team, person=event.person, due=due, reason=event.reason)
        case happened.TaskCompleted():
            return task._replace(outcome=event.outcome)
        case (
            happened.TaskRejected()
            | happened.TaskPutOnHold()
            | happened.TaskFailed()
            | happened.TaskCancelled()
        ):
            return task._replace(reason=event.reason)
        case happened.TaskStarted() | happened.TaskResumed():
            return task
        case _:
            assert_never(event)
